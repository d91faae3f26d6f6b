"""What one entry of another council says, applied like what is pushed to us: the same rules, other evidence.

Its chain was judged before, and with it who says it and that no word of it was changed. So the proof of a mere note is not
verified once more; that of an answer, and of a council's word on itself, is: these are shown to others as evidence.
"""

import hashlib
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, text

from federation import arrivals, peers, replicas
from federation.content import judge_act, judge_content
from federation.council import Council
from federation.judged import parse
from federation.kinds import Copy, act_of
from federation.renaming import apply_renaming, is_renaming, shape_of_renaming
from federation.rotation import keys_of
from protocol import authority, ids, keys, proof
from protocol.canonical import NotCanonical, canonical
from protocol.feeds.coding import read_key
from protocol.feeds.entry import Entry, Kind
from protocol.verdict import Reason, Refused

AUDIENCE: Final = {"public": "public", "region": "neighbours"}

_PUSHED = text("SELECT document FROM received_activity WHERE activity_id = :id")


def listened_to(connection: Connection, actor: str) -> bool:
    """Whether what this council says concerns us: we are linked up with it."""
    return peers.is_linked(connection, actor)


def apply(connection: Connection, council: Council, entry: Entry, *, actor: str, now: datetime) -> str | None:
    """Apply one `put` or `end`. Returns why it was not taken, or None. Leaves nothing behind where it was not."""
    header = entry.header
    connection.exec_driver_sql("SAVEPOINT entry")
    try:
        if header.kind in (Kind.END, Kind.MOVED):
            say = end if header.kind is Kind.END else drop
            because = say(
                connection, council, object_id=header.object or "", actor=actor, channel=header.channel, now=now
            )
            if because is None and actor == council.actor_id:
                _lapse(connection, council, entry, now=now)
        elif actor == council.actor_id:
            because = None
            _recover(connection, council, entry, now=now)
        elif entry.payload is None or (header.expires is not None and header.expires <= now):
            because = None  # forgotten or over: whoever kept it did what its owner asked
        else:
            because = _put(connection, council, entry.payload, entry=entry, actor=actor, now=now)
    except Exception as error:  # our fault, as with what is pushed: written down, and it does not stop the others
        because = f"{type(error).__name__}: {error}"[:500]
    if because is not None:
        connection.exec_driver_sql("ROLLBACK TO entry")
    connection.exec_driver_sql("RELEASE entry")
    return because


def _recover(connection: Connection, council: Council, entry: Entry, *, now: datetime) -> None:
    """What we ourselves once said, brought back to an old copy. Words on ourselves and answers stand in the feed alone."""
    payload, header = entry.payload, entry.header
    if payload is None or (header.expires is not None and header.expires <= now):
        return
    if payload["type"] in ("Create", "Update") and header.object != council.actor_id:
        audience = AUDIENCE[header.channel]
        document = orjson.dumps(payload)
        replicas.put(connection, council, activity=payload, document=document, audience=audience, received_at=now)
        _recover_record(connection, council, object_id=payload["object"]["id"])


def _recover_record(connection: Connection, council: Council, *, object_id: str) -> None:
    """Bring our own record up to our newest word on it, which may have been here without it. What was taken back stays gone."""
    held = replicas.find(connection, object_id)
    if held is None or held["gone_at"] is not None or held["source"] != council.actor_id:
        return
    kind = council.kinds[held["kind"]]
    if kind.recover is not None:
        note = replicas.note_of(held)
        copy = Copy(held["id"], object_id, held["source"], held["audience"], ours=True, updated=held["updated"])
        kind.recover(connection, copy, kind.read(note), note)


def _lapse(connection: Connection, council: Council, entry: Entry, *, now: datetime) -> None:
    """What we ourselves once took back, or told to fewer. Our own record follows at once: it must not stay where all can see it."""
    header = entry.header
    narrowed = header.kind is Kind.MOVED
    if narrowed and header.channel != "public":
        return
    for kind in council.kinds.values():
        if kind.lapse is not None:
            kind.lapse(connection, header.object or "", AUDIENCE["region"] if narrowed else None, now)


def lapse(connection: Connection, council: Council, *, object_id: str, channel: str, now: datetime) -> None:
    """What of ours is in no newer list of ours: gone from this channel, and from our own wall as far as that was for it."""
    drop(connection, council, object_id=object_id, actor=council.actor_id, channel=channel, now=now)
    for kind in council.kinds.values():
        if kind.lapse is not None:
            kind.lapse(connection, object_id, AUDIENCE["region"] if channel == "public" else None, now)


def end(
    connection: Connection, council: Council, *, object_id: str, actor: str, channel: str, now: datetime
) -> str | None:
    """What its owner has taken back. Returns why not, where it is not theirs to take back."""
    try:
        if not ids.same_origin(object_id, actor):
            return Reason.NOT_OWNER.value
    except ids.BadAddress:
        return Reason.WRONG_SHAPE.value
    held = replicas.find(connection, object_id)
    if held is None or held["gone_at"] is None:
        replicas.end(connection, council, object_id=object_id, source=actor, audience=AUDIENCE[channel], now=now)
    return None


def drop(
    connection: Connection, council: Council, *, object_id: str, actor: str, channel: str, now: datetime
) -> str | None:
    """What is no longer in this channel. It leaves no tombstone: it may stand in the other one, or come there later."""
    held = replicas.find(connection, object_id)
    # The newer word in the other channel must not go with the older one in this.
    if held is not None and held["source"] == actor and held["audience"] == AUDIENCE[channel]:
        replicas.drop(connection, council, object_id=object_id, source=actor)
    return None


def _put(
    connection: Connection, council: Council, payload: dict[str, Any], *, entry: Entry, actor: str, now: datetime
) -> str | None:
    document = orjson.dumps(payload)
    parsed = parse(document)
    if isinstance(parsed, Refused):
        return parsed.reason.value
    activity = parsed[1]
    refused = _judge(connection, council, payload, entry=entry, actor=actor, now=now)
    if refused is not None:
        return refused.reason.value
    if _was_pushed_otherwise(connection, activity.id, payload):
        return Reason.ID_REUSED.value
    if is_renaming(payload):
        apply_renaming(connection, council, activity=payload, by_feed=True)
    else:
        arrivals.apply(connection, council, activity=payload, document=document, now=now)
    return None


def _judge(
    connection: Connection, council: Council, payload: dict[str, Any], *, entry: Entry, actor: str, now: datetime
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
    read = parse(orjson.dumps(payload))
    assert not isinstance(read, Refused)
    content = judge_content(payload, read[1], council=council, now=now)
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


def _was_pushed_otherwise(connection: Connection, activity_id: str, payload: dict[str, Any]) -> bool:
    """Whether the same id came to our inbox with other content: one of the two is not what its council tells everybody."""
    document = connection.execute(_PUSHED, {"id": activity_id}).scalar()
    if document is None:
        return False
    try:
        return _sum(orjson.loads(document)) != _sum(payload)
    except NotCanonical:
        return True


def _sum(document: dict[str, Any]) -> bytes:
    return hashlib.sha256(canonical(document)).digest()
