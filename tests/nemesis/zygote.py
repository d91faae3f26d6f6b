"""A process that has imported the server once and forks a fresh one for each start; and how a test talks to it.

Booting costs a second and a half of importing. A forked child has all of that, a session of its own, its own log, and runs
`node.serving.serve` as `comarca serve` does: SIGKILL is a real one, and ten of them share most of their memory.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Any

STARTS_WITHIN = 60.0
_ORPHANED = 1  # prctl PR_SET_PDEATHSIG


class Zygote:
    """The forking process as its parent sees it. Leaving the block kills whatever it has started."""

    def __init__(self) -> None:
        root = Path(__file__).parents[2]
        self._answers: Queue[dict[str, Any]] = Queue()
        self._alive: set[int] = set()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nemesis.zygote"],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Zygote":
        return self

    def __exit__(self, *_: object) -> None:
        for pid in sorted(self._alive):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(STARTS_WITHIN)
        self._reader.join(STARTS_WITHIN)
        self._process.stdout.close()

    def start(self, directory: Path, log: Path, *, shift: float = 0.0) -> int:
        """Fork a server for `directory` whose clock goes `shift` seconds wrong. Its pid; it is not answering yet."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"directory": str(directory), "log": str(log), "shift": shift}) + "\n")
        self._process.stdin.flush()
        try:
            pid = int(self._answers.get(timeout=STARTS_WITHIN)["pid"])
        except Empty:
            raise AssertionError("the process that forks servers does not answer") from None
        self._alive.add(pid)
        return pid

    def end(self, pid: int, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one of ours."""
        if pid in self._alive:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if number is signal.SIGKILL:
            self._alive.discard(pid)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(json.loads(line))


def _serve(asked: dict[str, Any]) -> None:
    """What a child does until it is killed."""
    from node.ports import SystemClock
    from node.serving import finish_interrupted, serve
    from node.settings import load

    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_ORPHANED, signal.SIGKILL)
    os.setsid()
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    empty = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((empty, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    if asked["shift"]:
        right, wrong = SystemClock.now, timedelta(seconds=asked["shift"])
        SystemClock.now = lambda self: right(self) + wrong  # type: ignore[method-assign]
    directory = Path(asked["directory"])
    finish_interrupted(directory)
    serve(load(directory))


def main() -> None:
    """Fork on demand until nobody asks any more. Nothing here may start a thread: a fork would lose it."""
    import node.cli.main
    import node.serving  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system itself buries them
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = 1
            try:
                _serve(asked)
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(json.dumps({"pid": pid}), flush=True)


if __name__ == "__main__":
    main()
