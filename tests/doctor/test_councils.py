"""What is wrong between us and nearby councils is found: silence, other keys, clocks, what waits too long."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from federation.moments import microseconds
from federation.ports import OutgoingResponse, TransportFailure
from node.doctor.councils import clock, nearby, queue
from node.doctor.finding import Finding, State
from node.ports import SystemClock
from tests.doctor.resting import Resting, resting
from tests.doctor.standing import HARBOUR, harbour_says, linked_row, standing

GOOD, LOOK, BROKEN = State.GOOD, State.LOOK, State.BROKEN


class Harbour:
    """The way to one nearby council, and nowhere else."""

    def __init__(self, answer: Callable[[], OutgoingResponse | TransportFailure]) -> None:
        self.answer = answer

    async def send(self, request: Any, /) -> OutgoingResponse | TransportFailure:
        assert request.url.startswith(f"{HARBOUR}/")
        return self.answer()


def link(at: Resting, *, heard: timedelta | None = timedelta(minutes=1), origin: str = HARBOUR) -> None:
    since = None if heard is None else microseconds(at.clock.now() - heard)
    row = linked_row(origin) | {"created_at": 0, "last_heard_at": since}
    names = ", ".join(row)
    at.raw(f"INSERT INTO peer ({names}) VALUES ({', '.join('?' * len(row))})", *row.values())


def wait(at: Resting, *, since: timedelta, failure: str | None = None, delivery: bool = True) -> None:
    """A message for Harbour that has been waiting for `since`, or the trace of one that was given up."""
    queued = microseconds(at.clock.now() - since)
    inbox = f"{HARBOUR}/council/inbox"
    at.raw(
        "INSERT INTO destination (id, inbox, origin, serves, scheme, next_at, attempts, gone_seen, last_failure)"
        " VALUES (1, ?, ?, 'peer', 'ed25519', 0, 0, 0, ?)",
        inbox,
        HARBOUR,
        failure,
    )
    at.raw(
        "INSERT INTO body (id, activity_id, audience, document, created_at) VALUES (1, ?, 'public', x'7b7d', ?)",
        f"{at.look.url}/a/{'b' * 26}",
        queued,
    )
    if delivery:
        at.raw(
            "INSERT INTO delivery (destination_id, body_id, lane, queued_at, expires_at) VALUES (1, 1, 2, ?, ?)",
            queued,
            queued + 10**15,
        )


def arrive(at: Resting, *, since: timedelta, state: str) -> None:
    at.raw(
        "INSERT INTO received_activity (activity_id, digest, actor_id, verb, document, received_at, state)"
        " VALUES ('a', x'00', 'b', 'Create', x'7b7d', ?, ?)",
        microseconds(at.clock.now() - since),
        state,
    )


async def asked(at: Resting, check: Any, answer: Callable[[], Any] = harbour_says) -> Finding:
    look = replace(at.look, transport=Harbour(answer), answers={})
    try:
        found: Finding = await check(look)
        return found
    finally:
        await look.close()


async def test_a_council_that_answers_under_its_key_is_good(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        link(at)
        found = await asked(at, nearby)

    assert (found.state, found.detail) == (GOOD, "1 answer, keys unchanged")


async def test_with_nobody_linked_up_nothing_is_asked(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        found = await nearby(at.look)

    assert found is not None
    assert (found.state, found.detail) == (GOOD, "none linked up")


async def test_a_council_that_does_not_answer_is_named_with_the_time_it_was_heard(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        link(at, heard=timedelta(days=3))
        found = await asked(at, nearby, lambda: TransportFailure("connect", "nobody there"))

    assert found.state is LOOK
    assert found.detail == "Harbour does not answer (connect), silent since 2026-02-27 09:00 UTC"
    assert found.cures[0].line == "Call somebody there"


async def test_a_council_that_answers_but_never_greets_may_not_reach_us(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        link(at, heard=timedelta(days=3))
        found = await asked(at, nearby)

    assert found.state is LOOK
    assert "they may not reach us" in found.detail


async def test_another_key_than_the_one_that_was_compared_is_broken(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        link(at)
        found = await asked(at, nearby, lambda: harbour_says(key="somebody else"))

    assert found.state is BROKEN
    assert "another key" in found.detail
    assert "compare the six words" in found.cures[0].line


async def test_something_else_than_a_council_is_no_answer(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        link(at)
        found = await asked(
            at, nearby, lambda: OutgoingResponse(200, {"content-type": "text/html"}, b"<p>For sale</p>")
        )

    assert found.state is LOOK
    assert "not as a council" in found.detail


async def test_a_link_with_ourselves_is_a_circle(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        link(at, origin=at.look.url)
        found = await asked(at, nearby)

    assert found.state is BROKEN
    assert "round in a circle" in found.detail
    assert f"comarca peers remove {at.folder} {at.look.url}" in found.cures[0].line


@pytest.mark.parametrize(
    ("ahead", "state"), [(0.0, GOOD), (20.0, GOOD), (60.0, LOOK), (-60.0, LOOK), (400.0, BROKEN), (-86_400.0, BROKEN)]
)
async def test_a_clock_is_compared_with_those_of_nearby_councils(tmp_path: Path, ahead: float, state: State) -> None:
    with resting(tmp_path) as at:
        link(at)
        at.clock.at = SystemClock().now() + timedelta(seconds=ahead)
        found = await asked(at, clock)

    assert found.state is state
    assert "compared with 1 council" in found.detail
    assert bool(found.cures) is (state is not GOOD)
    assert all("timedatectl" in cure.code for cure in found.cures)


async def test_a_clock_with_nobody_to_compare_with_says_so(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        found = await clock(at.look)

    assert found is not None
    assert (found.state, found.detail) == (GOOD, "nobody to compare with")


async def test_a_clock_that_was_set_back_is_seen_by_what_was_written_before(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        arrive(at, since=timedelta(hours=-2), state="applied")
        found = await clock(at.look)

    assert found is not None
    assert found.state is BROKEN
    assert "2026-03-02 11:00" in found.detail


async def test_our_moved_clock_is_named_through_the_whole_look(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        at.clock.ahead = timedelta(minutes=10)
        report = await at.examined()

    wrong = {one.name: one.state for one in report.findings if one.state is not GOOD}
    assert wrong == {"Clock": BROKEN}
    [found] = [one for one in report.findings if one.name == "Clock"]
    assert "about 600 s off" in found.detail or "about 601 s off" in found.detail


QUEUES: dict[str, tuple[Callable[[Resting], None], State, str, str]] = {
    "nothing waits": (lambda at: None, GOOD, "0 waiting", ""),
    "one waits since a minute": (lambda at: wait(at, since=timedelta(minutes=1)), GOOD, "1 waiting", ""),
    "one waits since a day": (
        lambda at: wait(at, since=timedelta(days=1)),
        LOOK,
        "since 2026-03-01",
        "comarca peers list",
    ),
    "one was given up": (
        lambda at: wait(at, since=timedelta(days=1), failure="wrong-shape", delivery=False),
        LOOK,
        f"given up: {HARBOUR} wrong-shape",
        "comarca peers list",
    ),
    "one was just taken": (
        lambda at: arrive(at, since=timedelta(seconds=1), state="waiting"),
        GOOD,
        "1 to be taken in",
        "",
    ),
    "one is not taken in": (
        lambda at: arrive(at, since=timedelta(hours=1), state="waiting"),
        BROKEN,
        "waits since 2026-03-02 08:00",
        "systemctl restart comarca",
    ),
    "one is held": (lambda at: arrive(at, since=timedelta(hours=1), state="held"), LOOK, "1 held", "journalctl"),
}


@pytest.mark.parametrize("title", QUEUES)
async def test_what_waits_too_long_is_told(tmp_path: Path, title: str) -> None:
    change, state, told, cure = QUEUES[title]
    with resting(tmp_path) as at:
        change(at)
        found = await queue(at.look)

    assert found is not None
    assert found.state is state
    assert told in found.detail
    assert cure in "\n".join(one.line for one in found.cures)


async def test_many_silent_councils_do_not_hold_up_the_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.doctor.councils.ALL_SECONDS", 0.3)

    class Silent:
        async def send(self, request: Any, /) -> TransportFailure:
            await asyncio.sleep(60)
            raise AssertionError("nobody waits for that")

    with resting(tmp_path) as at:
        for number in range(40):
            link(at, origin=f"https://h{number}.example")
        look = replace(at.look, transport=Silent())
        async with asyncio.timeout(10):
            found = await nearby(look)
        await look.close()

    assert found is not None
    assert (found.state, str(found.words)) == (LOOK, "With 40 nearby councils something is wrong.")
    assert "not in time" in found.detail
