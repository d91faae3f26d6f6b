"""One server for one folder: a lock that the system takes back when the process ends, however it ends.

It must never be taken by the command line, which writes beside a running server.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_NAME = "node.lock"


class AlreadyServed(Exception):
    """Another process serves this folder; `pid` is its number, or None while it is still writing it down."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"{directory} is already being served by {who}. Stop that one first, or choose another folder."
        )
        self.pid = pid


@contextmanager
def hold_lock(directory: Path) -> Iterator[None]:
    """Hold `directory` as its only server for as long as the block runs. Raises AlreadyServed."""
    # The file stays when the lock goes: removing it would let two processes lock two files of the same name.
    descriptor = os.open(directory / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(descriptor, 32, 0).strip()
            raise AlreadyServed(directory, int(text) if text.isdigit() else None) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)
