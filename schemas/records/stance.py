"""A council's answer to a text that another council proposed: one of five verbs of AS2, bound to the digest of the text.

It is an activity of its own, signed, so that anybody can count it again; it embeds nothing, and only the council that answers
may take it back. Source: background/protocol.md 4.4.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import StringConstraints

from protocol.verdict import Refused
from schemas.audience import recipients
from schemas.base import Address, Recipients, WireModel, WireTime, Words, write_time
from schemas.context import PLAIN_CONTEXT

MARKER: Final = "comarca:textDigest"
_DIGEST: Final = r"^[A-Za-z0-9_-]{43}$"
_SAME: Final = ("id", "type", "actor", "object", MARKER)


class StanceVerb(StrEnum):
    """From full agreement to an objection."""

    ACCEPT = "Accept"
    TENTATIVE_ACCEPT = "TentativeAccept"
    IGNORE = "Ignore"
    TENTATIVE_REJECT = "TentativeReject"
    REJECT = "Reject"


class Stance(WireModel):
    """An answer as another council sent it. `object` is the text's address, `decision` that of their own small resolution."""

    id: Address
    type: StanceVerb
    actor: Address
    object: Address
    to: Recipients
    published: WireTime
    text_digest: Annotated[str, StringConstraints(pattern=_DIGEST)]
    decision: Address | None = None
    content: Annotated[Words, StringConstraints(max_length=4_000)] = ""


class _Undone(WireModel):
    id: Address
    type: StanceVerb
    actor: Address
    object: Address
    text_digest: Annotated[str, StringConstraints(pattern=_DIGEST)]


class StanceTakenBack(WireModel):
    """The taking back of an answer, which it carries without its proof."""

    id: Address
    type: Literal["Undo"]
    actor: Address
    object: _Undone
    published: WireTime


def read_stance(document: Mapping[str, Any]) -> Stance | StanceTakenBack | Refused:
    """The answer, or its taking back, in an activity that arrived; else Refused(wrong-shape)."""
    if document.get("type") == "Undo":
        inner = document.get("object")
        embedded = _named(inner) if isinstance(inner, Mapping) else inner
        return StanceTakenBack.read({**document, "object": embedded})
    return Stance.read(_named(document))


def _named(document: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(document)
    found["textDigest"] = found.pop(MARKER, None)
    if "comarca:decision" in found:
        found["decision"] = found.pop("comarca:decision")
    return found


def stance(
    base_url: str,
    activity_id: str,
    *,
    verb: StanceVerb,
    object_id: str,
    digest: str,
    decision: str | None,
    words: str,
    audience: str,
    published: datetime,
) -> dict[str, Any]:
    """An answer, without its proof. Raises ValueError for an audience that never leaves the council."""
    document: dict[str, Any] = {
        **_opening(base_url, activity_id, verb=verb.value, audience=audience, published=published),
        "object": object_id,
        MARKER: digest,
    }
    if decision is not None:
        document["comarca:decision"] = decision
    if words:
        document["content"] = words
    return document


def take_back(
    base_url: str, activity_id: str, *, given: Mapping[str, Any], audience: str, published: datetime
) -> dict[str, Any]:
    """The taking back of `given`, an answer of ours, without its proof. Raises ValueError as `stance`."""
    return {
        **_opening(base_url, activity_id, verb="Undo", audience=audience, published=published),
        "object": {name: given[name] for name in _SAME},
    }


def _opening(base_url: str, activity_id: str, *, verb: str, audience: str, published: datetime) -> dict[str, Any]:
    return {
        "@context": [dict(part) if isinstance(part, dict) else part for part in PLAIN_CONTEXT],
        "id": activity_id,
        "type": verb,
        "actor": f"{base_url}/council",
        **recipients(base_url, audience),
        "published": write_time(published),
    }
