"""The server turn from its beginning to its end: who may what, when time passes, and how it is handed over."""

from datetime import timedelta

import pytest

from node.accounts import handing_over, turns
from node.rights import CARETAKER, KEEPER, NEIGHBOUR
from tests.accounts.acting import TURN, acting, do, refused, viewer, views
from tests.web.town import Town

A_MOMENT = timedelta(seconds=1)
ALL = tuple(turns.CHECKLIST)


def both_tick(town: Town, giver: int, learner: int) -> None:
    do(town, lambda c: handing_over.choose_learner(c, acting(town, giver), to=learner))
    for number in (giver, learner):
        do(town, lambda c, number=number: handing_over.tick(c, acting(town, number), words=ALL))


def test_a_turn_gives_its_rights_to_the_moment_of_its_end_and_then_a_caretakers(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo")

    town.clock.pass_by(TURN - A_MOMENT)
    before = viewer(town, amina).rights
    town.clock.pass_by(A_MOMENT)

    assert before == KEEPER
    assert viewer(town, amina).rights == CARETAKER
    assert viewer(town, bo).rights == NEIGHBOUR


def test_a_council_says_how_long_its_turns_last(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo")

    do(town, lambda c: handing_over.hand_over(c, acting(town, amina), to=bo, unticked=True))

    held = next(view for view in views(town) if view.holder == bo)
    assert held.until - held.since == timedelta(weeks=town.site.settings.turns.keeper_weeks)


def test_only_the_last_who_had_the_turn_looks_after_it_once_it_is_over(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo")
    do(town, lambda c: handing_over.hand_over(c, acting(town, amina), to=bo, unticked=True))

    town.clock.pass_by(TURN)

    assert viewer(town, bo).caretaker
    assert not viewer(town, amina).caretaker


def test_nobody_is_caretaker_while_somebody_has_the_turn(town: Town) -> None:
    amina = town.member(keeper=True)
    town.clock.pass_by(TURN / 2)
    town.member("Bo", keeper=True)

    town.clock.pass_by(TURN / 2)

    assert viewer(town, amina).rights == NEIGHBOUR


def test_learning_ticking_and_handing_over_go_through_the_whole_life_of_a_turn(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo")

    do(town, lambda c: handing_over.want_to_learn(c, acting(town, bo)))
    learning = views(town)[0].state
    early = refused(town, lambda c: handing_over.hand_over(c, acting(town, amina), to=bo))
    both_tick(town, amina, bo)
    do(town, lambda c: handing_over.hand_over(c, acting(town, amina), to=bo))

    assert learning is turns.State.LEARNING
    assert early == "not-ticked"
    newest, oldest = views(town)
    assert (newest.holder, newest.state) == (bo, turns.State.HELD)
    assert (oldest.holder, oldest.state, oldest.how) == (amina, turns.State.ENDED, "handed over")
    assert viewer(town, bo).rights == KEEPER
    assert viewer(town, amina).rights == NEIGHBOUR


def test_what_one_side_alone_has_ticked_hands_nothing_over(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo")
    do(town, lambda c: handing_over.choose_learner(c, acting(town, amina), to=bo))
    do(town, lambda c: handing_over.tick(c, acting(town, amina), words=ALL))

    assert refused(town, lambda c: handing_over.hand_over(c, acting(town, amina), to=bo)) == "not-ticked"


def test_ticks_of_one_learner_do_not_count_for_another(town: Town) -> None:
    amina, bo, kim = town.member(keeper=True), town.member("Bo"), town.member("Kim")
    both_tick(town, amina, bo)

    assert refused(town, lambda c: handing_over.hand_over(c, acting(town, amina), to=kim)) == "not-ticked"
    do(town, lambda c: handing_over.choose_learner(c, acting(town, amina), to=kim))
    assert views(town)[0].given == frozenset()


def test_two_may_have_the_turn_side_by_side_until_the_first_ones_date(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo")
    town.clock.pass_by(TURN - timedelta(weeks=2))

    do(town, lambda c: handing_over.hand_over(c, acting(town, amina), to=bo, overlap=True, unticked=True))
    side_by_side = viewer(town, amina).rights, viewer(town, bo).rights
    town.clock.pass_by(timedelta(weeks=2))

    assert side_by_side == (KEEPER, KEEPER)
    assert (viewer(town, amina).rights, viewer(town, bo).rights) == (NEIGHBOUR, KEEPER)
    assert [view.how for view in views(town) if view.holder == amina] == ["handed over"]


def test_a_caretaker_hands_over_late_and_the_record_says_that_it_ended_without(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo")
    town.clock.pass_by(TURN + timedelta(weeks=30))

    do(town, lambda c: handing_over.hand_over(c, acting(town, amina), to=bo, unticked=True))

    assert viewer(town, bo).rights == KEEPER
    assert [view.how for view in views(town) if view.holder == amina] == ["ended without handover"]


def test_who_is_alone_takes_another_turn_in_so_many_words_near_its_end(town: Town) -> None:
    amina = town.member(keeper=True)
    early = refused(town, lambda c: handing_over.take_again(c, acting(town, amina)))
    town.clock.pass_by(TURN - timedelta(weeks=4))

    do(town, lambda c: handing_over.take_again(c, acting(town, amina)))

    assert early == "not-yet"
    newest, oldest = views(town)
    assert newest.until == town.clock.now() + TURN
    assert oldest.how == "taken again, with nobody else there"


def test_who_is_alone_takes_the_turn_again_long_after_its_end(town: Town) -> None:
    amina = town.member(keeper=True)
    town.clock.pass_by(TURN * 4)

    do(town, lambda c: handing_over.take_again(c, acting(town, amina)))

    assert viewer(town, amina).rights == KEEPER


def test_who_is_not_alone_takes_no_second_turn(town: Town) -> None:
    amina = town.member(keeper=True)
    town.member("Bo")
    town.clock.pass_by(TURN)

    assert refused(town, lambda c: handing_over.take_again(c, acting(town, amina))) == "somebody-else"
    assert viewer(town, amina).rights == CARETAKER


@pytest.mark.parametrize(("to", "word"), [(99, "not-found"), (0, "not-found")])
def test_a_turn_is_handed_to_somebody_who_is_here(town: Town, to: int, word: str) -> None:
    amina = town.member(keeper=True)
    town.member("Bo")

    assert refused(town, lambda c: handing_over.hand_over(c, acting(town, amina), to=to, unticked=True)) == word


def test_a_turn_is_not_handed_to_somebody_who_has_one(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo", keeper=True)

    assert refused(town, lambda c: handing_over.hand_over(c, acting(town, amina), to=bo, unticked=True)) == "has-it"


def test_a_neighbour_hands_nothing_over_and_ticks_no_list(town: Town) -> None:
    town.member(keeper=True)
    bo, kim = town.member("Bo"), town.member("Kim")

    assert refused(town, lambda c: handing_over.hand_over(c, acting(town, bo), to=kim, unticked=True)) == "not-keeper"
    assert refused(town, lambda c: handing_over.choose_learner(c, acting(town, bo), to=kim)) == "not-keeper"
    assert refused(town, lambda c: handing_over.tick(c, acting(town, bo), words=ALL)) == "not-yours"


def test_one_learns_at_a_time_and_the_holder_does_not_learn_their_own(town: Town) -> None:
    amina, bo, kim = town.member(keeper=True), town.member("Bo"), town.member("Kim")
    do(town, lambda c: handing_over.want_to_learn(c, acting(town, bo)))

    assert refused(town, lambda c: handing_over.want_to_learn(c, acting(town, kim))) == "nothing-to-learn"
    assert refused(town, lambda c: handing_over.want_to_learn(c, acting(town, amina))) == "nothing-to-learn"


async def test_names_on_the_page_of_turns_are_for_those_who_are_signed_in(town: Town) -> None:
    town.member("Amina", keeper=True)

    async with town.browser() as stranger, town.signed_in(name="Bo") as neighbour:
        strangers, neighbours = await stranger.get("/turns"), await neighbour.get("/turns")

    assert strangers.status_code == 401 and "Amina" not in strangers.text
    assert neighbours.status_code == 200 and "Amina" in neighbours.text


async def test_the_pages_hand_a_turn_over_from_asking_to_learn_to_the_end(town: Town) -> None:
    every = dict.fromkeys(ALL, "yes")
    async with town.signed_in(keeper=True) as amina, town.signed_in(name="Bo") as bo:
        await bo.post("/turns/learn")
        too_early = await amina.post("/turns/hand-over", data={"to": "2"})
        await amina.post("/turns/tick", data=every)
        await bo.post("/turns/tick", data=every)
        done = await amina.post("/turns/hand-over", data={"to": "2"})
        after = [(await one.get("/invites")).status_code for one in (amina, bo)]

    assert (too_early.status_code, done.status_code) == (422, 303)
    assert after == [403, 200]
