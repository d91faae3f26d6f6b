"""Councils with feeds, in memory, and conversations between them over a network that is a function call."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text

from federation import outbox, replicas, rotation
from federation.council import Council
from federation.feeds import asking, forgetting, own, questions
from federation.feeds.catching_up import catch_up
from federation.feeds.conversation import Ask, Outcome, Read, Write
from federation.keyring import KeyPair
from federation.ports import OutgoingResponse, TransportFailure
from protocol.feeds import roots
from protocol.peering import State
from tests import builders
from tests.builders import START

T = TypeVar("T")


def root_keys(name: str, count: int = 1) -> list[Ed25519PrivateKey]:
    """The root keys of a council: the same each time."""
    return [builders.ed25519_key(f"root {number} of {name}") for number in range(count)]


def signed_roots(council: Council, *, epoch: int = 1, count: int = 1) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A line of one root statement, and an epoch that it opens for the council's key in use."""
    held = root_keys(council.name, count)
    public = [builders.multibase_of(key) for key in held]
    first = roots.statement(public=public, threshold=1 if count == 1 else 2)
    line = [roots.signed(first, held, domain=roots.ROOT_DOMAIN)]
    root = roots.judge_line(line)
    assert isinstance(root, roots.Root)
    said = roots.epoch_statement(root, epoch=epoch, actor=council.actor_id, key=council.multibase)
    return line, roots.signed(said, held, domain=roots.EPOCH_DOMAIN)


@dataclass
class Town:
    """One council with its tables. `asked` counts the questions that it was asked, by path."""

    name: str
    council: Council = field(init=False)
    connection: Connection = field(init=False)
    now: datetime = START
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.council = builders.council(self.name)
        self.connection = builders.open_database()

    def begin(self, *, epoch: int = 1) -> "Town":
        line, opened = signed_roots(self.council, epoch=epoch)
        self.write(
            lambda c: own.begin(
                c, self.council, line=line, epoch=opened, store_id=f"store of {self.name}", now=self.now
            )
        )
        return self

    def write(self, step: Callable[[Connection], T]) -> T:
        return builders.write(self.connection, step)

    def publish(self, title: str, *, audience: Any = "public", object_id: str | None = None, **given: Any) -> str:
        """Say something, and let a second pass; the object's id."""
        self.now += timedelta(seconds=1)
        usual: dict[str, Any] = (
            {"published": self.now} if object_id is None else {"published": START, "updated": self.now}
        )
        note = builders.note(self.council, object_id=object_id, title=title, audience=audience, **{**usual, **given})
        self.write(lambda c: outbox.publish(c, self.council, note=note, audience=audience, now=self.now))
        return str(note["id"])

    def withdraw(self, object_id: str) -> None:
        self.now += timedelta(seconds=1)
        self.write(lambda c: outbox.withdraw(c, self.council, object_id=object_id, now=self.now))

    def snapshot(self) -> None:
        self.write(lambda c: own.snapshot(c, self.council, now=self.now))

    def change_keys(self, number: int) -> None:
        """The next pair of keys, told as a keeper's command does."""
        self.now += timedelta(seconds=1)
        council = self.council
        pair = KeyPair(number, council.rsa, builders.ed25519_key(f"{self.name} {number}"))
        self.write(lambda c: rotation.rotate(c, council, council.profile, pair=pair, now=self.now))
        council.keyring = council.keyring.followed_by(pair, at=self.now)

    def forget(self) -> None:
        while self.write(lambda c: forgetting.forget(c, now=self.now)):
            pass

    def knows(self, *others: "Town") -> None:
        """They are linked up: as after both have accepted, with the keys that were compared."""
        for other in others:
            self.write(lambda c, other=other: link(c, other.council, now=self.now))
        self.write(lambda c: own.name_readers(c, self.council, now=self.now))

    def answer(self, path: str, body: bytes, *, asker: str) -> OutgoingResponse:
        """What this council answers to a question of another."""
        self.asked.append(path)
        found = asking.answer(self.connection, path, body, asker=asker)
        assert isinstance(found, bytes), found
        return OutgoingResponse(200, {}, found)

    def live(self) -> dict[str, str]:
        """The objects of others that are live here, by id."""
        rows = self.connection.execute(
            text("SELECT object_id, name FROM replica WHERE gone_at IS NULL AND source <> :us"),
            {"us": self.council.actor_id},
        )
        return {row.object_id: row.name for row in rows}

    def replica(self, object_id: str) -> Any:
        """What is held of one object."""
        return replicas.find(self.connection, object_id)

    def heads(self, *, of: "Town") -> list[tuple[Any, ...]]:
        """How far the feeds of a council are held."""
        rows = self.connection.execute(
            text("SELECT channel, epoch, seq, head FROM feed WHERE actor_id = :a ORDER BY channel"),
            {"a": of.council.actor_id},
        )
        return [tuple(row) for row in rows]

    def forks(self) -> int:
        return int(self.connection.execute(text("SELECT count(*) FROM feed_fork")).scalar_one())

    def held(self) -> list[str]:
        """Why payloads were not taken."""
        return list(
            self.connection.execute(text("SELECT held_because FROM feed_entry WHERE held_because <> ''")).scalars()
        )


