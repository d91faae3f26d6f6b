"""Which verbs are worth a letter, and to whom; and that a "not this time" is worth none, nor is anything one has done oneself."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from node.accounts.leaving import leave
from node.features.resources import actions, lasting
from node.features.resources.letters import occasions
from node.features.resources.letters.matters import About, holds, sentence
from node.features.resources.promises import acts
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.installed import FEATURES
from tests.features.promising import HARBOURS, number_of, promise, put_up
from tests.features.village import START, Village, village_in

MAIL = {"host": "127.0.0.1", "security": "none", "from_address": "us@riverside.example"}
PAPER = {"until": "week", "audience": "council", "near": None}


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with village_in(tmp_path, mail=MAIL) as built:
        yield built


def with_mail(village: Village, name: str) -> int:
    member = village.member(name)
    village.do(
        lambda c: c.exec_driver_sql(
            f"UPDATE member SET mail = '{name}@here.example', mail_ok_at = 1 WHERE id = {member}"
        )
    )
    return member


@pytest.fixture
def asker(village: Village) -> int:
    return with_mail(village, "Amina")


@pytest.fixture
def helper(village: Village, asker: int) -> int:
    return with_mail(village, "Bo")


@pytest.fixture
def need(village: Village, asker: int) -> Resource:
    return put_up(village, asker, direction="need", title="Blankets", quantity="10", unit="pieces", **PAPER)


def without_account(village: Village, need: Resource) -> None:
    """It came on paper, with an address that was confirmed."""
    village.do(
        lambda c: c.exec_driver_sql(
            f"UPDATE resource SET by_member = 0, contact = 'rosa@somewhere.example', contact_ok_at = 1 WHERE id = {need.id}"
        )
    )


def letters(village: Village) -> list[tuple[str, int | None, int | None]]:
    """What was queued since this was asked last: about, note, neighbour."""
    found = village.rows("SELECT about, resource_id, member_id FROM letter ORDER BY id")
    village.do(lambda c: c.exec_driver_sql("DELETE FROM letter"))
    return [tuple(row) for row in found]


def does(village: Village, verb: Any, member: int | None, made: Promise, *more: Any, **given: Any) -> Any:
    return village.do(lambda c: verb(c, village.acting(member), made.public_id, *more, **given))


def promises(village: Village, member: int, note: Resource, amount: str = "4", **given: Any) -> Promise:
    made = village.do(lambda c: acts.promise(c, village.acting(member), note.public_id, amount=amount, **given))
    assert isinstance(made, Promise)
    return made


@pytest.mark.parametrize("paper", [False, True])
def test_a_promise_to_the_owner_an_agreement_to_the_helper_and_how_it_went_to_the_owner(
    village: Village, asker: int, helper: int, need: Resource, paper: bool
) -> None:
    if paper:
        without_account(village, need)
    owner, owner_acts = (None if paper else asker), {"as_asker": paper}
    who = None if paper else asker

    made = promises(village, helper, need)
    assert letters(village) == [("promise-made", need.id, owner)]
    does(village, acts.agree, who, made, **owner_acts)
    assert letters(village) == [("promise-agreed", need.id, helper)]
    does(village, acts.confirm, helper, made)
    assert letters(village) == [("outcome", need.id, owner)]
    does(village, acts.say_outcome, who, made, "met", **owner_acts)
    assert letters(village) == []


def test_what_comes_back_is_told_to_the_other_side_and_only_once_it_was_agreed(
    village: Village, asker: int, helper: int, need: Resource
) -> None:
    for by, told in ((helper, ("given-back", need.id, asker)), (asker, ("not-needed", need.id, helper))):
        proposed = promises(village, helper, need)
        letters(village)
        does(village, acts.give_back, by, proposed)
        assert letters(village) == []

        made = promises(village, helper, need)
        does(village, acts.agree, asker, made)
        letters(village)
        does(village, acts.give_back, by, made)
        assert letters(village) == [told]


def test_not_this_time_and_a_proposal_that_lapsed_are_in_nobodys_letter(
    village: Village, asker: int, helper: int, need: Resource
) -> None:
    first, second = promises(village, helper, need), promises(village, with_mail(village, "Ali"), need)
    letters(village)

    does(village, acts.not_this_time, asker, first)
    village.do(lambda c: acts.lapse(c, village.acting(), second))

    assert letters(village) == []


def test_whoever_waited_is_news_once_there_is_room(village: Village, asker: int, helper: int, need: Resource) -> None:
    full = promises(village, helper, need, "10")
    does(village, acts.agree, asker, full)
    letters(village)
    promises(village, with_mail(village, "Ali"), need, "4", waits=True)
    waiting = letters(village)

    does(village, acts.give_back, helper, full)

    assert waiting == []
    assert {about for about, _, to in letters(village) if to == asker} == {"given-back", "promise-made"}


def test_a_note_that_ends_frees_those_who_promised_and_one_that_is_gone_without_its_number(
    village: Village, asker: int, helper: int, need: Resource
) -> None:
    other = put_up(village, asker, direction="need", **PAPER)
    for note in (need, other):
        does(village, acts.agree, asker, promises(village, helper, note))
    letters(village)

    village.do(lambda c: actions.close(c, need.public_id, "met", village.acting(asker)))
    closed = letters(village)
    village.do(lambda c: actions.take_down(c, other.public_id, village.acting(asker)))

    assert closed == [("not-needed", need.id, helper)]
    assert letters(village) == [("not-needed", None, helper)]


def test_whoever_leaves_gives_back_in_their_own_name_whoever_types_it(
    village: Village, asker: int, helper: int, need: Resource
) -> None:
    does(village, acts.agree, asker, promises(village, helper, need))
    letters(village)
    keeper = village.acting(village.member("Kim", keeper=True), keeper=True)

    village.do(lambda c: leave(c, keeper, member_id=helper, features=FEATURES, alone_is_meant=True))

    assert letters(village) == [("given-back", need.id, asker)]


def test_still_needed_is_asked_once(village: Village, asker: int, need: Resource) -> None:
    village.clock.advance(timedelta(days=5).total_seconds())
    for _ in range(2):
        village.do(lambda c: lasting.due(c, village.acting()))

    assert letters(village) == [("still-needed", need.id, asker)]


def test_words_go_to_the_other_side(village: Village, asker: int, helper: int, need: Resource) -> None:
    made = promises(village, helper, need)
    letters(village)

    for from_asker, to in ((True, helper), (False, asker)):
        village.do(
            lambda c, from_asker=from_asker: occasions.replied(
                c, village.acting(), need, from_asker=from_asker, promise_id=number_of(made)
            )
        )
        assert letters(village) == [("reply", need.id, to)]


def test_words_about_no_promise_go_to_whoever_has_the_note_in_hand(
    village: Village, asker: int, helper: int, need: Resource
) -> None:
    held = need.model_copy(update={"holder": helper})
    on_paper = held.model_copy(update={"by_member": 0})

    for note, from_asker in ((held, True), (need, True), (on_paper, False)):
        village.do(lambda c, note=note, asks=from_asker: occasions.replied(c, village.acting(), note, from_asker=asks))

    assert letters(village) == [("reply", need.id, helper)]


def test_a_note_that_nobody_of_ours_put_up_is_told_to_whoever_has_it_and_nobody_is_told_what_they_did(
    village: Village, asker: int, helper: int, need: Resource
) -> None:
    village.do(lambda c: c.exec_driver_sql(f"UPDATE resource SET by_member = 0, holder = {asker} WHERE id = {need.id}"))
    village.do(lambda c: c.exec_driver_sql(f"UPDATE resource SET contact = 'rosa@far.example' WHERE id = {need.id}"))

    promises(village, helper, need)
    by_other = letters(village)
    promises(village, asker, need, "2")

    assert by_other == [("promise-made", need.id, asker)]
    assert letters(village) == []


def test_an_agreement_of_a_nearby_council_is_told_without_a_number(village: Village, helper: int) -> None:
    made = promise(village, helper, object_id=HARBOURS, amount="2")
    before = village.see(lambda c: holds(c, About.PROMISE_AGREED, None, member_id=helper, now=START))
    agreed = promise(village, helper, object_id=HARBOURS, amount="2", state=State.AGREED)

    village.do(lambda c: occasions.agreed(c, village.acting(), agreed))

    assert (made.state, before) == ("proposed", False)
    assert letters(village) == [("promise-agreed", None, helper)]
    assert village.see(lambda c: holds(c, About.PROMISE_AGREED, None, member_id=helper, now=START))
    assert "nearby council" in sentence(About.PROMISE_AGREED, None)
