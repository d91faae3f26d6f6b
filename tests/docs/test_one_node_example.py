"""The example of one node behind a proxy: it parses, its paths exist, and it keeps what it promises."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from node.doctor.proxy import block
from node.settings_parts import Limits, Listen
from node.web.probes import READY
from tests.docs.caddyfile import parse
from tests.docs.reading import ROOT, blocks, text_of

FOLDER = ROOT / "compose" / "one-node"
UNIT = text_of("compose/one-node/comarca.service")
CADDY = text_of("compose/one-node/Caddyfile")
DOCKER = text_of("compose/one-node/Dockerfile")
COMPOSE: dict[str, Any] = yaml.safe_load(text_of("compose/one-node/compose.yaml"))

# What systemd.exec(5), systemd.service(5) and systemd.unit(5) know of what stands in ours, so that a slip of the pen is seen
# also where no systemd is.
_KNOWN_KEYS = """
    Description Documentation After Wants StartLimitIntervalSec StartLimitBurst Type User Group Environment
    ExecStart Restart RestartSec TimeoutStopSec LimitNOFILE MemoryMax TasksMax UMask StateDirectory
    StateDirectoryMode ProtectSystem ProtectHome ProtectProc PrivateTmp PrivateDevices PrivateUsers
    NoNewPrivileges CapabilityBoundingSet AmbientCapabilities RestrictAddressFamilies RestrictNamespaces
    RestrictRealtime RestrictSUIDSGID RemoveIPC LockPersonality MemoryDenyWriteExecute ProtectClock
    ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables
    SystemCallArchitectures SystemCallFilter SystemCallErrorNumber WantedBy
"""
WORST_EXPOSURE = 20
"""In tenths, as `systemd-analyze security --threshold` counts; 100 is a service without any fence."""


def _unit() -> dict[str, list[tuple[str, str]]]:
    """Sections as pairs: a key may stand there twice."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for line in UNIT.splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            current.append((key, value))
    return sections


def _instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", " ", DOCKER)
    lines = [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def _copied() -> list[str]:
    """What the image takes from the tree; what it takes from its own first stage is none of ours."""
    lines = [rest.split() for verb, rest in _instructions() if verb == "COPY"]
    return sorted({path for words in lines if not words[0].startswith("--from") for path in words[:-1]})


def test_the_service_runs_serve_as_its_own_user_and_may_write_one_folder() -> None:
    service = dict(_unit()["Service"])

    program, verb, folder = shlex.split(service["ExecStart"])
    assert (Path(program).name, verb) == ("comarca", "serve")
    assert folder == f"/var/lib/{service['StateDirectory']}"
    assert service["User"] not in ("", "root")
    assert service["StateDirectoryMode"] == "0700"
    assert (service["ProtectSystem"], service["NoNewPrivileges"]) == ("strict", "yes")
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == ""
    assert "ReadWritePaths" not in service


def test_the_service_has_only_keys_that_systemd_knows() -> None:
    keys = {key for pairs in _unit().values() for key, _ in pairs}

    assert keys <= set(_KNOWN_KEYS.split())
    assert set(_unit()) == {"Unit", "Service", "Install"}
    configparser.RawConfigParser(strict=False).read_string(UNIT)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_finds_nothing_wrong_with_the_service(tmp_path: Path) -> None:
    unit = tmp_path / "comarca.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT, flags=re.MULTILINE))

    found = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False, timeout=30
    )
    exposed = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={WORST_EXPOSURE}", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (found.returncode, found.stdout + found.stderr) == (0, "")
    assert exposed.returncode == 0, exposed.stdout[-2000:] + exposed.stderr


def test_the_proxy_example_changes_no_header_and_holds_nothing_back() -> None:
    [site] = parse(CADDY)

    named = [one.name for one in site.everything()]
    assert not {"log", "header_up", "header_down", "header", "uri", "rewrite", "encode", "cache", "redir"} & set(named)
    [onward] = [one for one in site.inside if one.name == "reverse_proxy"]
    assert [one.words for one in onward.inside] == [("flush_interval", "-1")]
    [limit] = [one for one in site.inside if one.name == "request_body"]
    assert limit.words == ("request_body", "@small")
    assert [one.words for one in limit.inside] == [("max_size", f"{Limits().body // 1_048_576}MiB")]


def test_the_reader_of_caddyfiles_sees_braces_that_do_not_match() -> None:
    with pytest.raises(ValueError, match="never closed"):
        parse(CADDY.rstrip().removesuffix("}"))
    with pytest.raises(ValueError, match="never opened"):
        parse(CADDY + "}\n")


