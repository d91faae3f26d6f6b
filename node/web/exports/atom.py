"""A list as an Atom feed (RFC 4287). The ids are the addresses of the records, so a reader knows again what it has read."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from node.web.exports.listed import Addressed, Source
from node.web.templating import seen_only

NAMESPACE = "http://www.w3.org/2005/Atom"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# Everything that is no Char of XML 1.0 (section 2.2), and would make the whole feed unreadable.
_NO_CHAR = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def feed(slips: Iterable[Addressed], source: Source, *, now: datetime) -> bytes:
    """The feed in UTF-8. `updated` of the whole is that of its newest entry; an empty one is as old as this moment."""
    entries = {one.address: one for one in slips}
    newest = max((one.slip.updated for one in entries.values()), default=now)
    # The namespace stands on the root as it will be read, and every name below is in it.
    root = Element("feed", {"xmlns": NAMESPACE, _LANGUAGE: source.language})
    _say(root, "id", source.address)
    _say(root, "title", source.title)
    _say(root, "updated", _moment(newest))
    _add(root, "link", rel="self", type="application/atom+xml", href=source.address)
    _add(root, "link", rel="alternate", type="text/html", href=source.page)
    _author(root, source.council, source.council_url)
    for one in sorted(entries.values(), key=lambda one: one.slip.updated, reverse=True):
        _entry(root, one)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _entry(root: Element, one: Addressed) -> None:
    slip = one.slip
    entry = _add(root, "entry")
    entry.set(_LANGUAGE, slip.language or "und")
    _say(entry, "id", one.address)
    _say(entry, "title", slip.title, type="text")
    _say(entry, "updated", _moment(slip.updated))
    _add(entry, "link", rel="alternate", type="text/html", href=one.page)
    _add(entry, "category", term=slip.kind)
    if slip.source:
        _author(entry, slip.source, None)
    _say(entry, "summary", "\n\n".join(part for part in (slip.words, " · ".join(one.about)) if part), type="text")


def _author(parent: Element, name: str, url: str | None) -> None:
    author = _add(parent, "author")
    _say(author, "name", name)
    if url is not None:
        _say(author, "uri", url)


def _add(parent: Element, name: str, **given: str) -> Element:
    return SubElement(parent, name, {key: _NO_CHAR.sub("", value) for key, value in given.items()})


def _say(parent: Element, name: str, text: str, **given: str) -> None:
    _add(parent, name, **given).text = _NO_CHAR.sub("", str(seen_only(str(text))))


def _moment(at: datetime) -> str:
    return f"{max(at, _FIRST).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
