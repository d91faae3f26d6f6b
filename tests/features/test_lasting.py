"""How long notes and promises last: asked about before they lapse, renewed without a new note, done by themselves."""

from datetime import timedelta

import pytest

from node.features.resources import actions, lapsing, lasting, tidying
from node.features.resources.promises import acts
from node.features.resources.tables import Resource
from node.installed import FEATURES
from schemas.records.resource import ResourceForm
from tests.features.coming_back import note_of
from tests.features.promising import does, no, now, number_of, on_paper, promises, put_up, states
from tests.features.village import Village, offer

DAY = timedelta(days=1).total_seconds()
PLAIN = {"near": None, "audience": "council", "quantity": "10", "until": "month"}


@pytest.fixture
def amina(village: Village) -> int:
    return village.member("Amina")


@pytest.fixture
def need(village: Village, amina: int) -> Resource:
    """A need without a place, up for a month."""
    return put_up(village, amina, direction="need", title="Blankets", **PLAIN)


def passes(village: Village, days: float) -> int:
    """Time passes, and does what it does by itself; how much that was."""
    village.clock.advance(days * DAY)
    return village.do(lambda c: lasting.due(c, village.acting()))


def days_up(row: Resource) -> float:
    return (row.ends_at - row.created_at).total_seconds() / DAY


def test_it_falls_due_by_itself() -> None:
    assert lasting.due in [feature.due for feature in FEATURES]


def test_a_need_is_asked_about_a_week_before_its_end_and_lapses_only_then(village: Village, need: Resource) -> None:
    whole = days_up(need)
    early, asked = passes(village, whole - 7.5), passes(village, 1)
    again = passes(village, 1)
    at = now(village, need).asked_at

    over = passes(village, 6)

    row = now(village, need)
    assert (early, asked, again, over) == (0, 1, 0, 1)
    assert at is not None and at >= lapsing.ask_again_at(need.created_at, need.ends_at)
    assert (row.state, row.outcome) == ("closed", None)


def test_what_was_forgotten_once_is_forgotten_again_after_a_note_has_gone_on(village: Village, need: Resource) -> None:
    village.clock.advance((days_up(need) + 4) * DAY)
    village.do(lambda c: lasting.due(c, village.acting()))
    village.do(lambda c: tidying.tidy(c, village.clock.now()))
    forgotten = now(village, need).erase_at

    village.do(lambda c: lasting.renew(c, village.acting(1), need.public_id))

    row = now(village, need)
    assert forgotten is None
    assert row.erase_at == row.ends_at + lapsing.ERASED_AFTER


def test_whoever_waits_waits_for_as_long_as_the_note_stays_up(village: Village, amina: int) -> None:
    bo, cleo = village.member("Bo"), village.member("Cleo")
    row = put_up(village, amina, **PLAIN | {"quantity": "1", "until": "tomorrow"})
    does(village, acts.agree, amina, promises(village, bo, row, "1").public_id)
    promises(village, cleo, row, "1", waits=True)
    longer = ResourceForm.model_validate(offer(**PLAIN | {"quantity": "1"}))
    village.do(lambda c: actions.change(c, row.public_id, longer, village.acting(amina)))

    passes(village, 3)

    assert states(village) == ["agreed", "waiting"]


def test_what_was_asked_about_too_late_waits_three_days_for_an_answer(village: Village, need: Resource) -> None:
    late, meanwhile = passes(village, days_up(need) + 5), passes(village, 2.9)
    open_still = now(village, need).state

    lapsed = passes(village, 0.2)

    assert (late, meanwhile, open_still, lapsed) == (1, 0, "open", 1)
    assert now(village, need).state == "closed"


def test_whoever_still_needs_it_says_so_once_and_needs_no_new_note(village: Village, amina: int) -> None:
    need = put_up(village, amina, direction="need", title="Milk", **{**PLAIN, "audience": "public", "until": "week"})
    noor = village.member("Noor")
    passes(village, days_up(need) - 1)

    assert no(village, lasting.renew, noor, need.public_id)[0] == "not-yours"
    renewed = does(village, lasting.renew, amina, need.public_id)

    assert (renewed.public_id, renewed.asked_at, renewed.state) == (need.public_id, None, "open")
    assert renewed.ends_at == village.clock.now().replace(microsecond=0) + timedelta(days=14)
    assert note_of(village, str(need.object_id))["endTime"] == f"{renewed.ends_at:%Y-%m-%dT%H:%M:%SZ}"
    assert passes(village, 6) == 0


