"""Every parser that strangers reach, as a plain function over bytes that calls it and asserts what it promises.

One list, two drivers: a small one in every run of the tests (test_targets.py) and one that is guided by coverage (__main__.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOUND = Path(__file__).parent / "found"
"""Inputs that broke something once, by the name of their target. They are tried in every run, and never go away."""


@dataclass(frozen=True, slots=True)
class Target:
    """`check(data)` raises for whatever breaks the promise: AssertionError, or what the parser must never raise.

    `samples` are valid inputs to start from. `runs` is how many changed inputs an ordinary run tries.
    """

    name: str
    check: Callable[[bytes], None]
    samples: Callable[[], list[bytes]]
    runs: int

    def found(self) -> list[bytes]:
        folder = FOUND / self.name
        return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


TARGETS: dict[str, Target] = {}


def target(
    samples: Callable[[], list[bytes]], *, runs: int = 250
) -> Callable[[Callable[[bytes], None]], Callable[[bytes], None]]:
    """Put a function on the list, under its own name."""

    def listed(check: Callable[[bytes], None]) -> Callable[[bytes], None]:
        name = check.__name__
        assert name not in TARGETS, f"two targets are called {name}"
        TARGETS[name] = Target(name, check, cache(samples), runs)
        return check

    return listed
