"""How fast forms are taken: a bounded pace for each session and for strangers together, told in words."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.accounts import invites
from node.feature import Acting, Viewer
from node.web.pace import SESSIONS_COUNTED, STRANGERS_MAY, Pace
from schemas.refusal import Refusal
from tests.web.town import build_town


async def test_who_sends_too_much_is_asked_to_wait_and_keeps_the_words(tmp_path: Path) -> None:
    town = build_town(tmp_path, limits={"forms_per_minute": 3})

    async with town.signed_in() as hasty, town.signed_in(name="Berta") as other:
        first = [(await hasty.post("/notes", data={"words": "A ladder"})).status_code for _ in range(3)]
        refused = await hasty.post("/notes", data={"words": "A very long ladder"})
        looking = await hasty.get("/")
        others = await other.post("/notes", data={"words": "A saw"})
        town.clock.pass_by(timedelta(minutes=1))
        later = await hasty.post("/notes", data={"words": "A ladder"})
    town.store.close()

    assert first == [303] * 3
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert "Wait a minute" in refused.text and "A very long ladder" in refused.text
    assert (looking.status_code, others.status_code, later.status_code) == (200, 303, 303)


async def test_strangers_share_one_pace_whatever_cookie_they_make_up(tmp_path: Path) -> None:
    town = build_town(tmp_path, limits={"forms_per_minute": 1})

    async with town.browser() as stranger, town.signed_in() as neighbour:
        stranger.sealed = False  # type: ignore[attr-defined]
        answers = []
        for number in range(STRANGERS_MAY + 1):
            headers = {"authorization": f"Bearer made-up-{number}"} if number % 2 else {}
            answers.append((await stranger.post("/notes", data={"words": "x"}, headers=headers)).status_code)
        neighbours = await neighbour.post("/notes", data={"words": "A saw"})
    town.store.close()

    assert answers == [401] * STRANGERS_MAY + [429]
    assert neighbours.status_code == 303


async def test_a_flood_of_strangers_keeps_nobody_with_a_good_link_or_invite_outside(tmp_path: Path) -> None:
    town = build_town(tmp_path, limits={"forms_per_minute": 1})
    link = town.link(town.member("Amina"))
    acting = Acting(town.clock.now(), town.site.council, town.site.settings, Viewer(town.member(), keeper=True))
    code = town.store.write_now(lambda c: invites.make(c, acting, randomness=town.site.randomness, uses=1, days=1))

    async with town.browser() as flooder, town.browser() as amina, town.browser() as new, town.program() as program:
        for _ in range(STRANGERS_MAY + 1):
            await flooder.post("/notes", data={"words": "x"})
        flood = await flooder.post("/notes", data={"words": "x"})
        for _ in range(200):
            await flooder.post("/in", data={"code": "guessed"})
        answers = [
            await amina.post("/in", data={"code": link}),
            await new.post("/join", data={"code": code, "name": "Bo"}),
            await program.post("/api/session", json={"code": town.link(town.member("Chao"))}),
        ]
    town.store.close()

    assert flood.status_code == 429
    assert [answer.status_code for answer in answers] == [303, 303, 201]


async def test_a_program_is_told_the_reason(tmp_path: Path) -> None:
    town = build_town(tmp_path, limits={"forms_per_minute": 1})
    session = town.session(town.member())

    async with town.program(authorization=f"Bearer {session}", accept="application/json") as program:
        await program.post("/notes", data={"words": "x"})
        refused = await program.post("/notes", data={"words": "x"})
    town.store.close()

    assert (refused.status_code, refused.json()["reason"]) == (429, "too-fast")


@given(st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.floats(0, 30)), max_size=60))
def test_no_minute_takes_more_than_two_minutes_worth(steps: list[tuple[str | None, float]]) -> None:
    pace, now = Pace(5), 0.0
    taken: dict[str | None, list[float]] = {}

    for session, wait in steps:
        now += wait
        try:
            pace.take(session, monotonic=now)
        except Refusal as refusal:
            assert refusal.word == "too-fast"
        else:
            taken.setdefault(session, []).append(now)

    for session, times in taken.items():
        most = 10 * (STRANGERS_MAY if session is None else 1)
        assert all(sum(start <= at < start + 60 for at in times) <= most for start in times)


def test_what_is_counted_is_bounded() -> None:
    pace = Pace(1)

    for number in range(SESSIONS_COUNTED + 10):
        pace.take(f"session {number}", monotonic=0.0)

    assert len(pace._sessions) == SESSIONS_COUNTED


def test_no_token_is_kept() -> None:
    pace = Pace(1)

    pace.take("the-token-itself", monotonic=0.0)

    assert "the-token-itself" not in repr(vars(pace._sessions))


def test_a_pace_below_one_a_minute_still_takes_one() -> None:
    pace = Pace(0.5)

    pace.take("a", monotonic=0.0)

    with pytest.raises(Refusal):
        pace.take("a", monotonic=1.0)
