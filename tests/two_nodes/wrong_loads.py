"""Nothing wrong with what is said: there is too much of it, in the wrong wrapping, too often, or no room here to keep it."""

import threading
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from federation.arrivals import apply_waiting
from protocol.verdict import Reason
from tests.two_nodes.letters import Letter, signed_9421
from tests.two_nodes.outsiders import Scene
from tests.two_nodes.refusing import Cases, Pair

CASES = Cases()
SMALL, LARGE = 65_536, 1_048_576
AS2_PROFILE = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


def of_size(body: bytes, size: int) -> bytes:
    """The same document in more bytes: JSON may have blanks at its end."""
    return body + b" " * (size - len(body))


def large(scene: Scene, size: int) -> Letter:
    return scene.harbour.post(of_size(scene.harbour.proven(scene.harbour.create()), size), scene.url)


def streamed(sent: Letter, *, part: int = 16_384) -> Letter:
    """The same in parts, with no word of how much is to come."""
    parts = tuple(sent.body[at : at + part] for at in range(0, len(sent.body), part))
    return Letter(sent.without("content-length").headers, parts)


def asking(scene: Scene, size: int) -> Letter:
    hillside = scene.hillside
    return hillside.post(of_size(hillside.proven(hillside.offer(scene.town.actor)), size), scene.url)


@CASES.of(Reason.TOO_LARGE, "a byte more than is taken")
async def _declared(scene: Scene) -> Pair:
    return Pair(large(scene, LARGE + 1), large(scene, LARGE))


@CASES.of(Reason.TOO_LARGE, "a byte more, and nobody said so")
async def _streamed(scene: Scene) -> Pair:
    return Pair(streamed(large(scene, LARGE + 1)), streamed(large(scene, LARGE)))


@CASES.of(Reason.TOO_LARGE, "a byte more than was said")
async def _understated(scene: Scene) -> Pair:
    return Pair(large(scene, LARGE + 1).having(content_length="17"), large(scene, LARGE))


@CASES.of(Reason.TOO_LARGE, "a size that no number holds")
async def _absurd(scene: Scene) -> Pair:
    return Pair(scene.good().having(content_length="9" * 5_000), scene.good())


@CASES.of(Reason.TOO_LARGE, "a byte more than a stranger may say")
async def _stranger(scene: Scene) -> Pair:
    return Pair(asking(scene, SMALL + 1), asking(scene, SMALL))


@CASES.of(Reason.TOO_LARGE, "a byte more than a stranger may say, and nobody said so")
async def _streaming_stranger(scene: Scene) -> Pair:
    return Pair(streamed(asking(scene, SMALL + 1)), streamed(asking(scene, SMALL)))


@CASES.of(Reason.TOO_LARGE, "a council that has asked is not yet more than a stranger")
async def _asked(scene: Scene) -> Pair:
    await scene.asked_by(scene.hillside)
    return Pair(asking(scene, SMALL + 1), asking(scene, SMALL))


def as_type(scene: Scene, content_type: str) -> Letter:
    harbour = scene.harbour
    return signed_9421(
        harbour.proven(harbour.create()),
        url=scene.url,
        key=harbour.council.ed25519,
        key_id=harbour.council.ed25519_key_id,
        created=scene.now,
        content_type=content_type,
    )


CASES.each(
    Reason.WRONG_TYPE,
    {
        "plain JSON": lambda s: as_type(s, "application/json"),
        "a page": lambda s: as_type(s, "text/html"),
        "a form": lambda s: as_type(s, "application/x-www-form-urlencoded"),
        "linked data of no profile": lambda s: as_type(s, "application/ld+json"),
        "linked data of a profile that looks like it": lambda s: as_type(
            s, AS2_PROFILE.replace("streams", "streams-not")
        ),
        "two types": lambda s: as_type(s, "application/activity+json, text/html"),
        "none that can be read": lambda s: as_type(s, "activity+json"),
    },
)
CASES.each(
    Reason.WRONG_TYPE,
    {
        "no type": lambda s: s.good().without("content-type"),
        "compressed": lambda s: s.good().having(content_encoding="gzip"),
        "compressed twice": lambda s: s.good().having(content_encoding="identity, br"),
    },
)


@CASES.of(Reason.WRONG_TYPE, "another spelling of the right type is taken")
async def _spelling(scene: Scene) -> Pair:
    return Pair(
        as_type(scene, "text/plain"),
        as_type(
            scene, AS2_PROFILE.replace("application/ld+json; profile", "Application/LD+JSON;charset=utf-8;Profile")
        ),
    )


async def _waited(scene: Scene, seconds: float) -> None:
    scene.clock.advance(seconds)


def _limits(**limits: Any) -> dict[str, Any]:
    return {"limits": limits}


@CASES.of(Reason.TOO_FAST, "an accepted council", **_limits(peer_rate={"per_minute": 60, "burst": 1}))
async def _fast_council(scene: Scene) -> Pair:
    assert (await scene.send(scene.good())).status == 202
    return Pair(scene.good(), scene.good(), waits=True, mend=lambda: _waited(scene, 1))


