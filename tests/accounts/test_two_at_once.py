"""Whatever works once works once, also when two press at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from node.accounts import actions, handing_over, passkeys
from node.accounts.leaving import leave
from schemas.refusal import Refusal
from tests.accounts.acting import acting, do, viewer
from tests.accounts.authenticator import words
from tests.web.town import Town


def at_once(step: Callable[[], object], *, times: int = 8) -> int:
    """How many of so many at once succeed."""

    def try_it(_: int) -> bool:
        try:
            step()
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(times) as pool:
        return sum(pool.map(try_it, range(times)))


def test_a_sign_in_link(town: Town) -> None:
    token, now, randomness = town.link(town.member()), town.clock.now(), town.site.randomness

    assert at_once(lambda: do(town, lambda c: actions.sign_in(c, token=token, now=now, randomness=randomness))) == 1


def test_handing_over(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo")
    giver = acting(town, amina)

    assert at_once(lambda: do(town, lambda c: handing_over.hand_over(c, giver, to=bo, unticked=True))) == 1
    assert viewer(town, bo).keeper


def test_taking_another_turn_when_alone(town: Town) -> None:
    amina = town.member(keeper=True)
    town.clock.pass_by(handing_over.AGAIN_BEFORE * 4)
    alone = acting(town, amina)

    assert at_once(lambda: do(town, lambda c: handing_over.take_again(c, alone))) == 1


def test_two_who_have_the_turn_cannot_both_leave_a_third_alone(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo", keeper=True)
    kim = town.member("Kim")
    leaving = iter([acting(town, amina), acting(town, bo)])

    def go() -> None:
        who = next(leaving)
        number = who.viewer.require(handing_over.Right.OWN_ACCOUNT)
        do(town, lambda c: leave(c, who, member_id=number, features=(), alone_is_meant=True))

    assert at_once(go, times=2) == 1
    assert not viewer(town, kim).keeper


def test_the_challenge_of_a_passkey(town: Town) -> None:
    challenges = passkeys.Challenges()
    challenge = challenges.new(town.site.randomness, monotonic=0.0, member_id=None)
    said = b'{"challenge":"' + words(challenge).encode() + b'"}'
    answer = {"response": {"clientDataJSON": words(said)}}

    assert at_once(lambda: challenges.take(answer, monotonic=1.0, member_id=None)) == 1
