"""A council that is linked up with the others and answers as it likes: less than it has, what it said before, garbage, two stories.

It pushes like anybody. Only its answers to questions are bent, and whoever asks can tell by nothing but what it is told.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import text

from federation import outbox
from federation.feeds import asking, questions
from protocol.feeds import chain, entry
from protocol.feeds.coding import b64
from protocol.feeds.entry import Entry, Kind, read_line
from protocol.verdict import Refused
from tests import builders
from tests.builders import SeededRandomness
from tests.simulation.disk import Disk
from tests.simulation.nodes import Node

MOST_REMEMBERED = 40
_FEEDS = text("SELECT name, epoch, seq, head, key, actor_id FROM feed WHERE actor_id <> :us ORDER BY name")


class Turncoat(Node):
    """`told_two_stories`: it has signed two entries for one place of its feed."""

    honest = False

    def __init__(self, name: str, **given: Any) -> None:
        self.bent = SeededRandomness(f"turncoat {given['world'].seed}")
        self.told_two_stories = False
        self._older: Disk | None = None
        self._other: Disk | None = None
        self._moods: dict[str, Callable[[str, bytes, bytes, str], bytes]] = {}
        self._said: list[tuple[str, str, bytes]] = []
        super().__init__(name, **given)

    def turn(self) -> None:
        """From now on it has two stories, and an older self to answer from."""
        if not self.up or self._other is not None:
            return
        content = builders.snapshot(self.connection)
        self._older, self._other = Disk(content), Disk(content)
        for disk, title in ((self._other, "One story"), (self.disk, "Another story")):
            note, now = builders.note(self.council, title=title, published=self.now()), self.now()
            disk.write(
                lambda c, note=note, now=now: outbox.publish(c, self.council, note=note, audience="public", now=now)  # type: ignore[misc]
            )
        self.told_two_stories = True
        self.world.say(f"{self.name} tells two stories")
        self.deliveries.wake()

    def close(self) -> None:
        for disk in (self._older, self._other):
            if disk is not None:
                disk.connection.close()

    def serves(self, roots: set[str], *, asker: str) -> None:
        """Nobody can hold it to anything."""

    def answer_question(self, path: str, body: bytes, *, asker: str) -> bytes | Refused:
        honest = super().answer_question(path, body, asker=asker)
        if isinstance(honest, Refused):
            return honest
        if path == questions.HELLO or asker not in self._moods:
            ways = (
                self._one_story,
                self._one_story,
                self._less,
                self._again,
                self._garbage,
                self._forged,
                self._forged,
            )
            self._moods[asker] = self.bent.pick(ways)
        bend = self._moods[asker]
        answer = bend(path, body, honest, asker)
        self.world.say(f"{self.name} answers {path} with {bend.__name__[1:]}")
        if len(self._said) < MOST_REMEMBERED:
            self._said.append((path, asker, honest))
        return answer

    def _one_story(self, path: str, body: bytes, honest: bytes, asker: str) -> bytes:
        """To some the one, to others the other."""
        return honest if sum(asker.encode()) % 2 else self._from(self._other, path, body, honest, asker)

    def _less(self, path: str, body: bytes, honest: bytes, asker: str) -> bytes:
        """As it would have answered before; or this answer with one entry left out."""
        lines = honest.split(b"\n")
        if len(lines) > 2:
            del lines[1 + self.bent.below(len(lines) - 1)]
            return b"\n".join(lines)
        return self._from(self._older, path, body, honest, asker)

    def _from(self, disk: Disk | None, path: str, body: bytes, honest: bytes, asker: str) -> bytes:
        found = None if disk is None else asking.answer(disk.connection, path, body, asker=asker)
        return found if isinstance(found, bytes) else honest

    def _again(self, path: str, body: bytes, honest: bytes, asker: str) -> bytes:
        """What it answered to the same council before."""
        said = [answer for at, who, answer in self._said if (at, who) == (path, asker)]
        return self.bent.pick(said) if said else honest

    def _garbage(self, path: str, body: bytes, honest: bytes, asker: str) -> bytes:
        place = self.bent.below(len(honest))
        match self.bent.below(3):
            case 0:
                return honest[:place]
            case 1:
                return honest[:place] + bytes([honest[place] ^ (1 << self.bent.below(8))]) + honest[place + 1 :]
            case _:
                return self.bent.bytes(self.bent.below(200))

    def _forged(self, path: str, body: bytes, honest: bytes, asker: str) -> bytes:
        """Words in the mouth of another council: the next entry of its feed, or a list by which nothing of it is live."""
        feeds = self.connection.execute(_FEEDS, {"us": self.council.actor_id}).mappings().all()
        theirs = [row for row in feeds if row["actor_id"] != asker]
        if not theirs:
            return honest
        row = self.bent.pick(theirs)
        about, *lines = honest.split(b"\n")
        said = orjson.loads(about)
        match path:
            case questions.HELLO if self.bent.chance(0.5):
                lines.append(orjson.dumps(self._next_entry(row).wire()))
            case questions.HELLO:
                said = {**said, "same": False, "more": False, "sums": b64(self.bent.bytes(32))}
            case questions.HEADS if said.get("same"):
                said = {"sums": b64(bytes(2_048))}
            case questions.RANGES:
                said["gone"] = [row["name"]]
                lines = []
            case questions.SNAPSHOTS:
                lines = self._lasting(lines)
            case questions.HEADS if "heads" in said:
                at = {"epoch": row["epoch"], "seq": row["seq"] + 9, "id": row["head"]}
                said["heads"].append({"feed": row["name"], "actor": row["actor_id"], **at})
        return b"\n".join([orjson.dumps(said), *lines])

    def _next_entry(self, row: Any) -> Entry:
        whose = row["actor_id"].removesuffix("/council")
        note = {"id": f"{whose}/o/{'z' * 26}", "type": "Note"}
        return entry.make(
            feed=row["name"],
            epoch=row["epoch"],
            seq=row["seq"] + 1,
            prev=row["head"],
            kind=Kind.PUT,
            key=self.council.ed25519,
            object=note["id"],
            payload=note,
            salt=self.bent.bytes(entry.SALT_BYTES),
            expires=self.world.now + timedelta(days=9),
        )

    def _lasting(self, lines: list[bytes]) -> list[bytes]:
        """What lasts of a feed, and after it a list that its council never made: under its key, signed by nobody."""
        lasting = [one for one in map(read_line, lines) if isinstance(one, Entry)]
        if not lasting:
            return lines
        last = lasting[-1].header
        made = entry.make(
            feed=last.feed,
            epoch=last.epoch,
            seq=last.seq + 50,
            prev=lasting[-1].id,
            kind=Kind.SNAPSHOT,
            key=self.council.ed25519,
            payload=chain.snapshot_payload({}),
            salt=self.bent.bytes(entry.SALT_BYTES),
        ).wire()
        made["header"]["key"] = last.key
        kept = [line for line, one in zip(lines, map(read_line, lines), strict=True) if not _is_list(one)]
        return [*kept, orjson.dumps(made)]


def _is_list(one: object) -> bool:
    return isinstance(one, Entry) and one.header.kind is Kind.SNAPSHOT
