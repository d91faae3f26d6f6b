"""The envelope and the verbs: what we say, and the first look at what others say.

Builders return plain dicts without a proof; whoever holds the key adds it. The first look judges form alone: who may say what
about which object is protocol.authority's to judge, and nothing here may trust an id. Source: decisions.md 4b, FEP-fe34 S4.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, ValidationError

from protocol.verdict import Reason, Refused
from schemas.audience import WireAudience, recipients
from schemas.base import Address, Recipients, WireModel, WireTime, write_time, wrong_shape
from schemas.context import ACTOR_CONTEXT, CONTEXT_OF, PLAIN_CONTEXT, Context, Kind
from schemas.jsonld import refuse_json_ld_tricks

__all__ = [
    "KIND_MARKERS",
    "Activity",
    "accept",
    "accept_follow",
    "create",
    "delete",
    "kind_of",
    "peering_offer",
    "recipients",
    "refuse_json_ld_tricks",
    "reject",
    "reject_follow",
    "shape_of",
    "standing_alone",
    "undo",
    "update",
    "update_actor",
]

KIND_MARKERS: Final = ("publishes", "comarca:resolution", "comarca:alert")
PEERING_PROTOCOL: Final = 1
_MARKS: Final[dict[str, Kind]] = {
    "publishes": "resource",
    "comarca:resolution": "resolution",
    "comarca:alert": "alert",
}


class Activity(WireModel):
    """An activity as it arrived. `actor` is an id: an embedded actor is refused, since only its id could be believed."""

    id: Address
    type: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,40}$")]
    actor: Address
    object: Address | dict[str, Any]
    to: Recipients = Field(default_factory=list)
    cc: Recipients = Field(default_factory=list)
    published: WireTime | None = None

    @property
    def object_id(self) -> str | None:
        """The id of the object, named or embedded; None for an embedded one without a usable id."""
        if isinstance(self.object, str):
            return self.object
        found = self.object.get("id")
        return found if isinstance(found, str) else None


_ENVELOPE: Final = Activity.__pydantic_validator__


def shape_of(document: object) -> Activity | Refused:
    """The envelope of an activity, or Refused: malformed for anything but an object, wrong-shape for any other fault.

    Judges JSON-LD tricks in the whole document too; the payload itself is for `kind_of` and the record's reader.
    """
    if not isinstance(document, dict):
        return Refused(Reason.MALFORMED, "An activity is a JSON object.")
    trick = refuse_json_ld_tricks(document)
    if trick is not None:
        return trick
    try:
        activity: Activity = _ENVELOPE.validate_python(document, by_alias=True, by_name=False)
    except ValidationError as error:
        return wrong_shape(error)
    return activity


def kind_of(note: Mapping[str, Any]) -> Kind | Refused:
    """Which payload a Note carries, told by exactly one of KIND_MARKERS; else Refused(wrong-shape)."""
    found = [marker for marker in KIND_MARKERS if marker in note]
    if note.get("type") != "Note" or len(found) != 1:
        return Refused(Reason.WRONG_SHAPE, "A record is a Note with exactly one kind of payload.")
    return _MARKS[found[0]]


def _fresh(context: Context) -> Context:
    """A copy, so that no document shares a constant that it could change."""
    return [dict(part) if isinstance(part, dict) else part for part in context]


def standing_alone(note: Mapping[str, Any]) -> dict[str, Any]:
    """The note as it is served under its own id, with the context of its kind. Raises ValueError if it is of no kind."""
    kind = kind_of(note)
    if isinstance(kind, Refused):
        raise ValueError(kind.sentence)
    return {"@context": _fresh(CONTEXT_OF[kind]), **note}


def _carrying(
    verb: str, actor: str, *, activity_id: str, note: Mapping[str, Any], audience: WireAudience, published: datetime
) -> dict[str, Any]:
    kind = kind_of(note)
    if isinstance(kind, Refused):
        raise ValueError(kind.sentence)
    addressed = recipients(_base(actor), audience)
    if addressed != {"to": note.get("to"), "cc": note.get("cc")}:
        raise ValueError("a note and the activity that carries it have the same audience")
    return {
        "@context": _fresh(CONTEXT_OF[kind]),
        "id": activity_id,
        "type": verb,
        "actor": actor,
        **addressed,
        "published": write_time(published),
        "object": dict(note),
    }


def create(
    actor: str, activity_id: str, *, note: Mapping[str, Any], audience: WireAudience, published: datetime
) -> dict[str, Any]:
    """A Create of `note`. Raises ValueError if the note is of no kind, or of another audience."""
    return _carrying("Create", actor, activity_id=activity_id, note=note, audience=audience, published=published)


def update(
    actor: str, activity_id: str, *, note: Mapping[str, Any], audience: WireAudience, published: datetime
) -> dict[str, Any]:
    """An Update of `note`, which has its `updated`. Raises ValueError as `create`, or if `updated` is missing."""
    if "updated" not in note:
        raise ValueError("a changed note says when it was changed")
    return _carrying("Update", actor, activity_id=activity_id, note=note, audience=audience, published=published)


def update_actor(actor: str, activity_id: str, *, document: Mapping[str, Any], published: datetime) -> dict[str, Any]:
    """An Update of the actor itself, whole, for everybody who may know it. Raises ValueError for another's document."""
    if document.get("id") != actor:
        raise ValueError("an actor speaks of itself only")
    return {
        "@context": _fresh(ACTOR_CONTEXT),
        "id": activity_id,
        "type": "Update",
        "actor": actor,
        **recipients(_base(actor), "public"),
        "published": write_time(published),
        "object": {name: value for name, value in document.items() if name != "@context"},
    }


