"""A judged answer as it is taken over: what was news, what was not taken and why, and that twice is once."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from federation import live, peers
from federation.council import Council
from protocol.verdict import Reason
from schemas import activity
from schemas.live import LiveQuestion
from tests import builders
from tests.features.village import START, Village

QUESTION = LiveQuestion(kind="resource")


def said(harbour: Council, **told: Any) -> live.Said:
    note = builders.note(harbour, **told)
    document = activity.create(
        harbour.actor_id, harbour.new_activity_id(), note=note, audience="public", published=START
    )
    return live.Said(document, orjson.dumps(document), "public", None)


def take(village: Village, harbour: Council, *notes: live.Said, whole: bool = True) -> live.Taken:
    judged = live.Judged(START + timedelta(minutes=1), notes, {}, whole)
    now = village.clock.now()
    return village.do(lambda c: live.take(c, village.council, judged, QUESTION, actor=harbour.actor_id, now=now))


def titles(village: Village) -> list[str]:
    return [row.title for row in village.rows("SELECT title FROM availability ORDER BY title")]


def test_what_is_news_is_taken_once_and_the_council_was_heard(village: Village) -> None:
    harbour = village.meet(heard=None)
    fans, saw = said(harbour, title="Fans"), said(harbour, title="Saw")

    first, again = take(village, harbour, fans, saw), take(village, harbour, fans, saw)

    assert ((first.news, first.left), (again.news, again.left)) == ((2, 0), (0, 0))
    assert first.refused == again.refused == {}
    assert titles(village) == ["Fans", "Saw"]
    row = village.see(lambda c: peers.find(c, harbour.actor_id))
    assert row is not None and row["last_heard_at"] == START


@pytest.mark.parametrize(("whole", "left"), [(True, ["Saw"]), (False, ["Fans", "Saw"])])
def test_only_a_whole_answer_says_by_its_silence_what_is_gone(village: Village, whole: bool, left: list[str]) -> None:
    harbour = village.meet()
    fans, saw = said(harbour, title="Fans"), said(harbour, title="Saw")
    take(village, harbour, fans, saw)

    taken = take(village, harbour, saw, whole=whole)

    assert (taken.left, titles(village)) == (2 - len(left), left)


def test_what_came_after_the_answer_was_made_stays(village: Village) -> None:
    harbour = village.meet()
    village.hears(harbour, builders.note(harbour, title="Fans", published=START + timedelta(minutes=2)))

    assert take(village, harbour).left == 0
    assert titles(village) == ["Fans"]


def test_an_id_that_told_something_else_before_is_refused_by_its_name_and_another_is_taken(village: Village) -> None:
    harbour = village.meet()
    fans, saw = said(harbour, title="Fans"), said(harbour, title="Saw")
    other = orjson.dumps(fans.document | {"published": "2026-03-01T00:00:00Z"})
    values = {"id": fans.document["id"], "actor": harbour.actor_id, "document": other}
    statement = text(
        "INSERT INTO received_activity (activity_id, digest, actor_id, verb, document, received_at, state)"
        " VALUES (:id, x'', :actor, 'Create', :document, 0, 'applied')"
    )
    village.do(lambda c: c.execute(statement, values))

    taken = take(village, harbour, fans, saw)

    assert (taken.news, dict(taken.refused), titles(village)) == (1, {Reason.ID_REUSED.value: 1}, ["Saw"])


def test_more_than_there_is_room_for_is_refused_by_its_name(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    harbour = village.meet()
    object.__setattr__(village.council.rules, "live", 1)

    taken = take(village, harbour, said(harbour, title="Fans"), said(harbour, title="Saw"))

    assert (taken.news, dict(taken.refused), titles(village)) == (1, {Reason.TOO_MANY.value: 1}, ["Fans"])


def test_of_a_council_whose_link_has_ended_meanwhile_nothing_is_taken(village: Village) -> None:
    harbour = village.meet()
    village.do(lambda c: c.execute(text("UPDATE peer SET state = 'ended'")))

    assert take(village, harbour, said(harbour)) == live.Taken(0, 0, {})
    assert titles(village) == []
