"""What somebody who promises has typed, judged against the note and against their own: how much, from what, and whether it waits.

Amounts are never filled in or converted for anybody: where units differ, both are typed. Nothing here writes.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from sqlalchemy import Connection

from node.feature import Acting, Viewer
from node.features.resources import quantities, queries, reckoning, rules
from node.features.resources.promises import keeping
from node.features.resources.promises.keeping import Proposal
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from schemas.phrase import phrase
from schemas.records.resource import ResourceState
from schemas.refusal import Refusal

_JUST_NOW: Final = timedelta(days=1)
_A_YEAR: Final = timedelta(days=366)
_SAME: Final = ("by_member", "amount", "counterpart_id", "counterpart_amount", "words", "starts_at")


class About(Protocol):
    """What is promised on, ours or a nearby council's, as far as it matters to what it is drawn from."""

    @property
    def direction(self) -> str: ...

    @property
    def quantity(self) -> str | None: ...

    @property
    def unit(self) -> str | None: ...


def open_note(connection: Connection, acting: Acting, public_id: str) -> Resource:
    """The note that is promised on: one that this viewer sees, and that is neither closed, over nor a place. Raises Refusal."""
    row = queries.ours(connection, public_id)
    if row is None or row.shown != "shown" or row.audience not in acting.viewer.audiences:
        raise Refusal("not-found", sentence=phrase("There is no need or offer of ours under this address."))
    rules.check_open(row.state, ended=row.ends_at <= acting.now)
    check_no_place(row.standing)
    return row


def check_no_place(standing: bool) -> None:
    """Nothing is promised at a standing place, ours or theirs. Raises Refusal("place")."""
    if standing:
        raise Refusal("place", sentence=phrase("This is a place that one simply goes to. Nothing is promised there."))


def amount_of(row: Resource, typed: str | None) -> str | None:
    """How much is promised, as decimal text; None where the note is not counted.

    Raises Refusal("amount" or "quantity", "amount").
    """
    if row.quantity is None:
        return None
    said = rules.quantity(typed, field="amount")
    if said is None or said == 0:
        raise Refusal("amount", "amount", sentence=phrase("Write how many, as a number above nought."))
    return quantities.as_text(said)


def check_when(starts_at: datetime | None, now: datetime) -> None:
    """When it is to be lies ahead, within a year. Raises Refusal("starts-at", "promise_at")."""
    if starts_at is not None and not now - _JUST_NOW <= starts_at <= now + _A_YEAR:
        raise Refusal("starts-at", "promise_at", sentence=phrase("Choose a time that is still to come, within a year."))


def drawn_from(
    connection: Connection, acting: Acting, row: About, counterpart_id: int | None, typed: str | None
) -> str | None:
    """How much of one's own note it takes, None where that follows from the amount or is not counted.

    Raises Refusal("counterpart", "counterpart"), or ("counterpart-amount" or "quantity", "counterpart_amount").
    """
    if counterpart_id is None:
        return None
    mine = {one.id: one for one in own_notes(connection, acting.viewer, acting.now, row)}.get(counterpart_id)
    if mine is None:
        raise Refusal("counterpart", "counterpart", sentence=phrase("Choose one of your own notes, or none."))
    if mine.quantity is None or (row.quantity is not None and row.unit == mine.unit):
        return None
    said = rules.quantity(typed, field="counterpart_amount")
    if said is None or said == 0:
        raise Refusal(
            "counterpart-amount",
            "counterpart_amount",
            sentence=phrase(
                "Yours is counted otherwise ({unit}). Write how many of those it takes.", unit=mine.unit or "1"
            ),
        )
    return quantities.as_text(said)


def own_notes(connection: Connection, viewer: Viewer, now: datetime, row: About) -> list[Resource]:
    """What a promise on this note can draw on: live notes of the viewer, of the other direction."""
    direction = "offer" if row.direction == "need" else "need"
    live = queries.board(connection, viewer, now=now, direction=direction)
    return [one for one in live if one.by_member == viewer.member_id]


def place_of(connection: Connection, row: Resource, amount: str | None, *, waits: bool) -> State:
    """Whether it is proposed or waits for its turn. Raises Refusal("not-enough", "amount") with what is left."""
    if row.quantity is None:
        if row.state != ResourceState.PROMISED:
            return State.PROPOSED
        if not waits:
            raise Refusal(
                "not-enough", "amount", sentence=phrase("Somebody else does it already. You can wait for it.")
            )
        return State.WAITING
    if Decimal(amount or "0") > Decimal(row.quantity):
        raise Refusal("not-enough", "amount", sentence=phrase("There are {whole} in all.", whole=row.quantity))
    left = reckoning.left(connection, row)
    if isinstance(quantities.room(Decimal(amount or "0"), left), quantities.Fits):
        return State.PROPOSED
    if not waits:
        reckoning.check_fits(connection, row, amount)
    return State.WAITING


def said_already(connection: Connection, proposal: Proposal) -> Promise | None:
    """The same, said before and not answered yet: whoever presses twice promises once."""
    found = keeping.of_resource(connection, proposal.resource_id or 0, State.PROPOSED, State.WAITING)
    same = [getattr(proposal, name) for name in _SAME]
    return next((one for one in found if [getattr(one, name) for name in _SAME] == same), None)
