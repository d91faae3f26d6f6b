"""What one entry of another council says, applied like what is pushed to us: the same rules, other evidence.

Its chain was judged before, and with it who says it and that no word of it was changed. So the proof of a mere note is not
verified once more; that of an answer, and of a council's word on itself, is: these are shown to others as evidence.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, text

from federation import arrivals, peers, replicas
from federation.alone import done_alone
from federation.content import judge_act, judge_content
from federation.council import Council
from federation.feeds import gone, recovering, vouching
from federation.feeds.own import AUDIENCE
from federation.kinds import act_of
from federation.renaming import apply_renaming, is_renaming, shape_of_renaming
from federation.rotation import keys_of
from federation.tables import Lane
from protocol import authority, keys, proof, strict_json
from protocol.canonical import NotCanonical, canonical
from protocol.feeds.coding import read_key
from protocol.feeds.entry import Entry, Kind
from protocol.verdict import Reason, Refused
from schemas.activity import Activity, kind_of, shape_of

_PUSHED = text("SELECT activity_id, document FROM received_activity WHERE activity_id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)


@dataclass(slots=True)
class Known:
    """What is looked up once for a whole run of one council: whether we are linked up, what came to our inbox before, and how
    many more objects of it there is room for. Of a council that is only vouched for some kinds are taken, and nothing else."""

    linked: bool
    pushed: Mapping[str, bytes]
    room: int


def look_up(connection: Connection, council: Council, run: Sequence[Entry], *, actor: str) -> Known:
    """Called in the very step that applies the run: nothing of it can change in between."""
    said = [said for entry in run if isinstance(said := (entry.payload or {}).get("id"), str)]
    audience = AUDIENCE[run[0].header.channel] if run else None
    return look_up_ids(connection, council, said, actor=actor, audience=audience)


def look_up_ids(
    connection: Connection, council: Council, said: Sequence[str], *, actor: str, audience: str | None
) -> Known:
    """The same by the ids of activities, all for one audience; without one there is room for nothing."""
    rows = connection.execute(_PUSHED, {"ids": said}).all() if said else []
    room = 0
    if audience is not None:
        room = council.rules.live - replicas.live_count(connection, source=actor, audience=audience)
    return Known(peers.is_linked(connection, actor), {row.activity_id: row.document for row in rows}, room)


def listened_to(connection: Connection, actor: str) -> bool:
    """Whether what this council says concerns us: we are linked up with it."""
    return peers.is_linked(connection, actor)


def concerns(connection: Connection, council: Council, *, actor: str, feed: str) -> bool:
    """Whether a feed that is not held here would be taken: we are linked up with its council, or it is vouched for."""
    if actor == council.actor_id or listened_to(connection, actor):
        return True
    return vouching.allows(connection, council, actor=actor, feed=feed)


def apply(
    connection: Connection, council: Council, entry: Entry, *, actor: str, known: Known, now: datetime
) -> str | None:
    """Apply one `put` or `end`. Returns why it was not taken, or None. Leaves nothing behind where it was not."""
    return done_alone(connection, lambda: _apply(connection, council, entry, actor=actor, known=known, now=now))


def _apply(
    connection: Connection, council: Council, entry: Entry, *, actor: str, known: Known, now: datetime
) -> str | None:
    header = entry.header
    if header.kind in (Kind.END, Kind.MOVED):
        say = gone.end if header.kind is Kind.END else gone.drop
        because = say(connection, council, object_id=header.object or "", actor=actor, channel=header.channel, now=now)
        if because is None and actor == council.actor_id:
            recovering.follow_lapse(connection, council, entry, now=now)
        return because
    if actor == council.actor_id:
        recovering.recover(connection, council, entry, now=now)
        return None
    if entry.payload is None or (header.expires is not None and header.expires <= now):
        return None  # forgotten or over: whoever kept it did what its owner asked
    put = _put if known.linked else _put_vouched
    return put(connection, council, entry.payload, entry=entry, actor=actor, known=known, now=now)


def _put(
    connection: Connection,
    council: Council,
    payload: dict[str, Any],
    *,
    entry: Entry,
    actor: str,
    known: Known,
    now: datetime,
) -> str | None:
    activity = _shape(payload)
    if isinstance(activity, Refused):
        return activity.reason.value
    refused = _judge(connection, council, payload, activity, entry=entry, actor=actor, now=now)
    if refused is not None:
        return refused.reason.value
    if was_pushed_otherwise(known.pushed.get(activity.id), payload):
        return Reason.ID_REUSED.value
    if is_renaming(payload):
        apply_renaming(connection, council, activity=payload, by_feed=True)
        return None
    if act_of(council.acts, payload) is None:
        audience = AUDIENCE[entry.header.channel]
        return put_note(connection, council, payload, audience=audience, known=known, now=now)
    arrivals.apply(connection, council, activity=payload, document=orjson.dumps(payload), now=now)
    return None


def _put_vouched(
    connection: Connection,
    council: Council,
    payload: dict[str, Any],
    *,
    entry: Entry,
    actor: str,
    known: Known,
    now: datetime,
) -> str | None:
    """A note of a council that linked ones vouch for, where its kind may be taken so. Anything else is kept and given on alone."""
    activity, kind = _shape(payload), council.kinds.get(_kind_name(payload))
    if isinstance(activity, Refused) or kind is None or not kind.vouched or is_renaming(payload):
        return None
    refused = _judge(connection, council, payload, activity, entry=entry, actor=actor, now=now)
    if refused is not None:
        return refused.reason.value
    return put_note(connection, council, payload, audience="public", known=known, now=now)


def put_note(
    connection: Connection, council: Council, payload: dict[str, Any], *, audience: str, known: Known, now: datetime
) -> str | None:
    """A new word on an object. One that is new here, of a council that has more live than there is room for, is not taken;
    calls for help always are."""
    kind, source = council.kinds[_kind_name(payload)], payload["actor"]
    if known.room <= 0:  # what ended within the run has made room again
        known.room = council.rules.live - replicas.live_count(connection, source=source, audience=audience)
    if known.room <= 0 and kind.lane is not Lane.ALERT and replicas.find(connection, payload["object"]["id"]) is None:
        return Reason.TOO_MANY.value
    known.room -= payload["type"] == "Create"
    document = orjson.dumps(payload)
    replicas.put(connection, council, activity=payload, document=document, audience=audience, received_at=now)
    return None


def _kind_name(payload: dict[str, Any]) -> str:
    """The kind of note that a payload carries; "" where it carries none."""
    note = payload.get("object")
    name = kind_of(note) if isinstance(note, dict) and payload.get("type") in ("Create", "Update") else ""
    return "" if isinstance(name, Refused) else name


def _shape(payload: dict[str, Any]) -> Activity | Refused:
    """Its envelope. Its bytes were parsed strictly with its entry; the narrower bounds of an activity are judged here."""
    refused = strict_json.judge(payload)
    return shape_of(payload) if refused is None else refused


def _judge(
    connection: Connection,
    council: Council,
    payload: dict[str, Any],
    activity: Activity,
    *,
    entry: Entry,
    actor: str,
    now: datetime,
) -> Refused | None:
    wrong = authority.judge_authority(payload, signer=actor, our_origin=council.origin)
    if isinstance(wrong, Refused):
        return wrong
    thing = payload["object"]
    object_id = thing.get("id") if isinstance(thing, dict) else thing
    if entry.header.object not in (payload["id"], object_id):
        return Refused(Reason.WRONG_SHAPE, "The entry names another object than its payload.")
    act = act_of(council.acts, payload)
    if is_renaming(payload):
        return _judge_itself(payload, entry=entry, now=now)
    if act is not None:
        check = judge_act(payload, act, council=council, now=now)
        if not isinstance(check, Refused):
            unproved = _judge_proof(connection, council, payload, actor=actor, now=now)
            return unproved or check(connection)
        return check
    if payload["type"] not in ("Create", "Update"):
        return Refused(Reason.WRONG_SHAPE, "A feed holds what was published, and answers to it.")
    if authority.audience_of(payload, actor=actor) != AUDIENCE[entry.header.channel]:
        return Refused(Reason.WRONG_AUDIENCE, "The payload is for others than the channel it stands in.")
    content = judge_content(payload, activity, council=council, now=now)
    if content is None or isinstance(content, Refused):
        return content
    return content(connection)


def _judge_itself(payload: dict[str, Any], *, entry: Entry, now: datetime) -> Refused | None:
    """A council's word on its own name and keys: by the key whose turn it was in its feed."""
    theirs, claim, key = shape_of_renaming(payload), proof.proof_of(payload), read_key(entry.header.key)
    if isinstance(theirs, Refused):
        return theirs
    if isinstance(claim, Refused):
        return claim
    if key is None:
        return Refused(Reason.BAD_PROOF, "The key of the entry cannot be read.")
    verdict = proof.judge_proof_claim(claim, key, document=payload, now=now)
    return verdict if isinstance(verdict, Refused) else None


def _judge_proof(
    connection: Connection, council: Council, payload: dict[str, Any], *, actor: str, now: datetime
) -> Refused | None:
    claim = proof.proof_of(payload)
    if isinstance(claim, Refused):
        return claim
    found = keys_of(connection, council, actor).get(claim.method)
    if found is None:
        return Refused(Reason.BAD_PROOF, "The proof names a key that we do not have for that council.")
    verdict = proof.judge_proof_claim(claim, keys.decode_multikey(found[0]), document=payload, now=now)
    return verdict if isinstance(verdict, Refused) else None


def was_pushed_otherwise(document: bytes | None, payload: dict[str, Any]) -> bool:
    """Whether the same id came to our inbox with other content: one of the two is not what its council tells everybody."""
    if document is None:
        return False
    try:
        return _sum(orjson.loads(document)) != _sum(payload)
    except NotCanonical:
        return True


def _sum(document: dict[str, Any]) -> bytes:
    return hashlib.sha256(canonical(document)).digest()
