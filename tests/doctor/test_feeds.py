"""What is wrong with our feeds, with those that we read, and with old keys is found, and named with what mends it."""

import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from federation.feeds import forks, muting, own
from federation.moments import microseconds
from node.doctor import feeds
from node.doctor.finding import Finding, State
from node.doctor.look import Look
from node.identity import ED25519_FILE, FOLDER
from node.recovery import ROOT_FILE
from tests.doctor.resting import Resting, resting
from tests.doctor.standing import HARBOUR, standing
from tests.doctor.test_councils import link

GOOD, LOOK, BROKEN = State.GOOD, State.LOOK, State.BROKEN
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at_last(at: Resting, ago: timedelta) -> int:
    return microseconds(at.clock.now() - ago)


def begun(at: Resting, *, ago: timedelta, mute: timedelta | None = None) -> None:
    at.raw(
        "INSERT INTO store_mark (id, store_id, made_at, muted_since) VALUES (1, 's', ?, ?)",
        at_last(at, ago),
        None if mute is None else at_last(at, mute),
    )


def mute(at: Resting, *, since: timedelta, agreed: timedelta | None = None) -> None:
    begun(at, ago=30 * DAY, mute=since)
    link(at)
    talked(at, agreed=agreed)


def talked(
    at: Resting, *, agreed: timedelta | None = None, failed: str | None = None, since: timedelta | None = None
) -> None:
    at.raw(
        "INSERT INTO sync_cursor (actor_id, store_id, n, agreed_at, failed, failed_since) VALUES (?, '', 0, ?, ?, ?)",
        f"{HARBOUR}/council",
        None if agreed is None else at_last(at, agreed),
        failed,
        None if since is None else at_last(at, since),
    )


def fails(at: Resting, *, since: timedelta) -> None:
    link(at)
    talked(at, failed="connect", since=since)


def fails_unlinked(at: Resting) -> None:
    talked(at, failed="connect", since=2 * DAY)


def frozen(at: Resting, *, ours: bool) -> None:
    link(at)
    for channel in ("public", "region"):
        at.raw(
            "INSERT INTO feed (name, actor_id, channel, ours, epoch, seq, head, key, roots, frozen_seq, lacks, opened, head_at)"
            " VALUES (?, ?, ?, ?, 1, 8, '', '', x'', 6, 0, 0, 0)",
            f"root/{channel}",
            f"{at.look.url}/council" if ours else f"{HARBOUR}/council",
            channel,
            ours,
        )


def written(at: Resting, name: str, *, ago: timedelta) -> None:
    path = at.folder / FOLDER / name
    path.touch(mode=0o600)
    when = (at.clock.now() - ago).timestamp()
    os.utime(path, (when, when))


def put_back(at: Resting) -> None:
    """The key's file came out of a backup today; the feeds began long ago."""
    begun(at, ago=100 * DAY)
    written(at, ED25519_FILE, ago=HOUR)


def rotated(at: Resting) -> None:
    written(at, ED25519_FILE, ago=200 * DAY)
    at.raw("INSERT INTO own_key (number, since) VALUES (2, ?)", at_last(at, 3 * DAY))


Check = Callable[[Look], Awaitable[Finding | None]]
CASES: dict[str, tuple[Check, Callable[[Resting], Any], State, str, str]] = {
    "it speaks": (feeds.voice, lambda at: begun(at, ago=DAY), GOOD, "not muted", ""),
    "it was put back an hour ago": (
        feeds.voice,
        lambda at: mute(at, since=HOUR),
        LOOK,
        "silent since 2026-03-02 08:00 UTC; 0 of 1",
        "comarca status",
    ),
    "it is silent since two days": (
        feeds.voice,
        lambda at: mute(at, since=2 * DAY),
        BROKEN,
        "0 of 1",
        "keys new-epoch",
    ),
    "one has given back everything": (
        feeds.voice,
        lambda at: mute(at, since=HOUR, agreed=timedelta()),
        LOOK,
        "1 of 1",
        "",
    ),
    "one agreed before that": (feeds.voice, lambda at: mute(at, since=HOUR, agreed=DAY), LOOK, "0 of 1", ""),
    "all is caught up with": (feeds.catching_up, lambda at: None, GOOD, "none fails", ""),
    "one started anew": (feeds.catching_up, lambda at: fails(at, since=timedelta(minutes=5)), GOOD, "none fails", ""),
    "one cannot be asked": (
        feeds.catching_up,
        lambda at: fails(at, since=2 * HOUR),
        LOOK,
        "Harbour: connect since 2026-03-02 07:00 UTC",
        f"--for {HARBOUR}",
    ),
    "one that we are not linked with": (feeds.catching_up, fails_unlinked, GOOD, "none fails", ""),
    "nobody has forked": (feeds.forks, lambda at: None, GOOD, "none frozen", ""),
    "a nearby council has forked": (
        feeds.forks,
        lambda at: frozen(at, ours=False),
        LOOK,
        "Harbour: epoch 1, at 7",
        "keys new-epoch DIR",
    ),
    "we have forked": (feeds.forks, lambda at: frozen(at, ours=True), BROKEN, "ours: epoch 1, at 7", "second server"),
    "the words are on paper": (feeds.recovery, lambda at: None, GOOD, "is not here", ""),
    "the words are a day old": (feeds.recovery, lambda at: written(at, ROOT_FILE, ago=DAY), GOOD, "2026-03-01", ""),
    "the words still lie here": (
        feeds.recovery,
        lambda at: written(at, ROOT_FILE, ago=8 * DAY),
        LOOK,
        "here since 2026-02-22",
        "comarca keys take-away",
    ),
    "a new key": (feeds.key_age, lambda at: None, GOOD, "1 days", ""),
    "a key of ninety days": (feeds.key_age, lambda at: written(at, ED25519_FILE, ago=90 * DAY), GOOD, "90 days", ""),
    "an old key": (
        feeds.key_age,
        lambda at: written(at, ED25519_FILE, ago=91 * DAY),
        LOOK,
        "91 days",
        "comarca rotate-keys",
    ),
    "an old key out of a backup": (feeds.key_age, put_back, LOOK, "100 days", "comarca rotate-keys"),
    "a key that took the place of an old one": (feeds.key_age, rotated, GOOD, "3 days", ""),
}


@pytest.mark.parametrize("title", CASES)
async def test_how_our_feeds_and_keys_are_is_told_with_what_mends_it(tmp_path: Path, title: str) -> None:
    check, change, state, told, cure = CASES[title]
    with resting(tmp_path) as at:
        change(at)
        found = await check(at.look)

    assert found is not None
    assert (found.state, told in found.detail) == (state, True), found
    assert cure in "\n".join(one.line for one in found.cures)
    assert bool(found.cures) is (state is not GOOD)


async def test_a_running_server_that_fell_silent_and_whose_feed_is_frozen_is_told_of_both(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        now = at.clock.now()
        at.write(lambda c: muting.mute(c, store_id="an old copy", now=now))
        at.write(lambda c: forks.note_fork(c, own.ours(c, "public"), epoch=1, seq=1, proof=b"{}", now=now))  # type: ignore[arg-type]

        report = await at.examined()

    wrong = {one.name: one.state for one in report.findings if one.state is not GOOD}
    assert wrong == {"Voice": LOOK, "Forks": BROKEN}


async def test_without_a_database_nothing_is_said_of_feeds(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        at.close()
        at.look.database.unlink()
        said = [await check(at.look) for check in (feeds.voice, feeds.catching_up, feeds.forks, feeds.key_age)]

    assert said == [None] * 4