@CASES.of(Reason.TOO_FAST, "a stranger's second word", **_limits(unknown_rate={"per_minute": 6, "burst": 1}))
async def _fast_stranger(scene: Scene) -> Pair:
    assert (await scene.send(scene.asks(scene.hillside))).status == 202
    return Pair(scene.asks(scene.hillside), scene.asks(scene.hillside), waits=True, mend=lambda: _waited(scene, 10))


@CASES.of(Reason.TOO_FAST, "a stranger whose key was not there", **_limits(unknown_rate={"per_minute": 6, "burst": 1}))
async def _fast_nobody(scene: Scene) -> Pair:
    scene.town.network.down.add(scene.hillside.council.base_url)
    assert (await scene.send(scene.asks(scene.hillside))).status == 401
    return Pair(scene.asks(scene.hillside), scene.asks(scene.millbrook), waits=True)


@CASES.of(Reason.TOO_FAST, "all strangers together", **_limits(key_fetch_total_per_minute=1))
async def _fast_strangers(scene: Scene) -> Pair:
    assert (await scene.send(scene.asks(scene.hillside))).status == 202
    return Pair(scene.asks(scene.millbrook), scene.asks(scene.millbrook), waits=True, mend=lambda: _waited(scene, 60))


@CASES.of(Reason.FULL, "the disk")
async def _disk(scene: Scene) -> Pair:
    def fill(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    async def make_room() -> None:
        scene.town.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1000000").scalar())

    scene.town.write(fill)
    sent = large(scene, 500_000)
    return Pair(sent, sent, waits=True, mend=make_room)


@CASES.of(Reason.FULL, "the list of councils that have asked")
async def _many_have_asked(scene: Scene) -> Pair:
    def ask(connection: Connection) -> None:
        statement = (
            "INSERT INTO peer (actor_id, origin, name, inbox, state, ed25519_key_id, ed25519_multibase, created_at)"
            " SELECT :a, :a, name, inbox, 'they-asked', :a, ed25519_multibase, 0 FROM peer LIMIT 1"
        )
        for number in range(200):
            connection.execute(text(statement), {"a": f"https://asked-{number}.example"})

    async def answer() -> None:
        scene.town.write(lambda c: c.execute(text("DELETE FROM peer WHERE state = 'they-asked'")))

    scene.town.write(ask)
    sent = scene.asks(scene.hillside)
    return Pair(sent, sent, fetches=1, mend=answer)


@CASES.of(Reason.BUSY, "a transaction that cannot be committed")
async def _failing_commit(scene: Scene) -> Pair:
    """Somebody else's step in the same batch breaks it: what is acknowledged would be gone."""
    fail_next_commit(scene)
    sent = scene.good()
    return Pair(sent, sent, waits=True)


def fail_next_commit(scene: Scene) -> None:
    """The writer is held until the next letter waits behind a step whose foreign key leads nowhere."""
    store = scene.town.node.store
    held, go = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        held.set()
        go.wait(5)

    def spoil(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.exec_driver_sql(
            "INSERT INTO delivery (destination_id, body_id, lane, queued_at, expires_at) VALUES (999, 999, 2, 0, 0)"
        )

    def write_quietly(step: Any) -> None:
        try:
            store.write_now(step)
        except Exception:
            failed.append(step)

    failed: list[Any] = []
    threading.Thread(target=write_quietly, args=(hold,)).start()
    assert held.wait(5)
    threading.Thread(target=write_quietly, args=(spoil,)).start()
    put = store._put

    def put_and_go(call: Any) -> None:
        put(call)
        if call.loop is not None:
            # It reaches the writer at the end of this turn of the loop, and from then on they share a transaction.
            call.loop.call_soon(go.set)
            del store._put

    store._put = put_and_go  # type: ignore[method-assign]


@CASES.of(Reason.BUSY, "a store that is closed already")
async def _closed(scene: Scene) -> Pair:
    scene.town.node.store.close()

    async def open_again() -> None:
        scene.reopen()
        await scene.town.node.engine.refresh()

    sent = scene.good()
    return Pair(sent, sent, waits=True, mend=open_again)


@CASES.of(Reason.BUSY, "a body that does not come", **_limits(body_deadline=0.05))
async def _slow(scene: Scene) -> Pair:
    sent = scene.good()
    return Pair(Letter(sent.headers, (sent.body[:100],), stalls=True), sent)


@CASES.of(Reason.TOO_MANY, "a record more than is kept of one council", limits={"live_records": 1})
async def _one_more(scene: Scene) -> Pair:
    node = scene.town.node
    assert (await scene.send(scene.good())).status == 202
    await node.store.write(lambda c: apply_waiting(c, node.council, now=scene.now))
    await node.engine._look_who_is_full()

    async def make_room() -> None:
        node.council.rules = replace(node.council.rules, live=9)
        await node.engine._look_who_is_full()

    return Pair(scene.good(), scene.good(), mend=make_room)
