"""What both signature schemes share: the request as it is judged, the claim that is read from it, and the clock's window.

Never knows a scheme's syntax.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final, Literal

from protocol.ids import BadAddress, origin_of
from protocol.verdict import Reason, Refused

Scheme = Literal["cavage", "rfc9421"]

PAST_SECONDS: Final = 65 * 60
AHEAD_SECONDS: Final = 60 * 60

_STALE = Refused(Reason.STALE, "The request was signed too long ago, or the clocks of the two nodes differ too much.")
_EXPIRED = Refused(Reason.STALE, "The signature of the request has expired.")
NOT_THERE = Refused(Reason.BAD_SIGNATURE, "The signature covers a header that the request does not have.")
_NOT_ONE_LINE = Refused(Reason.MALFORMED, "A signed header holds characters that no header may hold.")
_BAD_DATE = Refused(Reason.MALFORMED, "The date of the request cannot be read.")

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AUTHORITY = re.compile(r"[^/?#@]+")
_IMF_FIXDATE = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived.

    `target` is path and query as received; `url` the full address as our configuration knows it (never from a forwarded
    header); `headers` have lowercase names, repeated fields joined with ", "; `repeated` names those that stood there twice.
    """

    method: str
    target: str
    url: str
    headers: Mapping[str, str]
    repeated: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Claim:
    """A readable, sufficient and fresh signature that no key has confirmed yet.

    `algorithm` is the name in the header, which may only confirm the key's; `base` the signed bytes; `created` and `expires`
    Unix seconds as far as the signature covers them.
    """

    scheme: Scheme
    key_id: str
    algorithm: str | None
    base: bytes
    signature: bytes
    created: int | None
    expires: int | None


def judge_window(moment: int, *, now: int) -> Refused | None:
    """Refuses (STALE) what was signed more than 65 minutes ago or 60 minutes ahead (protocol.md S14); Unix seconds."""
    return None if now - PAST_SECONDS <= moment <= now + AHEAD_SECONDS else _STALE


def judge_expiry(expires: int, *, now: int) -> Refused | None:
    """Refuses (STALE) a signature whose end has passed by more than clocks may differ; Unix seconds.

    A signature lives five minutes. Without this slack a council whose clock is six minutes behind would never be heard.
    """
    return _EXPIRED if now > expires + AHEAD_SECONDS else None


def judge_date(date: str, *, now: int) -> Refused | None:
    """Refuses a `Date` header that is no IMF-fixdate (MALFORMED) or outside the window (STALE)."""
    moment = _unix_seconds(date)
    return _BAD_DATE if moment is None else judge_window(moment, now=now)


@lru_cache(maxsize=64)
def _unix_seconds(date: str) -> int | None:
    match = _IMF_FIXDATE.fullmatch(date)
    if match is None:
        return None
    day, month, year, hour, minute, second = match.groups()
    try:
        moment = datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError:
        return None
    return int(moment.timestamp())


def http_date(now: datetime) -> str:
    """The `Date` header (IMF-fixdate, RFC 9110 section 5.6.7) of an aware datetime."""
    return format_datetime(now.astimezone(UTC), usegmt=True)


def join_base(lines: list[str]) -> bytes | Refused:
    """The signed bytes of one line per covered part; a part that is not ASCII or not one line is refused (MALFORMED)."""
    # A line break inside a value would let one header pass for two covered ones.
    base = "\n".join(lines)
    if not base.isascii() or "\r" in base or base.count("\n") != len(lines) - 1:
        return _NOT_ONE_LINE
    return base.encode("ascii")


def decode_signature(text: str) -> bytes | None:
    """The bytes of a base64 signature; None when it is not the one base64 text of its bytes."""
    try:
        signature = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # The last letter may hold bits that no byte takes up: one signature must not have two texts.
    return signature if base64.b64encode(signature).decode("ascii") == text else None


def is_key_id(text: str) -> bool:
    """Whether a key id is an http(s) address (an `acct:` id could be bound to any actor: protocol.md S3)."""
    try:
        origin_of(text)
    except BadAddress:
        return False
    return True


def authority_of(url: str) -> str:
    """`host` or `host:port` of an address, lowercase, without a default port. Raises BadAddress."""
    return origin_of(url).partition("://")[2]


def target_of(url: str) -> str:
    """Path and query of an address, without fragment; `/` where there is no path. Raises BadAddress."""
    authority_of(url)
    rest = url.partition("#")[0].partition("://")[2]
    start = re.search(r"[/?]", rest)
    target = rest[start.start() :] if start else "/"
    return target if target.startswith("/") else f"/{target}"


@lru_cache(maxsize=64)
def same_authority(ours: str, theirs: str, *, scheme: str) -> bool:
    """Whether two spellings of `host[:port]` are one under a scheme's default port; False when either is none."""
    if not _AUTHORITY.fullmatch(ours) or not _AUTHORITY.fullmatch(theirs):
        return False
    try:
        return authority_of(f"{scheme}://{ours}/") == authority_of(f"{scheme}://{theirs}/")
    except BadAddress:
        return False
