"""Object proofs: each rule beside its accepted twin, and no change that survives."""

import copy
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from protocol import multibase
from protocol.canonical import canonical
from protocol.proof import ProofClaim, add_proof, judge_proof, proof_of
from protocol.verdict import Accepted, Reason, Refused
from tests.protocol.samples import CONTEXT, ED25519, ED25519_KEY_ID, NOW, OTHER_ED25519, RSA, activity

KEY = ED25519.public_key()


def signed(**changes: Any) -> dict[str, Any]:
    return add_proof(activity(**changes), key=ED25519, method=ED25519_KEY_ID, created=NOW)


def resigned(document: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The document signed anew by hand with other proof options; an option that is None is left out."""
    proof = {name: value for name, value in (document["proof"] | options).items() if value is not None}
    del proof["proofValue"]
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    hashes = hashlib.sha256(canonical(proof)).digest() + hashlib.sha256(canonical(unsigned)).digest()
    return unsigned | {"proof": proof | {"proofValue": multibase.encode(ED25519.sign(hashes))}}


def reason(judged: object) -> Reason:
    assert isinstance(judged, Refused)
    return judged.reason


def test_a_proof_of_ours_is_accepted_and_leaves_the_document_alone() -> None:
    document = activity()
    before = copy.deepcopy(document)

    made = add_proof(document, key=ED25519, method=ED25519_KEY_ID, created=NOW)

    assert judge_proof(made, KEY, now=NOW) == Accepted()
    assert document == before
    assert made["proof"]["@context"] == CONTEXT
    assert made["proof"]["created"] == "2026-11-22T03:35:30Z"
    assert {name: value for name, value in made.items() if name != "proof"} == document


def test_a_time_in_another_zone_is_written_in_utc_and_a_naive_one_refused() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))

    made = add_proof(activity(), key=ED25519, method=ED25519_KEY_ID, created=elsewhere)

    assert made["proof"]["created"] == "2026-11-22T03:35:30Z"
    with pytest.raises(ValueError, match="aware"):
        add_proof(activity(), key=ED25519, method=ED25519_KEY_ID, created=NOW.replace(tzinfo=None))


def test_an_older_proof_or_signature_is_not_signed_again() -> None:
    once = signed()

    twice = add_proof(
        once | {"signature": {"type": "RsaSignature2017"}}, key=ED25519, method=ED25519_KEY_ID, created=NOW
    )

    assert twice == once


def test_a_linked_data_signature_beside_the_proof_is_ignored() -> None:
    document = signed() | {"signature": {"type": "RsaSignature2017", "signatureValue": "x"}}

    assert judge_proof(document, KEY, now=NOW) == Accepted()


def test_a_document_without_a_context_can_be_proven() -> None:
    document = activity()
    del document["@context"]

    made = add_proof(document, key=ED25519, method=ED25519_KEY_ID, created=NOW)

    assert "@context" not in made["proof"]
    assert judge_proof(made, KEY, now=NOW) == Accepted()


def test_what_is_claimed_can_be_read_before_the_key_is_there() -> None:
    claim = proof_of(resigned(signed(), expires="2026-11-23T00:00:00+01:00"))

    assert isinstance(claim, ProofClaim)
    assert claim.method == ED25519_KEY_ID
    assert claim.actor == "https://riverside.example/council"
    assert claim.created == NOW
    assert claim.expires == datetime(2026, 11, 22, 23, 0, tzinfo=UTC)


def test_a_proof_without_its_context_is_accepted_in_both_forms_that_are_found() -> None:
    document = signed()
    bare = resigned(document, **{"@context": None})
    stripped = copy.deepcopy(document)
    del stripped["proof"]["@context"]

    assert "@context" not in bare["proof"]
    assert judge_proof(bare, KEY, now=NOW) == Accepted()
    assert judge_proof(stripped, KEY, now=NOW) == Accepted()


@pytest.mark.parametrize("context", [CONTEXT[:1], [*CONTEXT, "https://w3id.org/security/v1"], CONTEXT[0], [], {}])
def test_another_context_in_the_proof_is_refused_even_when_it_is_signed(context: Any) -> None:
    document = resigned(signed(), **{"@context": context})

    assert reason(judge_proof(document, KEY, now=NOW)) is Reason.BAD_PROOF


def test_a_context_that_is_no_list_is_refused_even_when_both_are_alike() -> None:
    document = resigned(signed(**{"@context": CONTEXT[0]}), **{"@context": CONTEXT[0]})

    assert reason(judge_proof(document, KEY, now=NOW)) is Reason.BAD_PROOF


@pytest.mark.parametrize(
    "options",
    [
        {"type": "Ed25519Signature2020"},
        {"type": None},
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"cryptosuite": "jcs-eddsa-2022"},
        {"cryptosuite": None},
        {"proofPurpose": "authentication"},
        {"proofPurpose": None},
        {"verificationMethod": None},
        {"verificationMethod": 1},
        {"verificationMethod": "did:key:z6Mk"},
        {"verificationMethod": "https://hillside.example/council#ed25519-key"},
        {"verificationMethod": {"id": ED25519_KEY_ID}},
        {"created": None},
        {"created": "2026-11-22"},
        {"created": "2026-11-22T03:35:30"},
        {"created": "20261122T033530Z"},
        {"created": "2026-13-22T03:35:30Z"},
        {"created": "0001-01-01T00:00:00+23:59"},
        {"created": 1},
        {"expires": "soon"},
        {"expires": 1},
        {"domain": 1},
        {"domain": [1]},
        {"challenge": 1},
        {"previousProof": "urn:x"},
        {"extra": True},
    ],
    ids=repr,
)
def test_a_proof_of_another_form_is_refused_even_when_it_is_signed(options: dict[str, Any]) -> None:
    document = resigned(signed(), **options)

    assert reason(proof_of(document)) is Reason.BAD_PROOF
    assert reason(judge_proof(document, KEY, now=NOW)) is Reason.BAD_PROOF


@pytest.mark.parametrize(
    "options",
    [
        {"created": "2026-11-22T03:35:30.123Z"},
        {"created": "2026-11-22T04:35:30+01:00"},
        {"expires": "2026-11-22T03:35:31Z"},
        {"nonce": "n"},
        {"id": "urn:uuid:0"},
        {"domain": []},
    ],
    ids=repr,
)
def test_options_that_others_write_are_accepted_when_they_are_signed(options: dict[str, Any]) -> None:
    document = resigned(signed(), **options)

    unsigned = signed()
    unsigned["proof"] = unsigned["proof"] | options

    assert judge_proof(document, KEY, now=NOW) == Accepted()
    assert reason(judge_proof(unsigned, KEY, now=NOW)) is Reason.BAD_PROOF


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "none"),
        (1, "a number"),
        ("", "empty"),
        ("z", "no bytes"),
        ("u" + "A" * 86, "another base"),
        (multibase.encode(bytes(63)), "too short"),
        (multibase.encode(bytes(65)), "too long"),
        ("z" + "1" * 200, "much too long"),
        (multibase.encode(bytes(64)), "nothing"),
    ],
)
def test_a_proof_value_that_is_no_signature_is_refused(value: Any, why: str) -> None:
    document = signed()
    document["proof"] = document["proof"] | {"proofValue": value}

    assert reason(judge_proof(document, KEY, now=NOW)) is Reason.BAD_PROOF, why


def test_exactly_one_proof_is_read() -> None:
    document = signed()
    proof = document["proof"]

    for several in ([proof], [proof, proof], [], None, "proof", {}):
        assert reason(judge_proof(document | {"proof": several}, KEY, now=NOW)) is Reason.BAD_PROOF
    assert reason(judge_proof(activity(), KEY, now=NOW)) is Reason.BAD_PROOF


@pytest.mark.parametrize(
    ("options", "later", "accepted"),
    [
        ({}, timedelta(days=400), True),
        ({}, timedelta(hours=-24), True),
        ({}, timedelta(hours=-24, seconds=-1), False),
        ({"expires": "2026-11-22T04:00:00Z"}, timedelta(minutes=24, seconds=30), True),
        ({"expires": "2026-11-22T04:00:00Z"}, timedelta(minutes=24, seconds=31), False),
        ({"expires": "2020-01-01T00:00:00Z"}, timedelta(0), False),
    ],
)
def test_times_in_the_proof_hold(options: dict[str, str], later: timedelta, accepted: bool) -> None:
    judged = judge_proof(resigned(signed(), **options), KEY, now=NOW + later)

    if accepted:
        assert judged == Accepted()
    else:
        assert reason(judged) is Reason.BAD_PROOF


@pytest.mark.parametrize(
    ("options", "expected", "accepted"),
    [
        ({"domain": "a.example"}, {"domain": "a.example"}, True),
        ({"domain": ["b.example", "a.example"]}, {"domain": "a.example"}, True),
        ({"domain": "a.example"}, {}, False),
        ({"domain": "a.example"}, {"domain": "b.example"}, False),
        ({}, {"domain": "a.example"}, False),
        ({"challenge": "c"}, {"challenge": "c"}, True),
        ({"challenge": "c"}, {}, False),
        ({"challenge": "c"}, {"challenge": "d"}, False),
        ({}, {"challenge": "c"}, False),
    ],
)
def test_a_proof_for_another_exchange_does_not_count(
    options: dict[str, Any], expected: dict[str, str], accepted: bool
) -> None:
    judged = judge_proof(resigned(signed(), **options), KEY, now=NOW, **expected)

    if accepted:
        assert judged == Accepted()
    else:
        assert reason(judged) is Reason.BAD_PROOF


def test_another_key_or_kind_of_key_is_refused() -> None:
    document = signed()

    assert reason(judge_proof(document, OTHER_ED25519.public_key(), now=NOW)) is Reason.BAD_PROOF
    assert reason(judge_proof(document, RSA.public_key(), now=NOW)) is Reason.BAD_PROOF


def test_what_has_no_canonical_form_is_refused_and_does_not_raise() -> None:
    document = signed()

    assert reason(judge_proof(document | {"extra": 2**60}, KEY, now=NOW)) is Reason.BAD_PROOF
    assert reason(judge_proof(document | {"extra": "\ud800"}, KEY, now=NOW)) is Reason.BAD_PROOF


def test_a_nested_proof_is_part_of_what_is_signed() -> None:
    inner = add_proof(activity()["object"], key=OTHER_ED25519, method="https://a.example/#k", created=NOW)
    document = signed(object=inner)
    changed = copy.deepcopy(document)
    del changed["object"]["proof"]

    assert judge_proof(document, KEY, now=NOW) == Accepted()
    assert reason(judge_proof(changed, KEY, now=NOW)) is Reason.BAD_PROOF
