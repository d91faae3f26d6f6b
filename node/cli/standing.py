"""`comarca status`: how the server is, what it holds, what waits, and how it stands with each nearby council."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from federation import peers, rotation
from federation.feeds import cursors, muting
from federation.moments import microseconds
from federation.peers import PeerView
from node.app import DATABASE, software_version
from node.backup.record import last_backup
from node.cli.opening import Folder, Opened, opened
from node.cli.saying import Json, answer, plainly
from node.key_age import KEYS_LAST, keys_since, words_here_since
from node.migrations.run import current_revision
from node.serving import is_served
from protocol.peering import State

_COUNTS = {
    "nearby_councils": "SELECT count(*) FROM peer WHERE state = :accepted",
    "followers": "SELECT count(*) FROM follower WHERE state = 'accepted'",
    "live_records": "SELECT count(*) FROM replica WHERE gone_at IS NULL AND (ends_at IS NULL OR ends_at > :now)",
    "waiting_deliveries": "SELECT count(*) FROM delivery",
    "waiting_arrivals": "SELECT count(*) FROM received_activity WHERE state = 'waiting'",
    "held_arrivals": "SELECT count(*) FROM received_activity WHERE state = 'held'",
}
_MISSED = 3
"""So many signs of life, or talks, have been missed before one counts as silent, or as not caught up with."""


@plainly
def status(directory: Folder, json: Json = False) -> None:
    """Show how this node is: what it holds, what waits, whom it has heard from."""
    with opened(directory) as here, here.store.reading() as connection:
        facts = _itself(here) | _counted(here, connection) | _keys(here, connection)
        facts["councils"] = _councils(here, connection)
    answer(json, facts, *_lines(facts))


def _itself(here: Opened) -> dict[str, Any]:
    directory, last = here.settings.directory, last_backup(here.settings.directory)
    return {
        "name": here.council.name,
        "url": here.settings.url,
        "version": software_version(),
        "revision": current_revision(directory / DATABASE),
        "running": is_served(directory),
        "followers_rule": here.settings.followers,
        "last_backup": "never" if last is None else last.made_at.isoformat(timespec="seconds"),
    }


def _counted(here: Opened, connection: Connection) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    for word, statement in _COUNTS.items():
        given: dict[str, Any] = {"now": microseconds(here.clock.now())} if ":now" in statement else {}
        given |= {"accepted": State.ACCEPTED.value} if ":accepted" in statement else {}
        counts[word] = connection.execute(text(statement), given).scalar()
    return counts


def _keys(here: Opened, connection: Connection) -> dict[str, Any]:
    """Whether we speak, how old our keys are, and whether the recovery words lie on the machine."""
    directory, muted = here.settings.directory, muting.muted_since(connection)
    since = keys_since(directory, rotation.changes(connection), begun=muting.marked_at(connection))
    return {
        "silent_since": "no" if muted is None else _day(muted),
        "keys_days_old": None if since is None else max((here.clock.now() - since).days, 0),
        "words_still_here": words_here_since(directory) is not None,
    }


def _councils(here: Opened, connection: Connection) -> dict[str, dict[str, Any]]:
    """Of each linked council, by its address: with which we last agreed and when, who is silent, what is owed to whom."""
    failing = {actor: (word, since) for actor, word, since in cursors.failing(connection)}
    linked = [view for view in peers.listing(connection, here.council) if view.state == State.ACCEPTED]
    return {view.url: _council(here, view, failing.get(view.actor_id)) for view in linked}


def _council(here: Opened, view: PeerView, failing: tuple[str, datetime] | None) -> dict[str, Any]:
    now, federation = here.clock.now(), here.settings.federation
    heard_late = _late(view.last_heard_at, now=now, every=federation.contact_every)
    talked_late = failing is not None or _late(view.agreed_at, now=now, every=federation.catch_up_every)
    owed_since = view.agreed_at or view.linked_at or (failing[1] if failing else None)
    return {
        "held_all_they_hold": "never" if view.agreed_at is None else _day(view.agreed_at),
        "last_heard": "never" if view.last_heard_at is None else _day(view.last_heard_at),
        "silent_since": "no"
        if not heard_late
        else "the beginning"
        if view.last_heard_at is None
        else _day(view.last_heard_at),
        "waiting_for_them": view.waiting,
        "catch_up_owed_since": _day(owed_since) if talked_late and owed_since else "no",
        "asking_them_fails": "no" if failing is None else f"{failing[0]} since {_day(failing[1])}",
        "said_two_things": view.frozen,
        "same_keys_since": _day(since) if (since := view.keys_changed_at or view.linked_at) else "unknown",
    }


def _late(at: datetime | None, *, now: datetime, every: float) -> bool:
    return at is None or now - at > timedelta(seconds=_MISSED * every)


def _lines(facts: dict[str, Any]) -> list[str]:
    lines = [f"{word.replace('_', ' ')}: {_said(value)}" for word, value in facts.items() if word != "councils"]
    for url, held in facts["councils"].items():
        lines.append("; ".join([url, *(f"{word.replace('_', ' ')}: {_said(value)}" for word, value in held.items())]))
    if facts["held_arrivals"]:
        lines.append("Some messages could not be applied. They are kept, and tried again at every start.")
    if facts["silent_since"] != "no":
        lines.append("This may be an old copy. It speaks again once nearby councils have given back what it once said.")
    if (facts["keys_days_old"] or 0) > KEYS_LAST.days:
        lines.append("The keys are old. Change them with: comarca rotate-keys DIR")
    return lines


def _said(value: Any) -> str:
    return "unknown" if value is None else {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _day(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
