"""The example of one node behind a proxy: it parses, its paths exist, and it keeps what it promises."""

import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.reading import ROOT, blocks, text_of

FOLDER = ROOT / "compose" / "one-node"
UNIT = text_of("compose/one-node/comarca.service")
CADDY = text_of("compose/one-node/Caddyfile")
DOCKER = text_of("compose/one-node/Dockerfile")
COMPOSE: dict[str, Any] = yaml.safe_load(text_of("compose/one-node/compose.yaml"))


def _unit() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT)
    return parser


def _directives() -> list[str]:
    return [line.strip() for line in CADDY.splitlines() if line.strip() and not line.strip().startswith("#")]


def _instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", " ", DOCKER)
    lines = [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_the_service_runs_serve_as_its_own_user_and_may_write_one_folder() -> None:
    service = dict(_unit()["Service"])

    program, verb, folder = shlex.split(service["ExecStart"])
    assert (Path(program).name, verb) == ("comarca", "serve")
    assert folder == f"/var/lib/{service['StateDirectory']}"
    assert service["User"] not in ("", "root")
    assert service["StateDirectoryMode"] == "0700"
    assert (service["ProtectSystem"], service["NoNewPrivileges"]) == ("strict", "yes")


def test_the_proxy_example_is_balanced_and_changes_no_header() -> None:
    lines = _directives()

    assert sum(line.endswith("{") for line in lines) == sum(line == "}" for line in lines)
    assert any(line.startswith("reverse_proxy ") for line in lines)
    assert not [line for line in lines if line.split()[0] in ("log", "header_up", "uri", "rewrite", "encode", "cache")]


def test_the_proxy_and_the_settings_agree_on_name_and_port() -> None:
    settings = text_of("compose/one-node/comarca.toml")

    assert f'url = "https://{_directives()[0].split()[0]}"' in settings
    port = re.search(r"^port = (\d+)$", settings, re.MULTILINE)
    assert port is not None
    assert f"127.0.0.1:{port[1]}" in CADDY


def test_the_nginx_example_passes_host_and_paths_on() -> None:
    [server] = [block for block in blocks(text_of("docs/install.md")) if block.startswith("server {")]

    assert server.count("{") == server.count("}")
    assert "proxy_set_header Host $http_host;" in server
    assert re.search(r"proxy_pass http://[\d.:]+;", server), "a slash after the port would make nginx decode paths"
    assert "access_log off;" in server
    assert "proxy_cache" not in server


@pytest.mark.parametrize(
    "path", sorted({p for verb, rest in _instructions() if verb == "COPY" for p in rest.split()[:-1]})
)
def test_every_path_that_the_image_copies_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_image_runs_without_rights_and_names_no_index() -> None:
    instructions = _instructions()

    users = [rest for verb, rest in instructions if verb == "USER"]
    assert users == ["comarca"]
    assert [verb for verb, _ in instructions].count("HEALTHCHECK") == 1
    assert ("ENTRYPOINT", '["comarca"]') in instructions
    assert "--require-hashes" in DOCKER
    assert "://" not in DOCKER


def test_the_image_copies_all_four_packages() -> None:
    copied = {rest.split()[0] for verb, rest in _instructions() if verb == "COPY"}

    assert {"node", "federation", "schemas", "protocol"} <= copied


def test_the_containers_are_read_only_and_their_files_exist() -> None:
    node, proxy = COMPOSE["services"]["node"], COMPOSE["services"]["proxy"]

    assert node["read_only"] is True
    assert node["cap_drop"] == ["ALL"]
    assert str(node["user"]) != "0"
    context = (FOLDER / node["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / node["build"]["dockerfile"]).exists()
    mounts = [volume.split(":")[0] for service in (node, proxy) for volume in service["volumes"]]
    assert all((FOLDER / mount).exists() for mount in mounts if mount.startswith("."))
    assert {mount for mount in mounts if not mount.startswith(".")} == set(COMPOSE["volumes"])


def test_the_proxy_finds_the_node_by_the_name_it_has_there() -> None:
    upstream = COMPOSE["services"]["proxy"]["environment"]["COMARCA_UPSTREAM"]

    name, port = upstream.split(":")
    assert name in COMPOSE["services"]
    assert f"COMARCA_LISTEN__PORT={port}" in DOCKER
    assert "{$COMARCA_UPSTREAM:" in CADDY