def test_the_proxy_and_the_settings_agree_on_name_and_port() -> None:
    settings = text_of("compose/one-node/comarca.toml")
    [site] = parse(CADDY)

    assert f'url = "https://{site.name}"' in settings
    port = re.search(r"^port = (\d+)$", settings, re.MULTILINE)
    assert port is not None and int(port[1]) == Listen().port
    [onward] = [one for one in site.inside if one.name == "reverse_proxy"]
    assert onward.words[1] == f"{Listen().host}:{port[1]}"


def test_doctor_prints_the_same_blocks() -> None:
    upstream = f"{Listen().host}:{Listen().port}"
    [server] = [text for text in blocks(text_of("docs/install.md")) if text.startswith("server {")]

    assert parse(block("caddy", url="https://riverside.example", upstream=upstream)) == parse(CADDY)
    assert block("nginx", url="https://riverside.example", upstream=upstream).split() == server.split()


def test_the_nginx_example_passes_host_and_paths_on() -> None:
    [server] = [text for text in blocks(text_of("docs/install.md")) if text.startswith("server {")]

    assert server.count("{") == server.count("}")
    assert "proxy_set_header Host $http_host;" in server
    onward = re.findall(r"proxy_pass (\S+);", server)
    assert len(onward) == 2
    assert all(re.fullmatch(r"http://[\d.:]+", address) for address in onward), "a slash would make nginx decode paths"
    assert "access_log off;" in server
    assert "proxy_cache" not in server


@pytest.mark.parametrize("path", _copied())
def test_every_path_that_the_image_copies_exists_and_reaches_the_builder(path: str) -> None:
    let_through = {line[1:] for line in text_of("compose/one-node/Dockerfile.dockerignore").splitlines() if "!" in line}

    assert (ROOT / path).exists()
    assert path in let_through


def test_the_builder_is_sent_nothing_else_of_this_machine() -> None:
    lines = text_of("compose/one-node/Dockerfile.dockerignore").splitlines()

    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == set(_copied())


def test_the_image_runs_without_rights_and_names_no_index() -> None:
    instructions = _instructions()

    users = [rest for verb, rest in instructions if verb == "USER"]
    assert users == ["comarca"]
    assert instructions.index(("USER", "comarca")) > max(
        place for place, (verb, _) in enumerate(instructions) if verb in ("RUN", "COPY")
    )
    assert ("ENTRYPOINT", '["comarca"]') in instructions
    assert "--require-hashes" in DOCKER
    assert "://" not in DOCKER
    assert {rest.split()[0] for verb, rest in instructions if verb == "FROM"} == {"python:3.13-slim"}


def test_the_image_asks_itself_whether_it_is_ready() -> None:
    [check] = [rest for verb, rest in _instructions() if verb == "HEALTHCHECK"]
    [environment] = [rest for verb, rest in _instructions() if verb == "ENV"]

    assert f"c.request('GET', '{READY}')" in check
    port = re.search(r"COMARCA_LISTEN__PORT=(\d+)", environment)
    assert port is not None and f"'127.0.0.1', {port[1]}," in check
    assert ("EXPOSE", port[1]) in _instructions()
    program = re.search(r'"-c", "(.*)"\]', check)
    assert program is not None
    compile(program[1], "healthcheck", "exec")


def test_the_image_holds_what_the_build_needs_and_all_four_packages() -> None:
    assert {"node", "federation", "schemas", "protocol"} <= set(_copied())
    assert {"pyproject.toml", "hatch_build.py", "requirements/run.lock"} <= set(_copied())


def test_what_is_said_at_the_start_is_not_kept_in_a_buffer() -> None:
    """The claim link goes to standard output; whoever waits for it in a journal or a log must see it at once."""
    assert "PYTHONUNBUFFERED=1" in DOCKER
    assert "PYTHONUNBUFFERED=1" in dict(_unit()["Service"])["Environment"]


def test_the_proxy_finds_the_node_by_the_name_it_has_there() -> None:
    environment = COMPOSE["services"]["proxy"]["environment"]
    [site] = parse(CADDY, {"COUNCIL": "try.example", "PROXY_TLS": "tls internal", **environment})

    name, port = environment["COMARCA_UPSTREAM"].split(":")
    assert name in COMPOSE["services"]
    assert f"COMARCA_LISTEN__PORT={port}" in DOCKER
    [onward] = [one for one in site.inside if one.name == "reverse_proxy"]
    assert onward.words == ("reverse_proxy", f"{name}:{port}")


def test_a_certificate_for_trying_out_is_one_setting_away() -> None:
    asked = COMPOSE["services"]["proxy"]["environment"]["PROXY_TLS"]
    [tried] = parse(CADDY, {"PROXY_TLS": "tls internal"})
    [real] = parse(CADDY, {"PROXY_TLS": ""})

    assert asked == "${PROXY_TLS:-}"
    assert ("tls", "internal") in [one.words for one in tried.inside]
    assert "tls" not in [one.name for one in real.inside]
