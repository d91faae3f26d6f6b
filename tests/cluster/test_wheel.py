"""A wheel built from the tree, installed into an empty environment, makes a council and serves it; no file of the tree helps.

Nothing is downloaded: what Comarca depends on is lent by the environment that runs the tests, without its own Comarca.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from typing import Any

import orjson
import pytest

from node.demo.asking import JSON, Reply, send
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.migrations.run import head
from node.settings import PREFIX
from tests.docs.reading import ROOT

pytestmark = pytest.mark.cluster

PACKAGES = ("federation", "node", "protocol", "schemas")
NEEDED_TO_BUILD = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore")
NOT_LENT = re.compile(r"comarca|__editable__|_comarca|distutils-precedence|.*\.pth$|__pycache__", re.IGNORECASE)
STARTS_WITHIN, STOPS_WITHIN = 40.0, 10.0


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and the folder from which it was built."""

    wheel: Path
    source: Path
    prefix: Path
    lent: Path

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTHON"))}
        return kept | {"PYTHONPATH": str(self.lent), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *words: object) -> str:
        """What a program of the environment says, started away from the tree."""
        done = subprocess.run(
            [self.prefix / "bin" / str(words[0]), *map(str, words[1:])],
            cwd=self.prefix,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _build(folder: Path) -> tuple[Path, Path]:
    source = folder / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    for name in (*NEEDED_TO_BUILD, "tests/builders.py"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = (folder / "dist").glob("*.whl")
    return wheel, source


def _lend(folder: Path) -> Path:
    """The packages that are installed here, without Comarca itself and without what leads to its tree."""
    lent = folder / "lent"
    lent.mkdir()
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(place).iterdir():
            if not NOT_LENT.match(entry.name) and entry.name not in PACKAGES:
                (lent / entry.name).symlink_to(entry)
    return lent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    wheel, source = _build(folder)
    prefix = folder / "empty"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True, timeout=60)
    pip = [sys.executable, "-m", "pip", "--python", str(prefix / "bin" / "python")]
    quiet = ("--disable-pip-version-check", "--no-index", "--no-deps", "--quiet")
    subprocess.run([*pip, "install", *quiet, str(wheel)], check=True, timeout=60, env=dict(os.environ))
    return Installed(wheel, source, prefix, _lend(folder))


@contextmanager
def serving(installed: Installed, directory: Path, port: int) -> Iterator[str]:
    url = f"http://{LOOPBACK}:{port}"
    with (directory / "said.log").open("wb") as log:
        process = subprocess.Popen(
            [installed.prefix / "bin" / "comarca", "serve", str(directory)],
            cwd=installed.prefix,
            env=installed.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    def ready() -> bool:
        assert process.poll() is None, (directory / "said.log").read_text()
        try:
            return _get(url, "/readyz").status == 200
        except OSError:
            return False

    try:
        wait_for(ready, "the installed server is ready", within=STARTS_WITHIN)
        yield url
    finally:
        process.terminate()
        process.wait(STOPS_WITHIN)
    assert process.returncode == 0, (directory / "said.log").read_text()


def _get(url: str, path: str, **headers: str) -> Reply:
    given = {"Accept": JSON} | {name.replace("_", "-"): value for name, value in headers.items()}
    return send(url, "GET", path, headers=given, body=None)


def _inside(installed: Installed) -> set[str]:
    with zipfile.ZipFile(installed.wheel) as wheel:
        return {name for name in wheel.namelist() if not name.endswith("/")}


def test_the_wheel_holds_every_file_of_the_four_packages_and_no_other(installed: Installed) -> None:
    inside = _inside(installed)
    program = {name for name in inside if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(installed.source))
        for package in PACKAGES
        for path in (installed.source / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert program == wanted
    assert not [name for name in inside if name.startswith(("tests/", "docs/", "compose/"))]
    for needed in (
        "node/web/templates/base.html",
        "node/features/alerts/templates/alerts/list.html",
        "node/web/static/app.css",
        "node/web/static/wall-700.woff2",
        "node/features/resources/recipes/meal.toml",
        "node/web/locale/es/LC_MESSAGES/comarca.mo",
        "node/migrations/versions/0001_first_tables.py",
        "schemas/json/problem.schema.json",
    ):
        assert needed in program


def test_the_wheel_names_its_command_its_licence_and_what_it_depends_on(installed: Installed) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    with zipfile.ZipFile(installed.wheel) as wheel:
        own = {name.partition(".dist-info/")[2]: name for name in wheel.namelist() if ".dist-info/" in name}
        facts = Parser().parsestr(wheel.read(own["METADATA"]).decode())
        commands = wheel.read(own["entry_points.txt"]).decode()

    assert (facts["Name"], facts["Version"]) == ("comarca", project["version"])
    assert facts["License-Expression"] == project["license"]
    assert "licenses/LICENSE" in own
    assert {re.sub(r"\s", "", one) for one in facts.get_all("Requires-Dist", [])} == set(project["dependencies"])
    assert "comarca = node.cli:main" in commands


def test_all_four_packages_are_imported_from_the_environment(installed: Installed) -> None:
    asked = (
        "import importlib, json, sys; names = sys.argv[1:];"
        "print(json.dumps({name: importlib.import_module(name).__path__[0] for name in names} | {'path': sys.path}))"
    )

    found: dict[str, Any] = orjson.loads(installed.run("python", "-c", asked, *PACKAGES))

    assert all(Path(found[name]).is_relative_to(installed.prefix) for name in PACKAGES), found
    assert not [place for place in found["path"] if Path(place).is_relative_to(ROOT) and ".venv" not in place]


def test_it_makes_a_council_and_serves_it_in_both_languages(installed: Installed, tmp_path: Path) -> None:
    directory = tmp_path / "riverside"
    with claim_ports((8121,)) as claims:
        port = claims.ports[0]
        url = f"http://{LOOPBACK}:{port}"
        words = ("--name", "Riverside", "--url", url, "--keeper", "Rosa", "--port", port, "--plain-host", LOOPBACK)
        made = orjson.loads(installed.run("comarca", "init", directory, *words, "--json"))
        assert made["sign_in"].startswith(f"{url}/in/")

        with serving(installed, directory, port) as at:
            english = _get(at, "/", Accept="text/html", Accept_Language="en")
            spanish = _get(at, "/", Accept="text/html", Accept_Language="es")
            sheet = re.search(r'href="(/static/[^"]+\.css)"', english.text)
            font = re.search(r'href="(/static/[^"]+\.woff2)"', english.text)
            assert sheet and font
            pieces = [_get(at, address[1]) for address in (sheet, font)]
            status = orjson.loads(installed.run("comarca", "status", directory, "--json"))
            other_pages = [_get(at, path).status for path in ("/board", "/resolutions", "/alerts", "/help")]

    assert (english.status, spanish.status) == (200, 200)
    assert '<html lang="en"' in english.text
    assert '<html lang="es"' in spanish.text
    assert "Riverside" in english.text
    assert _menu(english) != _menu(spanish), "the Spanish catalogue came along"
    assert [piece.status for piece in pieces] == [200, 200]
    assert pieces[0].headers["content-type"].startswith("text/css")
    assert pieces[1].body.startswith(b"wOF2")
    assert status["revision"] == head()
    assert (status["running"], status["version"]) == (
        True,
        tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
    )
    assert set(other_pages) == {200}


def _menu(page: Reply) -> str:
    return page.text[page.text.index("<nav") : page.text.index("</nav>")]
