"""What befalls one message on its way between two councils: drawn from a seed, the link and its number on that link.

Nothing here waits or sends. The same seed gives the same fate to the third question of alder to birch, whatever else happens
in between and however fast the machine is.
"""

from dataclasses import dataclass
from typing import Final

from tests.builders import SeededRandomness

PASS: Final = "pass"
KINDS: Final = (
    "slow",
    "hold",
    "stall",
    "reset",
    "cut-request",
    "cut-answer",
    "flip-request",
    "flip-answer",
    "twice",
    "replay",
    "lost-answer",
    "answer-429",
    "answer-500",
    "answer-503",
)
LONG_HOLD: Final = 11.0
"""Longer than a server waits for an answer to a delivery: it has sent it again by the time the first copy arrives."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one request. `wait` in seconds before it goes on; `where` in [0, 1), a place in its bytes; `bit` to flip.

    `again`: so many seconds later the same bytes are sent once more.
    """

    kind: str
    wait: float
    where: float = 0.0
    bit: int = 0
    again: float = 0.0


@dataclass(frozen=True, slots=True)
class Weather:
    """The weather of a whole seed. `trouble` is the share of requests that something happens to, on an ordinary link."""

    seed: int
    trouble: float = 0.25

    def of_link(self, sender: str, receiver: str) -> float:
        """How bad this link is: some are good all the time, some hardly let anything through."""
        dice = SeededRandomness(f"link {self.seed} {sender} {receiver}")
        return self.trouble * dice.pick((0.2, 1.0, 1.0, 2.5))

    def fate(self, sender: str, receiver: str, number: int) -> Fate:
        """What happens to the `number`-th request of `sender` to `receiver`."""
        dice = SeededRandomness(f"fate {self.seed} {sender} {receiver} {number}")
        latency = 0.002 + 0.06 * dice.uniform() ** 4
        if not dice.chance(self.of_link(sender, receiver)):
            return Fate(PASS, latency)
        kind = dice.pick(KINDS)
        if kind == "slow":
            latency += 0.3 + 1.5 * dice.uniform()
        elif kind == "hold":
            latency += dice.pick((0.5, 2.0, LONG_HOLD))
        elif kind == "stall":
            latency += 1.0 + 6.0 * dice.uniform()
        return Fate(kind, latency, dice.uniform(), dice.below(8), 0.5 + 5.0 * dice.uniform())


@dataclass(frozen=True, slots=True)
class Cut:
    """Links that are down, as (sender, receiver). `deaf`: what is sent arrives, and no answer comes back.

    `silent`: whoever asks hears nothing until it gives up, instead of being turned away at once. `every`: seconds after which a
    flapping cut opens, and closes again.
    """

    links: frozenset[tuple[str, str]]
    deaf: bool = False
    silent: bool = False
    every: float = 0.0

    def holds(self, sender: str, receiver: str, elapsed: float) -> bool:
        """Whether it keeps this request away, `elapsed` seconds after it began."""
        if (sender, receiver) not in self.links:
            return False
        return not self.every or int(elapsed / self.every) % 2 == 0


def draw_cut(dice: SeededRandomness, names: tuple[str, ...]) -> Cut:
    """A partition: some from the others, both ways or one way, for a while or flapping."""
    apart = set(dice.shuffled(names)[: 1 + dice.below(len(names) // 2)])
    out = {(one, other) for one in apart for other in names if other not in apart}
    back = {(other, one) for one, other in out}
    links = out | back if dice.chance(0.6) else dice.pick((out, back))
    return Cut(
        frozenset(links),
        deaf=dice.chance(0.25),
        silent=dice.chance(0.3),
        every=dice.pick((0.0, 0.0, 0.4, 1.1)),
    )