def link(connection: Connection, theirs: Council, *, now: datetime) -> None:
    """As after both have accepted, in the tables of one of them."""
    connection.execute(
        text(
            "INSERT INTO peer (actor_id, origin, name, inbox, state, ed25519_key_id, ed25519_multibase, created_at, accepted_at)"
            " VALUES (:actor, :origin, :name, :inbox, :state, :key_id, :multibase, 1, 1)"
        ),
        {
            "actor": theirs.actor_id,
            "origin": theirs.origin,
            "name": theirs.name,
            "inbox": f"{theirs.base_url}/inbox",
            "state": State.ACCEPTED.value,
            "key_id": theirs.ed25519_key_id,
            "multibase": theirs.multibase,
        },
    )


NOBODY = TransportFailure("connect", "nobody answers there")
Change = Callable[[str, bytes], bytes | TransportFailure]


def talk(reader: Town, carrier: Town, *, change: Change | None = None, cut_after: int | None = None) -> Outcome:
    """`reader` catches up with `carrier`. `change` may alter an answer, or lose it; after `cut_after` questions nobody answers."""
    conversation = catch_up(reader.council, their_actor=carrier.council.actor_id)
    sent: Any = None
    asked = 0
    try:
        while True:
            step = conversation.send(sent)
            match step:
                case Ask(path, body):
                    asked += 1
                    lost = cut_after is not None and asked > cut_after
                    sent = NOBODY if lost else _answered(reader, carrier, path, body, change=change)
                case Write(work):
                    sent = reader.write(lambda c, work=work: work(c, now=reader.now))
                case Read(query):
                    sent = query(reader.connection)
    except StopIteration as ended:
        return ended.value  # type: ignore[no-any-return]


def _answered(
    reader: Town, carrier: Town, path: str, body: bytes, *, change: Change | None
) -> OutgoingResponse | TransportFailure:
    answer = carrier.answer(path, body, asker=reader.council.actor_id)
    altered = answer.body if change is None else change(path, answer.body)
    return altered if isinstance(altered, TransportFailure) else OutgoingResponse(200, {}, altered)


def all_linked(*names: str) -> list[Town]:
    """Councils with feeds, each linked up with each."""
    towns = [Town(name).begin() for name in names]
    for town in towns:
        town.knows(*(other for other in towns if other is not town))
    return towns


def paths(towns: Iterable[Town]) -> dict[str, int]:
    """How often each question was asked."""
    found: dict[str, int] = dict.fromkeys(sorted(questions.PATHS), 0)
    for town in towns:
        for path in town.asked:
            found[path] += 1
    return found
