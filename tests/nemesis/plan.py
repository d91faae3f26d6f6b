"""What will be done to ten councils, drawn from a seed before anything begins. The machine's speed changes nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.builders import SeededRandomness
from tests.nemesis.weather import Cut, Weather, draw_cut

OFTEN: Final = ("kill", "kill", "pause", "pause", "cut", "cut", "cut", "stop", "shift", "weather")
SHIFTS: Final = (-100.0, 100.0)
"""Seconds by which a clock goes wrong: less than what signatures allow, more than two changes of one slip lie apart."""

COPIES: Final = 2


@dataclass(frozen=True, slots=True)
class Deed:
    """At `at` seconds `what` is done to `town`, for `lasting` seconds."""

    at: float
    what: str
    town: str = ""
    lasting: float = 0.0
    shift: float = 0.0
    cut: Cut | None = None
    weather: Weather | None = None

    def __str__(self) -> str:
        links = "" if self.cut is None else f"{len(self.cut.links)} links"
        how = "" if self.weather is None else f"{self.weather.trouble}"
        return " ".join(word for word in (self.town, self.what, links, how, f"{self.shift or ''}") if word)


def draw(seed: int, names: Sequence[str], *, seconds: float) -> list[Deed]:
    """Everything that is done in one seed, in its order. Some councils are backed up early, and put back later."""
    dice = SeededRandomness(f"plan {seed}")
    found = [Deed(0.0, "weather", weather=Weather(seed))]
    at = 0.5
    while at < seconds:
        found.append(_something(dice, seed, tuple(names), at))
        at += 0.15 + 0.9 * dice.uniform()
    for name in dice.shuffled(names)[:COPIES]:
        found.append(Deed(seconds * (0.15 + 0.2 * dice.uniform()), "copy", name))
        found.append(Deed(seconds * (0.5 + 0.2 * dice.uniform()), "old copy", name))
    return sorted(found, key=lambda deed: deed.at)


def _something(dice: SeededRandomness, seed: int, names: tuple[str, ...], at: float) -> Deed:
    what, town, lasting = dice.pick(OFTEN), dice.pick(names), 0.3 + 2.5 * dice.uniform()
    if what == "weather":
        return Deed(at, what, weather=Weather(seed + dice.below(1_000_000), dice.pick((0.1, 0.25, 0.5))))
    if what == "cut":
        return Deed(at, what, lasting=lasting, cut=draw_cut(dice, names))
    return Deed(at, what, town, lasting, shift=dice.pick(SHIFTS) if what == "shift" else 0.0)
