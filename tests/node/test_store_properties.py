"""Whatever mix of good and bad calls is thrown at the store, exactly the acknowledged ones are there."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from node.database import Store
from tests.node.notes import add, add_all, open_store, texts_on_disk

WAYS = ("write", "write_and_raise", "gather", "gather_and_raise", "dangle", "thread")


@dataclass(frozen=True)
class Wish:
    way: str
    text: str
    pause: bool


wishes = st.lists(
    st.builds(
        Wish, way=st.sampled_from(WAYS), text=st.sampled_from([f"note {n}" for n in range(12)]), pause=st.booleans()
    ),
    max_size=30,
)


def add_and_raise(connection: Connection, text: str) -> None:
    add(connection, text)
    raise LookupError(text)


def add_all_and_raise(connection: Connection, texts: list[str]) -> list[str]:
    add_all(connection, texts)
    raise LookupError(", ".join(texts))


async def ask(store: Store, wish: Wish) -> str | None:
    """The text that was acknowledged, None if the store answered with an error."""
    try:
        match wish.way:
            case "write":
                await store.write(lambda connection: add(connection, wish.text))
            case "write_and_raise":
                await store.write(lambda connection: add_and_raise(connection, wish.text))
            case "gather":
                await store.gather(add_all, wish.text)
            case "gather_and_raise":
                await store.gather(add_all_and_raise, wish.text)
            case "dangle":
                await store.write(lambda connection: add(connection, wish.text, answers=999_999))
            case _:
                await asyncio.to_thread(store.write_now, lambda connection: add(connection, wish.text))
    except Exception:
        return None
    return wish.text


async def ask_all(store: Store, wanted: list[Wish]) -> list[str]:
    tasks = []
    for wish in wanted:
        tasks.append(asyncio.create_task(ask(store, wish)))
        if wish.pause:
            await asyncio.wait(tasks[-1:])
    return [text for text in await asyncio.gather(*tasks) if text is not None]


@settings(max_examples=40, deadline=None)
@given(wishes)
def test_exactly_what_was_acknowledged_is_on_disk(wanted: list[Wish]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comarca.db"
        store = open_store(path)

        acknowledged = asyncio.run(ask_all(store, wanted))

        assert sorted(texts_on_disk(path)) == sorted(acknowledged)
        store.close()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["write", "write_and_raise", "gather", "gather_and_raise"]), st.booleans()),
        max_size=40,
    )
)
def test_without_a_failing_commit_every_good_call_succeeds(plan: list[tuple[str, bool]]) -> None:
    wanted = [Wish(way=way, text=f"note {n}", pause=pause) for n, (way, pause) in enumerate(plan)]
    good = [wish.text for wish in wanted if not wish.way.endswith("raise")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comarca.db"
        store = open_store(path)

        acknowledged = asyncio.run(ask_all(store, wanted))

        assert sorted(acknowledged) == sorted(good) == sorted(texts_on_disk(path))
        store.close()
