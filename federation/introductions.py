"""Meeting somebody for the first time: what their actor document told us, and the row that we keep of a council.

The keys that stood behind the six words are pinned in that row; nothing fetched later replaces them while we are linked up.
What replaces them is the council's own word, proved by the pinned key: federation.rotation.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, text

from federation.tables import Block, Peer, PeerKey, table_of
from protocol import ids, keys
from protocol.keys import PublicKey
from protocol.peering import State
from protocol.verdict import Reason, Refused
from schemas.actor import TheirActor
from schemas.phrase import phrase
from schemas.refusal import Refusal

_PEER = table_of(Peer)
_PEER_KEY = table_of(PeerKey)
_BLOCK = table_of(Block)
_BY_ACTOR = _PEER.select().where(_PEER.c.actor_id == bindparam("actor_id"))
MOST_WAITING = 200


_APART = (State.NONE, State.ENDED, State.DECLINED)


@dataclass(frozen=True, slots=True)
class Introduction:
    """What an actor document told us about a council or an account that we had not met."""

    actor_id: str
    name: str
    inbox: str
    rsa_key_id: str | None
    rsa_pem: str | None
    ed25519_key_id: str | None
    ed25519_multibase: str | None

    @classmethod
    def of(cls, actor: TheirActor) -> "Introduction":
        rsa, ed25519 = actor.rsa_key(), actor.ed25519_key()
        return cls(
            actor_id=actor.id,
            name=actor.name or actor.preferred_username or ids.host_of(actor.id),
            inbox=actor.shared_or_own_inbox,
            rsa_key_id=rsa[0] if rsa else None,
            rsa_pem=rsa[1] if rsa else None,
            ed25519_key_id=ed25519[0] if ed25519 else None,
            ed25519_multibase=ed25519[1] if ed25519 else None,
        )


def usable(introduction: Introduction) -> Introduction | Refused:
    """The introduction of a stranger with the keys that we can read, and an inbox that is theirs to name.

    One key that cannot be read must not stop every later start, and an inbox elsewhere would have us send to somebody who
    never asked, or mix up an address that we deliver to already.
    """
    if not ids.same_origin(introduction.inbox, introduction.actor_id):
        return Refused(Reason.UNKNOWN_KEY, "The owner of the key names an inbox on another server.")
    if not _readable(introduction.rsa_pem, keys.decode_pem):
        introduction = replace(introduction, rsa_key_id=None, rsa_pem=None)
    if not _readable(introduction.ed25519_multibase, keys.decode_multikey):
        introduction = replace(introduction, ed25519_key_id=None, ed25519_multibase=None)
    return introduction


def _readable(text: str | None, decode: Callable[[str], PublicKey]) -> bool:
    if text is None:
        return False
    try:
        decode(text)
    except keys.BadKey:
        return False
    return True


def find(connection: Connection, actor_id: str) -> RowMapping | None:
    return connection.execute(_BY_ACTOR, {"actor_id": actor_id}).mappings().first()


def meet(connection: Connection, *, introduction: Introduction, now: datetime, compared: bool = False) -> RowMapping:
    """The row of a council, made if we had not met. Keys of one that has left may be new; pinned ones stay as they are.

    `compared`: our keeper has just compared the words of this introduction. Then it counts until both have accepted: a council
    that changed its keys before it had heard from us has told us nothing of it.

    Raises Refusal "full" when too many strangers wait already, "no-key" without an Ed25519 key.
    """
    if introduction.ed25519_key_id is None or introduction.ed25519_multibase is None:
        raise Refusal("no-key", sentence=phrase("That address shows no Ed25519 key, so it is no Comarca server."))
    values = {
        "origin": ids.origin_of(introduction.actor_id),
        "name": introduction.name[:200],
        "inbox": introduction.inbox,
        "rsa_key_id": introduction.rsa_key_id,
        "rsa_pem": introduction.rsa_pem,
        "ed25519_key_id": introduction.ed25519_key_id,
        "ed25519_multibase": introduction.ed25519_multibase,
    }
    row = find(connection, introduction.actor_id)
    if row is None:
        waiting = connection.execute(
            text("SELECT count(*) FROM peer WHERE state IN (:none, :asked)"),
            {"none": State.NONE.value, "asked": State.THEY_ASKED.value},
        ).scalar_one()
        if waiting >= MOST_WAITING:
            raise Refusal("full", sentence=phrase("Too many have asked already; look through them first."))
        connection.execute(
            _PEER.insert().values(
                actor_id=introduction.actor_id, state=State.NONE.value, created_at=now, last_heard_at=None, **values
            )
        )
    elif row["state"] in _APART or (compared and row["state"] != State.ACCEPTED):
        # Words are compared anew, so keys given up before count no more, until the one in use speaks for them.
        connection.execute(_PEER_KEY.delete().where(_PEER_KEY.c.actor_id == introduction.actor_id))
        connection.execute(_PEER.update().where(_PEER.c.id == row["id"]).values(rotated_at=None, **values))
    found = find(connection, introduction.actor_id)
    assert found is not None
    return found


def is_blocked(connection: Connection, host: str) -> bool:
    return connection.execute(_BLOCK.select().where(_BLOCK.c.host == host)).first() is not None
