"""The loops that features bring along run from a node's start to its end, and one that ends by itself is noticed."""

import asyncio
import threading
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from federation.tables import table_of
from node.accounts.actions import add_member
from node.accounts.tables import Member
from node.app import Node
from node.errands import Errands
from node.feature import Bench, Errand, Feature
from node.features.resources.letters.tables import Letter
from node.post import PostFault, Taken, Trouble
from node.settings import load
from tests import builders
from tests.doctor.standing import Network, place_keys, place_tables

MAIL = {"host": "127.0.0.1", "security": "none", "from_address": "us@riverside.example"}


class Box:
    """A `Post` that keeps what it is given; with `held` it takes its time until it is closed."""

    def __init__(self, *, held: bool = False) -> None:
        self.letters: list[EmailMessage] = []
        self.held, self.closed = held, False
        self.came, self._loop = asyncio.Event(), asyncio.get_running_loop()
        self._over = threading.Event()

    def send(self, message: EmailMessage) -> Taken:
        self._loop.call_soon_threadsafe(self.came.set)
        if self.held:
            self._over.wait(10)
            raise PostFault(Trouble.UNREACHABLE, "broken off")
        self.letters.append(message)
        return Taken.SENT

    def greet(self) -> str:
        return ""

    def close(self) -> None:
        self.closed = True
        self._over.set()


def node_of(folder: Path, box: Box) -> Node:
    place_keys(folder)
    place_tables(folder)
    settings = load(folder, url="https://riverside.example", mail=MAIL)
    node = Node(settings, randomness=builders.SeededRandomness("errands"), transport=Network(), post=box)
    now = node.clock.now()

    def waits(connection: Connection) -> None:
        member = add_member(connection, name="Amina", keeper=True, now=now)
        members, letters = table_of(Member), table_of(Letter)
        connection.execute(members.update().values(mail="amina@here.example", mail_ok_at=now))
        letter = Letter(member_id=member, about="not-needed", written_at=now, due_at=now)
        connection.execute(letters.insert().values(**letter.model_dump(exclude={"id"})))

    node.store.write_now(waits)
    return node


async def test_a_node_sends_what_is_due_as_soon_as_it_runs(tmp_path: Path) -> None:
    box = Box()
    node = node_of(tmp_path, box)

    await node.start()
    async with asyncio.timeout(10):
        await box.came.wait()
    ended = node._ended_loops()
    await node.stop()

    assert [str(one["To"]) for one in box.letters] == ["amina@here.example"]
    assert (ended, box.closed) == ((), True)


async def test_a_node_that_stops_waits_for_no_mail_server_and_loses_no_letter(tmp_path: Path) -> None:
    box = Box(held=True)
    node = node_of(tmp_path, box)

    await node.start()
    async with asyncio.timeout(10):
        await box.came.wait()
        await node.stop()

    again = Box()
    node = Node(node.settings, transport=Network(), post=again)
    await node.start()
    async with asyncio.timeout(10):
        await again.came.wait()
    await node.stop()
    assert len(again.letters) == 1


async def test_a_loop_that_ends_by_itself_is_named(tmp_path: Path) -> None:
    async def short() -> None:
        return None

    async def long() -> None:
        await asyncio.Event().wait()

    def both(_bench: Bench) -> Sequence[Errand]:
        return (short, long)

    bench: Any = Bench(load(tmp_path, url="https://riverside.example"), *([None] * 4))  # type: ignore[arg-type]
    errands = Errands((Feature(name="a", errands=both), Feature(name="b")), bench)

    errands.start()
    await asyncio.sleep(0)
    ended = errands.ended()
    await errands.stop()

    assert len(ended) == 1 and ended[0].endswith("short")
    assert errands.ended() == ()
