"""What all three payloads share: an AS2 Note that a reader without our words can read whole.

The content is the complete human message, built here from plain text and escaped here; no markup of anybody's passes through.
Never holds a fact of one kind of record, and never a person's name. Source: background/protocol.md 4.2.
"""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from html import escape
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from schemas.audience import recipients
from schemas.base import Address, Language, Line, Recipients, WireModel, WireTime, Words, write_time
from schemas.markup import plain_text
from schemas.place import Place, place_document
from schemas.wording import words_for


class Source(WireModel):
    """The words as they were typed (AS2 `source`), so that no reader has to guess them from markup."""

    content: Words
    media_type: Line


class Note(WireModel):
    """The common members of a payload. `to` and `cc` repeat the activity's; whether they agree is judged elsewhere."""

    id: Address
    type: Literal["Note"]
    attributed_to: Address
    name: Annotated[Line, StringConstraints(min_length=1)]
    content: Words
    content_map: dict[Language, Words] = Field(default_factory=dict)
    source: Source | None = None
    published: WireTime
    updated: WireTime | None = None
    start_time: WireTime | None = None
    to: Recipients
    cc: Recipients = Field(default_factory=list)
    url: Address | None = None
    location: Place | None = None

    @property
    def language(self) -> str | None:
        """The language of the content, where the sender told it."""
        return next((language for language, text in self.content_map.items() if text == self.content), None)

    @property
    def words(self) -> str:
        """The plain words of the note: as typed if the sender gave them, else the content without its markup."""
        if self.source is not None and self.source.media_type == "text/plain":
            return self.source.content
        return plain_text(self.content)

    @property
    def changed(self) -> datetime:
        """When this version was made."""
        return self.updated or self.published


def note_document(
    object_id: str,
    base_url: str,
    *,
    name: str,
    paragraphs: Iterable[str],
    language: str,
    place: Place | None,
    hashtags: Iterable[str],
    published: datetime,
    updated: datetime | None,
    audience: str,
) -> dict[str, Any]:
    """The members every payload has, without context or proof. `paragraphs` are finished HTML.

    Raises ValueError if `object_id` is not one of ours under `base_url`, or if the audience never leaves the council.
    """
    if not object_id.startswith(f"{base_url}/o/"):
        raise ValueError("the address of a record is <base>/o/<id>")
    content = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs if paragraph)
    document: dict[str, Any] = {
        "id": object_id,
        "type": "Note",
        "attributedTo": f"{base_url}/council",
        **recipients(base_url, audience),
        "name": name,
        "content": content,
        "contentMap": {language: content},
        "published": write_time(published),
        "url": object_id,
        "tag": [{"type": "Hashtag", "name": f"#{tag}", "href": f"{base_url}/board"} for tag in hashtags],
    }
    if updated is not None:
        document["updated"] = write_time(updated)
    if place is not None:
        document["location"] = place_document(place)
    return document


def as_html(words: str) -> str:
    """Plain words as one paragraph's inside: escaped, line breaks kept."""
    return escape(words).replace("\n", "<br>")


def labelled(label: str, words: str) -> str:
    """`Label: words`, escaped; empty where there are no words."""
    return f"{escape(label)}: {as_html(words)}" if words else ""


def link_to(address: str, *, language: str, words: str = "") -> str:
    """The way to a page, for a reader elsewhere: back to the record's own, unless `words` say otherwise."""
    said = words or words_for(language)["read"]
    return f'<a href="{escape(address)}" rel="nofollow noopener noreferrer">{escape(said)}</a>'


def moment(time: datetime, zone: tzinfo) -> str:
    """A time as a person reads it in any of our languages: date, hour and zone."""
    there = time.astimezone(zone)
    return f"{there:%Y-%m-%d %H:%M} {there.tzname() or ''}".strip()
