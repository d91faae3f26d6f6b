"""Whatever of one call's life arrives, in whatever order and however often: once it has ended it stays ended, and all agree.

The messages are judged by what is held and applied as those of a linked council are, on a real store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain, permutations
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from federation import arrivals, replicas
from federation.council import Council
from node.feature import Viewer
from node.features.alerts import answering
from node.features.alerts.arrivals import KIND
from node.features.alerts.queries import Listed, listing
from schemas import activity
from schemas.records import answer as answers
from schemas.records.alert import Ended, read_alert
from schemas.records.answer import AnswerWord
from tests.features.test_pass_on import note_of
from tests.features.village import START, Village

MEMBER = Viewer(member_id=1)
ON_ONE_STORE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass(frozen=True)
class Life:
    """What one council says of one call, in the order in which it says it.

    `news` and `ended_at`: the seconds after the call that each is dated; a clock that runs ahead dates news after the end.
    """

    drill: bool = False
    news: tuple[int, ...] = (10, 20)
    ended: Ended | None = Ended.OVER
    ended_at: int = 30
    late: tuple[int, ...] = ()
    deleted: bool = False


def messages(theirs: Council, life: Life) -> list[dict[str, Any]]:
    """Create, an Update for each news, the Cancel, news that was written after it all the same, the Delete."""
    address, status = theirs.new_object_id(), "Exercise" if life.drill else "Actual"

    def said(at: int | None = None, **payload: Any) -> dict[str, Any]:
        moment = START if at is None else START + timedelta(seconds=at)
        note = note_of(theirs, address, status=status, updated=None if at is None else moment, **payload)
        make = activity.create if at is None else activity.update
        return make(theirs.actor_id, theirs.new_activity_id(), note=note, audience="neighbours", published=START)

    told = [said()]
    told += [said(at, msg_type="Update", note=f"News {at}.", severity="Severe") for at in life.news]
    if life.ended is not None:
        told.append(said(life.ended_at, msg_type="Cancel", ended=life.ended))
    told += [said(at, msg_type="Update", note=f"Late news {at}.") for at in life.late]
    if life.deleted:
        said_to = theirs.new_activity_id()
        told.append(
            activity.delete(theirs.actor_id, said_to, object_id=address, audience="neighbours", published=START)
        )
    return told


def arrive(connection: Connection, village: Village, message: dict[str, Any]) -> None:
    """What the inbox does with a message that is well signed: look at what is held, then keep and apply it."""
    now = village.clock.now()
    if message["type"] != "Delete":
        model = read_alert(message["object"])
        assert KIND.check is not None
        if KIND.check(connection, village.council, message, model, now) is not None:
            return
    arrivals.apply(connection, village.council, activity=message, document=orjson.dumps(message), now=now)


def shown(connection: Connection, village: Village) -> Listed | None:
    """The call as our neighbours are shown it; None where they are shown none."""
    found = listing(connection, village.council, MEMBER, now=village.clock.now())
    return found[0] if found else None


def held(connection: Connection, message: dict[str, Any]) -> tuple[bool, bytes] | None:
    """Whether it was taken back, and the words that are held; None where nothing is."""
    thing = message["object"]
    row = replicas.find(connection, thing["id"] if isinstance(thing, dict) else thing)
    return None if row is None else (row["gone_at"] is not None, row["document"])


def told_in_turn(
    connection: Connection, village: Village, order: list[dict[str, Any]]
) -> tuple[list[Listed | None], Any]:
    """What is shown after each message, and what is held in the end; nothing is held before and after."""
    after = []
    for message in order:
        arrive(connection, village, message)
        after.append(shown(connection, village))
    kept = held(connection, order[0]) if order else None
    connection.exec_driver_sql("DELETE FROM replica")
    return after, kept


def assert_holds(
    connection: Connection, village: Village, life: Life, told: list[dict[str, Any]], order: Sequence[int]
) -> None:
    arrived = [told[number] for number in order]
    after, kept = told_in_turn(connection, village, arrived)
    in_turn, kept_in_turn = told_in_turn(connection, village, [told[number] for number in sorted(set(order))])

    ended = False
    for message, found in zip(arrived, after, strict=True):
        last = message["type"] == "Delete" or message["object"]["comarca:alert"]["msgType"] == "Cancel"
        ended = ended or last
        assert found is None or found.over == ended, "what has ended is shown as live, or what is live as ended"
        assert found is None or found.drill == life.drill, "a drill is shown as a call, or a call as a drill"
        assert found is None or found.title.startswith("EXERCISE") == life.drill
    assert (after[-1:], kept) == (in_turn[-1:], kept_in_turn)


@pytest.fixture
def theirs(village: Village) -> Council:
    return village.meet()


LIVES = st.builds(
    Life,
    drill=st.booleans(),
    news=st.lists(st.integers(1, 60), unique=True, max_size=3).map(tuple),
    ended=st.none() | st.sampled_from(Ended),
    ended_at=st.integers(61, 70),
    late=st.lists(st.integers(71, 90), unique=True, max_size=2).map(tuple),
    deleted=st.booleans(),
)
ORDERS = st.lists(st.integers(0, 7), max_size=12)
# What makes it hard: the end first, the end dated before the news, news after the end, everything twice, the Delete first.
KEPT = [
    (Life(), [3, 0, 1, 2]),
    (Life(news=(40,), ended_at=5), [2, 1, 0]),
    (Life(news=(), late=(50,)), [2, 0, 1]),
    (Life(news=(), late=(50,)), [1, 2, 0]),
    (Life(drill=True), [2, 1, 0, 3, 3, 0, 1, 2]),
    (Life(deleted=True), [4, 3, 0, 4]),
    (Life(ended=None, news=(20, 10)), [2, 1, 0]),
]


@ON_ONE_STORE
@given(life=LIVES, order=ORDERS, ended_first=st.booleans())
@example(life=Life(), order=[], ended_first=False)
def test_whatever_arrives_in_whatever_order_an_end_wins_and_everybody_holds_the_same(
    village: Village, theirs: Council, life: Life, order: list[int], ended_first: bool
) -> None:
    told = messages(theirs, life)
    last = [len(life.news) + 1] if ended_first and life.ended is not None else []

    arrived = [*last, *(number for number in order if number < len(told))]
    village.do(lambda c: assert_holds(c, village, life, told, arrived))


def test_the_orders_that_are_hard_hold(village: Village, theirs: Council) -> None:
    for life, order in KEPT:
        village.do(partial(assert_holds, village=village, life=life, told=messages(theirs, life), order=order))


def test_every_order_of_every_part_of_a_whole_life_holds(village: Village, theirs: Council) -> None:
    life = Life(drill=True, deleted=True)
    told = messages(theirs, life)
    orders = chain.from_iterable(permutations(range(len(told)), length) for length in range(1, len(told) + 1))

    village.do(lambda c: [assert_holds(c, village, life, told, order) for order in orders])


@pytest.mark.parametrize("drill", [False, True])
def test_what_was_first_heard_as_a_drill_is_never_asked_for_as_a_call_whatever_its_sender_says_next(
    village: Village, theirs: Council, drill: bool
) -> None:
    life = Life(drill=drill)
    told = messages(theirs, life)
    otherwise = messages(theirs, Life(drill=not drill, news=(25,), ended=None))[1:]
    for each in otherwise:
        each["object"]["id"] = told[0]["object"]["id"]

    def step(connection: Connection) -> list[bool]:
        found = []
        for order in permutations([*told[1:], *otherwise]):
            after, _ = told_in_turn(connection, village, [told[0], *order])
            found += [one.drill for one in after if one is not None and not one.over]
        return found

    assert set(village.do(step)) == {drill}


@ON_ONE_STORE
@given(order=st.permutations(range(6)), twice=st.lists(st.integers(0, 5), max_size=4))
def test_answers_in_any_order_leave_the_newest_that_was_not_taken_back(
    village: Village, theirs: Council, order: list[int], twice: list[int]
) -> None:
    call = f"{village.council.base_url}/o/{'a' * 26}"
    said = _answers(theirs, call)

    def step(connection: Connection) -> dict[str, str]:
        for number in [*order, *twice]:
            answering.keep(connection, said[number], orjson.dumps(said[number]), now=START)
        found = {actor: row["words"] for actor, row in answering.all_current(connection, call).items()}
        kept = connection.exec_driver_sql("SELECT count(*) FROM alert_answer").scalar()
        connection.exec_driver_sql("DELETE FROM alert_answer")
        assert kept == len(said)
        return found

    assert village.do(step) == {"https://hillside.example/council": "On foot."}


def _answers(theirs: Council, call: str) -> list[dict[str, Any]]:
    """Harbour says two things and takes back the newer; Hillside says three, and takes back one that is old already."""

    def one(base: str, number: int, words: str) -> dict[str, Any]:
        return answers.answer(
            base,
            f"{base}/a/{number:026}",
            word=AnswerWord.COME,
            object_id=call,
            their_actor="https://riverside.example/council",
            words=words,
            published=START + timedelta(seconds=number),
        )

    def undo(given: dict[str, Any], number: int) -> dict[str, Any]:
        base = given["actor"].removesuffix("/council")
        return answers.take_back(
            base,
            f"{base}/a/{number:026}",
            given=given,
            their_actor="https://riverside.example/council",
            published=START + timedelta(seconds=number),
        )

    hillside = "https://hillside.example"
    ours = [one(theirs.base_url, 1, "Perhaps."), one(theirs.base_url, 2, "With a boat.")]
    others = [one(hillside, 1, "By bus."), one(hillside, 5, "On foot.")]
    return [*ours, undo(ours[1], 3), *others, undo(others[0], 4)]
