"""The other processes of a run: load generator, sinks, bare server, nodes. All end with the block that started them.

A child that is ours alone listens to its standard input and ends when that closes, so none outlives us, however we end.
"""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 30.0
STOPS_WITHIN = 10.0
ANSWERS_WITHIN = 120.0


class ChildFailed(Exception):
    """A process of the bench ended, or did not answer in time. The text ends with its last words."""


class Child:
    """One process of `python -m tests.bench.<module>`: asked on standard input, answering on standard output, in JSON lines."""

    def __init__(self, process: "subprocess.Popen[str]", name: str) -> None:
        self._process = process
        self._name = name
        self.pid = process.pid

    def ask(self, **question: Any) -> Any:
        """Ask and wait for the answer. Raises ChildFailed."""
        assert self._process.stdin is not None and self._process.stdout is not None
        timer = threading.Timer(ANSWERS_WITHIN, self._process.kill)
        timer.start()
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            raise ChildFailed(f"{self._name} has ended or was too slow")
        return json.loads(line)


@contextmanager
def child(module: str, *words: str) -> Iterator[Child]:
    """A child of our own that answers questions."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.bench.{module}", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Child(process, module)
    finally:
        _end(process)


@contextmanager
def server(*words: str, log: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python process with these words that listens on `port`; inside the block it does. Its standard input stays open.

    It finds its modules compiled, as an installed one does, whatever this process was told about that.
    """
    left_out = ("COMARCA_", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    environment["PYTHONPYCACHEPREFIX"] = str(log.parent / "compiled")
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=file, stderr=file, env=environment
        )
    try:
        until(lambda: process.poll() is not None or _listens(port), within=STARTS_WITHIN, what=f"port {port}")
        if process.poll() is not None:
            raise ChildFailed(f"{' '.join(words[:3])} has ended:\n{log.read_text('utf-8', 'replace')[-2000:]}")
        yield process
    finally:
        _end(process)


def until(question: Callable[[], object], *, within: float, what: str, every: float = 0.01) -> None:
    """Ask until the answer is true. Raises ChildFailed when `within` seconds have passed."""
    end = time.monotonic() + within
    while not question():
        if time.monotonic() > end:
            raise ChildFailed(f"not within {within:g} s: {what}")
        time.sleep(every)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.bind((LOOPBACK, 0))
        port: int = one.getsockname()[1]
        return port


def tell(answer: Any) -> None:
    """Called in a child: one line of answer. Through a buffer of its own, which writes on where a long line was cut short."""
    with open(1, "w", encoding="utf-8", closefd=False) as out:
        out.write(json.dumps(answer) + "\n")


def end_with_input() -> None:
    """Called in a child: end this process as soon as whoever started it is gone."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="until-alone", daemon=True).start()


def raise_open_files() -> None:
    """Thousands of sockets need more than the usual soft limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False


def _end(process: "subprocess.Popen[Any]") -> None:
    process.terminate()
    try:
        process.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
