"""What two councils agree, as FEP-0837 writes it: what we say is read back, what others write otherwise is read too."""

from datetime import timedelta
from typing import Any

import pytest

from protocol.verdict import Reason, Refused
from schemas.records import agreement_acts as acts
from schemas.records.agreement import (
    AgreementAccept,
    AgreementOffer,
    AgreementReceipt,
    AgreementReject,
    AgreementUndo,
    agreement_of,
    is_agreement,
    offer_of,
    read_agreement,
)
from tests.schemas.examples import BASE, COUNCIL, NOTE_ID, NOW

THEIRS, THEIR_COUNCIL = "https://harbour.example", "https://harbour.example/council"
OFFER, AGREEMENT = f"{THEIRS}/a/{'o' * 26}", f"{BASE}/a/{'g' * 26}"
SOON = NOW + timedelta(days=3)


def offered(amount: str | None = "6") -> dict[str, Any]:
    given = {"amount": amount, "unit": "fans", "their_actor": COUNCIL, "ends_at": SOON, "published": NOW}
    return acts.offer(THEIRS, OFFER, note_id=NOTE_ID, **given)


def accepted() -> dict[str, Any]:
    return acts.accept(BASE, f"{BASE}/a/{'y' * 26}", given=offered(), agreement_id=AGREEMENT, published=NOW)


def all_acts() -> list[tuple[dict[str, Any], type]]:
    about = {"offer_id": OFFER, "their_actor": THEIR_COUNCIL, "published": NOW}
    no = acts.reject(BASE, f"{BASE}/a/{'n' * 26}", note_id=NOTE_ID, available="4", unit=None, **about)
    receipt = acts.receipt(BASE, f"{BASE}/a/{'r' * 26}", agreement_id=AGREEMENT, **about)
    back = {"their_actor": COUNCIL, "published": NOW}
    return [
        (offered(), AgreementOffer),
        (offered(None), AgreementOffer),
        (accepted(), AgreementAccept),
        (no, AgreementReject),
        (receipt, AgreementReceipt),
        (acts.take_back(THEIRS, f"{THEIRS}/a/{'u' * 26}", given=offered(), **back), AgreementUndo),
        (acts.take_back(BASE, f"{BASE}/a/{'w' * 26}", given=accepted(), **back), AgreementUndo),
    ]


def test_whatever_we_say_is_read_back_and_belongs_to_its_offer() -> None:
    for document, model in all_acts():
        said = read_agreement(document)

        assert isinstance(said, model)
        assert offer_of(said) == OFFER  # type: ignore[arg-type]
        assert is_agreement(document["object"] if document["type"] == "Undo" else document)


@pytest.mark.parametrize("marker", ["comarca:answer", "comarca:textDigest"])
def test_an_answer_to_a_call_or_a_text_is_none_whatever_it_carries(marker: str) -> None:
    documents = [document for document, _ in all_acts() if document["type"] != "Undo"]

    assert not any(is_agreement(document | {marker: "come"}) for document in documents)


def test_what_is_left_is_told_in_the_unit_of_the_note() -> None:
    document = next(one for one, model in all_acts() if model is AgreementReject)

    said = read_agreement(document)

    assert isinstance(said, AgreementReject) and said.available is not None
    assert document["comarca:available"] == {"hasUnit": "one", "hasNumericalValue": "4"}
    assert said.available.has_numerical_value == "4"
    assert "content" not in document


def test_the_misspelling_of_the_fep_is_read_and_never_written() -> None:
    document = accepted()
    agreement = document["result"]
    misspelt = {"stiplulates" if name == "stipulates" else name: value for name, value in agreement.items()}

    said = read_agreement({**document, "result": misspelt, "to": THEIR_COUNCIL})

    assert isinstance(said, AgreementAccept) and said.result.stipulates.note_id == NOTE_ID
    assert "stiplulates" not in agreement


def test_the_same_amount_written_otherwise_is_the_same() -> None:
    six, also_six, seven = (agreement_of(read_agreement(offered(amount))) for amount in ("6", "6.0", "7"))  # type: ignore[arg-type]

    assert six is not None and also_six is not None and seven is not None
    assert (six.same_terms(also_six), six.same_terms(seven)) == (True, False)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one | {"object": one["object"] | {"stipulatesReciprocal": one["object"]["stipulates"]}},
        lambda one: one | {"object": one["object"] | {"stipulates": {"type": "Commitment", "satisfies": NOTE_ID}}},
        lambda one: one | {"endTime": "2026-11-22T11:00:00Z"},
        lambda one: one | {"cc": [THEIR_COUNCIL]},
        lambda one: one | {"to": []},
        lambda one: one | {"type": "Announce"},
    ],
    ids=["something in return", "of no intent", "over before it began", "a copy", "to nobody", "another verb"],
)
def test_what_is_no_offer_of_an_agreement_is_refused(change: Any) -> None:
    refused = read_agreement(change(offered()))

    assert isinstance(refused, Refused) and refused.reason is Reason.WRONG_SHAPE
