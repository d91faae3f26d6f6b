"""What we ourselves once said, coming back to a store that is behind: an old copy, or a new server after the old one was lost."""

from datetime import datetime

import orjson
from sqlalchemy import Connection

from federation import replicas
from federation.council import Council
from federation.feeds import gone
from federation.feeds.own import AUDIENCE
from federation.kinds import Copy, act_of
from protocol.feeds.entry import Entry, Kind
from protocol.verdict import Refused


def recover(connection: Connection, council: Council, entry: Entry, *, now: datetime) -> None:
    """What we ourselves once said, brought back to an old copy: records with their notes, and answers to those of others. What we
    said of ourselves stands in the feed alone."""
    payload, header = entry.payload, entry.header
    if payload is None or (header.expires is not None and header.expires <= now):
        return
    act = act_of(council.acts, payload)
    if act is not None:
        model = act.read(payload)
        if not isinstance(model, Refused):
            act.apply(connection, council, model, orjson.dumps(payload), now)
    elif payload["type"] in ("Create", "Update") and header.object != council.actor_id:
        audience = AUDIENCE[header.channel]
        document = orjson.dumps(payload)
        replicas.put(connection, council, activity=payload, document=document, audience=audience, received_at=now)
        recover_record(connection, council, object_id=payload["object"]["id"])


def recover_record(connection: Connection, council: Council, *, object_id: str) -> None:
    """Bring our own record up to our newest word on it, which may have been here without it. What was taken back stays gone."""
    held = replicas.find(connection, object_id)
    if held is None or held["gone_at"] is not None or held["source"] != council.actor_id:
        return
    kind = council.kinds[held["kind"]]
    if kind.recover is not None:
        note = replicas.note_of(held)
        copy = Copy(held["id"], object_id, held["source"], held["audience"], ours=True, updated=held["updated"])
        kind.recover(connection, copy, kind.read(note), note)


def follow_lapse(connection: Connection, council: Council, entry: Entry, *, now: datetime) -> None:
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
    gone.drop(connection, council, object_id=object_id, actor=council.actor_id, channel=channel, now=now)
    for kind in council.kinds.values():
        if kind.lapse is not None:
            kind.lapse(connection, object_id, AUDIENCE["region"] if channel == "public" else None, now)


def end_record(connection: Connection, council: Council, *, object_id: str, now: datetime) -> None:
    """Our own record of what we have taken back goes too."""
    for kind in council.kinds.values():
        if kind.lapse is not None:
            kind.lapse(connection, object_id, None, now)
