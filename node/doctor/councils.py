"""How it stands with nearby councils: what waits for them, whether they answer, whether their keys and clocks are as they were.

Only councils that we are linked up with are asked, for the document that everybody may read. What they show is compared
with what was pinned, and never put in its place.
"""

import asyncio
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from typing import Final

from federation.moments import from_microseconds
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from node.doctor.asking import ACTIVITY, json_of
from node.doctor.finding import Cure, Finding, State, worst
from node.doctor.keeping import set_back
from node.doctor.look import REQUEST_SECONDS, Look
from protocol.peering import State as Link
from schemas.actor import TheirActor
from schemas.phrase import phrase, phrases

WAITS_LONG: Final = timedelta(hours=6)
STUCK: Final = timedelta(minutes=5)
SILENT: Final = timedelta(days=1)
CLOCK_LOOK: Final = 30.0
CLOCK_BROKEN: Final = 300.0
AT_ONCE: Final = 16
ALL_SECONDS: Final = 12.0
_TIME: Final = Cure(phrase("Set the clock by a time service"), "timedatectl set-ntp true")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A linked council as our tables have it. `waiting` messages, the oldest since `oldest`; `trouble`: the last failure."""

    actor_id: str
    origin: str
    name: str
    multibase: str
    heard: datetime | None
    waiting: int
    oldest: datetime | None
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of asking one council. `offset`: seconds that their clock is ahead of ours; `changed`: they show another key."""

    council: Neighbour
    failure: str | None = None
    offset: float | None = None
    changed: bool = False


_NEIGHBOURS = """
SELECT p.actor_id, p.origin, p.name, p.ed25519_multibase, p.last_heard_at,
       count(x.id), min(x.queued_at), max(d.last_failure)
FROM peer p LEFT JOIN destination d ON d.inbox = p.inbox LEFT JOIN delivery x ON x.destination_id = d.id
WHERE p.state = ? GROUP BY p.id ORDER BY p.name, p.id
"""


def neighbours(raw: sqlite3.Connection) -> list[Neighbour]:
    """Every council that we are linked up with, by name."""
    return [
        Neighbour(actor, origin, name, multibase, _at(heard), waiting, _at(oldest), trouble)
        for actor, origin, name, multibase, heard, waiting, oldest, trouble in raw.execute(
            _NEIGHBOURS, (Link.ACCEPTED.value,)
        )
    ]


def _at(count: int | None) -> datetime | None:
    return None if count is None else from_microseconds(count)


async def queue(look: Look) -> Finding | None:
    """Does what we send go out, and is what arrives put in its place?"""
    try:
        waiting, oldest, given_up, arrivals, since, held = await look.query(_queue)
    except sqlite3.Error:
        return None  # the check of the database says what is wrong
    now = look.clock.now()
    detail = f"{waiting} waiting to go out, {arrivals} to be taken in, {held} held"
    log = Cure(phrase("See what the log says"), "journalctl -u comarca --since today")
    if since is not None and now - from_microseconds(since) > STUCK:
        words = phrase("What nearby councils sent is not taken in.")
        cures = (Cure(phrase("Start the server anew"), "systemctl restart comarca"), log)
        return Finding("Queue", State.BROKEN, words, f"{detail}; the oldest arrival waits since {_day(since)}", cures)
    if held:
        words = phrases(
            "{count} message that we took could not be put in its place. It is kept.",
            "{count} messages that we took could not be put in their place. They are kept.",
            held,
        )
        cures = (
            Cure(phrase("They are tried again at every start; after an upgrade"), "systemctl restart comarca"),
            log,
        )
        return Finding("Queue", State.LOOK, words, detail, cures)
    if oldest is not None and now - from_microseconds(oldest) > WAITS_LONG:
        words = phrases(
            "{count} message waits to go out, for longer than usual.",
            "{count} messages wait to go out, some for longer than usual.",
            waiting,
        )
        cure = Cure(phrase("Somebody may be away: see who"), f"comarca peers list {look.settings.directory}")
        return Finding("Queue", State.LOOK, words, f"{detail}; the oldest waits since {_day(oldest)}", (cure,))
    if given_up:
        words = phrase("The last message to somebody was not taken, and given up.")
        cure = Cure(phrase("See who, and why"), f"comarca peers list {look.settings.directory}")
        return Finding("Queue", State.LOOK, words, f"{detail}; given up: {given_up}", (cure,))
    return Finding("Queue", State.GOOD, phrase("Messages go out and come in."), detail)


def _queue(raw: sqlite3.Connection) -> tuple[int, int | None, str, int, int | None, int]:
    waiting, oldest = raw.execute("SELECT count(*), min(queued_at) FROM delivery").fetchone()
    lost = raw.execute(
        "SELECT d.origin || ' ' || d.last_failure FROM destination d WHERE d.last_failure IS NOT NULL AND d.attempts = 0"
        " AND NOT EXISTS (SELECT 1 FROM delivery x WHERE x.destination_id = d.id) LIMIT 3"
    ).fetchall()
    arrivals, since = raw.execute(
        "SELECT count(*), min(received_at) FROM received_activity WHERE state = 'waiting'"
    ).fetchone()
    held = raw.execute("SELECT count(*) FROM received_activity WHERE state = 'held'").fetchone()[0]
    return waiting, oldest, ", ".join(row[0] for row in lost), arrivals, since, held


def _day(count: int) -> str:
    return f"{from_microseconds(count):%Y-%m-%d %H:%M} UTC"


