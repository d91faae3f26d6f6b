"""Real server processes of our own: started, waited for, stopped, killed, started again. None of them outlives us.

Each has a session of its own, so a Ctrl-C in the terminal reaches us alone and we stop them in order. Should we be killed,
the system stops them (on Linux). What a server says goes to `server.log` in its folder.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

from node.demo.asking import JSON, Visitor
from node.demo.checking import NotSeen, wait_for
from node.settings import PREFIX

LOG = "server.log"
STARTS_WITHIN = 20.0
STOPS_WITHIN = 8.0

# Said in the child before it becomes the server: stop when the parent dies (prctl 1 is PR_SET_PDEATHSIG). The check
# behind it is for a parent that died in between. It survives exec, and costs no fork of a program with threads.
_ATTACHED = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
_WITHOUT_SCRIPT = "from node.cli import main; main()"


class Stopped(BaseException):
    """Somebody wants us to end: Ctrl-C or SIGTERM."""


def command(*words: str) -> list[str]:
    """The command line that runs `comarca` with `words`: the script beside this Python, or the same without it."""
    script = Path(sys.executable).parent / "comarca"
    start = [sys.executable, str(script)] if script.exists() else [sys.executable, "-c", _WITHOUT_SCRIPT]
    return [*start, *words]


class Server:
    """One council's server process, at `url`, from the folder `directory`."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory = directory
        self.url = url
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs, or before."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Begin; `wait_until_answering` says when it is there. Called from the main thread, whose end ends the child."""
        words = command("serve", str(self.directory))
        with (self.directory / LOG).open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _ATTACHED, str(os.getpid()), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # A setting in our own environment would win over all three folders alike.
                env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
            )

    def wait_until_answering(self, *, within: float = STARTS_WITHIN) -> None:
        """Raises NotSeen, with the end of its log, if it does not answer in time or has ended."""

        def look() -> bool:
            if not self.running:
                return True
            with suppress(OSError):
                return Visitor(self.url).get("/.well-known/comarca", accept=JSON).status == 200
            return False

        try:
            wait_for(look, f"{self.url} answers", within=within)
        except NotSeen as error:
            raise NotSeen(f"{error}\n{self.last_words()}") from None
        if not self.running:
            raise NotSeen(f"the server at {self.url} has ended by itself\n{self.last_words()}")

    def stop(self) -> None:
        """Ask it to end, and wait; what does not end in time is killed."""
        if self._process is None:
            return
        if self.running:
            self._process.terminate()
        try:
            self._process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL: as when the plug is pulled, but for the disk."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        self.start()
        self.wait_until_answering()

    def last_words(self) -> str:
        """The end of its log."""
        with suppress(OSError):
            lines = (self.directory / LOG).read_text("utf-8", "replace").splitlines()
            return "\n".join(lines[-12:])
        return ""


def stop_all(servers: list[Server]) -> None:
    """Ask all to end at once, then wait for each."""
    for server in servers:
        if server.running and server.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(server.pid, signal.SIGTERM)
    for server in servers:
        server.stop()


class Signals:
    """Ctrl-C and SIGTERM raise Stopped, once; while we tidy up they are passed over."""

    def __init__(self) -> None:
        self._heeding = True
        self._before = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}

    def ignore(self) -> None:
        self._heeding = False

    def put_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._heeding:
            self._heeding = False
            raise Stopped
