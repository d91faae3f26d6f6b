"""Acts of nearby councils in exchanges with us, as they arrive: meant for us, about a thing of one of the two, by the right one.

What no honest council says is refused. What two honest councils may say at once, an offer of what has just gone say, is taken, and
answered. They are applied in any order, perhaps twice, and what holds in the end is the same.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from federation import replicas
from federation.council import Council
from federation.kinds import Act
from node.features.resources.agreements import evidence, settling
from node.features.resources.agreements.evidence import Exchange
from protocol import ids
from protocol.verdict import Reason, Refused
from schemas.records.agreement import (
    VERBS,
    AgreementAccept,
    AgreementAct,
    AgreementOffer,
    AgreementReceipt,
    AgreementReject,
    AgreementUndo,
    agreement_of,
    is_agreement,
    offer_of,
    read_agreement,
)

MOST_OFFERS: Final = 200
WITHIN: Final = timedelta(hours=24)
_OURS: Final = text("SELECT 1 FROM resource WHERE object_id = :object_id")

_NOT_MEANT: Final = Refused(
    Reason.WRONG_AUDIENCE, "What is agreed between two councils goes to the other of the two alone."
)
_NOT_THEIRS: Final = Refused(Reason.NOT_OWNER, "Only the council that offered or accepted takes that back.")
_NO_NOTE: Final = Refused(Reason.NOT_OWNER, "That is no need or offer of ours, nor of whoever offers.")
_NOT_ASKED: Final = Refused(Reason.NOT_OWNER, "Only the council that was offered it answers.")
_NO_PARTY: Final = Refused(Reason.NOT_OWNER, "That exchange is between other councils.")
_NOT_MADE: Final = Refused(Reason.OTHER_TERMS, "No such offer was made from here.")
_OTHER: Final = Refused(Reason.OTHER_TERMS, "That is not what was offered or agreed.")
_TOO_LATE: Final = Refused(Reason.OTHER_TERMS, "The time to answer was over.")
_FLOOD: Final = Refused(Reason.TOO_FAST, "More offers within a day than this server takes from one council.")


def judge(document: Mapping[str, Any], said: AgreementAct, council: Council) -> Refused | None:
    """Refused(wrong-audience) for what is not for us alone, Refused(not-owner) for another's word taken back."""
    if list(said.to) != [council.actor_id] or document.get("cc") not in (None, []):
        return _NOT_MEANT
    if isinstance(said, AgreementUndo) and said.object.actor != said.actor:
        return _NOT_THEIRS
    return None


def check(connection: Connection, council: Council, said: AgreementAct, now: datetime) -> Refused | None:
    """What does not fit the acts and records that are held: not-owner, other-terms; and a flood, too-fast."""
    exchange = evidence.exchange(connection, offer_of(said))
    match said:
        case AgreementOffer():
            often = evidence.offers_since(connection, actor=said.actor, since=now - WITHIN)
            return _FLOOD if often >= MOST_OFFERS else _judge_note(connection, council, said)
        case AgreementUndo() if said.object.type == "Offer":
            if exchange is None:
                return _judge_note(connection, council, said)
            return _judge_parties(exchange, said, offerer=said.actor, answerer=council.actor_id)
        case AgreementReceipt():
            return _judge_receipt(connection, council, said, exchange)
        case _:
            if exchange is None:
                return _NOT_MADE
            refused = _judge_parties(exchange, said, offerer=council.actor_id, answerer=said.actor)
            late = isinstance(said, AgreementAccept) and said.published > exchange.ends_at
            return refused or (_TOO_LATE if late else None)


def apply(connection: Connection, council: Council, said: AgreementAct, document: bytes, now: datetime) -> None:
    """Keep it, and move our promise to where the exchange stands now. Our own word, coming back to an old copy, is kept quietly."""
    speaking = settling.nobody_acts(council, now)
    if not evidence.keep(connection, document, now=now):
        return
    if said.actor == council.actor_id:
        settling.bring_back(connection, speaking, offer_of(said), published=said.published)
    else:
        settling.settle(connection, speaking, offer_of(said))


def _judge_note(connection: Connection, council: Council, said: AgreementAct) -> Refused | None:
    """An exchange is about a need or offer that one of the two has put up. Theirs may come later than their word on it."""
    terms = agreement_of(said)
    assert terms is not None
    note_id = terms.stipulates.note_id
    if ids.same_origin(note_id, said.actor):
        return None
    held = replicas.find(connection, note_id)
    if held is not None and held["source"] == council.actor_id and (held["gone_at"] or held["kind"] == "resource"):
        return None
    return None if connection.execute(_OURS, {"object_id": note_id}).first() is not None else _NO_NOTE


def _judge_parties(exchange: Exchange, said: AgreementAct, *, offerer: str, answerer: str) -> Refused | None:
    """Whether an act is said by the one whose it is to say, in the terms of the Offer."""
    if exchange.offerer != offerer:
        return _NOT_MADE
    if exchange.answerer != answerer:
        return _NOT_ASKED
    terms = agreement_of(said)
    if terms is not None and not terms.same_terms(exchange.terms):
        return _OTHER
    return _OTHER if isinstance(said, AgreementReject) and said.context != exchange.note_id else None


def _judge_receipt(
    connection: Connection, council: Council, said: AgreementReceipt, exchange: Exchange | None
) -> Refused | None:
    if exchange is None:
        return _NOT_MADE
    if {exchange.offerer, exchange.answerer} != {said.actor, council.actor_id}:
        return _NO_PARTY
    agreed = evidence.outcome(connection, exchange.offer_id).agreement_id
    if agreed is None and exchange.answerer == council.actor_id:
        return _OTHER  # we have accepted nothing of it
    return _OTHER if agreed is not None and agreed != said.object.context else None


ACT: Final = Act(
    marker="",
    verbs=VERBS,
    read=read_agreement,
    judge=judge,
    check=check,
    apply=apply,
    tells=is_agreement,
)
