"""A neighbour that serves a crowd's feeds to a reading process, and may kill it at any question."""

import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import text

from federation.council import Council
from federation.feeds import asking, own
from node.database import Store
from tests import builders
from tests.builders import START
from tests.feeds import crowd, reading
from tests.feeds.carrying import signed_roots

ROOT = Path(__file__).parents[2]


@dataclass
class Neighbour:
    """Whoever carries the feeds. `served` counts entries by answer; `asked` questions by path."""

    store: Store
    served: list[int] = field(default_factory=list)
    longest: int = 0
    asked: Counter[str] = field(default_factory=Counter)

    def answer(self, path: str, body: bytes) -> bytes:
        reader = builders.council(reading.NAME).actor_id
        with self.store.reading() as connection:
            found = asking.answer(connection, path, body, asker=reader)
        assert isinstance(found, bytes), found
        self.asked[path] += 1
        self.served.append(found.count(b"\n"))
        self.longest = max(self.longest, len(found))
        return found


def new_reader(path: Path, *, councils: int) -> None:
    """The store of a council that is linked up with the whole crowd and has heard nothing of it yet."""
    store, council = crowd.new_store(path), builders.council(reading.NAME)
    line, opened = signed_roots(council)
    store.write_now(lambda c: own.begin(c, council, line=line, epoch=opened, store_id="store of the reader", now=START))
    crowd.link_up(store, [*crowd.publishers(councils), carrier()])
    store.close()


def carrier() -> Council:
    """The neighbour that carries the feeds of all."""
    return builders.council("carrier")


def read(path: Path, neighbour: Neighbour, *, last: int = -1) -> dict[str, Any] | None:
    """One talk of the reading process. Its report, or None where it was killed in its `last` step."""
    command = [sys.executable, "-m", "tests.feeds.reading", str(path), carrier().actor_id, str(last)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        while line := process.stdout.readline():
            said: dict[str, Any] = orjson.loads(line)
            if "path" not in said:
                return said
            answer = neighbour.answer(said["path"], process.stdout.read(said["bytes"]))
            process.stdin.write(b"%d\n%s" % (len(answer), answer))
            process.stdin.flush()
    assert process.returncode == -signal.SIGKILL, process.returncode
    return None


def holds(store: Store) -> tuple[list[Any], int]:
    """How far the feeds of others are held, and how many records of theirs are in the feeds."""
    with store.reading() as connection:
        heads = connection.execute(text("SELECT name, epoch, seq, head FROM feed WHERE NOT ours ORDER BY name")).all()
        puts = text(
            "SELECT count(*) FROM feed_entry WHERE kind = 'put' AND payload IS NOT NULL AND held_because IS NULL"
        )
        return [tuple(head) for head in heads], int(connection.execute(puts).scalar_one())


def on_the_wall(store: Store) -> int:
    """How many records of others can be found."""
    with store.reading() as connection:
        found = text(
            "SELECT count(*) FROM replica r JOIN availability a ON a.replica_id = r.id WHERE r.gone_at IS NULL"
        )
        return int(connection.execute(found).scalar_one())
