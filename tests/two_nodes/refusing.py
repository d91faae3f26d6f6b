"""What one refusal is, in a test: a letter with one fault, beside its twin without it, from the same set-up."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from protocol.verdict import Reason
from tests.two_nodes.letters import Letter
from tests.two_nodes.outsiders import Scene


async def _as_it_is() -> None:
    """Nothing has to be mended before the twin is sent."""


@dataclass(frozen=True)
class Pair:
    """`fetches` requests may go out for the faulty letter; `waits`: the answer says for how long to wait.

    `mend` takes away what was wrong on our side before the twin comes.
    """

    faulty: Letter
    twin: Letter
    fetches: int = 0
    mend: Callable[[], Awaitable[None]] = _as_it_is
    waits: bool = False


@dataclass(frozen=True)
class Case:
    reason: Reason
    name: str
    prepare: Callable[[Scene], Awaitable[Pair]]
    settings: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.reason}: {self.name}"


class Cases(list[Case]):
    """A list of cases, filled by decorating what prepares them."""

    def of(
        self, reason: Reason, name: str, **settings: Any
    ) -> Callable[[Callable[[Scene], Awaitable[Pair]]], Callable[[Scene], Awaitable[Pair]]]:
        def add(prepare: Callable[[Scene], Awaitable[Pair]]) -> Callable[[Scene], Awaitable[Pair]]:
            self.append(Case(reason, name, prepare, settings))
            return prepare

        return add

    def each(self, reason: Reason, faults: dict[str, Callable[[Scene], Letter]]) -> None:
        """Faults that need no set-up, by what is wrong; the twin of each is an ordinary Create of an accepted council."""
        for name, make in faults.items():

            async def prepare(scene: Scene, make: Callable[[Scene], Letter] = make) -> Pair:
                return Pair(make(scene), scene.good())

            self.append(Case(reason, name, prepare))
