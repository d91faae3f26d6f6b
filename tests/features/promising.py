"""Promises in tests: made, moved on and looked at, by the rows that every way of promising ends in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from node.features.resources import actions, reckoning
from node.features.resources.promises import acts, keeping
from node.features.resources.promises.keeping import Proposal
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal
from tests.features.village import START, Village, offer

HARBOURS = "https://harbour.example/o/aaaabbbbccccddddeeeeffff22"
LATER = START + timedelta(days=14)
SOON = {"until": "week", "audience": "council", "near": None}
"""A note among ourselves, and without a place."""


def put_up(village: Village, member: int, **given: Any) -> Resource:
    form = ResourceForm.model_validate(offer(**{"until": "week", **given}))
    return village.do(lambda c: actions.put_up(c, form, village.acting(member)))


def promise(village: Village, member: int, *, state: State = State.PROPOSED, **given: Any) -> Promise:
    """A promise by this member; of `amount` portions unless it says otherwise."""
    proposal = Proposal(ends_at=LATER, **{"unit": "portions", "by_member": member, **given})
    return village.do(lambda c: keeping.add(c, village.acting(member), proposal, state))


def turn(village: Village, made: Promise, state: State, **given: Any) -> Promise:
    return village.do(lambda c: keeping.turn_to(c, village.acting(1), number_of(made), state, **given))


def decline(village: Village, made: Promise) -> None:
    village.do(lambda c: keeping.decline(c, village.acting(1), number_of(made)))


def number_of(row: Promise | Resource) -> int:
    assert row.id is not None
    return row.id


def now(village: Village, row: Resource) -> Resource:
    """The record as it is kept at this moment."""
    return village.see(lambda c: reckoning.found(c, number_of(row)))


def refused(village: Village, step: Callable[[Connection], object]) -> tuple[str, str | None]:
    """The word and the field with which a step is refused."""
    with pytest.raises(Refusal) as caught:
        village.do(step)
    return caught.value.word, caught.value.field


def on_paper(village: Village, **given: Any) -> Resource:
    """A need that came on paper: nobody of ours put it up, and it is with whoever is on call."""
    form = ResourceForm.model_validate(
        offer(direction="need", title="Shopping", quantity=None, unit=None, **SOON, **given)
    )
    acting = village.acting(village.member("Kim"))
    return village.do(lambda c: actions.keep_asked(c, form, acting, by_member=0, told_by="paper"))


def does(
    village: Village, verb: Callable[..., Any], member: int | None, public_id: str, *more: Any, **given: Any
) -> Any:
    return village.do(lambda c: verb(c, village.acting(member), public_id, *more, **given))


def promises(village: Village, member: int, note: Resource, amount: str | None = "12", **given: Any) -> Promise:
    made = does(village, acts.promise, member, note.public_id, amount=amount, **given)
    assert isinstance(made, Promise)
    return made


def no(
    village: Village, verb: Callable[..., Any], member: int | None, public_id: str, *more: Any, **given: Any
) -> tuple[str, Any]:
    return refused(village, lambda c: verb(c, village.acting(member), public_id, *more, **given))


def states(village: Village) -> list[str]:
    return [row.state for row in village.rows("SELECT state FROM promise ORDER BY id")]
