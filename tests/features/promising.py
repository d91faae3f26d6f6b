"""Promises in tests: made, moved on and looked at, by the rows that every way of promising ends in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from node.features.resources import actions, reckoning
from node.features.resources.promises import keeping
from node.features.resources.promises.keeping import Proposal
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal
from tests.features.village import START, Village, offer

HARBOURS = "https://harbour.example/o/aaaabbbbccccddddeeeeffff22"
LATER = START + timedelta(days=14)


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
