"""A linked council says that it is called otherwise now: judging its Update of itself, and writing down the new name.

Only the name is taken, and never one under which people here know somebody else: then their host stands beside it. Keys,
inbox and address stay as they were when both keepers compared the six words: an Update that names another key is refused,
since whoever reads it could believe that keys may change this way. Source: FEP-fe34, S5.
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from federation.council import Council
from federation.moments import microseconds, read_time
from protocol import authority, ids, keys
from protocol.keys import PublicKey
from protocol.peering import State
from protocol.verdict import Reason, Refused
from schemas.actor import TheirActor

LONGEST_NAME = 200

# One that was overtaken on the way changes nothing.
_RENAME = text(
    "UPDATE peer SET name = :name, named_at = :at"
    " WHERE actor_id = :actor_id AND state = :accepted AND (named_at IS NULL OR named_at <= :at)"
)
_OTHERS = text("SELECT name FROM peer WHERE actor_id <> :actor_id AND state = :accepted")


def is_renaming(activity: Mapping[str, Any]) -> bool:
    """Whether an activity, whose envelope was read, changes the actor that says it."""
    thing = activity.get("object")
    object_id = thing.get("id") if isinstance(thing, dict) else thing
    return activity.get("type") == "Update" and object_id == activity.get("actor")


def judge_renaming(document: Mapping[str, Any], *, key_id: str | None, key: PublicKey | None) -> Refused | None:
    """None for a renaming that may be believed; its signature and proof have been verified with the pinned `key`."""
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
    if key is None or theirs.ed25519_key() != (key_id, keys.encode_multikey(key)):
        return Refused(Reason.BAD_PROOF, "The actor names another key than the one compared when linking up.")
    return None


def apply_renaming(connection: Connection, council: Council, *, activity: Mapping[str, Any]) -> bool:
    """Write down the name of a council that we are linked up with. Returns whether anything changed.

    Nobody compares words again when a name changes, and slips are shown under it: ours, or that of another linked council, is
    written down with the host of whoever takes it.
    """
    at: datetime = read_time(activity["published"])
    actor, name = activity["actor"], activity["object"]["name"].strip()[:LONGEST_NAME]
    ours = {"actor_id": actor, "accepted": State.ACCEPTED.value}
    taken = {likeness(other) for other in (council.name, *connection.execute(_OTHERS, ours).scalars())}
    if likeness(name) in taken:
        host = ids.origin_of(actor).partition("://")[2]
        name = f"{name[: LONGEST_NAME - len(host) - 3]} ({host})"
    return connection.execute(_RENAME, ours | {"name": name, "at": microseconds(at)}).rowcount == 1


def likeness(name: str) -> str:
    """What of a name is seen: two that people cannot tell apart by case, width, gaps or unseen signs have the same."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] not in "CZ")
