"""Targets: acts of agreements between councils, and how an exchange stands whatever was said in it."""

from decimal import Decimal

from node.features.resources.agreements.outcome import Told, outcome_of
from protocol import strict_json
from protocol.verdict import Refused
from schemas.records.agreement import agreement_of, is_agreement, offer_of, read_agreement
from tests.fuzz import samples
from tests.fuzz.registry import target


@target(lambda: samples.as_bytes(*samples.agreements()), runs=500)
def agreement_acts(data: bytes) -> None:
    """An act is read or refused; what it is about, and of how much, can be said of each; its outcome is a word."""
    document = strict_json.parse(data)
    if not isinstance(document, dict):
        return
    is_agreement(document)
    said = read_agreement(document)
    if isinstance(said, Refused):
        return
    offer_id, terms = offer_of(said), agreement_of(said)
    assert offer_id and list(said.to)
    if terms is not None:
        assert terms.same_terms(terms) and "#" not in terms.stipulates.note_id
        assert terms.stipulates.amount is None or Decimal(terms.stipulates.amount) > 0
    told = Told(said.id, said.type, said.actor, said.published)
    assert outcome_of(offer_id, [told, told]) == outcome_of(offer_id, [told])
