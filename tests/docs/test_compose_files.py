"""Both examples with containers: every service has its fence, every mount leads somewhere, no image is a moving target."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.caddyfile import parse
from tests.docs.reading import ROOT, text_of

FOLDERS = {name: ROOT / "compose" / name for name in ("one-node", "region")}
FILES: dict[str, dict[str, Any]] = {
    name: yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8")) for name, folder in FOLDERS.items()
}
SERVICES = [(name, service) for name, file in FILES.items() for service in file["services"]]
ROOTS_OF_A_KIND = {("one-node", "proxy"), ("region", "proxy"), ("region", "authority")}
"""They are root in their containers, without any of root's rights: the official image of Caddy keeps its files as root."""
IMAGE = re.compile(r"[a-z][a-z0-9_-]*:[0-9][A-Za-z0-9_.-]*")
VERSION = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
COUNCILS = ("riverside", "harbour", "hillside")


def mounts(service: dict[str, Any]) -> list[str]:
    return [str(volume) for volume in service.get("volumes", [])]


@pytest.mark.parametrize(("file", "name"), SERVICES)
def test_every_service_has_its_fence(file: str, name: str) -> None:
    service = FILES[file]["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] <= 256
    assert service["mem_limit"] in ("256m", "512m")
    assert all(re.match(r"/tmp:.*size=\d+m", place) for place in service["tmpfs"])
    assert not {"privileged", "devices", "pid", "ipc", "userns_mode"} & set(service)
    assert "docker.sock" not in str(service)
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])


@pytest.mark.parametrize(("file", "name"), SERVICES)
def test_who_is_not_root(file: str, name: str) -> None:
    user = str(FILES[file]["services"][name].get("user", "0"))

    assert (user in ("0", "root")) == ((file, name) in ROOTS_OF_A_KIND)
    if user != "0":
        assert f"--uid {user}" in text_of("compose/one-node/Dockerfile")


@pytest.mark.parametrize(("file", "name"), SERVICES)
def test_images_have_a_version_and_a_short_name(file: str, name: str) -> None:
    service = FILES[file]["services"][name]

    assert IMAGE.fullmatch(service["image"]), service["image"]
    assert "latest" not in service["image"]
    if "build" in service:
        context = (FOLDERS[file] / service["build"]["context"]).resolve()
        assert context == ROOT
        assert (context / service["build"]["dockerfile"]).is_file()
        assert service["image"] == f"comarca:{VERSION}"
    else:
        assert service["image"].startswith("caddy:")


@pytest.mark.parametrize("file", sorted(FILES))
def test_every_mount_leads_to_a_file_or_a_volume_that_is_there(file: str) -> None:
    named = [mount.split(":") for service in FILES[file]["services"].values() for mount in mounts(service)]

    for source, _, *mode in named:
        if source.startswith("."):
            assert (FOLDERS[file] / source).is_file()
            assert mode == ["ro"]
    assert {source for source, *_ in named if not source.startswith(".")} == set(FILES[file]["volumes"])


@pytest.mark.parametrize("file", sorted(FILES))
def test_only_the_proxy_can_be_reached_from_outside(file: str) -> None:
    reached = {name for name, service in FILES[file]["services"].items() if "ports" in service}

    assert reached == {"proxy"}
    if file == "region":
        assert all(port.startswith("127.0.0.1:") for port in FILES[file]["services"]["proxy"]["ports"])


@pytest.mark.parametrize("file", sorted(FILES))
def test_logs_end_and_stay_here(file: str) -> None:
    for service in FILES[file]["services"].values():
        assert service["logging"]["driver"] == "local"
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("file", sorted(FILES))
def test_readmes_are_of_five_lines_and_name_what_is_there(file: str) -> None:
    text = (FOLDERS[file] / "README.md").read_text(encoding="utf-8")

    steps = [line for line in text.splitlines() if re.match(r"\d\. ", line)]
    assert len(steps) == 5
    for service in re.findall(r"docker compose (?:run --rm|logs|exec|cp) ([a-z]+)", text):
        assert service in FILES[file]["services"]


def test_the_node_starts_before_its_proxy_and_keeps_one_volume() -> None:
    services = FILES["one-node"]["services"]

    assert services["proxy"]["depends_on"] == {"node": {"condition": "service_healthy"}}
    assert mounts(services["node"]) == ["council:/data"]
    assert services["node"]["stop_grace_period"] == "15s"


def test_in_the_region_each_name_leads_to_its_council() -> None:
    services = FILES["region"]["services"]
    sites = {one.name: one for one in parse(text_of("compose/region/Caddyfile")) if one.name.endswith(".localhost")}

    assert set(sites) == {f"{name}.localhost" for name in COUNCILS}
    assert set(services["proxy"]["networks"]["default"]["aliases"]) == set(sites)
    for name in COUNCILS:
        [taken] = sites[f"{name}.localhost"].inside
        assert taken.words == ("import", "council", f"{name}.localhost", f"{name}:8080")
        assert services[name]["environment"]["COUNCIL_URL"] == f"https://{name}.localhost"
        assert services[name]["environment"]["SSL_CERT_FILE"] == "/authority/ca.pem"
        assert mounts(services[name]) == [f"{name}:/data", "authority:/authority:ro"]
        assert services[name]["expose"] == ["8080"]


def test_in_the_region_the_proxy_is_told_the_same_as_in_front_of_one() -> None:
    snippet = next(one for one in parse(text_of("compose/region/Caddyfile")) if one.name == "(council)")
    [site] = parse(text_of("compose/one-node/Caddyfile"), {"COMARCA_UPSTREAM": "{args[1]}"})

    ours = [one for one in snippet.inside if one.name != "tls"]
    assert ours == [one for one in site.inside if one.name != "tls"]
    [tls] = [one for one in snippet.inside if one.name == "tls"]
    assert tls.words == ("tls", "/certificates/{args[0]}.pem", "/certificates/{args[0]}.key")


def test_in_the_region_keys_are_for_the_proxy_alone() -> None:
    services = FILES["region"]["services"]
    holding = {name for name, one in services.items() if any(m.startswith("certificates:") for m in mounts(one))}

    assert holding == {"authority", "proxy"}
    assert "certificates:/certificates:ro" in mounts(services["proxy"])
    assert services["authority"]["network_mode"] == "none"
    assert services["authority"]["command"][2:] == [f"{name}.localhost" for name in COUNCILS]


def test_in_the_region_councils_are_made_once_and_linked_up() -> None:
    services = FILES["region"]["services"]
    [made] = services["riverside"]["command"]
    [linked] = services["linking"]["command"]

    assert made.startswith("test -f /data/comarca.db || comarca init /data ")
    assert made.endswith("; exec comarca serve /data")
    assert all(f"--plain-host {name}.localhost" in made for name in COUNCILS)
    asked = re.findall(r"sh /link\.sh /councils/(\w+) https://(\S+) /councils/(\w+) https://(\S+)", linked)
    assert [(one, f"{two}.localhost") for one, _, two, _ in asked] == [(one, name) for one, _, _, name in asked]
    assert {one for pair in asked for one in (pair[0], pair[2])} == set(COUNCILS)
    assert set(services["linking"]["depends_on"]) == {*COUNCILS, "proxy"}


def test_the_scripts_that_are_mounted_can_be_run() -> None:
    assert Path(FOLDERS["region"] / "link.sh").stat().st_mode & 0o111
    compile(text_of("compose/region/authority.py"), "authority.py", "exec")
