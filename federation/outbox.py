"""What we say: an activity is signed, stored once, and queued for every inbox it is meant for, in the caller's step.

Nothing here reaches the network. The record, our own replica of it and the delivery rows are committed together or not at
all. Audiences narrower than `neighbours` have no business here: they never leave the node.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, text

from federation import replicas
from federation.council import Council
from federation.destinations import call_at_once
from federation.feeds import own
from federation.moments import microseconds
from federation.tables import Lane
from protocol.proof import add_proof
from protocol.verdict import Refused
from schemas import activity as activities
from schemas.activity import kind_of
from schemas.audience import WireAudience
from schemas.phrase import phrase
from schemas.refusal import Refusal

FEDERATED = ("public", "neighbours")

_STORE_BODY = text(
    "INSERT INTO body (activity_id, object_id, audience, document, created_at)"
    " VALUES (:activity_id, :object_id, :audience, :document, :now) RETURNING id"
)
_DROP_SUPERSEDED = text(
    "DELETE FROM delivery WHERE body_id IN (SELECT id FROM body WHERE object_id = :object_id)"
    " AND destination_id IN (SELECT id FROM destination WHERE serves IN :at)"
).bindparams(bindparam("at", expanding=True))
_DROP_UNREAD = text("DELETE FROM body WHERE object_id = :object_id AND id NOT IN (SELECT body_id FROM delivery)")
_QUEUE = (
    "INSERT INTO delivery (destination_id, body_id, lane, queued_at, expires_at)"
    " SELECT id, :body_id, :lane, :now, CASE serves WHEN 'follower' THEN :follower_until ELSE :peer_until END"
    " FROM destination WHERE "
)
_QUEUE_PEERS = text(_QUEUE + "serves = 'peer'")
_QUEUE_EVERYBODY = text(_QUEUE + "serves IN ('peer', 'follower')")
_QUEUE_FOLLOWERS = text(_QUEUE + "serves = 'follower'")
_QUEUE_ONE = text(_QUEUE + "inbox = :inbox")

_ANYBODY = text("SELECT 1 FROM destination WHERE serves IN ('peer', 'follower') LIMIT 1")


def publish(
    connection: Connection, council: Council, *, note: Mapping[str, Any], audience: WireAudience, now: datetime
) -> str:
    """Say an object for the first time (Create) or anew (Update). Returns the activity's id.

    `note` is a whole Note of one of our kinds. A public object that becomes one for
    nearby councils only is deleted at followers first, since they would keep it for ever. Raises Refusal("much-already") where
    others would not keep one more of ours.
    """
    if audience not in FEDERATED:
        raise ValueError(f"an audience of {audience!r} never leaves the node")
    before = replicas.find(connection, note["id"])
    if before is None and "comarca:alert" not in note:
        _require_room(connection, council, audience=audience)
    _drop_superseded(connection, note["id"], at=("peer",))
    if before is not None and before["audience"] == "public" and audience != "public":
        _drop_superseded(connection, note["id"], at=("peer", "follower"))
        _delete_at_followers(connection, council, object_id=note["id"], now=now)
    if before is not None and before["audience"] != audience and before["gone_at"] is None:
        own.move_away(connection, council, audience=before["audience"], object_id=note["id"], now=now)
    make = activities.create if before is None else activities.update
    activity = make(council.actor_id, council.new_activity_id(), note=note, audience=audience, published=now)
    signed, document = sign(council, activity, now=now)
    effect = replicas.put(connection, council, activity=signed, document=document, audience=audience, received_at=now)
    if effect is not replicas.Effect.STORED:
        raise ValueError(f"{note['id']} cannot be said anew: {effect}")
    ends = own.ends_of(note)
    own.put(connection, council, audience=audience, object_id=note["id"], payload=signed, ends=ends, now=now)
    body = _keep(connection, signed, document, object_id=note["id"], audience=audience, now=now)
    statement = _QUEUE_EVERYBODY if audience == "public" else _QUEUE_PEERS
    _queue(connection, council, statement, body=body, lane=_lane_of(council, note), now=now)
    return str(signed["id"])


def _require_room(connection: Connection, council: Council, *, audience: str) -> None:
    live = replicas.live_count(connection, source=council.actor_id, audience=audience)
    if live >= council.rules.live:
        sentence = phrase(
            "{count} of ours are shown to others already. Take down what is over, then put this up.", count=live
        )
        raise Refusal("much-already", sentence=sentence)


def withdraw(connection: Connection, council: Council, *, object_id: str, now: datetime) -> str | None:
    """Take an object of ours back (Delete). Returns the activity's id, or None if it is not live here."""
    held = replicas.find(connection, object_id)
    if held is None or held["gone_at"] is not None or held["source"] != council.actor_id:
        return None
    activity = activities.delete(
        council.actor_id, council.new_activity_id(), object_id=object_id, audience=held["audience"], published=now
    )
    signed, document = sign(council, activity, now=now)
    kind = council.kinds[held["kind"]]
    replicas.end(connection, council, object_id=object_id, source=council.actor_id, audience=held["audience"], now=now)
    own.end(connection, council, audience=held["audience"], object_id=object_id, now=now)
    _drop_superseded(connection, object_id, at=("peer", "follower"))
    body = _keep(connection, signed, document, object_id=object_id, audience=held["audience"], now=now)
    statement = _QUEUE_EVERYBODY if held["audience"] == "public" else _QUEUE_PEERS
    _queue(connection, council, statement, body=body, lane=kind.lane, now=now)
    return str(signed["id"])


