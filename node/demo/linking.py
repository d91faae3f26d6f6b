"""Linking up by the real handshake: each reads the other's actor over HTTP, asks, and the other side accepts.

The asking and accepting are what `comarca peers add` and `accept` do, on the same stores, while the servers run.
"""

import asyncio
from itertools import combinations

from sqlalchemy import Connection, text

from federation import introductions, peers
from federation.fetch import FetchFailed, fetch_actor
from federation.introductions import Introduction
from federation.signing import headers_for
from federation.transport import NetworkTransport
from node.demo.checking import NotSeen, wait_for
from node.demo.councils import DemoCouncil
from protocol.peering import State
from schemas.actor import TheirActor

LINKS_WITHIN = 10.0
DELIVERS_WITHIN = 15.0


def link_up(councils: tuple[DemoCouncil, ...]) -> None:
    """Every council with every other. Raises NotSeen if a handshake does not come to its end."""
    pairs = list(combinations(councils, 2))
    for asking, asked in pairs:
        ask(asking, asked.url)
    for asking, asked in pairs:
        accept_when_asked(asked, asking.council.actor_id)
    for asking, asked in pairs:
        wait_for(
            lambda one=asking, other=asked: _is(one, other.council.actor_id, State.ACCEPTED),  # type: ignore[misc]
            f"{asked.name} has accepted {asking.name}",
            within=LINKS_WITHIN,
        )


def ask(ours: DemoCouncil, their_url: str) -> None:
    """Read who is at an address, and ask them to link up."""
    introduction = Introduction.of(_read_actor(ours, f"{their_url}/council"))
    now = ours.clock.now()
    ours.do(lambda c: peers.ask(c, ours.council, introduction=introduction, now=now))


def accept_when_asked(ours: DemoCouncil, their_actor: str) -> None:
    """Accept a council once its asking has arrived."""
    wait_for(
        lambda: _is(ours, their_actor, State.THEY_ASKED), f"{their_actor} has asked {ours.name}", within=LINKS_WITHIN
    )
    now = ours.clock.now()
    ours.do(lambda c: peers.accept(c, ours.council, actor_id=their_actor, now=now))


def words_between(ours: DemoCouncil, their_actor: str) -> str:
    """The six words that both keepers would compare."""
    with ours.store.reading() as connection:
        row = introductions.find(connection, their_actor)
    if row is None:
        raise NotSeen(f"{ours.name} has not met {their_actor}")
    return " ".join(peers.six_words(ours.council, their_actor, row["ed25519_multibase"]))


def wait_until_delivered(councils: tuple[DemoCouncil, ...]) -> int:
    """Wait until nobody has anything left to send or to apply. Returns how many messages had arrived in all."""

    def look() -> bool:
        left = [_waiting(one) for one in councils]
        if any(left):
            raise NotSeen(f"{sum(left)} still under way")
        return True

    wait_for(look, "everything has been delivered", within=DELIVERS_WITHIN)
    return sum(_count(one, "SELECT count(*) FROM received_activity") for one in councils)


def _waiting(one: DemoCouncil) -> int:
    waiting = "(SELECT count(*) FROM received_activity WHERE state = 'waiting')"
    return _count(one, f"SELECT (SELECT count(*) FROM delivery) + {waiting}")


def _count(one: DemoCouncil, statement: str) -> int:
    with one.store.reading() as connection:
        return int(connection.execute(text(statement)).scalar_one())


def _is(ours: DemoCouncil, their_actor: str, state: State) -> bool:
    def look(connection: Connection) -> bool:
        row = introductions.find(connection, their_actor)
        return row is not None and row["state"] == state

    with ours.store.reading() as connection:
        return look(connection)


def _read_actor(ours: DemoCouncil, actor_id: str) -> TheirActor:
    council, clock = ours.council, ours.clock

    def sign(method: str, url: str) -> dict[str, str]:
        now = clock.now()
        return headers_for(council, scheme="cavage", method=method, url=url, body=None, now=now, as_node=True)

    async def read() -> dict[str, object] | FetchFailed:
        transport = NetworkTransport(council.rules.policy)
        try:
            return await fetch_actor(transport, actor_id, sign=sign)
        finally:
            await transport.aclose()

    document = asyncio.run(read())
    if isinstance(document, FetchFailed):
        raise NotSeen(f"{actor_id} could not be read: {document.word} ({document.detail})")
    actor = TheirActor.read(document)
    if not isinstance(actor, TheirActor):
        raise NotSeen(f"{actor_id} is no council: {actor.sentence}")
    return actor
