"""A linked council says that it is called otherwise now: judging its Update of itself, and writing down the new name.

The name is taken, and never one under which people here know somebody else: then their host stands beside it. Inbox and
address stay as they were when both keepers compared the six words. So do the keys, unless the Update is a change of keys,
proved by the key that is pinned: what counts as one, federation.rotation says. Source: FEP-fe34, S5.
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from federation.council import Council
from federation.directory import Known
from federation.moments import microseconds, read_time
from federation.rotation import apply_keys, is_by_pinned_key, judge_keys
from protocol import authority, ids
from protocol.keys import PublicKey
from protocol.peering import State
from protocol.verdict import Reason, Refused
from schemas.actor import TheirActor

LONGEST_NAME = 200

# One that was overtaken on the way changes nothing.
_RENAME = text(
    "UPDATE peer SET name = :name, named_at = :at"
    " WHERE actor_id = :actor_id AND state IN (:accepted, :we_asked, :they_asked)"
    " AND (named_at IS NULL OR named_at <= :at)"
)
_OTHERS = text("SELECT name FROM peer WHERE actor_id <> :actor_id AND state = :accepted")


def is_renaming(activity: Mapping[str, Any]) -> bool:
    """Whether an activity, whose envelope was read, changes the actor that says it."""
    thing = activity.get("object")
    object_id = thing.get("id") if isinstance(thing, dict) else thing
    return activity.get("type") == "Update" and object_id == activity.get("actor")


def judge_renaming(
    document: Mapping[str, Any], *, known: Known, pinned: PublicKey | None, now: datetime
) -> Refused | None:
    """None for a word on itself that may be believed. Verified before: that a current key of `known` signed the request, and
    that the proof is by the `pinned` Ed25519 key or, if it is old enough, by one given up."""
    theirs = shape_of_renaming(document)
    if isinstance(theirs, Refused):
        return theirs
    method, published = document["proof"]["verificationMethod"], read_time(document["published"])
    return judge_keys(theirs, known=known, pinned=pinned, method=method, published=published, now=now)


def shape_of_renaming(document: Mapping[str, Any]) -> TheirActor | Refused:
    """The actor that a council says it is now: whole, for everybody, with its name and when it says so."""
    thing = document.get("object")
    if not isinstance(thing, dict) or thing.get("type") != "Organization":
        return Refused(Reason.WRONG_SHAPE, "A council that changes carries its whole actor.")
    # The actor itself names no recipients: for whom it is stands on the activity.
    audience = authority.audience_of({**document, "object": document["actor"]}, actor=document["actor"])
    if isinstance(audience, Refused):
        return audience
    if audience != "public":
        return Refused(Reason.WRONG_AUDIENCE, "What a council is called is public.")
    theirs = TheirActor.read(thing)
    if isinstance(theirs, Refused):
        return theirs
    if not likeness(theirs.name or "") or document.get("published") is None:
        return Refused(Reason.WRONG_SHAPE, "A council that changes says its name, and when.")
    return theirs


def apply_renaming(
    connection: Connection, council: Council, *, activity: Mapping[str, Any], by_feed: bool = False
) -> bool:
    """Write down the name of a council that we have met, and its new keys. Returns whether the name was written.

    `by_feed`: it stands in that council's own chain, which was followed from a key that we had. So whoever slept through
    several changes need not have heard of each.

    Nobody compares words again when a name changes, and slips are shown under it: ours, or that of another linked council, is
    written down with the host of whoever takes it.
    """
    at: datetime = read_time(activity["published"])
    actor, name = activity["actor"], activity["object"]["name"].strip()[:LONGEST_NAME]
    if not by_feed and not is_by_pinned_key(connection, activity):
        return False  # said before the keys were changed, and overtaken by that word
    apply_keys(connection, activity, by_feed=by_feed)
    ours = {"actor_id": actor, "accepted": State.ACCEPTED.value}
    taken = {likeness(other) for other in (council.name, *connection.execute(_OTHERS, ours).scalars())}
    if likeness(name) in taken:
        host = ids.origin_of(actor).partition("://")[2]
        name = f"{name[: LONGEST_NAME - len(host) - 3]} ({host})"
    given = ours | {"we_asked": State.WE_ASKED.value, "they_asked": State.THEY_ASKED.value}
    return connection.execute(_RENAME, given | {"name": name, "at": microseconds(at)}).rowcount == 1


def likeness(name: str) -> str:
    """What of a name is seen: two that people cannot tell apart by case, width, gaps or unseen signs have the same."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] not in "CZ")
