"""`comarca status` says of each nearby council what we hold of it, what it is owed, and how we ourselves are."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from federation import outbox
from federation.destinations import open_destination
from federation.feeds import cursors, muting
from federation.moments import microseconds
from federation.tables import Peer, table_of
from node.cli.opening import Opened, opened
from node.identity import ED25519_FILE, FOLDER
from tests import builders
from tests.doctor.standing import HARBOUR, linked_row
from tests.feeds.test_keys_command import _told, _typed, council

__all__ = ["council"]  # the fixture: a council whose server has run once

ACTOR = f"{HARBOUR}/council"
Step = Callable[[Connection, Opened, datetime], Any]


def changed(folder: str, step: Step) -> datetime:
    """Do something to the tables of a council; returns the moment at which it was."""
    with opened(Path(folder)) as here:
        now = here.clock.now()
        here.store.write_now(lambda c: step(c, here, now))
        return now


def linked(connection: Connection, here: Opened, now: datetime, *, heard: timedelta = timedelta()) -> None:
    row = linked_row() | {"created_at": now, "accepted_at": now, "last_heard_at": now - heard}
    connection.execute(table_of(Peer).insert().values(**row))
    open_destination(connection, inbox=str(row["inbox"]), serves="peer", scheme="ed25519", now=now)


def agreed(connection: Connection, here: Opened, now: datetime, *, ago: timedelta = timedelta()) -> None:
    cursors.move(connection, actor_id=ACTOR, at=("their store", 7), now=now)
    cursors.note_agreed(connection, actor_id=ACTOR, scope="", sums=None, now=now - ago)


def of_harbour(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = _told(_typed("status", folder, "--json"))["councils"][HARBOUR]
    return found


def said(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def test_a_council_that_was_linked_up_just_now_is_owed_a_talk_and_one_that_agreed_is_not(council: str) -> None:
    now = changed(council, linked)
    before = of_harbour(council)
    then = changed(council, agreed)
    after = of_harbour(council)

    assert (before["held_all_they_hold"], before["catch_up_owed_since"]) == ("never", said(now))
    assert (after["held_all_they_hold"], after["catch_up_owed_since"]) == (said(then), "no")
    assert (after["silent_since"], after["asking_them_fails"], after["said_two_things"]) == ("no", "no", False)
    assert after["same_keys_since"] == said(now)


def test_one_that_is_silent_and_cannot_be_asked_is_told_with_since_when(council: str) -> None:
    day = timedelta(days=1)
    changed(council, lambda c, here, now: (linked(c, here, now, heard=day), agreed(c, here, now, ago=day)))
    now = changed(council, lambda c, here, now: cursors.note_failed(c, actor_id=ACTOR, word="connect", now=now))

    found = of_harbour(council)

    assert found["asking_them_fails"] == f"connect since {said(now)}"
    assert found["silent_since"] == found["last_heard"] != "never"
    assert found["catch_up_owed_since"] == found["held_all_they_hold"] != "never"


def test_what_waits_for_a_council_and_that_its_feed_is_frozen_are_told(council: str) -> None:
    def step(connection: Connection, here: Opened, now: datetime) -> None:
        linked(connection, here, now)
        note = builders.note(here.council, published=now)
        outbox.publish(connection, here.council, note=note, audience="public", now=now)
        connection.execute(
            text(
                "INSERT INTO feed (name, actor_id, channel, ours, epoch, seq, head, key, roots, frozen_seq, lacks, opened,"
                " head_at) VALUES ('r/public', :actor, 'public', 0, 1, 8, '', '', x'', 6, 0, 0, :now)"
            ),
            {"actor": ACTOR, "now": microseconds(now)},
        )

    changed(council, step)

    found = of_harbour(council)
    line = next(one for one in _typed("status", council).stdout.splitlines() if one.startswith(HARBOUR))
    assert (found["waiting_for_them"], found["said_two_things"]) == (1, True)
    assert "waiting for them: 1" in line and "said two things: yes" in line


def test_how_old_our_keys_are_where_the_words_lie_and_since_when_we_are_silent(council: str) -> None:
    fresh = _told(_typed("status", council, "--json"))
    path = Path(council) / FOLDER / ED25519_FILE
    old = path.stat().st_mtime - timedelta(days=91).total_seconds()
    os.utime(path, (old, old))
    now = changed(council, lambda c, here, now: muting.mute(c, store_id="an old copy", now=now))

    found, words = _told(_typed("status", council, "--json")), _typed("status", council).stdout

    assert (fresh["keys_days_old"], fresh["words_still_here"], fresh["silent_since"]) == (0, True, "no")
    assert (found["keys_days_old"], found["silent_since"]) == (91, said(now))
    assert "comarca rotate-keys" in words and "old copy" in words
