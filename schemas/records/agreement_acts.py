"""What our council says in an exchange with another about one need or offer (FEP-0837): the acts, without their proofs.

Only amounts, addresses and times; never a person, never why not. How they are read stands in schemas.records.agreement.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from protocol.verdict import Refused
from schemas.base import write_time
from schemas.context import AGREEMENT_CONTEXT
from schemas.records.agreement import AVAILABLE, PRIMARY, UNCOUNTED_UNIT, Agreement

_OFFERED: Final = ("id", "type", "actor", "object", "endTime")
_ACCEPTED: Final = ("id", "type", "actor", "object", "result")


def offer(
    base_url: str,
    activity_id: str,
    *,
    note_id: str,
    amount: str | None,
    unit: str | None,
    their_actor: str,
    ends_at: datetime,
    published: datetime,
) -> dict[str, Any]:
    """An Offer about a need or an offer, ours or theirs, without its proof. `unit` None where nobody said what is counted."""
    return {
        **_opening(base_url, activity_id, verb="Offer", their_actor=their_actor, published=published),
        "object": {"type": "Agreement", "stipulates": _commitment(note_id, amount, unit)},
        "endTime": write_time(ends_at),
    }


def accept(
    base_url: str,
    activity_id: str,
    *,
    given: Mapping[str, Any],
    agreement_id: str,
    published: datetime,
) -> dict[str, Any]:
    """An Accept of `given`, an Offer of theirs that has been judged, without its proof.

    Its terms are written in our own words: what else they wrote into it is not signed by us. Raises ValueError for no Offer.
    """
    terms = Agreement.read(given["object"])
    if isinstance(terms, Refused):
        raise ValueError(terms.sentence)
    asked = terms.stipulates
    stipulated = {"id": agreement_id + PRIMARY, **_commitment(asked.note_id, asked.amount, asked.unit)}
    return {
        **_opening(base_url, activity_id, verb="Accept", their_actor=given["actor"], published=published),
        "object": given["id"],
        "result": {"id": agreement_id, "type": "Agreement", "stipulates": stipulated},
    }


def reject(
    base_url: str,
    activity_id: str,
    *,
    offer_id: str,
    note_id: str,
    their_actor: str,
    available: str | None,
    unit: str | None,
    published: datetime,
) -> dict[str, Any]:
    """A Reject of an Offer of theirs, without its proof. Why is never said; `available` (decimal text) only of a thing of ours."""
    document = {
        **_opening(base_url, activity_id, verb="Reject", their_actor=their_actor, published=published),
        "object": offer_id,
        "context": note_id,
    }
    return document if available is None else document | {AVAILABLE: _measure(available, unit)}


def take_back(
    base_url: str, activity_id: str, *, given: Mapping[str, Any], their_actor: str, published: datetime
) -> dict[str, Any]:
    """The giving back of `given`, an Offer or an Accept of ours, without its proof."""
    names = _OFFERED if given["type"] == "Offer" else _ACCEPTED
    return {
        **_opening(base_url, activity_id, verb="Undo", their_actor=their_actor, published=published),
        "object": {name: given[name] for name in names},
    }


def receipt(
    base_url: str, activity_id: str, *, offer_id: str, agreement_id: str, their_actor: str, published: datetime
) -> dict[str, Any]:
    """That it has been handed over or done, without its proof."""
    return {
        **_opening(base_url, activity_id, verb="Create", their_actor=their_actor, published=published),
        "object": {
            "id": activity_id + "#receipt",
            "type": "Document",
            "attributedTo": f"{base_url}/council",
            "name": "Receipt",
            "context": agreement_id,
            "inReplyTo": offer_id,
            "published": write_time(published),
        },
    }


def _commitment(note_id: str, amount: str | None, unit: str | None) -> dict[str, Any]:
    counted = {} if amount is None else {"resourceQuantity": _measure(amount, unit)}
    return {"type": "Commitment", "satisfies": note_id + PRIMARY, **counted}


def _measure(amount: str, unit: str | None) -> dict[str, str]:
    return {"hasUnit": unit or UNCOUNTED_UNIT, "hasNumericalValue": amount}


def _opening(base_url: str, activity_id: str, *, verb: str, their_actor: str, published: datetime) -> dict[str, Any]:
    return {
        "@context": [dict(part) if isinstance(part, dict) else part for part in AGREEMENT_CONTEXT],
        "id": activity_id,
        "type": verb,
        "actor": f"{base_url}/council",
        "to": [their_actor],
        "cc": [],
        "published": write_time(published),
    }
