"""Answers to calls that are not taken, each beside the twin that is: every reason through the real inbox."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from federation import outbox
from node.features.alerts.actions import over, put_up
from protocol.verdict import Reason
from schemas.records.alert import AlertForm
from schemas.records.answer import MARKER, AnswerWord
from schemas.records.answer import answer as answer_document
from schemas.records.answer import take_back as take_back_document
from tests import builders
from tests.two_nodes.outsiders import Outsider, Scene, scene
from tests.two_nodes.refusing import Pair
from tests.two_nodes.test_every_refusal import assert_refused

Document = dict[str, Any]


def call(at: Scene) -> str:
    """A call of Riverside's for nearby councils."""
    form = AlertForm.model_validate({"title": "Water in the cellars", "event": "Flood"})
    row = at.town.write(lambda c: put_up(c, form, at.town.acting()))
    return str(row.object_id)


def said(at: Scene, object_id: str, *, by: Outsider | None = None, **members: Any) -> Document:
    who = by or at.harbour
    document = answer_document(
        who.council.base_url,
        who.council.new_activity_id(),
        word=AnswerWord.COME,
        object_id=object_id,
        their_actor=at.town.actor,
        words="With two boats.",
        published=at.now,
    )
    return document | members


def undone(at: Scene, given: Document, **inner: Any) -> Document:
    document = take_back_document(
        at.harbour.council.base_url,
        at.harbour.council.new_activity_id(),
        given=given,
        their_actor=at.town.actor,
        published=at.now,
    )
    return document | {"object": document["object"] | inner}


async def _a_thing_of_ours(at: Scene) -> Pair:
    note = builders.note(at.town.node.council, published=at.now)
    at.town.write(lambda c: outbox.publish(c, at.town.node.council, note=note, audience="public", now=at.now))
    return Pair(at.says(said(at, note["id"])), at.says(said(at, call(at))))


async def _their_own_call(at: Scene) -> Pair:
    note = at.harbour.alert()
    await at.send(at.says(at.harbour.create(note)))
    while await at.town.node.engine.applier.run_once():
        pass
    return Pair(at.says(said(at, note["id"])), at.says(said(at, call(at))))


async def _no_call(at: Scene) -> Pair:
    return Pair(at.says(said(at, f"{at.town.url}/o/{'a' * 26}")), at.says(said(at, call(at))))


async def _of_another(at: Scene) -> Pair:
    help_ = call(at)
    await at.link(at.hillside)
    theirs, own = said(at, help_, by=at.hillside), said(at, help_)
    for document, who in ((theirs, at.hillside), (own, at.harbour)):
        assert (await at.send(at.says(document, by=who))).status == 202
    return Pair(at.says(undone(at, theirs)), at.says(undone(at, own)))


async def _not_linked(at: Scene) -> Pair:
    help_ = call(at)
    await at.asked_by(at.hillside)
    return Pair(at.says(said(at, help_, by=at.hillside), by=at.hillside), at.says(said(at, help_)))


def having(**members: Any) -> Callable[[Scene], Awaitable[Pair]]:
    """An answer of which these members are otherwise; None leaves one out."""

    async def prepare(at: Scene) -> Pair:
        help_ = call(at)
        changed = {name: make(at) if callable(make) else make for name, make in members.items()}
        wrong = {name: value for name, value in (said(at, help_) | changed).items() if value is not None}
        return Pair(at.says(wrong), at.says(said(at, help_)))

    return prepare


def proven(change: Callable[[Document], Document]) -> Callable[[Scene], Awaitable[Pair]]:
    """An answer that was changed after it was proven."""

    async def prepare(at: Scene) -> Pair:
        help_ = call(at)
        document = orjson.loads(at.harbour.proven(said(at, help_)))
        return Pair(at.harbour.post(orjson.dumps(change(document)), at.url), at.says(said(at, help_)))

    return prepare


async def _stale(at: Scene) -> Pair:
    help_ = call(at)
    old = at.harbour.proven(said(at, help_), created=at.now - timedelta(days=91))
    return Pair(at.harbour.post(old, at.url), at.says(said(at, help_)))


def _without_proof(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "proof"}


async def _undone_of_no_word(at: Scene) -> Pair:
    own = said(at, call(at))
    assert (await at.send(at.says(own))).status == 202
    return Pair(at.says(undone(at, own, **{MARKER: "perhaps"})), at.says(undone(at, own)))


CASES: dict[str, tuple[Reason, Callable[[Scene], Awaitable[Pair]]]] = {
    "to what is no call of ours": (Reason.NOT_OWNER, _no_call),
    "to another thing of ours": (Reason.NOT_OWNER, _a_thing_of_ours),
    "to their own call": (Reason.NOT_OWNER, _their_own_call),
    "somebody else's taken back": (Reason.NOT_OWNER, _of_another),
    "to another council": (Reason.WRONG_AUDIENCE, having(to=["https://hillside.example/council"])),
    "to all of their nearby councils": (Reason.WRONG_AUDIENCE, having(to=lambda at: [f"{at.harbour.actor}/peers"])),
    "to everybody": (Reason.WRONG_AUDIENCE, having(to=["https://www.w3.org/ns/activitystreams#Public"])),
    "by who is not linked up": (Reason.UNKNOWN_PEER, _not_linked),
    "without a proof": (Reason.BAD_PROOF, proven(_without_proof)),
    "with other words than were proven": (Reason.BAD_PROOF, proven(lambda said: said | {"content": "Nobody."})),
    "proven too long ago": (Reason.STALE, _stale),
    "whose verb says otherwise": (Reason.WRONG_SHAPE, having(type="Reject")),
    "of a word that is none": (Reason.WRONG_SHAPE, having(**{MARKER: "perhaps"})),
    "to two at once": (Reason.WRONG_SHAPE, having(to=lambda at: [at.town.actor, at.hillside.actor])),
    "with a copy to others": (Reason.WRONG_SHAPE, having(cc=lambda at: [at.hillside.actor])),
    "without a time": (Reason.WRONG_SHAPE, having(published=None)),
    "of too many words": (Reason.WRONG_SHAPE, having(content="x" * 2_001)),
    "taken back in a word that is none": (Reason.WRONG_SHAPE, _undone_of_no_word),
}


@pytest.mark.parametrize(("reason", "prepare"), CASES.values(), ids=CASES)
async def test_a_wrong_answer_changes_nothing_and_its_twin_is_taken(
    tmp_path: Path, reason: Reason, prepare: Callable[[Scene], Awaitable[Pair]]
) -> None:
    async with scene(tmp_path) as at:
        pair = await prepare(at)
        rows, log = at.rows(), len(at.town.network.log)

        answer = await at.send(pair.faulty)

        assert_refused(answer, reason, pair.faulty, at)
        assert (at.rows(), len(at.town.network.log)) == (rows, log)
        taken = await at.send(pair.twin)
        assert (taken.status, orjson.loads(taken.body)) == (202, {"result": "stored"})


async def test_an_answer_that_comes_twice_is_one(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        letter = at.says(said(at, call(at)))

        answers = [orjson.loads((await at.send(letter)).body)["result"] for _ in range(2)]
        while await at.town.node.engine.applier.run_once():
            pass

        assert answers == ["stored", "already-held"]
        assert at.town.count("alert_answer") == 1


async def test_an_answer_to_a_call_that_has_ended_is_kept_since_they_may_not_have_heard_of_the_end(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as at:
        help_ = call(at)
        at.town.write(lambda c: over(c, help_.rpartition("/")[2], at.town.acting()))

        answer = await at.send(at.says(said(at, help_)))

        assert answer.status == 202
