"""Work in children of this process, with strace attached to them or not. Whoever calls must have no threads."""

import json
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

PATIENCE = 60.0


def quiet() -> None:
    """Faults are provoked by the thousand: the server under them may keep what it says of them to itself."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    logging.disable(logging.CRITICAL)


def in_a_child(work: Callable[[], Any], *, attach: Callable[[int], "subprocess.Popen[bytes]"] | None = None) -> Any:
    """What `work` returns in a child, as JSON; or, as a number, the signal that ended the child."""
    reading, writing = os.pipe()
    begin, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(int(PATIENCE))
        os.read(begin, 1)
        try:
            os.write(writing, json.dumps(work()).encode())
        except BaseException as error:
            os.write(writing, json.dumps([f"{error!r}"]).encode())
        os._exit(0)
    os.close(writing)
    os.close(begin)
    tracer = None if attach is None else attach(pid)
    os.write(go, b"!")
    os.close(go)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read()
    _, status = os.waitpid(pid, 0)
    if tracer is not None:
        tracer.wait()
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else json.loads(said)


def in_children(work: Callable[[int], Any], count: int) -> list[Any]:
    """What `work` returns in each of some children that run side by side, as JSON."""
    answers = []
    for number in range(count):
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                with os.fdopen(writing, "wb") as answer:
                    answer.write(json.dumps(work(number)).encode())
            finally:
                os._exit(0)
        os.close(writing)
        answers.append(reading)
    found = [json.loads(Path(f"/proc/self/fd/{reading}").read_bytes()) for reading in answers]
    for reading in answers:
        os.close(reading)
        os.wait()
    return found


def strace(log: Path, *options: str) -> Callable[[int], "subprocess.Popen[bytes]"]:
    """Attaches to a process, and to the threads that it will start, before it goes on."""
    command = ["strace", "-f", "-qq", "-o", str(log), *options]

    def attach(pid: int) -> "subprocess.Popen[bytes]":
        tracer = subprocess.Popen([*command, "-p", str(pid)], stderr=subprocess.DEVNULL)
        while b"TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_bytes():
            if tracer.poll() is not None:
                raise OSError("strace cannot attach to a process here")
            time.sleep(0.001)
        return tracer

    return attach
