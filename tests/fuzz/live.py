"""Targets: live questions between councils, and the answers to them."""

from functools import cache

import orjson

from federation import live
from federation.directory import Directory, Known
from node.app import kinds_of
from node.installed import FEATURES
from protocol import strict_json
from protocol.canonical import canonical
from protocol.peering import State
from protocol.proof import add_proof
from protocol.verdict import Refused
from schemas.live import LiveAbout, LiveQuestion
from tests import builders
from tests.builders import START
from tests.fuzz import samples
from tests.fuzz.registry import target

QUESTION = LiveQuestion(kind="resource")
RIVERSIDE = samples.RIVERSIDE
KNOWN = Known(RIVERSIDE.actor_id, State.ACCEPTED, f"{RIVERSIDE.actor_id}/inbox", RIVERSIDE.ed25519_key_id)
KEYS = {RIVERSIDE.ed25519_key_id: (RIVERSIDE.ed25519.public_key(), RIVERSIDE.actor_id)}
DIRECTORY = Directory({RIVERSIDE.actor_id: KNOWN}, KEYS, frozenset())


@cache
def _reader() -> builders.Council:
    return builders.council("harbour", base_url="https://harbour.example", kinds=kinds_of(FEATURES))


@cache
def _lines() -> tuple[bytes, ...]:
    method = RIVERSIDE.ed25519_key_id
    return tuple(
        orjson.dumps(add_proof(one, key=RIVERSIDE.ed25519, method=method, created=START))
        for one in samples.activities()
    )


@cache
def _said() -> frozenset[bytes]:
    return frozenset(canonical(orjson.loads(line)) for line in _lines())


def _answers() -> list[bytes]:
    about = [LiveAbout(as_of=START, count=count) for count in (len(_lines()), 1, 0)]
    lines = (_lines(), _lines()[:1], ())
    return [b"\n".join([orjson.dumps(one.wire()), *some]) for one, some in zip(about, lines, strict=True)]


@target(_answers, runs=120)
def live_answers(data: bytes) -> None:
    """An answer is read or refused by name, and only what that council has signed counts of it."""
    found = live.judge(data, QUESTION, council=_reader(), known=KNOWN, directory=DIRECTORY, now=START)
    if isinstance(found, Refused):
        return
    assert len(found.notes) + sum(found.refused.values()) <= live.MOST
    for note in found.notes:
        assert canonical(note.document) in _said()
        assert note.audience in live.FEDERATED


@target(
    lambda: samples.as_bytes(
        {"kind": "resource", "category": "food", "direction": "offer", "cell": "86394460fffffff"}, {"kind": "resource"}
    ),
    runs=200,
)
def live_questions(data: bytes) -> None:
    """A question is read or refused, and is written as it was read: nothing that it does not know goes any further."""
    value = strict_json.parse(data, max_depth=4)
    asked = value if isinstance(value, Refused) else LiveQuestion.read(value)
    if not isinstance(asked, Refused):
        assert set(asked.wire()) == {"kind", "category", "direction", "cell"}
        assert LiveQuestion.read(asked.wire()) == asked
