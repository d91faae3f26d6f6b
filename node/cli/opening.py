"""A council's folder, opened for one command: its settings, its store, and who acts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy import text

from federation.council import Council
from federation.ports import Clock, Randomness
from federation.transport import NetworkTransport
from node.app import DATABASE, open_council, open_store
from node.database import Store
from node.feature import Acting, Viewer
from node.ports import SystemClock, SystemRandomness
from node.settings import Settings, load
from schemas.refusal import Refusal

T = TypeVar("T")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The council's folder.", show_default=False)]


@dataclass(frozen=True)
class Opened:
    """What a command works with. It acts as the first keeper, since whoever has the folder has everything."""

    settings: Settings
    council: Council
    store: Store
    clock: Clock
    randomness: Randomness

    def acting(self) -> Acting:
        with self.store.reading() as connection:
            keeper = connection.execute(
                text("SELECT id FROM member WHERE keeper = 1 AND ended_at IS NULL ORDER BY id LIMIT 1")
            ).scalar()
        if keeper is None:
            raise Refusal(
                "no-keeper", sentence="This council has no keeper yet. Type: comarca sign-in-link DIR --keeper"
            )
        viewer = Viewer(member_id=keeper, keeper=True)
        return Acting(now=self.clock.now(), council=self.council, settings=self.settings, viewer=viewer)


@contextmanager
def opened(directory: Path) -> Iterator[Opened]:
    """The folder's council. Raises Refusal "no-council" where there is none."""
    if not (directory / DATABASE).exists():
        raise Refusal(
            "no-council",
            sentence=f"There is no council in {directory}. Type: comarca init {directory} --name … --url https://…",
        )
    settings = load(directory)
    randomness = SystemRandomness()
    store = open_store(directory)
    try:
        council = open_council(settings, randomness=randomness)
        yield Opened(settings, council, store, SystemClock(), randomness)
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
