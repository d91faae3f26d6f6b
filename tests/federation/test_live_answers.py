"""What an answer to a live question must be to count: each note of it a linked council's own, proved, and of what was asked for."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import orjson
import pytest

from federation import live
from federation.council import Council
from federation.directory import Directory, Known
from federation.live_asking import LiveAsking, Outcome, Word
from federation.outbox import sign
from node.app import kinds_of
from node.installed import FEATURES
from protocol.peering import State
from protocol.verdict import Reason, Refused
from schemas import activity
from schemas.live import LiveAbout, LiveQuestion
from tests import builders
from tests.builders import START

KINDS = kinds_of(FEATURES)
RIVERSIDE = builders.council("riverside", kinds=KINDS)
HARBOUR = builders.council("harbour", base_url="https://harbour.example", kinds=KINDS)
HILL = builders.council("hill", base_url="https://hill.example", kinds=KINDS)
KNOWN = Known(HARBOUR.actor_id, State.ACCEPTED, f"{HARBOUR.base_url}/council/inbox", HARBOUR.ed25519_key_id)
DIRECTORY = Directory(
    {HARBOUR.actor_id: KNOWN},
    {HARBOUR.ed25519_key_id: (HARBOUR.ed25519.public_key(), HARBOUR.actor_id)},
    frozenset(),
)
QUESTION = LiveQuestion(kind="resource")


def said(by: Council = HARBOUR, *, note: dict[str, Any] | None = None, **given: Any) -> bytes:
    """A note in its activity, signed by its council."""
    made = builders.note(by) if note is None else note
    created = activity.create(
        by.actor_id, by.new_activity_id(), note=made, audience=given.get("audience", "public"), published=START
    )
    return sign(by, created | given.get("changed", {}), now=given.get("signed_at", START))[1]


def answered(*lines: bytes, count: int | None = None, more: bool = False) -> bytes:
    about = LiveAbout(as_of=START, count=len(lines) if count is None else count, more=more)
    return b"\n".join([orjson.dumps(about.wire()), *lines])


def judged(body: bytes) -> live.Judged | Refused:
    return live.judge(
        body, QUESTION, council=RIVERSIDE, known=KNOWN, directory=DIRECTORY, now=START + timedelta(hours=1)
    )


def spoiled(line: bytes) -> bytes:
    return line.replace(b"Ten folding", b"Six folding")


def deleted() -> bytes:
    address = HARBOUR.new_object_id()
    gone = activity.delete(
        HARBOUR.actor_id, HARBOUR.new_activity_id(), object_id=address, audience="public", published=START
    )
    return sign(HARBOUR, gone, now=START)[1]


NOTES: Mapping[str, tuple[Reason, Callable[[], bytes]]] = {
    "no JSON": (Reason.MALFORMED, lambda: b"{"),
    "a key twice": (Reason.DUPLICATE_KEY, lambda: b'{"id":1,"id":2}'),
    "no activity": (Reason.WRONG_SHAPE, lambda: b"{}"),
    "of another council": (Reason.NOT_OWNER, lambda: said(HILL)),
    "of another's note": (Reason.NOT_OWNER, lambda: said(changed={"object": builders.note(HILL)})),
    "changed on the way": (Reason.BAD_PROOF, lambda: spoiled(said())),
    "proved too long ago": (Reason.STALE, lambda: said(signed_at=START - timedelta(days=91))),
    "for nobody in particular": (
        Reason.WRONG_AUDIENCE,
        lambda: said(
            changed={"to": [f"{RIVERSIDE.actor_id}"], "object": builders.note(HARBOUR) | {"to": [RIVERSIDE.actor_id]}}
        ),
    ),
    "a call for help": (Reason.WRONG_SHAPE, lambda: said(note=builders.flood(HARBOUR))),
    "no note at all": (Reason.WRONG_SHAPE, deleted),
    "with a place too fine": (
        Reason.WRONG_SHAPE,
        lambda: said(
            note=builders.note(HARBOUR)
            | {"location": {"type": "Place", "name": "x", "comarca:cell": "8c394460a8c27ff"}}
        ),
    ),
}


@pytest.mark.parametrize("fault", NOTES, ids=list(NOTES))
def test_a_note_with_one_fault_is_left_out_by_its_name_and_the_others_count(fault: str) -> None:
    reason, make = NOTES[fault]

    found = judged(
        answered(said(), make(), said(audience="neighbours", note=builders.note(HARBOUR, audience="neighbours")))
    )

    assert isinstance(found, live.Judged)
    assert dict(found.refused) == {reason.value: 1}
    assert [one.audience for one in found.notes] == ["public", "neighbours"]
    assert not found.whole, "what it leaves out says nothing while part of it cannot be read"


def test_a_sound_answer_is_whole_unless_it_says_that_there_is_more() -> None:
    whole, cut = judged(answered(said())), judged(answered(said(), more=True))

    assert isinstance(whole, live.Judged) and whole.whole
    assert isinstance(cut, live.Judged) and not cut.whole and len(cut.notes) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b"[]", Reason.WRONG_SHAPE),
        (b'{"asOf":"now","count":0}', Reason.WRONG_SHAPE),
        (answered(b"{}", count=2), Reason.WRONG_SHAPE),
        (answered(*[b"{}"] * (live.MOST + 1)), Reason.WRONG_SHAPE),
        (answered(b" " * live.LONGEST), Reason.TOO_LARGE),
    ],
)
def test_what_is_no_answer_is_refused_whole_by_its_name(body: bytes, reason: Reason) -> None:
    refused, twin = judged(body), judged(answered())

    assert isinstance(refused, Refused) and refused.reason is reason
    assert isinstance(twin, live.Judged) and twin.whole and twin.notes == ()


def test_pages_read_what_came_of_asking_while_it_is_being_kept() -> None:
    """A page is made on a thread of its own: anything may be remembered in the middle of its reading."""
    nobody: Any = None
    asking = LiveAsking(nobody, nobody, builders.FakeClock(), nobody, nobody, nobody, nobody)
    outcome = Outcome(Word.SILENT, START)

    class Meanwhile(str):
        armed = False

        def __hash__(self) -> int:
            if Meanwhile.armed:
                Meanwhile.armed = False
                asking._remember((QUESTION, "https://another.example/council"), outcome)
            return str.__hash__(self)

    asking._remember((QUESTION, Meanwhile("https://harbour.example/council")), outcome)
    Meanwhile.armed = True

    assert list(asking.lately(QUESTION)) == ["https://harbour.example/council"]
