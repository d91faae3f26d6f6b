"""The calls that somebody may see, as an Atom feed (RFC 4287) whose entries lead to their CAP documents.

Warning programs watch one address: this. Each version of a call is an entry of its own, as each CAP message is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from node.features.alerts import cap
from node.features.alerts.published import Published
from node.web.exports.atom import NAMESPACE
from node.web.templating import seen_only
from node.web.words import slip_address
from schemas.base import write_time

PATH: Final = "/alerts.cap.atom"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_NO_CHAR: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Watched:
    """What the feed says of itself. `base` is our origin, `title` is in `language`."""

    base: str
    council: str
    title: str
    language: str


def feed(calls: Iterable[Published], watched: Watched, *, now: datetime) -> bytes:
    """The feed in UTF-8, the latest word first."""
    calls = list(calls)
    root = Element("feed", {"xmlns": NAMESPACE, _LANGUAGE: watched.language})
    _say(root, "id", f"{watched.base}{PATH}")
    _say(root, "title", watched.title)
    _say(root, "updated", write_time(max((call.note.changed for call in calls), default=now)))
    SubElement(root, "link", rel="self", type="application/atom+xml", href=f"{watched.base}{PATH}")
    SubElement(root, "link", rel="alternate", type="text/html", href=f"{watched.base}/alerts")
    _author(root, watched.council)
    for call in calls:
        _entry(root, call, base=watched.base)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def cap_path(object_id: str, *, base: str) -> str:
    """Where the CAP document of a call lies on our server, ours or theirs."""
    if object_id.startswith(f"{base}/o/"):
        return f"{object_id.removeprefix(base)}/cap.xml"
    return f"/slip/cap.xml?id={quote(object_id, safe='')}"


def _entry(root: Element, call: Published, *, base: str) -> None:
    note = call.note
    entry = SubElement(root, "entry", {_LANGUAGE: note.language or cap.UNKNOWN_LANGUAGE})
    _say(entry, "id", cap.identifier(note))
    _say(entry, "title", cap.headline(note, note.language or cap.UNKNOWN_LANGUAGE))
    _say(entry, "published", write_time(note.published))
    _say(entry, "updated", write_time(note.changed))
    page = slip_address(note.id, base_url=base)
    SubElement(entry, "link", rel="alternate", type=cap.MEDIA_TYPE, href=f"{base}{cap_path(note.id, base=base)}")
    SubElement(entry, "link", rel="alternate", type="text/html", href=f"{base}{page}")
    for term in (note.alert.status.value, cap.message_type(note).value, note.alert.category.value):
        SubElement(entry, "category", term=term)
    _author(entry, call.council)
    _say(entry, "summary", note.alert.note or note.alert.wanted or note.words)


def _author(parent: Element, name: str) -> None:
    _say(SubElement(parent, "author"), "name", name)


def _say(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _NO_CHAR.sub("", str(seen_only(text)))
