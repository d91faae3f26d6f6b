"""A signed document admits no change: no member replaced, taken away or added, no letter of the proof exchanged."""

import copy
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.canonical import canonical
from protocol.proof import add_proof, judge_proof
from protocol.verdict import Accepted, Reason, Refused
from tests.protocol.samples import ED25519, ED25519_KEY_ID, NOW, activity

KEY = ED25519.public_key()


def reason(judged: object) -> Reason:
    assert isinstance(judged, Refused)
    return judged.reason


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, member in members for found in _paths(member, (*path, name)))]


SIGNED = add_proof(activity(), key=ED25519, method=ED25519_KEY_ID, created=NOW)
PATHS = [path for path in _paths(SIGNED) if path]


@given(st.sampled_from(PATHS), st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4)))
def test_no_member_of_a_signed_document_can_be_replaced(path: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(SIGNED)
    holder: Any = document
    for name in path[:-1]:
        holder = holder[name]
    assume(canonical(holder[path[-1]]) != canonical(value))
    holder[path[-1]] = value

    judged = judge_proof(document, KEY, now=NOW)

    assert reason(judged) is Reason.BAD_PROOF


@given(st.sampled_from(PATHS))
def test_no_member_of_a_signed_document_can_be_taken_away(path: tuple[Any, ...]) -> None:
    document = copy.deepcopy(SIGNED)
    holder: Any = document
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]

    judged = judge_proof(document, KEY, now=NOW)

    # Only the context of the proof may be missing, because it is put back from the document.
    assert (judged == Accepted()) is (path == ("proof", "@context"))


@given(st.sampled_from([path for path in PATHS if path[-1] != "@context"]), st.text(min_size=1, max_size=6))
def test_no_member_can_be_added_to_a_signed_document(path: tuple[Any, ...], name: str) -> None:
    document = copy.deepcopy(SIGNED)
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    assume(isinstance(holder, dict) and name not in holder and not (holder is document and name == "signature"))
    holder[name] = None

    assert reason(judge_proof(document, KEY, now=NOW)) is Reason.BAD_PROOF


@given(st.integers(1, len(SIGNED["proof"]["proofValue"]) - 1), st.sampled_from("123456789ABCDEFGHJKLMNPQRSTUVWXYZabc"))
def test_no_changed_letter_of_the_proof_value_is_accepted(position: int, letter: str) -> None:
    value = SIGNED["proof"]["proofValue"]
    changed = value[:position] + letter + value[position + 1 :]

    judged = judge_proof(SIGNED | {"proof": SIGNED["proof"] | {"proofValue": changed}}, KEY, now=NOW)

    assert (judged == Accepted()) is (changed == value)
