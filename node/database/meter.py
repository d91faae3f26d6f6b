"""How the store's commits go: how many steps share one, and how long the disk takes. For machines that watch the node.

It must never slow the writer: two numbers are noted for each COMMIT, and nothing waits.
"""

from collections.abc import Callable

from federation.tally import Distribution

BATCH_BOUNDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SECONDS_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Meter:
    """`monotonic` is the clock port's. Noted on the writer's thread alone."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic
        self.steps = Distribution(BATCH_BOUNDS)
        self.seconds = Distribution(SECONDS_BOUNDS)

    def committed(self, steps: int, *, since: float) -> None:
        """One COMMIT has returned that began at `since`, with `steps` in it."""
        self.steps.note(steps)
        self.seconds.note(self.monotonic() - since)
