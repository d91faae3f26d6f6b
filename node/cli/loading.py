"""How a command starts. It must load nothing itself, or that would be loaded the slow way."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_looking_for_rubbish() -> Iterator[None]:
    """Load modules without looking through them for cycles again and again, then or later: a fifth of a start goes into that."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.enable()
