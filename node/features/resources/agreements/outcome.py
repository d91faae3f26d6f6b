"""How an exchange between two councils stands: a function of the signed acts alone, whatever order they came in. Pure.

What gives back is stronger than what takes: with an Undo of either side nothing is promised any more, and a council that has said
both yes and no has said no. Receipts of both are the last word. Time is no part of it: an Offer that nobody answered ends by the
Undo of whoever made it. So both councils, once they hold the same acts, see the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.features.resources.promises.states import State

OFFER: Final = "Offer"
ACCEPT: Final = "Accept"
REJECT: Final = "Reject"
RECEIPT: Final = "Create"
UNDO: Final = "Undo"

STANDS: Final = frozenset({State.PROPOSED, State.AGREED, State.DONE})
"""The states in which something is still promised, or may be."""


@dataclass(frozen=True, slots=True)
class Told:
    """One act as far as it counts. `undoes` is the id of what an Undo takes back; `agreement_id` what an Accept made out."""

    activity_id: str
    verb: str
    actor: str
    published: datetime
    undoes: str | None = None
    agreement_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`receipts`: who said that it is done, and when they first did."""

    state: State
    agreement_id: str | None
    receipts: dict[str, datetime]


def outcome_of(offer_id: str, acts: Iterable[Told]) -> Outcome:
    """How the exchange that this Offer began stands. The same act twice is one."""
    told = sorted(set(acts), key=lambda act: (act.published, act.activity_id))
    accepted = [act for act in told if act.verb == ACCEPT]
    receipts: dict[str, datetime] = {}
    for act in told:
        if act.verb == RECEIPT:
            receipts.setdefault(act.actor, act.published)
    agreement = min((act.agreement_id for act in accepted if act.agreement_id is not None), default=None)
    return Outcome(_state(offer_id, told, accepted=bool(accepted), receipts=len(receipts)), agreement, receipts)


def _state(offer_id: str, told: list[Told], *, accepted: bool, receipts: int) -> State:
    undone = [act.undoes for act in told if act.verb == UNDO]
    # An Accept that was taken back had been given, also where only its Undo has come yet.
    agreed = accepted or any(what != offer_id for what in undone)
    if agreed and receipts > 1:
        return State.DONE
    if undone:
        return State.GIVEN_BACK if agreed else State.LAPSED
    if any(act.verb == REJECT for act in told):
        return State.DECLINED
    return State.AGREED if agreed else State.PROPOSED
