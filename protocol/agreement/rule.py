"""The rule by which several councils adopt one text: who is asked and with which key each answers, how many, until when.

A rule is part of what is agreed, so it is closed: one with a member that is not known here could not be counted here as it is
counted elsewhere, and is refused. Never repaired, never completed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol.ids import BadAddress, has_query, origin_of
from protocol.keys import BadKey, decode_multikey
from protocol.verdict import Reason, Refused

MOST_COUNCILS: Final = 50
LONGEST_NAME: Final = 300
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9998

_MEMBERS: Final = frozenset({"councils", "atLeast", "mostObjections", "closesAt"})
_COUNCIL_MEMBERS: Final = frozenset({"id", "name", "key"})
_ONE_LINE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ED25519_TEXT: Final = re.compile(r"z6Mk[1-9A-HJ-NP-Za-km-z]{44}")
_WHOLE_SECONDS: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)

_NO_RULE = Refused(Reason.WRONG_SHAPE, "The rule does not have exactly the members of a rule.")
_NO_COUNCILS = Refused(Reason.WRONG_SHAPE, "The rule does not ask between one and fifty councils, each once.")
_NO_COUNCIL = Refused(Reason.WRONG_SHAPE, "A council in the rule has no address, no name or no Ed25519 key.")
_NO_NUMBERS = Refused(Reason.WRONG_SHAPE, "The numbers of the rule are not ones that so many councils can meet.")
_NO_END = Refused(Reason.WRONG_SHAPE, "The rule does not say when it closes, in whole seconds of UTC.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A council whose answer counts: its actor id, what the proposer calls it, and its Ed25519 key in multibase."""

    id: str
    name: str
    key: str

    @property
    def public_key(self) -> Ed25519PublicKey | None:
        """The key that its answers are proven with; None where the text holds none."""
        return ed25519_of(self.key)


@dataclass(frozen=True, slots=True)
class Rule:
    """Adopted once at least `at_least` councils agree, unless more than `most_objections` objections are left at the end.

    `closes_at` is aware, in whole seconds. Councils stand in the order of the text; the proposer is one of them.
    """

    councils: tuple[Asked, ...]
    at_least: int
    most_objections: int
    closes_at: datetime

    def asked(self, actor: str) -> Asked | None:
        """The council with that actor id, if it is asked."""
        return next((council for council in self.councils if council.id == actor), None)


def read_rule(document: object) -> Rule | Refused:
    """The rule in the JSON object that the digest covers, or Refused(WRONG_SHAPE). Never raises."""
    if not isinstance(document, Mapping) or set(document) != _MEMBERS:
        return _NO_RULE
    listed, at_least, most = document["councils"], document["atLeast"], document["mostObjections"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_COUNCILS:
        return _NO_COUNCILS
    councils = [_read_council(council) for council in listed]
    asked = tuple(council for council in councils if council is not None)
    if len(asked) != len(councils):
        return _NO_COUNCIL
    if len({council.id for council in asked}) != len(asked):
        return _NO_COUNCILS
    # A bool is an int to Python and another thing to everybody else.
    if type(at_least) is not int or type(most) is not int:
        return _NO_NUMBERS
    if not 1 <= at_least <= len(asked) or not 0 <= most <= MOST_COUNCILS:
        return _NO_NUMBERS
    closes_at = _whole_seconds(document["closesAt"])
    return _NO_END if closes_at is None else Rule(asked, at_least, most, closes_at)


def rule_document(rule: Rule) -> dict[str, Any]:
    """The JSON object of a rule: for every rule that is read, the one it was read from."""
    return {
        "councils": [{"id": council.id, "name": council.name, "key": council.key} for council in rule.councils],
        "atLeast": rule.at_least,
        "mostObjections": rule.most_objections,
        "closesAt": rule.closes_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _read_council(document: object) -> Asked | None:
    if not isinstance(document, Mapping) or set(document) != _COUNCIL_MEMBERS:
        return None
    actor, name, key = document["id"], document["name"], document["key"]
    if not is_address(actor) or not isinstance(name, str) or not isinstance(key, str):
        return None
    if len(name) > LONGEST_NAME or not _ONE_LINE.fullmatch(name) or ed25519_of(key) is None:
        return None
    return Asked(actor, name, key)


def ed25519_of(text: object) -> Ed25519PublicKey | None:
    """The Ed25519 public key in multibase text; None for anything else."""
    if not isinstance(text, str) or not _ED25519_TEXT.fullmatch(text):
        return None
    try:
        key = decode_multikey(text)
    except BadKey:
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def is_address(text: object) -> bool:
    """Whether the text is an http(s) address in ASCII, which everybody orders alike, without a query."""
    if not isinstance(text, str) or not text.isascii() or has_query(text):
        return False
    try:
        origin_of(text)
    except BadAddress:
        return False
    return True


def moment(text: object) -> datetime | None:
    """The aware UTC time in RFC 3339 text, digits beyond the microsecond cut off. None for anything else.

    Years from 1970 to 9998 are read: sums with times must not lead out of the calendar.
    """
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return read if _FIRST_YEAR <= read.year <= _LAST_YEAR else None


def _whole_seconds(text: object) -> datetime | None:
    # Two texts of one time would be two rules with two digests.
    return moment(text) if isinstance(text, str) and _WHOLE_SECONDS.fullmatch(text) else None
