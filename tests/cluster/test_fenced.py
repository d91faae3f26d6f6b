"""The fence of the containers and the service, for a real process where no container engine runs: no capabilities, no new ones,
a root file system that cannot be written, one folder that can, and a small /tmp. The image's own healthcheck is asked too.
"""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.demo.asking import JSON, Visitor
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import command
from node.settings import PREFIX
from tests.cluster.commands import data
from tests.docs.reading import ROOT, text_of

pytestmark = pytest.mark.cluster

SERVED = "/mnt"
STARTS_WITHIN, STOPS_WITHIN = 40.0, 10.0
# A program that lies below /tmp would be hidden by the small one: there it is left as it is, and cannot be written at all.
_HIDDEN = any(place.is_relative_to("/tmp") for place in (ROOT, Path(sys.prefix), Path(sys.executable).resolve()))
_SMALL_TMP = "" if _HIDDEN else "mount -t tmpfs -o size=64m tmpfs /tmp"
# $0: the council's folder, then who to be and what to run. What cannot be done here ends the script before anything is run.
_FENCE = f"""
set -e
mount --bind "$0" {SERVED}
{_SMALL_TMP}
mount -o remount,bind,ro /
if touch /opt/written 2>/dev/null; then echo "the root can be written" >&2; exit 99; fi
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


def _may_be_read_by_others(path: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (path, *path.parents))


def _whom() -> tuple[int, tuple[str, ...]]:
    """The image's user where the program can be read by it, else root without any of root's rights."""
    needed = (Path(sys.executable).resolve().parent, Path(sys.prefix), ROOT)
    if all(_may_be_read_by_others(path) for path in needed):
        return 10001, ("--reuid=10001", "--regid=10001", "--clear-groups")
    return 0, ()


def _fence_stands(folder: Path) -> bool:
    if shutil.which("unshare") is None or shutil.which("setpriv") is None or os.geteuid() != 0:
        return False
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", _FENCE, str(folder), "true"], capture_output=True, check=False, timeout=10
    )
    return done.returncode == 0


@dataclass
class Fenced:
    directory: Path
    url: str
    uid: int
    process: subprocess.Popen[bytes]

    def status(self) -> dict[str, str]:
        """What the system says of the process."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.fixture(scope="module")
def fenced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fenced]:
    directory = tmp_path_factory.mktemp("fenced") / "riverside"
    directory.parent.chmod(0o755)
    with claim_ports((8141,)) as claims:
        port = claims.ports[0]
        url = f"http://{LOOPBACK}:{port}"
        words = ("--name", "Riverside", "--url", url, "--port", port, "--keeper", "Rosa")
        data("init", directory, *words)
        if not _fence_stands(directory):
            pytest.skip("no mount namespaces here: the fence of the containers is checked by its files alone")
        uid, be = _whom()
        for path in (directory, *directory.rglob("*")):
            os.chown(path, uid, uid)
        kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "TMPDIR"))}
        with (directory.parent / "said.log").open("wb") as log:
            process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", _FENCE, str(directory), *be, *command("serve", SERVED)],
                env=kept | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            wait_for(lambda: _is_ready(process, url, log.name), "the fenced server is ready", within=STARTS_WITHIN)
            yield Fenced(directory, url, uid, process)
        finally:
            process.terminate()
            process.wait(STOPS_WITHIN)


def _is_ready(process: subprocess.Popen[bytes], url: str, log: str) -> bool:
    assert process.poll() is None, Path(log).read_text()
    try:
        return Visitor(url).get("/readyz", accept=JSON).status == 200
    except OSError:
        return False


def _healthcheck(port: str) -> int:
    """The exit code of the program that the image is asked with, at another port."""
    program = re.search(r'"-c", "(.*)"\]', text_of("compose/one-node/Dockerfile"))
    assert program is not None and "8080" in program[1]
    given = [sys.executable, "-c", program[1].replace("8080", port)]
    return subprocess.run(given, capture_output=True, check=False, timeout=10).returncode


def test_it_serves_without_any_right_and_without_a_way_to_get_one(fenced: Fenced) -> None:
    status = fenced.status()

    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Uid"].split()[1] == str(fenced.uid)
    assert Visitor(fenced.url).get("/").status == 200


def test_what_is_put_up_is_kept_in_the_one_folder_that_can_be_written(fenced: Fenced) -> None:
    visitor = Visitor(fenced.url)
    link = data("sign-in-link", fenced.directory, "--name", "Ali")["sign_in"]
    opened = visitor.submit("/in", {"code": link.rpartition("/")[2]})
    assert opened.status == 303, opened.text

    visitor.fill_in("/put-up/offer", {"title": "A hand cart", "until": "week", "audience": "public"})

    wait_for(lambda: "A hand cart" in Visitor(fenced.url).get("/").text, "it is on the wall", within=10)
    with_it = [path.name for path in fenced.directory.iterdir() if path.is_file()]
    assert "comarca.db" in with_it


def test_the_images_healthcheck_passes_and_tells_when_nobody_answers(fenced: Fenced) -> None:
    port = fenced.url.rpartition(":")[2]
    with claim_ports((8142,)) as free:
        assert _healthcheck(port) == 0
        assert _healthcheck(str(free.ports[0])) != 0


def test_it_ends_well_when_told_to(fenced: Fenced) -> None:
    fenced.process.send_signal(signal.SIGTERM)

    assert fenced.process.wait(STOPS_WITHIN) == 0
    said = (fenced.directory.parent / "said.log").read_text()
    assert "Traceback" not in said
    assert "listening on" in said, "what is said at the start is not kept in a buffer"
    assert data("status", fenced.directory)["running"] is False
