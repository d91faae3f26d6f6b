"""Asking ourselves through the public address, and reading how it arrived: what the checks of the way in are made of.

Every request here goes to our own origin. Whether an answer is ours is known by the word that lies in our folder; what a
stranger answers under our name is never believed, only described.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from node.doctor.here import ASKED_AT
from node.doctor.look import REQUEST_SECONDS, Look

ACTIVITY = "application/activity+json"
LARGE_BODY = 900_000
ASKED_TIMES = 3


@dataclass(frozen=True, slots=True)
class Echo:
    """A request as it arrived here; `fields` by lower-case name, each with all its values."""

    method: str
    target: str
    fields: Mapping[str, tuple[str, ...]]
    size: int
    digest: str

    def field(self, name: str) -> str | None:
        """The field's value, joined where it arrived more than once; None where it did not arrive."""
        values = self.fields.get(name.lower())
        return None if values is None else ", ".join(values)


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one request: `echo` if it arrived here, else the `answer` of somebody, or the `failure`."""

    target: str
    echo: Echo | None
    answer: OutgoingResponse | None
    failure: TransportFailure | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Several plain requests side by side, and how long the quickest of them took, in seconds."""

    asked: tuple[Asked, ...]
    seconds: float

    @property
    def here(self) -> Echo | None:
        """One that arrived here, if any did."""
        return next((one.echo for one in self.asked if one.echo is not None), None)


def target_of(word: str) -> str:
    """Where to ask. One letter is written as %XX, which a proxy that tidies paths would change."""
    return f"{ASKED_AT}%{ord(word[0]):02X}{word[1:]}?way=a%2Fb"


async def arrival(look: Look) -> Arrival:
    """Whether requests to our public address arrive at this server. Asked once in a look."""
    return await look.once("arrival", lambda: _arrive(look))


async def _arrive(look: Look) -> Arrival:
    # One after the other: a second server behind the same name answers every other time, and slowness adds up only there.
    asked: list[Asked] = []
    quickest = REQUEST_SECONDS
    for _ in range(ASKED_TIMES):
        before = look.clock.monotonic()
        one = await ask(look, "GET", {"Accept": ACTIVITY})
        quickest = min(quickest, look.clock.monotonic() - before)
        asked.append(one)
        if one.failure is not None:
            break
    return Arrival(tuple(asked), quickest)


async def ask(look: Look, method: str, headers: Mapping[str, str], body: bytes | None = None) -> Asked:
    """One request to the place that shows how it arrived. Needs `look.word`."""
    assert look.word is not None, "nothing lies in the folder to ask for"
    target = target_of(look.word)
    got = await look.transport.send(OutgoingRequest(method, look.url + target, headers, body, timeout=REQUEST_SECONDS))
    if isinstance(got, TransportFailure):
        return Asked(target, None, None, got)
    return Asked(target, _echo(got), got, None)


def _echo(got: OutgoingResponse) -> Echo | None:
    if got.status != 200:
        return None
    shown = json_of(got.body)
    if not isinstance(shown, dict) or shown.get("here") is not True:
        return None
    try:
        fields = {str(name): tuple(map(str, values)) for name, values in shown["fields"].items()}
        return Echo(str(shown["method"]), str(shown["target"]), fields, int(shown["size"]), str(shown["digest"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def json_of(body: bytes) -> Any:
    """The JSON in a body, None where there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def digest_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def described(answer: OutgoingResponse) -> str:
    """An answer in a few words, without anything of its content."""
    kind = answer.headers.get("content-type", "no Content-Type").partition(";")[0].strip()[:60]
    location = answer.headers.get("location")
    return f"{answer.status} {kind}" + (f", sent on to {location[:200]}" if location else "")
