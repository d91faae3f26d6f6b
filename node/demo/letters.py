"""Messages made by hand: signed as a council would sign them, then sent, sent elsewhere, or spoilt first.

This is how the tour plays a forger. It has the keys of the councils of the demo because it made their folders.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from federation import outbox
from federation.council import Council
from federation.signing import headers_for
from node.demo.asking import Reply, send
from protocol.ids import origin_of
from schemas import activity as activities
from schemas.records.resource import resource_note

INBOX = "/council/inbox"


@dataclass(frozen=True, slots=True)
class Letter:
    """One POST to an inbox, ready to be sent: `headers` hold its signature, `origin` whom it was written to."""

    origin: str
    headers: Mapping[str, str]
    body: bytes
    activity_id: str = ""
    object_id: str = ""

    def post(self, *, to: str | None = None) -> Reply:
        """Send it as it is; `to` another origin than the one it was signed for."""
        return send(to or self.origin, "POST", INBOX, headers=self.headers, body=self.body)

    def with_headers(self, **changes: str) -> "Letter":
        """The same with some headers changed; underscores stand for hyphens."""
        return replace(self, headers={**self.headers, **{n.replace("_", "-"): v for n, v in changes.items()}})


def offer_of(council: Council, title: str, *, now: datetime, words: str = "") -> dict[str, Any]:
    """A Create of a public offer, not yet signed, with ids of its own."""
    note = resource_note(
        council.new_object_id(),
        council.base_url,
        direction="offer",
        name=title,
        words=words,
        language="en",
        category="other",
        quantity=None,
        unit=None,
        available=None,
        place=None,
        published=now,
        updated=None,
        ends_at=now + timedelta(days=1),
        audience="public",
    )
    return activities.create(council.actor_id, council.new_activity_id(), note=note, audience="public", published=now)


def sealed(council: Council, activity: dict[str, Any], *, to: str, now: datetime) -> Letter:
    """An activity with its proof, in a request that is signed for the council at origin `to`."""
    signed, body = outbox.sign(council, activity, now=now)
    thing = activity["object"]
    object_id = str(thing.get("id", "")) if isinstance(thing, dict) else str(thing)
    return replace(enveloped(council, body, to=to, now=now), activity_id=signed["id"], object_id=object_id)


def enveloped(council: Council, body: bytes, *, to: str, now: datetime) -> Letter:
    """Any bytes in a request that is signed for the council at origin `to`."""
    url = f"{origin_of(to)}{INBOX}"
    headers = headers_for(council, scheme="ed25519", method="POST", url=url, body=body, now=now)
    return Letter(origin_of(to), headers, body)