def delete(
    actor: str, activity_id: str, *, object_id: str, audience: WireAudience, published: datetime
) -> dict[str, Any]:
    """A Delete that leaves a Tombstone. It goes to whoever may have the record, hence its audience."""
    return {
        **_plain("Delete", actor, activity_id=activity_id, published=published),
        **recipients(_base(actor), audience),
        "object": {"id": object_id, "type": "Tombstone"},
    }


def peering_offer(base_url: str, their_actor: str, *, activity_id: str, published: datetime) -> dict[str, Any]:
    """An Offer to link up two councils (decisions 4b): no Follow, and nothing else is exchanged before both have agreed."""
    actor = f"{base_url}/council"
    return {
        **_plain("Offer", actor, activity_id=activity_id, published=published),
        **_to(their_actor),
        "object": {
            "type": "Relationship",
            "subject": actor,
            "object": their_actor,
            "comarca:peering": PEERING_PROTOCOL,
        },
    }


def accept(actor: str, activity_id: str, *, object_id: str, their_actor: str, published: datetime) -> dict[str, Any]:
    """An Accept of what they offered, by the id of their Offer."""
    return _answer("Accept", actor, activity_id=activity_id, about=object_id, their_actor=their_actor, at=published)


def reject(actor: str, activity_id: str, *, object_id: str, their_actor: str, published: datetime) -> dict[str, Any]:
    """A Reject of what they offered, by the id of their Offer."""
    return _answer("Reject", actor, activity_id=activity_id, about=object_id, their_actor=their_actor, at=published)


def undo(actor: str, activity_id: str, *, object_id: str, their_actor: str, published: datetime) -> dict[str, Any]:
    """An Undo of what we said to them before, by the id of that activity of ours."""
    return _answer("Undo", actor, activity_id=activity_id, about=object_id, their_actor=their_actor, at=published)


def accept_follow(actor: str, activity_id: str, *, follow: Mapping[str, Any], published: datetime) -> dict[str, Any]:
    """An Accept of a Follow, which is embedded: much of the fediverse does not look one up by its id.

    Raises ValueError if `follow` is not a Follow of `actor`.
    """
    return _to_follower("Accept", actor, activity_id=activity_id, follow=follow, at=published)


def reject_follow(actor: str, activity_id: str, *, follow: Mapping[str, Any], published: datetime) -> dict[str, Any]:
    """A Reject of a Follow, embedded as in `accept_follow`. Raises ValueError as there."""
    return _to_follower("Reject", actor, activity_id=activity_id, follow=follow, at=published)


def _to_follower(verb: str, actor: str, *, activity_id: str, follow: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    repeated = {name: follow.get(name) for name in ("id", "type", "actor", "object")}
    if repeated["type"] != "Follow" or repeated["object"] != actor or not isinstance(repeated["actor"], str):
        raise ValueError("only a Follow of this actor can be answered")
    return _answer(verb, actor, activity_id=activity_id, about=repeated, their_actor=repeated["actor"], at=at)


def _answer(
    verb: str, actor: str, *, activity_id: str, about: str | dict[str, Any], their_actor: str, at: datetime
) -> dict[str, Any]:
    return {
        **_plain(verb, actor, activity_id=activity_id, published=at),
        **_to(their_actor),
        "object": about,
    }


def _plain(verb: str, actor: str, *, activity_id: str, published: datetime) -> dict[str, Any]:
    return {
        "@context": _fresh(PLAIN_CONTEXT),
        "id": activity_id,
        "type": verb,
        "actor": actor,
        "published": write_time(published),
    }


def _to(their_actor: str) -> dict[str, list[str]]:
    return {"to": [their_actor], "cc": []}


def _base(actor: str) -> str:
    base_url, separator, rest = actor.rpartition("/council")
    if not separator or rest:
        raise ValueError("the actor of a record is <base>/council")
    return base_url
