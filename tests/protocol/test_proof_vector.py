"""FEP-8b32 as published: the same proof is made, it is accepted, and it is refused after any change."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

from protocol.keys import decode_multikey, decode_secret_multikey
from protocol.proof import add_proof, judge_proof
from protocol.verdict import Accepted, Reason, Refused
from tests.protocol.samples import ED25519, NOW, vectors

KEY = ED25519.public_key()


def reason(judged: object) -> Reason:
    assert isinstance(judged, Refused)
    return judged.reason


def _published() -> tuple[dict[str, Any], dict[str, Any]]:
    """The unsigned and the signed document of FEP-8b32's first scenario."""
    blocks = vectors("fep", "fep-8b32.feature").read_text().split('"""')
    return json.loads(blocks[1]), json.loads(blocks[3])


PUBLISHED_SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
PUBLISHED_KEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
PUBLISHED_METHOD = "https://server.example/users/alice#ed25519-key"


def test_the_published_document_is_signed_to_the_published_proof() -> None:
    unsigned, expected = _published()

    made = add_proof(
        unsigned,
        key=decode_secret_multikey(PUBLISHED_SECRET),
        method=PUBLISHED_METHOD,
        created=datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC),
    )

    assert made == expected


def test_the_published_proof_is_accepted() -> None:
    _, document = _published()

    assert judge_proof(document, decode_multikey(PUBLISHED_KEY), now=NOW) == Accepted()


def test_the_published_proof_is_refused_after_any_change() -> None:
    _, document = _published()
    key = decode_multikey(PUBLISHED_KEY)
    changed = copy.deepcopy(document)
    changed["object"]["content"] = "Hello World"

    assert reason(judge_proof(changed, key, now=NOW)) is Reason.BAD_PROOF
    assert reason(judge_proof(document, KEY, now=NOW)) is Reason.BAD_PROOF
