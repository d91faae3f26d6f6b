"""What is for nearby councils is served to those that its council has named, under whichever question, and to nobody else."""

from typing import Any

import orjson
import pytest

from federation.feeds import questions
from tests.feeds.carrying import Town, all_linked

STRANGER = "https://millbrook.example/council"
QUESTIONS = (questions.HELLO, questions.HEADS, questions.RANGES, questions.SNAPSHOTS)


def _question(path: str, feed: str) -> dict[str, Any]:
    return {
        questions.HELLO: {},
        questions.HEADS: {"heads": "", "parts": list(range(256)), "leaves": ""},
        questions.RANGES: {"ranges": [{"feed": feed, "epoch": 1, "first": 1, "last": 99}]},
        questions.SNAPSHOTS: {"feeds": [feed]},
    }[path]


def _served(town: Town, path: str, feed: str, *, asker: str) -> bytes:
    return town.answer(path, orjson.dumps(_question(path, feed)), asker=asker).body


@pytest.mark.parametrize("path", QUESTIONS)
def test_a_council_that_is_not_named_is_served_nothing_for_nearby_councils(path: str) -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("A secret between neighbours", audience="neighbours")
    riverside.snapshot()
    names = riverside.connection.exec_driver_sql("SELECT name FROM feed WHERE ours AND channel = 'region'").scalars()
    feed = str(names.one())

    named = _served(riverside, path, feed, asker=hilltop.council.actor_id)
    unnamed = _served(riverside, path, feed, asker=STRANGER)

    assert feed.encode() in named
    assert feed.encode() not in unnamed and b"A secret" not in unnamed
