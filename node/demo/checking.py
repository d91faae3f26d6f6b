"""What a step of the tour says when it does not see what it should, and waiting that always ends.

Every wait has a deadline and names what it waits for; none of them sleeps for a fixed time and hopes.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_EVERY = 0.03


class NotSeen(Exception):
    """Something that should be so is not. The text says what was seen instead."""


def check(good: object, seen: str) -> None:
    """Raises NotSeen with `seen` unless `good`."""
    if not good:
        raise NotSeen(seen)


def wait_for(look: Callable[[], T | None], what: str, *, within: float) -> T:
    """What `look` finds, as soon as it finds something true. Raises NotSeen after `within` seconds.

    A look may raise NotSeen itself: it is taken as "not yet", and its words are said at the end.
    """
    ends = time.monotonic() + within
    last = ""
    while True:
        try:
            found = look()
        except NotSeen as error:
            found, last = None, f"; last seen: {error}"
        if found:
            return found
        if time.monotonic() >= ends:
            raise NotSeen(f"{what}: not within {within:g} s{last}")
        time.sleep(LOOK_EVERY)