async def clock(look: Look) -> Finding | None:
    """Is our clock right, as far as nearby councils can tell?"""
    ahead = await set_back(look)
    if ahead is not None:
        words = phrase("This machine's clock is behind: what was written down here before is in its future.")
        return Finding(
            "Clock", State.BROKEN, words, f"the newest of our own times is {ahead:%Y-%m-%d %H:%M} UTC", (_TIME,)
        )
    offsets = [seen.offset for seen in await _seen(look) or () if seen.offset is not None]
    if not offsets:
        words = phrase(
            "Whether this machine's clock is right is not known: there is no nearby council to compare it with."
        )
        return Finding("Clock", State.GOOD, words, "nobody to compare with")
    # Date fields have whole seconds and are written a moment before they are read.
    off = abs(median(offsets))
    compared = f"compared with {len(offsets)} {'council' if len(offsets) == 1 else 'councils'}"
    detail = f"about {off:.0f} s off, {compared}"
    if off < CLOCK_LOOK:
        return Finding("Clock", State.GOOD, phrase("This machine's clock is right."), detail)
    words = phrase(
        "This machine's clock and those of nearby councils differ by {seconds} seconds.", seconds=f"{off:.0f}"
    )
    if len(offsets) == 1:
        detail += "; it may be theirs that is wrong"
    return Finding("Clock", State.BROKEN if off >= CLOCK_BROKEN else State.LOOK, words, detail, (_TIME,))


async def nearby(look: Look) -> Finding | None:
    """Does every council that we are linked up with answer, under the key that we compared?"""
    seen = await _seen(look)
    if seen is None:
        return None  # the check of the database says what is wrong
    if not seen:
        return Finding("Councils", State.GOOD, phrase("We are not linked up with anybody yet."), "none linked up")
    judged = [_judged(look, one) for one in seen]
    state = worst(found for found, _, _ in judged)
    if state is State.GOOD:
        words = phrases("The nearby council answers.", "All {count} nearby councils answer.", len(seen))
        return Finding("Councils", State.GOOD, words, f"{len(seen)} answer, keys unchanged")
    trouble = [(detail, cure) for found, detail, cure in judged if found is not State.GOOD]
    words = phrases(
        "With {count} nearby council something is wrong.",
        "With {count} nearby councils something is wrong.",
        len(trouble),
    )
    cures = tuple(dict.fromkeys(cure for _, cure in trouble))[:5]
    return Finding("Councils", state, words, "; ".join(detail for detail, _ in trouble[:10]), cures)


def _judged(look: Look, seen: Seen) -> tuple[State, str, Cure]:
    council, now = seen.council, look.clock.now()
    call = Cure(phrase("Call somebody there"))
    if council.origin == look.url:
        end = Cure(phrase("End that link"), f"comarca peers remove {look.settings.directory} {council.origin}")
        return State.BROKEN, "we are linked up with ourselves: messages go round in a circle", end
    if seen.changed:
        words = Cure(
            phrase(
                "Call somebody there and compare the six words. If they have new keys, end the link and link up anew"
            ),
            f"comarca peers remove {look.settings.directory} {council.origin}",
        )
        return State.BROKEN, f"{council.name} shows another key than the one that was compared", words
    if seen.failure is not None:
        since = f", silent since {council.heard:%Y-%m-%d %H:%M} UTC" if council.heard else ", never heard"
        return State.LOOK, f"{council.name} does not answer ({seen.failure}){since}", call
    if council.heard is None or now - council.heard > SILENT:
        since = f"since {council.heard:%Y-%m-%d %H:%M} UTC" if council.heard else "since we linked up"
        return State.LOOK, f"{council.name} answers, but has not greeted us {since}: they may not reach us", call
    return State.GOOD, "", call


async def _seen(look: Look) -> list[Seen] | None:
    return await look.once("councils", lambda: _ask_all(look))


async def _ask_all(look: Look) -> list[Seen] | None:
    """Ask every linked council side by side, for a bounded time in all."""
    try:
        councils = await look.query(neighbours)
    except sqlite3.Error:
        return None
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(council: Neighbour) -> Seen:
        if council.origin == look.url:
            return Seen(council)
        async with places:
            return await _ask(look, council)

    tasks = [asyncio.create_task(ask(council)) for council in councils]
    if not tasks:
        return []
    done, late = await asyncio.wait(tasks, timeout=ALL_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    asked = zip(councils, tasks, strict=True)
    return [task.result() if task in done else Seen(council, failure="not in time") for council, task in asked]


async def _ask(look: Look, council: Neighbour) -> Seen:
    request = OutgoingRequest("GET", council.actor_id, {"Accept": ACTIVITY}, None, timeout=REQUEST_SECONDS)
    got = await look.transport.send(request)
    if isinstance(got, TransportFailure):
        return Seen(council, failure=got.word)
    offset = _offset(got, now=look.clock.now())
    actor = TheirActor.read(json_of(got.body)) if got.status == 200 else None
    if not isinstance(actor, TheirActor) or actor.id != council.actor_id:
        return Seen(council, failure=f"answered {got.status}, not as a council", offset=offset)
    shown = actor.ed25519_key()
    return Seen(council, offset=offset, changed=shown is None or shown[1] != council.multibase)


def _offset(got: OutgoingResponse, *, now: datetime) -> float | None:
    """How many seconds the clock of whoever answered is ahead of ours, by its Date field."""
    try:
        theirs = parsedate_to_datetime(got.headers.get("date", ""))
    except ValueError:
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return (theirs - now).total_seconds()
