"""Whoever was away for long hears of calls for help first, before all the rest has been read."""

from typing import Any

import orjson
import pytest

from federation.feeds import questions, serving
from tests.feeds.carrying import NOBODY, Town, all_linked, talk
from tests.feeds.sticks import call


@pytest.fixture(autouse=True)
def _short_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_ENTRIES", 5)


def much_before_a_call(*, audience: Any = "neighbours") -> tuple[Town, Town, str]:
    riverside, hilltop = all_linked("riverside", "hilltop")
    talk(hilltop, riverside)
    for number in range(20):
        riverside.publish(f"Thing {number}", audience=audience)
    return riverside, hilltop, call(riverside, "The river rises", audience=audience)


def test_a_call_is_there_after_the_first_answer_though_the_line_breaks_then() -> None:
    riverside, hilltop, flood = much_before_a_call()

    told = talk(hilltop, riverside, cut_after=1)

    assert told.word == "connect"
    assert hilltop.live()[flood] == "The river rises"
    assert len(hilltop.live()) <= 6


def test_it_is_read_again_in_its_place_and_stands_once() -> None:
    riverside, hilltop, flood = much_before_a_call()
    talk(hilltop, riverside, cut_after=1)

    told = talk(hilltop, riverside)

    assert told.agreed, told
    assert len(hilltop.live()) == 21 and flood in hilltop.live()
    assert hilltop.heads(of=riverside) == riverside.heads(of=riverside)
    assert hilltop.held() == []


def test_one_that_was_taken_back_before_anybody_asked_is_not_told() -> None:
    riverside, hilltop, flood = much_before_a_call()
    riverside.withdraw(flood)

    talk(hilltop, riverside, cut_after=1)

    assert flood not in hilltop.live()


def test_a_call_for_others_than_the_asker_is_not_told_ahead_either() -> None:
    riverside, _hilltop, flood = much_before_a_call()
    stranger = Town("harbour").begin()

    answer = riverside.answer(questions.HELLO, b"{}", asker=stranger.council.actor_id)

    assert flood.encode() not in answer.body


@pytest.mark.parametrize("change", ["words", "signature", "key"])
def test_a_call_that_was_altered_on_the_way_is_not_taken(change: str) -> None:
    riverside, hilltop, flood = much_before_a_call()

    def altered(_path: str, body: bytes) -> Any:
        if altered_already:
            return NOBODY
        altered_already.append(True)
        about, first, *rest = body.split(b"\n")
        assert orjson.loads(about)["ahead"] == 1 and flood.encode() in first
        entry = orjson.loads(first)
        if change == "words":
            entry["payload"]["object"]["name"] = "All is well"
        elif change == "signature":
            entry["signature"] = entry["signature"][:-6] + "AAAAAA"
        else:
            entry["header"]["key"] = hilltop.council.multibase
        return b"\n".join([about, orjson.dumps(entry), *rest])

    altered_already: list[bool] = []
    talk(hilltop, riverside, change=altered)

    assert flood not in hilltop.live()
