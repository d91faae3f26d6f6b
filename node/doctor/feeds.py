"""How it stands with what councils tell each other in order: do we speak, do we catch up, is a feed frozen; and with the keys.

All of it stands in our tables and our folder; nobody is asked. Recovery words are never read here, only whether they are there.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from federation.feeds.muting import WITNESSES
from federation.moments import from_microseconds, microseconds
from node.doctor.finding import Cure, Finding, State
from node.doctor.look import Look
from node.identity import BadIdentity, changes
from node.key_age import KEYS_LAST, WORDS_WITHIN, keys_since, words_here_since
from protocol.peering import State as Link
from schemas.phrase import phrase, phrases

SILENT_LONG: Final = timedelta(days=1)
FAILS_LONG: Final = timedelta(hours=1)
"""A neighbour that starts anew, or is away for its lunch, is nothing to look at."""

_MARK = "SELECT made_at, muted_since FROM store_mark WHERE id = 1"
_WITNESSES = (
    "SELECT count(*), count(CASE WHEN s.agreed_at >= ? THEN 1 END)"
    " FROM peer p LEFT JOIN sync_cursor s ON s.actor_id = p.actor_id WHERE p.state = ?"
)
_FAILING = (
    "SELECT p.name, p.origin, s.failed, s.failed_since FROM sync_cursor s JOIN peer p ON p.actor_id = s.actor_id"
    " WHERE p.state = ? AND s.failed IS NOT NULL AND s.failed_since < ? ORDER BY s.failed_since"
)
_FROZEN = (
    "SELECT DISTINCT f.ours, coalesce(p.name, f.actor_id), f.epoch, f.frozen_seq + 1"
    " FROM feed f LEFT JOIN peer p ON p.actor_id = f.actor_id WHERE f.frozen_seq IS NOT NULL ORDER BY f.ours DESC, 2"
)


async def voice(look: Look) -> Finding | None:
    """Does our server say what is put up, or is it an old copy that is silent?"""
    try:
        since, shown, linked = await look.query(_silent)
    except sqlite3.Error:
        return None  # the check of the database says what is wrong
    if since is None:
        return Finding("Voice", State.GOOD, phrase("What is put up here is told to nearby councils."), "not muted")
    directory, day = look.settings.directory, f"{since:%Y-%m-%d}"
    wanted = min(WITNESSES, linked)
    given_back = f"{min(shown, wanted)} of {wanted} have given back what we lacked"
    detail = f"an old copy, silent since {since:%Y-%m-%d %H:%M} UTC; {given_back}"
    cures = (
        Cure(
            phrase("It speaks again by itself once nearby councils answer; see who does"), f"comarca status {directory}"
        ),
        Cure(
            phrase("If they cannot be reached for good, begin anew with the recovery words"),
            f"comarca keys new-epoch {directory}",
        ),
    )
    words = phrase("Our server was put back from an old copy, and tells nobody anything since {day}.", day=day)
    state = State.BROKEN if look.clock.now() - since > SILENT_LONG else State.LOOK
    return Finding("Voice", state, words, detail, cures)


def _silent(raw: sqlite3.Connection) -> tuple[datetime | None, int, int]:
    """Since when we are mute; how many of the linked councils have agreed with us since, and how many those are."""
    row = raw.execute(_MARK).fetchone()
    if row is None or row[1] is None:
        return None, 0, 0
    linked, shown = raw.execute(_WITNESSES, (row[1], Link.ACCEPTED.value)).fetchone()
    return from_microseconds(row[1]), shown, linked


async def catching_up(look: Look) -> Finding | None:
    """Do we get from every nearby council what it said while one of us was away?"""
    before = look.clock.now() - FAILS_LONG
    try:
        failing = await look.query(lambda raw: _failing(raw, before=before))
    except sqlite3.Error:
        return None
    if not failing:
        return Finding(
            "Catch-up", State.GOOD, phrase("What was said while one of us was away is caught up with."), "none fails"
        )
    words = phrases(
        "With {count} nearby council we cannot catch up on what was said.",
        "With {count} nearby councils we cannot catch up on what was said.",
        len(failing),
    )
    detail = "; ".join(f"{name}: {word} since {since:%Y-%m-%d %H:%M} UTC" for name, _, word, since in failing[:10])
    cures = (
        Cure(phrase("Call somebody there")),
        Cure(
            phrase("As long as the line is cut, a file can be carried"),
            f"comarca bundle export {look.settings.directory} monday.comarca --for {failing[0][1]}",
        ),
    )
    return Finding("Catch-up", State.LOOK, words, detail, cures)


def _failing(raw: sqlite3.Connection, *, before: datetime) -> Sequence[tuple[str, str, str, datetime]]:
    rows = raw.execute(_FAILING, (Link.ACCEPTED.value, microseconds(before)))
    return [(name, origin, word, from_microseconds(since)) for name, origin, word, since in rows]


async def forks(look: Look) -> Finding | None:
    """Has every council that we read said one thing only in each place?"""
    try:
        frozen = await look.query(lambda raw: raw.execute(_FROZEN).fetchall())
    except sqlite3.Error:
        return None
    if not frozen:
        return Finding("Forks", State.GOOD, phrase("Nobody has said two different things in one place."), "none frozen")
    directory = look.settings.directory
    detail = "; ".join(f"{'ours' if ours else name}: epoch {epoch}, at {seq}" for ours, name, epoch, seq in frozen[:10])
    if frozen[0][0]:
        words = phrase("Two servers speak with our key. Nearby councils follow neither.")
        cures = (
            Cure(phrase("Stop the second server, such as an old machine or a copy that was put back")),
            Cure(phrase("Then begin anew with the recovery words"), f"comarca keys new-epoch {directory}"),
        )
        return Finding("Forks", State.BROKEN, words, detail, cures)
    count = len({name for _, name, _, _ in frozen})
    words = phrases(
        "{count} nearby council has said two different things in one place. We follow neither until its recovery words speak.",
        "{count} nearby councils have said two different things in one place. We follow neither until their recovery words speak.",
        count,
    )
    cure = Cure(phrase("Call somebody there: they type, with their recovery words"), "comarca keys new-epoch DIR")
    return Finding("Forks", State.LOOK, words, detail, (cure,))


async def recovery(look: Look) -> Finding:
    """Have the recovery words been taken away from the machine?"""
    directory = look.settings.directory
    since = words_here_since(directory)
    if since is None:
        words = phrase("No recovery words lie on this machine, where whoever takes it would find them.")
        return Finding("Recovery", State.GOOD, words, "keys/root.pem is not here")
    detail = f"keys/root.pem is here since {since:%Y-%m-%d}"
    cures = (
        Cure(phrase("Write them on paper"), f"comarca keys words {directory}"),
        Cure(phrase("Then take them away from the machine"), f"comarca keys take-away {directory}"),
    )
    if look.clock.now() - since <= WORDS_WITHIN:
        words = phrase("The recovery words can be written down in these days, and taken away from this machine.")
        return Finding("Recovery", State.GOOD, words, detail)
    words = phrase("The recovery words still lie on this machine. Should it be lost, they are lost with it.")
    return Finding("Recovery", State.LOOK, words, detail, cures)


async def key_age(look: Look) -> Finding | None:
    """Were the keys changed within the last ninety days?"""
    directory = look.settings.directory
    try:
        begun = await look.query(_begun)
        since = keys_since(directory, changes(look.database), begun=begun)
    except (sqlite3.Error, BadIdentity):
        return None
    if since is None:
        return None  # the check of the keys says that there are none
    days = max((look.clock.now() - since).days, 0)
    detail = f"in use since {since:%Y-%m-%d}, {days} days"
    if days <= KEYS_LAST.days:
        return Finding("Key age", State.GOOD, phrase("The keys that our server signs with are not old."), detail)
    words = phrase("The keys that our server signs with are {days} days old. Change them every 90 days.", days=days)
    cure = Cure(phrase("Change them; the server may run meanwhile"), f"comarca rotate-keys {directory}")
    return Finding("Key age", State.LOOK, words, detail, (cure,))


def _begun(raw: sqlite3.Connection) -> datetime | None:
    row = raw.execute(_MARK).fetchone()
    return None if row is None else from_microseconds(row[0])
