"""What no input may cost: five seconds of the processor, or memory out of proportion to its length."""

import signal
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

MOST_SECONDS = 5.0
MOST_TIMES = 64
ALWAYS = 1_000_000
"""Bytes that may be held whatever the length: patterns and statements that are compiled once, and pages of a database."""


class TooLong(Exception):
    """An input has kept the processor busy for longer than any may."""


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TooLong


@contextmanager
def processor_bounded() -> Iterator[None]:
    """Counts what this process computes, not what the clock says: a busy machine changes nothing."""
    before = signal.signal(signal.SIGVTALRM, _too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def memory_bounded(length: int) -> Iterator[None]:
    """At most 64 times the length of the input, held at once."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= ALWAYS + MOST_TIMES * length, f"{peak} bytes for {length}"
