"""Figures about a node's own work: how many, and how they are spread. Plain numbers in memory, forgotten at its end.

Whoever counts must never make a label from what somebody sent: not a path, a host, an id or a name. What is counted here
is shown to machines that watch the node; nothing else in the tree may decide by it.
"""

from bisect import bisect_left
from collections.abc import Sequence


class Distribution:
    """How values are spread over fixed steps. One thread notes, any may read: it may see one value half counted."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds` are the upper ends of the steps, rising; one more step, without an end, is added."""
        if not bounds or list(bounds) != sorted(set(bounds)):
            raise ValueError("the steps of a distribution rise, and there is at least one")
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def note(self, value: float) -> None:
        """Count one value; one that equals a bound belongs to the step that ends there."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        return sum(self.counts)

    def cumulative(self) -> list[tuple[str, float]]:
        """(upper end as text, how many values are at most that), the last of them "+Inf": as Prometheus wants it."""
        so_far, steps = 0, []
        ends = [*(f"{bound:g}" for bound in self.bounds), "+Inf"]
        for end, count in zip(ends, list(self.counts), strict=True):
            so_far += count
            steps.append((end, float(so_far)))
        return steps