@pytest.mark.parametrize(("days", "word"), [(90, None), (91, "ends-at"), (-1, "ends-at")])
def test_it_stays_up_for_ninety_days_at_most(village: Village, amina: int, days: int, word: str | None) -> None:
    need = put_up(village, amina, direction="need", title="Milk", **PLAIN)
    until = village.clock.now() + timedelta(days=days)
    if word is None:
        assert does(village, lasting.renew, amina, need.public_id, until=until).ends_at == until
    else:
        assert no(village, lasting.renew, amina, need.public_id, until=until) == (word, "ends_at")


def test_what_has_ended_can_be_renewed_until_it_has_lapsed(village: Village, amina: int, need: Resource) -> None:
    passes(village, days_up(need) + 1)

    assert does(village, lasting.renew, amina, need.public_id).state == "open"
    passes(village, 8)
    passes(village, 6)
    passes(village, 4)
    assert no(village, lasting.renew, amina, need.public_id)[0] == "closed"


def test_a_need_on_paper_is_renewed_and_ended_by_whoever_asked(village: Village, amina: int) -> None:
    shopping = on_paper(village)

    assert no(village, lasting.end, amina, shopping.public_id, "met")[0] == "not-yours"
    assert no(village, lasting.end, None, shopping.public_id, "met")[0] == "not-signed-in"
    does(village, lasting.renew, None, shopping.public_id, as_asker=True)
    assert no(village, lasting.end, None, shopping.public_id, "good", as_asker=True) == ("outcome", "outcome")
    ended = does(village, lasting.end, None, shopping.public_id, "met", as_asker=True)

    assert (ended.state, ended.outcome) == ("closed", "met")


def test_what_nobody_answers_lapses_and_gives_back_what_it_drew_on(
    village: Village, amina: int, need: Resource
) -> None:
    bo = village.member("Bo")
    own = put_up(village, bo, title="Mine", **PLAIN)
    promises(village, bo, need, "4", counterpart_id=own.id)
    drawn = now(village, own).available

    before, after = passes(village, 13.9), passes(village, 0.2)

    assert (drawn, before, after, states(village)) == ("6", 0, 1, ["lapsed"])
    assert now(village, own).available == "10"


def test_what_one_side_calls_done_is_done_after_three_silent_days(village: Village, amina: int, need: Resource) -> None:
    bo = village.member("Bo")
    one = promises(village, bo, need, "4")
    does(village, acts.agree, amina, one.public_id)
    assert passes(village, 4) == 0
    does(village, acts.confirm, bo, one.public_id)

    before, after = passes(village, 2.9), passes(village, 0.2)

    assert (before, after, states(village)) == (0, 1, ["done"])
    assert does(village, acts.say_outcome, amina, one.public_id, "met").outcome == "met"
    assert now(village, need).available == "6"


def test_whoever_waits_waits_on_when_a_note_is_renewed(village: Village, amina: int, need: Resource) -> None:
    bo = village.member("Bo")
    does(village, acts.agree, amina, promises(village, bo, need, "10").public_id)
    promises(village, bo, need, "2", waits=True)

    village.clock.advance((days_up(need) - 1) * DAY)
    does(village, lasting.renew, amina, need.public_id)
    passes(village, 2)

    assert states(village) == ["agreed", "waiting"]


def test_words_between_neighbours_go_three_days_after_closing(village: Village, amina: int, need: Resource) -> None:
    bo = village.member("Bo")
    one = promises(village, bo, need, "4", words="I come at six")
    does(village, acts.agree, amina, one.public_id)
    does(village, lasting.end, amina, need.public_id, "met")

    village.do(lambda c: tidying.tidy(c, village.clock.now() + timedelta(hours=71)))
    kept = [row.words for row in village.rows("SELECT words FROM promise")]
    village.do(lambda c: tidying.tidy(c, village.clock.now() + timedelta(hours=73)))

    assert kept == ["I come at six"] and [row.words for row in village.rows("SELECT words FROM promise")] == [""]
    assert number_of(need) == need.id
