"""Every word of refusal through the real route: a letter with one fault, and the twin that differs in the fault alone.

A refused letter leaves nothing behind: every table is the same, nothing went out but the one allowed fetch, and the answer
says one word and one sentence, never what was compared.
"""

import re
from pathlib import Path

import orjson
import pytest

from federation.ports import OutgoingResponse
from protocol.proof import CRYPTOSUITE
from protocol.verdict import Reason
from tests.two_nodes import (
    wrong_agreements,
    wrong_answers,
    wrong_claims,
    wrong_keys,
    wrong_letters,
    wrong_loads,
    wrong_words,
)
from tests.two_nodes.letters import Letter, telling
from tests.two_nodes.outsiders import Scene, scene
from tests.two_nodes.refusing import Case

CASES = [
    *wrong_letters.CASES,
    *wrong_keys.CASES,
    *wrong_words.CASES,
    *wrong_claims.CASES,
    *wrong_answers.CASES,
    *wrong_loads.CASES,
    *wrong_agreements.CASES,
]
OURS_TO_SAY = (CRYPTOSUITE, "application/activity+json")  # what we ask for, whatever came
VALUE = re.compile(r"\d{4,}|https?://|\.example|[A-Za-z0-9+/]{24,}")


def assert_refused(answer: OutgoingResponse, reason: Reason, sent: Letter, at: Scene) -> None:
    assert orjson.loads(answer.body).get("reason") == reason, answer.body
    assert answer.status == reason.status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = orjson.loads(answer.body)
    assert set(problem) == {"type", "title", "status", "detail", "reason"}
    assert problem["status"] == reason.status
    sentence = problem["detail"]
    for word in OURS_TO_SAY:
        sentence = sentence.replace(word, "this")
    assert sentence.endswith(".") and not VALUE.search(sentence)
    ours = [at.town.actor, at.harbour.council.multibase, at.now.isoformat()]
    assert not [value for value in telling(sent, ours=ours) if value in sentence]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_refused_letter_changes_nothing_and_its_twin_is_taken(tmp_path: Path, case: Case) -> None:
    async with scene(tmp_path, **case.settings) as at:
        pair = await case.prepare(at)
        rows, log = at.rows(), at.town.network.log
        sent_before = len(log)

        answer = await at.send(pair.faulty)

        assert_refused(answer, case.reason, pair.faulty, at)
        assert at.rows() == rows
        assert len(log) - sent_before == pair.fetches
        assert ("retry-after" in answer.headers) == pair.waits
        await pair.mend()
        taken = await at.send(pair.twin)
        assert (taken.status, orjson.loads(taken.body)) == (202, {"result": "stored"})
        assert at.rows() != rows


def test_every_reason_has_its_tests() -> None:
    assert {case.reason for case in CASES} == set(Reason)


def test_no_two_cases_have_one_name() -> None:
    assert len({str(case) for case in CASES}) == len(CASES)
