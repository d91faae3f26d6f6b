"""Who may say what: authority over activities and objects by origin and owner (FEP-fe34; protocol.md S3 to S6, S9).

Judges a document whose HTTP signature has been verified and says whether its signer may say it, and to whom. Never looks
anything up: what an id names in our own tables is judged where the tables are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from protocol.ids import BadAddress, has_query, origin_of
from protocol.verdict import ACCEPTED, Accepted, Reason, Refused

PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
PUBLIC_NAMES: Final = frozenset({PUBLIC, "as:Public", "Public"})
PEERS_PATH: Final = "/council/peers"
MAX_RECIPIENTS: Final = 500

_SHAPE = Refused(Reason.WRONG_SHAPE, "The activity does not have one id, one type, one actor and one object.")
_EMBEDDED_ACTOR = Refused(Reason.WRONG_SHAPE, "The actor must be named by its address, not embedded.")
_BAD_ID = Refused(Reason.WRONG_SHAPE, "An id is not an http address without a query.")
_NO_OBJECT_ID = Refused(Reason.WRONG_SHAPE, "The object has no id.")
_ACTOR_AS_OBJECT = Refused(Reason.WRONG_SHAPE, "What is created cannot be the actor itself.")
_ATTRIBUTION = Refused(Reason.WRONG_SHAPE, "The object does not say whose it is by one address.")
_NOT_THE_SIGNER = Refused(Reason.NOT_OWNER, "The actor is not the one who signed.")
_OURS = Refused(Reason.NOT_OWNER, "The activity speaks for this node.")
_OTHER_ORIGIN = Refused(Reason.NOT_OWNER, "The id of the activity is not on its actor's origin.")
_NOT_THE_OWNER = Refused(Reason.NOT_OWNER, "The object does not belong to the actor.")
_AUDIENCE_SHAPE = Refused(Reason.WRONG_AUDIENCE, "The audience is not a list of addresses.")
_HIDDEN = Refused(Reason.WRONG_AUDIENCE, "The audience has hidden recipients.")
_NEITHER = Refused(Reason.WRONG_AUDIENCE, "The audience is neither public nor the actor's peers.")
_DIFFERENT = Refused(Reason.WRONG_AUDIENCE, "The object names another audience than its activity.")

_CHANGING: Final = frozenset({"Create", "Update", "Delete"})
# Their object is somebody else's by nature, and only its id is used: an embedded copy proves nothing (S4).
_ANSWERING: Final = frozenset({"Accept", "TentativeAccept", "Reject", "TentativeReject", "Ignore"})


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an activity says of itself. Nothing in it is proven; `to` and `cc` are as received."""

    verb: str
    actor: str
    activity_id: str
    object_id: str | None
    object_actor: str | None
    to: tuple[str, ...]
    cc: tuple[str, ...]


def claimed_by(activity: Mapping[str, Any]) -> Claimed | Refused:
    """What the activity claims; refuses WRONG_SHAPE (and WRONG_AUDIENCE for unreadable recipients)."""
    verb, actor, activity_id, target = (activity.get(name) for name in ("type", "actor", "id", "object"))
    if isinstance(actor, (dict, list)):
        return _EMBEDDED_ACTOR
    if not isinstance(verb, str) or not isinstance(actor, str) or not isinstance(activity_id, str):
        return _SHAPE
    object_id = object_actor = None
    if isinstance(target, str):
        object_id = target
    elif isinstance(target, dict):
        object_id, object_actor = target.get("id"), target.get("attributedTo")
        if not (object_id is None or isinstance(object_id, str)):
            return _BAD_ID
        if not (object_actor is None or isinstance(object_actor, str)):
            return _ATTRIBUTION
    else:
        return _SHAPE
    to, cc = _recipients(activity, "to"), _recipients(activity, "cc")
    if to is None or cc is None:
        return _AUDIENCE_SHAPE
    return Claimed(verb, actor, activity_id, object_id, object_actor, to, cc)


