"""A council's folder, opened for one command: its settings, its store, and who acts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from federation.council import Council
from federation.ports import Clock, Randomness
from federation.transport import NetworkTransport
from node.accounts import turns
from node.app import DATABASE, apply_profile, open_council, open_store
from node.database import Store
from node.feature import Acting, Viewer
from node.ports import SystemClock, SystemRandomness
from node.profile.claiming import waits
from node.rights import Right
from node.settings import Settings, load
from schemas.refusal import Refusal

T = TypeVar("T")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The council's folder.", show_default=False)]


@dataclass(frozen=True)
class Opened:
    """What a command works with. It acts by the server turn that there is, as the pages do, and is refused alike."""

    settings: Settings
    council: Council
    store: Store
    clock: Clock
    randomness: Randomness

    def acting(self, right: Right) -> Acting:
        """Whoever has the server turn acts, or its caretaker, and has `right`.

        Raises Refusal: "not-claimed", "no-keeper" where nobody ever had the turn, "turn-ended" with what to type.
        """
        self.require_claimed()
        now = self.clock.now()
        with self.store.reading() as connection:
            viewer = self._who_acts(now, turns.held_turns(connection))
        if viewer.caretaker and not viewer.may(right):
            place = self.settings.directory
            raise Refusal(
                "turn-ended",
                sentence=f"The server turn has ended, and nobody has it. Type: comarca hand-over {place} --to NUMBER "
                f"(comarca people list {place} shows the numbers).",
            )
        viewer.require(right)
        return Acting(now=now, council=self.council, settings=self.settings, viewer=viewer)

    def require_claimed(self) -> None:
        """Raises Refusal "not-claimed" while the link that claims the council is all that there is."""
        with self.store.reading() as connection:
            waiting = waits(connection)
        if waiting:
            raise Refusal(
                "not-claimed",
                sentence=f"Nobody has claimed this council yet. Type: comarca claim-link {self.settings.directory}",
            )

    def _who_acts(self, now: datetime, held: tuple[turns.Held, ...]) -> Viewer:
        keepers, caretakers = turns.keepers(held, now), turns.caretakers(held, now)
        if keepers:
            return Viewer(member_id=min(keepers), keeper=True)
        if caretakers:
            return Viewer(member_id=min(caretakers), caretaker=True)
        raise Refusal(
            "no-keeper",
            sentence="Nobody here has had the server turn yet. "
            f"Type: comarca sign-in-link {self.settings.directory} --keeper",
        )


@contextmanager
def opened(directory: Path) -> Iterator[Opened]:
    """The folder's council. Raises Refusal "no-council" where there is none."""
    if not (directory / DATABASE).exists():
        raise Refusal(
            "no-council",
            sentence=f"There is no council in {directory}. Type: comarca init {directory} --url https://…",
        )
    settings = load(directory)
    randomness = SystemRandomness()
    store = open_store(directory)
    try:
        council, clock = open_council(settings, randomness=randomness), SystemClock()
        apply_profile(council, settings, store, now=clock.now())
        yield Opened(settings, council, store, clock, randomness)
    finally:
        store.close()


def over_the_network(council: Council, work: Callable[[NetworkTransport], Awaitable[T]]) -> T:
    """Run `work` with a transport that ends with it."""

    async def run() -> T:
        transport = NetworkTransport(council.rules.policy)
        try:
            return await work(transport)
        finally:
            await transport.aclose()

    return asyncio.run(run())
