"""The signed acts of exchanges between councils, ours and theirs, byte for byte: kept once, looked up, never changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, func, select

from federation.tables import table_of
from node.features.resources.agreements.outcome import ACCEPT, OFFER, Outcome, Told, outcome_of
from node.features.resources.promises.tables import AgreementAct
from protocol.verdict import Refused
from schemas.records.agreement import (
    UNCOUNTED_UNIT,
    Agreement,
    AgreementReject,
    AgreementUndo,
    Offered,
    agreement_of,
    offer_of,
    read_agreement,
)

_ACTS: Final = table_of(AgreementAct)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one exchange is about: who offered, who answers, what is promised, and until when it can be answered.

    Where only an Accept is held, that was when it was said.
    """

    offer_id: str
    offerer: str
    answerer: str
    terms: Agreement
    ends_at: datetime

    @property
    def note_id(self) -> str:
        """The address of the need or offer."""
        return self.terms.stipulates.note_id

    @property
    def amount(self) -> str | None:
        """Decimal text, None where nothing is counted."""
        return self.terms.stipulates.amount

    @property
    def unit(self) -> str | None:
        """The unit as our own records have it."""
        unit = self.terms.stipulates.unit
        return None if unit == UNCOUNTED_UNIT else unit

    def other(self, actor: str) -> str:
        """The council on the other side."""
        return self.answerer if actor == self.offerer else self.offerer


def keep(connection: Connection, document: bytes, *, now: datetime) -> bool:
    """Keep one act, signed by us or judged before. False where it is held already. Raises ValueError for what is no such act."""
    said = read_agreement(orjson.loads(document))
    if isinstance(said, Refused):
        raise ValueError(said.sentence)
    if connection.execute(select(_ACTS.c.id).where(_ACTS.c.activity_id == said.id)).first() is not None:
        return False
    terms, offer_id = agreement_of(said), offer_of(said)
    about = said.context if isinstance(said, AgreementReject) else None
    row = {
        "offer_id": offer_id,
        "activity_id": said.id,
        "actor": said.actor,
        "verb": said.type,
        "undoes": said.object.id if isinstance(said, AgreementUndo) else None,
        "object_id": about or (terms.stipulates.note_id if terms else note_of(connection, offer_id) or ""),
        "amount": None if terms is None else terms.stipulates.amount,
        "unit": None if terms is None else terms.stipulates.unit,
        "published": said.published,
        "document": document,
        "received_at": now,
    }
    connection.execute(_ACTS.insert().values(**row))
    return True


def of_exchange(connection: Connection, offer_id: str) -> list[RowMapping]:
    """The acts of one exchange, in the order in which they came."""
    where = _ACTS.c.offer_id == offer_id
    return list(connection.execute(_ACTS.select().where(where).order_by(_ACTS.c.id)).mappings())


def outcome(connection: Connection, offer_id: str) -> Outcome:
    """How that exchange stands by the acts that are held."""
    return outcome_of(offer_id, [_told(row) for row in of_exchange(connection, offer_id)])


def said_by(connection: Connection, offer_id: str, *, actor: str, verb: str) -> dict[str, Any] | None:
    """The first act of this verb that this council said in the exchange, whole."""
    where = (_ACTS.c.offer_id == offer_id, _ACTS.c.actor == actor, _ACTS.c.verb == verb)
    found = connection.execute(select(_ACTS.c.document).where(*where).order_by(_ACTS.c.id)).scalar()
    return None if found is None else dict(orjson.loads(found))


def exchange(connection: Connection, offer_id: str) -> Exchange | None:
    """What an exchange is about, by any act that carries its terms; None where none is held."""
    found = None
    for row in of_exchange(connection, offer_id):
        # Read as it was when it came: others may write the same otherwise.
        said = read_agreement(orjson.loads(row["document"]))
        if isinstance(said, Refused) or (terms := agreement_of(said)) is None:
            continue
        carries = said.object if isinstance(said, AgreementUndo) else said
        offers, (their,) = isinstance(carries, Offered), said.to
        ends_at = carries.end_time if isinstance(carries, Offered) else row["published"]
        found = Exchange(offer_id, said.actor if offers else their, their if offers else said.actor, terms, ends_at)
        if offers:
            break
    return found


def note_of(connection: Connection, offer_id: str) -> str | None:
    """The address of the need or offer that an exchange is about."""
    where = (_ACTS.c.offer_id == offer_id, _ACTS.c.object_id != "")
    return connection.execute(select(_ACTS.c.object_id).where(*where).order_by(_ACTS.c.id)).scalar()


def offers_since(connection: Connection, *, actor: str, since: datetime) -> int:
    """How many Offers of this council have come since then."""
    where = (_ACTS.c.actor == actor, _ACTS.c.verb == OFFER, _ACTS.c.received_at > since)
    return int(connection.execute(select(func.count()).where(*where)).scalar_one())


def next_time(connection: Connection, offer_id: str, *, actor: str, now: datetime) -> datetime:
    """When our next act in an exchange is said to be: now in whole seconds, and later than every one of ours before it."""
    where = (_ACTS.c.offer_id == offer_id, _ACTS.c.actor == actor)
    last = connection.execute(select(_ACTS.c.published).where(*where).order_by(_ACTS.c.published.desc())).scalar()
    at = now.replace(microsecond=0)
    return at if last is None else max(at, last + timedelta(seconds=1))


def _told(row: RowMapping) -> Told:
    agreement_id = None
    if row["verb"] == ACCEPT:
        agreement_id = orjson.loads(row["document"])["result"]["id"]
    return Told(row["activity_id"], row["verb"], row["actor"], row["published"], row["undoes"], agreement_id)