def announce(connection: Connection, council: Council, *, activity: dict[str, Any], now: datetime) -> str | None:
    """Sign and queue an Update of our own actor for every linked council and follower. None where there are none."""
    _drop_superseded(connection, council.actor_id, at=("peer", "follower"))
    signed, document = sign(council, activity, now=now)
    own.put(connection, council, audience="public", object_id=council.actor_id, payload=signed, ends=None, now=now)
    if connection.execute(_ANYBODY).first() is None:
        return None
    body = _keep(connection, signed, document, object_id=council.actor_id, audience="public", now=now)
    _queue(connection, council, _QUEUE_EVERYBODY, body=body, lane=Lane.ORDINARY, now=now)
    return str(signed["id"])


def send_to(
    connection: Connection,
    council: Council,
    *,
    activity: dict[str, Any],
    inbox: str,
    now: datetime,
    lane: Lane = Lane.HANDSHAKE,
) -> bytes:
    """Sign and queue one act towards one inbox: linking up and following ahead of all else. Returns what everybody could check."""
    signed, document = sign(council, activity, now=now)
    body = _keep(connection, signed, document, object_id=None, audience="named", now=now)
    _queue(connection, council, _QUEUE_ONE, body=body, lane=lane, now=now, inbox=inbox)
    return document


def say(
    connection: Connection, council: Council, *, activity: dict[str, Any], audience: WireAudience, now: datetime
) -> bytes:
    """Sign and queue an answer of ours to a record of another council, for every linked council; never for followers.

    Returns the bytes that everybody gets, so that the answer can be kept as evidence.
    """
    signed, document = sign(council, activity, now=now)
    own.put(connection, council, audience=audience, object_id=signed["id"], payload=signed, ends=None, now=now)
    body = _keep(connection, signed, document, object_id=None, audience=audience, now=now)
    _queue(connection, council, _QUEUE_PEERS, body=body, lane=Lane.ORDINARY, now=now)
    return document


def send_live_objects(
    connection: Connection, council: Council, *, inbox: str, audiences: Iterable[str], now: datetime
) -> int:
    """Queue the newest word on everything of ours that is live, oldest first, for an inbox that has just been added."""
    allowed = set(audiences)
    rows = connection.execute(
        text(
            "SELECT object_id, kind, audience, document FROM replica WHERE source = :us AND gone_at IS NULL"
            " AND (ends_at IS NULL OR ends_at > :now) ORDER BY updated, id"
        ),
        {"us": council.actor_id, "now": microseconds(now)},
    ).all()
    count = 0
    for row in rows:
        if row.audience not in allowed:
            continue
        activity_id = orjson.loads(row.document)["id"]
        body = connection.execute(text("SELECT id FROM body WHERE activity_id = :a"), {"a": activity_id}).scalar()
        if body is None:
            body = _keep_document(
                connection, activity_id, row.document, object_id=row.object_id, audience=row.audience, now=now
            )
        lane = council.kinds[row.kind].lane
        _queue(connection, council, _QUEUE_ONE, body=body, lane=lane, now=now, inbox=inbox)
        count += 1
    return count


def sign(council: Council, activity: dict[str, Any], *, now: datetime) -> tuple[dict[str, Any], bytes]:
    """The activity with its proof, and the bytes that everybody gets."""
    signed = add_proof(activity, key=council.ed25519, method=council.ed25519_key_id, created=now)
    return signed, orjson.dumps(signed)


def _delete_at_followers(connection: Connection, council: Council, *, object_id: str, now: datetime) -> None:
    activity = activities.delete(
        council.actor_id, council.new_activity_id(), object_id=object_id, audience="public", published=now
    )
    signed, document = sign(council, activity, now=now)
    body = _keep(connection, signed, document, object_id=None, audience="named", now=now)
    _queue(connection, council, _QUEUE_FOLLOWERS, body=body, lane=Lane.ORDINARY, now=now)


def _lane_of(council: Council, note: Mapping[str, Any]) -> Lane:
    name = kind_of(dict(note))
    assert not isinstance(name, Refused)
    return council.kinds[name].lane


def _keep(
    connection: Connection,
    activity: Mapping[str, Any],
    document: bytes,
    *,
    object_id: str | None,
    audience: str,
    now: datetime,
) -> int:
    return _keep_document(connection, activity["id"], document, object_id=object_id, audience=audience, now=now)


def _keep_document(
    connection: Connection, activity_id: str, document: bytes, *, object_id: str | None, audience: str, now: datetime
) -> int:
    parameters = {
        "activity_id": activity_id,
        "object_id": object_id,
        "audience": audience,
        "document": document,
        "now": microseconds(now),
    }
    return int(connection.execute(_STORE_BODY, parameters).scalar_one())


def _drop_superseded(connection: Connection, object_id: str, *, at: tuple[str, ...]) -> None:
    """Older words on an object are not told any more: the newest is whole, and what was taken back stays untold.

    Followers get every step in order as long as nothing was taken back, since some servers ignore an Update of what they
    have never seen.
    """
    connection.execute(_DROP_SUPERSEDED, {"object_id": object_id, "at": list(at)})
    connection.execute(_DROP_UNREAD, {"object_id": object_id})


def _queue(
    connection: Connection, council: Council, statement: Any, *, body: int, lane: Lane, now: datetime, inbox: str = ""
) -> None:
    rules = council.rules
    parameters = {
        "body_id": body,
        "lane": int(lane),
        "now": microseconds(now),
        "peer_until": microseconds(now + rules.give_up),
        "follower_until": microseconds(now + rules.follower_rows),
    }
    connection.execute(statement, parameters | ({"inbox": inbox} if statement is _QUEUE_ONE else {}))
    if lane is Lane.ALERT:
        call_at_once(connection, body=body, now=now)
