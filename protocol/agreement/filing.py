"""The file in which a resolution is carried to whoever wants to check it, read strictly: `{"comarca": "record 1", …}`.

Reads form alone and never raises; what holds of it is for `protocol.agreement.record`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from protocol.agreement.findings import Finding
from protocol.agreement.rule import Rule, ed25519_of, is_address, moment, read_rule
from protocol.canonical import NotCanonical, canonical
from protocol.strict_json import parse
from protocol.verdict import Refused

VERSION: Final = "record 1"
LARGEST: Final = 4 * 2**20
MOST_ANSWERS: Final = 1_000
MOST_KEYS: Final = 200
LONGEST_TEXT: Final = 65_536
_MOST_VALUES: Final = 200_000
_STAGES: Final = frozenset({"notice", "open", "adopted", "dropped", "refused", "ended"})


@dataclass(frozen=True, slots=True)
class Filed:
    """A record as it was filed; nothing of it is proven.

    `answers` holds those of the file and those that the proposer put into the resolution. Times are aware UTC.
    """

    activity: Mapping[str, Any]
    activity_id: str
    actor: str
    owner: str
    resolution: str
    title: str
    number: int | None
    stage: str
    text: str
    digest: str
    rule: Rule | None
    rule_json: Mapping[str, Any] | None
    said_at: datetime
    closed_at: datetime | None
    answers: tuple[Any, ...]
    keys: Mapping[str, str]
    as_of: datetime


def read_file(raw: bytes) -> Filed | Finding:
    """The record in the bytes of a file, or why there is none. Never raises."""
    if len(raw) > LARGEST:
        return Finding.TOO_LARGE
    value = parse(raw, max_nodes=_MOST_VALUES, max_array=MOST_ANSWERS)
    return Finding.NOT_JSON if isinstance(value, Refused) else _read(value)


def read_record(record: object) -> Filed | Finding:
    """`read_file` for a record that has been parsed already, by whatever parser: it is held to the same limits."""
    try:
        raw = canonical(record)
    except NotCanonical:
        return Finding.NOT_JSON
    return read_file(raw)


def _read(record: object) -> Filed | Finding:
    if not isinstance(record, dict) or record.get("comarca") != VERSION:
        return Finding.NOT_A_RECORD
    activity, answers, keys = record.get("resolution"), record.get("answers"), _keys(record.get("keys"))
    as_of = moment(record.get("as_of"))
    if not isinstance(activity, dict) or not isinstance(answers, list) or keys is None or as_of is None:
        return Finding.NOT_A_RECORD
    return _read_resolution(activity, answers=answers, keys=keys, as_of=as_of)


def _keys(value: object) -> dict[str, str] | None:
    if not isinstance(value, dict) or len(value) > MOST_KEYS:
        return None
    good = all(is_address(actor) and ed25519_of(key) is not None for actor, key in value.items())
    return value if good else None


def _read_resolution(
    activity: dict[str, Any], *, answers: list[Any], keys: dict[str, str], as_of: datetime
) -> Filed | Finding:
    note, said_at = activity.get("object"), moment(activity.get("published"))
    if activity.get("type") not in ("Create", "Update") or not isinstance(note, dict) or said_at is None:
        return Finding.NOT_A_RESOLUTION
    ids = (activity.get("id"), activity.get("actor"), note.get("attributedTo"), note.get("id"))
    payload, title = note.get("comarca:resolution"), note.get("name", "")
    if note.get("type") != "Note" or not all(is_address(id_) for id_ in ids) or not isinstance(payload, dict):
        return Finding.NOT_A_RESOLUTION
    text, digest, stage = payload.get("text"), payload.get("textDigest"), payload.get("stage")
    if (
        not isinstance(text, str)
        or len(text) > LONGEST_TEXT
        or not isinstance(digest, str)
        or not isinstance(title, str)
    ):
        return Finding.NOT_A_RESOLUTION
    if not isinstance(stage, str) or stage not in _STAGES:
        return Finding.NOT_A_RESOLUTION
    rule_json, stances = payload.get("rule"), payload.get("stances", [])
    closed_at = moment(payload.get("closedAt"))
    if not isinstance(stances, list) or (closed_at is None and "closedAt" in payload):
        return Finding.NOT_A_RESOLUTION
    rule = None if "rule" not in payload else read_rule(rule_json)
    if isinstance(rule, Refused):
        return Finding.NOT_A_RULE
    number = payload.get("number")
    activity_id, actor, owner, resolution = (str(id_) for id_ in ids)
    return Filed(
        activity=activity,
        activity_id=activity_id,
        actor=actor,
        owner=owner,
        resolution=resolution,
        title=title,
        number=number if type(number) is int else None,
        stage=stage,
        text=text,
        digest=digest,
        rule=rule,
        rule_json=rule_json,
        said_at=said_at,
        closed_at=closed_at,
        answers=(*answers, *stances),
        keys=keys,
        as_of=as_of,
    )
