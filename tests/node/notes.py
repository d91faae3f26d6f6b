"""A small table for the store's tests, with the three ways in which a row can be wrong."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, Table, Text, insert

from node.database import Store

TABLES = MetaData()
NOTE = Table(
    "note",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("text", Text, unique=True, nullable=False),
    Column("answers", ForeignKey("note.id", deferrable=True, initially="DEFERRED")),
)
PATIENCE = 10.0


def open_store(path: Path) -> Store:
    store = Store.open(path)
    store.write_now(TABLES.create_all)
    return store


def add(connection: Connection, text: str, answers: int | None = None) -> str:
    connection.execute(insert(NOTE), {"text": text, "answers": answers})
    return text


def add_all(connection: Connection, texts: list[str]) -> list[str]:
    connection.execute(insert(NOTE), [{"text": text, "answers": None} for text in texts])
    return [text.upper() for text in texts]


def texts_on_disk(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note ORDER BY id")]


@asynccontextmanager
async def writer_held(store: Store) -> AsyncIterator[None]:
    """While the block runs the writer is busy with another batch: all that is queued in it comes together in the next."""
    entered, released = threading.Event(), threading.Event()

    def wait(_connection: Connection) -> None:
        entered.set()
        released.wait(PATIENCE)

    held = asyncio.create_task(store.write(wait))
    assert await asyncio.to_thread(entered.wait, PATIENCE)
    try:
        yield
        await asyncio.sleep(0)  # every task made in the block runs up to its place in the queue
    finally:
        released.set()
    await held
