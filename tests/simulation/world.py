"""The simulated world: one heap of events, one thread, one clock that moves only from event to event.

Everything that happens is drawn from the seed and written into the trace, so the same seed gives the same bytes wherever
it runs. Nothing here knows what a council is.
"""

import hashlib
import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.builders import START, SeededRandomness

Step = Callable[[], None]
HOUR = 3_600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Trace:
    """What one seed came to: everything that happened, in order, and everything that must not have."""

    seed: int
    lines: tuple[str, ...]
    violations: tuple[str, ...]

    @property
    def events(self) -> int:
        return len(self.lines)

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join((*self.lines, *self.violations)).encode()).hexdigest()


class World:
    """Time, order and the record. `elapsed` counts microseconds."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.randomness = SeededRandomness(f"world {seed}")
        self.elapsed = 0
        self.lines: list[str] = []
        self.violations: list[str] = []
        self._heap: list[tuple[int, int, Step]] = []
        self._planned = 0

    @property
    def now(self) -> datetime:
        return START + timedelta(microseconds=self.elapsed)

    def after(self, seconds: float, step: Step) -> None:
        """Have `step` run later; of two for the same moment, the one planned first goes first."""
        self._planned += 1
        heapq.heappush(self._heap, (self.elapsed + round(seconds * 1_000_000), self._planned, step))

    def say(self, line: str) -> None:
        self.lines.append(f"{self.elapsed} {line}")

    def wrong(self, line: str) -> None:
        """Something has happened that must never happen."""
        self.violations.append(f"{self.elapsed} {line}")

    def run(self, *, until: int | None = None) -> bool:
        """Let everything happen up to and including `until` (microseconds). True when nothing is left to happen."""
        while self._heap and (until is None or self._heap[0][0] <= until):
            self.elapsed, _, step = heapq.heappop(self._heap)
            step()
        if until is not None:
            self.elapsed = max(self.elapsed, until)
        return not self._heap
