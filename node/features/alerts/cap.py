"""One call for help as the rest of the world reads warnings: a CAP 1.2 document (OASIS Common Alerting Protocol 1.2).

Made from the published note alone, ours and theirs alike, so that it says nothing that the note did not say to the same people.
The schema cannot check all of CAP's rules: what its prose demands (references, times, identifiers) is kept here. A drill is
never told in it without saying so in the status, in the note and in the first word of the headline.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from node.features.alerts.outline import polygons
from node.web.templating import seen_only
from schemas.markup import plain_text
from schemas.records.alert import AlertNote, Ended, MessageType
from schemas.wording import EXERCISE_WORDS, words_for

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE: Final = "application/cap+xml"
UNKNOWN_LANGUAGE: Final = "und"
MOST_LANGUAGES: Final = 8

# Everything that is no Char of XML 1.0 (section 2.2).
_NO_CHAR: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# CAP 1.2 section 3.2.1: neither space nor comma nor a restricted character; % itself too, so that no two become one.
_NOT_IN_IDENTIFIERS: Final = re.compile(r"[\s,<>&%\"']")
_PART = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
_ADDRESS: Final = re.compile(rf"https?://[A-Za-z0-9.-]+(?::[0-9]{{1,5}})?(?:/{_PART})?(?:\?{_PART})?(?:#{_PART})?")
_RESTRICTION: Final = {
    "en": "For the neighbours of this council and of the councils it is linked with.",
    "es": "Para el vecindario de este consejo y de los consejos con los que está enlazado.",
}
_ALL_CLEAR: Final = {Ended.OVER: "AllClear", Ended.WITHDRAWN: "None", Ended.FALSE: "None"}


def document(note: AlertNote, *, sender_name: str, audience: str) -> bytes:
    """The CAP document of the newest version of a call, in UTF-8. `audience` is "public" or "neighbours".

    Raises ValueError for any other audience: what never left the council is told in no form.
    """
    if audience not in ("public", "neighbours"):
        raise ValueError(f"a call for {audience!r} never leaves the council")
    alert, kind, language = note.alert, message_type(note), note.language or UNKNOWN_LANGUAGE
    # The namespace stands on the root as it will be read, and every name below is in it.
    root = Element("alert", {"xmlns": NAMESPACE})
    _say(root, "identifier", identifier(note))
    _say(root, "sender", sender(note))
    _say(root, "sent", moment(note.changed))
    _say(root, "status", alert.status.value)
    _say(root, "msgType", kind.value)
    if audience == "public":
        _say(root, "scope", "Public")
    else:
        _say(root, "scope", "Restricted")
        _say(root, "restriction", _in_language(_RESTRICTION, language))
    _say_if(root, "note", " ".join(_message_notes(note, language)))
    _say_if(root, "references", " ".join(references(note)))
    _say_if(root, "incidents", _incident(alert.campaign or ""))
    for spoken, description in _versions(note):
        _info(root, note, language=spoken, description=description, sender_name=sender_name)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def identifier(note: AlertNote) -> str:
    """Unique for each version: the object keeps its id, so the time of the version stands behind it, and `-end` for the last."""
    ending = "-end" if note.alert.msg_type is MessageType.CANCEL else ""
    return _identifier(note, note.changed) + ending


def sender(note: AlertNote) -> str:
    """The actor id of the council that calls, without what an identifier may not hold."""
    return _safe(note.attributed_to)


def message_type(note: AlertNote) -> MessageType:
    """As the note says, but what follows nothing is an Alert: CAP knows no Update without a reference."""
    if note.alert.msg_type is MessageType.UPDATE and not _earlier(note):
        return MessageType.ALERT
    return note.alert.msg_type


def references(note: AlertNote) -> list[str]:
    """The earlier versions as `sender,identifier,sent`, oldest first; one at least for an Update and for a Cancel."""
    if message_type(note) is MessageType.ALERT:
        return []
    return [f"{sender(note)},{_identifier(note, at)},{moment(at)}" for at in _earlier(note)]


def moment(at: datetime) -> str:
    """CAP 1.2 section 3.3.2: whole seconds, and UTC written -00:00, never Z."""
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "-00:00"


def _identifier(note: AlertNote, at: datetime) -> str:
    there = at.astimezone(UTC).replace(tzinfo=None)
    stamp = there.isoformat(timespec="microseconds" if there.microsecond else "seconds")
    return f"{_safe(note.id)}#{re.sub('[-:]', '', stamp)}Z"


def _safe(address: str) -> str:
    return _NOT_IN_IDENTIFIERS.sub(lambda found: f"%{ord(found[0]):02X}", address)


def _earlier(note: AlertNote) -> list[datetime]:
    """When the versions before this one were sent. Who does not list them still tells when the first one was."""
    told = sorted({at for at in note.alert.earlier or () if at < note.changed})
    if told:
        return told
    if note.published < note.changed:
        return [note.published]
    return [note.changed] if note.alert.msg_type is MessageType.CANCEL else []


def _message_notes(note: AlertNote, language: str) -> Iterator[str]:
    """What CAP's `note` is for: that this is an exercise, and why this message was sent."""
    if note.is_exercise:
        yield f"{words_for(language)['exercise']}."
    if note.alert.note:
        yield note.alert.note