def _recipients(document: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    value = document.get(name, [])
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or len(values) > MAX_RECIPIENTS or not all(isinstance(v, str) for v in values):
        return None
    return tuple(values)


def judge_authority(activity: Mapping[str, Any], *, signer: str, our_origin: str) -> Accepted | Refused:
    """Whether `signer`, the actor whose key signed the request, may say this activity.

    `our_origin` is this node's origin as `origin_of` writes it. Refuses with WRONG_SHAPE for what no actor could say and
    NOT_OWNER for what this actor may not:
    the actor is the signer; no id is on our origin but where an activity answers or addresses us; the activity's id is on its
    actor's origin; what is created, changed or deleted is on that origin too and attributed to the actor; what is undone is the
    actor's own; ids have no query.
    """
    claimed = claimed_by(activity)
    if isinstance(claimed, Refused):
        return claimed
    try:
        actor_origin, activity_origin = origin_of(claimed.actor), origin_of(claimed.activity_id)
        object_origin = None if claimed.object_id is None else origin_of(claimed.object_id)
    except BadAddress:
        return _BAD_ID
    if any(has_query(id_) for id_ in (claimed.actor, claimed.activity_id, claimed.object_id) if id_ is not None):
        return _BAD_ID
    if claimed.actor != signer:
        return _NOT_THE_SIGNER
    if actor_origin == our_origin:
        return _OURS
    if activity_origin != actor_origin:
        return _OTHER_ORIGIN
    return _judge_object(claimed, activity["object"], own=object_origin == actor_origin)


def _judge_object(claimed: Claimed, target: Any, *, own: bool) -> Accepted | Refused:
    """The object's side; `own` says that it has an id on the actor's origin."""
    embedded = isinstance(target, dict)
    stranger = claimed.object_id is not None and not own
    if claimed.verb in _CHANGING:
        return _judge_changed(claimed, own=own, embedded=embedded)
    if claimed.verb == "Undo":
        undone_by = target.get("actor", claimed.actor) if embedded else claimed.actor
        return _NOT_THE_OWNER if stranger or undone_by != claimed.actor else ACCEPTED
    if claimed.verb == "Move":
        return ACCEPTED if claimed.object_id == claimed.actor else _NOT_THE_OWNER
    # An embedded object without an id is part of the activity and as good as it.
    foreign = embedded and (stranger or claimed.object_actor not in (None, claimed.actor))
    return _NOT_THE_OWNER if foreign and claimed.verb not in _ANSWERING else ACCEPTED


def _judge_changed(claimed: Claimed, *, own: bool, embedded: bool) -> Accepted | Refused:
    if claimed.object_id is None:
        return _NO_OBJECT_ID
    if not own:
        return _NOT_THE_OWNER
    if claimed.object_id == claimed.actor:
        # An actor may announce that it has changed or gone; what it is now is fetched, never taken from here (S5).
        return _ACTOR_AS_OBJECT if claimed.verb == "Create" else ACCEPTED
    if claimed.object_actor is None:
        # A tombstone names no author, and a mere id nobody; everything else that is embedded must.
        return _NOT_THE_OWNER if embedded and claimed.verb != "Delete" else ACCEPTED
    return ACCEPTED if claimed.object_actor == claimed.actor else _NOT_THE_OWNER


def audience_of(activity: Mapping[str, Any], *, actor: str) -> Literal["public", "neighbours"] | Refused:
    """For whom a publishing activity is: `public` (as:Public in `to`) or `neighbours` (`to` is only the actor's peers).

    An embedded object must name the same recipients (S6); only what is deleted may name none. What is addressed to
    one council has no audience in this sense and is refused too. Refuses with WRONG_AUDIENCE.
    """
    to, cc = _recipients(activity, "to"), _recipients(activity, "cc")
    if to is None or cc is None:
        return _AUDIENCE_SHAPE
    target = activity.get("object")
    note: Mapping[str, Any] = target if isinstance(target, dict) else {}
    if any(hidden in document for document in (activity, note) for hidden in ("bto", "bcc")):
        return _HIDDEN
    if note and not (activity.get("type") == "Delete" and "to" not in note and "cc" not in note):
        note_to, note_cc = _recipients(note, "to"), _recipients(note, "cc")
        if note_to is None or note_cc is None:
            return _AUDIENCE_SHAPE
        if _normal(note_to) != _normal(to) or _normal(note_cc) != _normal(cc):
            return _DIFFERENT
    if PUBLIC in _normal(to):
        return "public"
    try:
        peers = origin_of(actor) + PEERS_PATH
    except BadAddress:
        return _NEITHER
    return "neighbours" if to == (peers,) and not cc else _NEITHER


def _normal(recipients: tuple[str, ...]) -> frozenset[str]:
    return frozenset(PUBLIC if recipient in PUBLIC_NAMES else recipient for recipient in recipients)
