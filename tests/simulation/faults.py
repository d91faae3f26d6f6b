"""What befalls a node: crashes at the worst moments, links that are cut one way or both, clocks that differ.

Draws decide; this module never touches a node's tables.
"""

from dataclasses import dataclass
from functools import partial

from tests.builders import SeededRandomness
from tests.simulation.network import Network
from tests.simulation.world import HOUR

CRASH_POINTS = (
    "before keep",
    "before commit",
    "between commit and answer",
    "before apply",
    "while applying",
    "between outcome and record",
    "before commit of record",
    "before commit of entries",
)
DOWN_FOR = (0.5, 5.0, 60.0, 900.0, 3 * HOUR)
CUT_FOR = (5.0, 60.0, 900.0, 2 * HOUR, 12 * HOUR)
MOST_SKEW = 2 * 60  # our own signatures live for five minutes, for whoever is behind too


class Crashed(Exception):
    """The process ends here: the open transaction and everything in memory are gone."""


class DiskFull(Exception):
    """There was no room for it. Nothing of the transaction is left."""


@dataclass(slots=True)
class Faults:
    """The dice that all nodes of one world share. `crash_rate` is for each point that is passed."""

    randomness: SeededRandomness
    crash_rate: float = 0.0

    def pass_point(self, point: str) -> None:
        """Raises Crashed now and then. `point` is one of CRASH_POINTS."""
        assert point in CRASH_POINTS
        if self.crash_rate and self.randomness.chance(self.crash_rate):
            raise Crashed(point)

    def down_for(self) -> float:
        return self.randomness.pick(DOWN_FOR) * (0.5 + self.randomness.uniform())

    def skew(self) -> float:
        """Seconds by which a node's clock is off; well inside what signatures allow."""
        return MOST_SKEW * (2 * self.randomness.uniform() - 1) if self.randomness.chance(0.5) else 0.0

    def cut_something(self, network: Network, names: list[str]) -> None:
        """Cut one link, one way or both, or part one node from all others; now and then on and off, many times."""
        randomness = self.randomness
        seconds = randomness.pick(CUT_FOR) * (0.5 + randomness.uniform())
        first, *others = randomness.shuffled(names)
        if randomness.chance(0.7):
            others = others[:1]
        one_way = randomness.chance(0.4)
        flapping = seconds < 2 * HOUR and randomness.chance(0.3)
        times = 2 + randomness.below(8) if flapping else 1
        for time in range(times):
            pause = 2 * time * seconds / times
            for other in others:
                network.world.after(pause, partial(network.cut, first, other, seconds=seconds / times))
                if not one_way:
                    network.world.after(pause, partial(network.cut, other, first, seconds=seconds / times))