def _incident(name: str) -> str:
    """CAP 1.2 section 3.2.1: a name with spaces stands in double quotes."""
    plain = " ".join(name.replace('"', "'").split())
    return f'"{plain}"' if " " in plain else plain


def _versions(note: AlertNote) -> list[tuple[str, str]]:
    """Language and description of each language that the note is written in, its own first."""
    language, alert = note.language or UNKNOWN_LANGUAGE, note.alert
    said = words_for(language)
    own = [said[f"ended-{alert.ended}"] if alert.ended else "", alert.note or "", note.words]
    others = [(name, plain_text(text)) for name, text in note.content_map.items() if text != note.content]
    return [(language, "\n\n".join(part for part in own if part)), *others][:MOST_LANGUAGES]


def _info(root: Element, note: AlertNote, *, language: str, description: str, sender_name: str) -> None:
    alert = note.alert
    info = _say(root, "info", None)
    _say(info, "language", language)
    _say(info, "category", alert.category.value)
    _say(info, "event", _plain(alert.event) or _plain(note.name) or alert.category.value)
    if alert.ended is not None:
        _say(info, "responseType", _ALL_CLEAR[alert.ended])
    _say(info, "urgency", alert.urgency.value)
    _say(info, "severity", alert.severity.value)
    _say(info, "certainty", alert.certainty.value)
    _say(info, "effective", moment(note.published))
    if note.start_time is not None:
        _say(info, "onset", moment(note.start_time))
    _say(info, "expires", moment(note.end_time))
    _say_if(info, "senderName", sender_name)
    _say(info, "headline", headline(note, language))
    _say_if(info, "description", description)
    _say_if(info, "instruction", _instruction(note, language))
    if _ADDRESS.fullmatch(note.id):
        _say(info, "web", note.id)
    for name, value in (("wanted", alert.wanted), ("because", alert.because), ("raisedBy", alert.raised_by)):
        if value:
            _pair(info, "parameter", f"comarca:{name}", str(value))
    _area(info, note, sender_name=sender_name)


def headline(note: AlertNote, language: str) -> str:
    """The title; that of a drill begins with the word for it, whatever its sender wrote."""
    if note.is_exercise and not note.name.startswith(EXERCISE_WORDS):
        return f"{words_for(language)['exercise']}: {note.name}"
    return note.name


def _instruction(note: AlertNote, language: str) -> str:
    """What to do: what is wanted, then how to stay safe. What has ended wants nothing any more."""
    said, alert = words_for(language), note.alert
    wanted = f"{said['wanted']}: {alert.wanted}" if alert.wanted and alert.ended is None else ""
    return "\n\n".join(part for part in (wanted, alert.instruction) if part)


def _area(info: Element, note: AlertNote, *, sender_name: str) -> None:
    place = note.location
    cells = note.alert.cells or ([place.cell] if place is not None and place.cell is not None else [])
    name = place.name if place is not None else ""
    if not cells and not name:
        return
    area = _say(info, "area", None)
    _say(area, "areaDesc", _plain(name) or _plain(sender_name) or note.attributed_to)
    for polygon in polygons(cells):
        _say(area, "polygon", polygon)
    for cell in cells:
        _pair(area, "geocode", "H3", cell)


def _in_language(words: dict[str, str], language: str) -> str:
    return words.get(language.partition("-")[0].lower(), words["en"])


def _plain(text: str) -> str:
    return _NO_CHAR.sub("", str(seen_only(text))).strip()


def _pair(parent: Element, name: str, key: str, value: str) -> None:
    pair = _say(parent, name, None)
    _say(pair, "valueName", key)
    _say(pair, "value", value)


def _say_if(parent: Element, name: str, text: str) -> None:
    if _plain(text):
        _say(parent, name, text)


def _say(parent: Element, name: str, text: str | None) -> Element:
    child = SubElement(parent, name)
    if text is not None:
        child.text = _plain(text)
    return child
