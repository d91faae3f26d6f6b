"""Members of a town who act: each with the rights that the turns give at this moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from node.accounts import turns
from node.feature import Acting, Viewer
from schemas.refusal import Refusal
from tests.web.town import Town

T = TypeVar("T")
TURN = timedelta(weeks=13)


def viewer(town: Town, number: int) -> Viewer:
    with town.store.reading() as connection:
        return turns.viewer_for(connection, member_id=number, name="", now=town.clock.now())


def acting(town: Town, number: int | None) -> Acting:
    who = Viewer() if number is None else viewer(town, number)
    return Acting(now=town.clock.now(), council=town.site.council, settings=town.site.settings, viewer=who)


def do(town: Town, step: Callable[[Connection], T]) -> T:
    return town.store.write_now(step)


def refused(town: Town, step: Callable[[Connection], object]) -> str:
    """The word with which a step is refused; nothing is left of it."""
    with pytest.raises(Refusal) as caught:
        town.store.write_now(step)
    return caught.value.word


def views(town: Town) -> list[turns.TurnView]:
    with town.store.reading() as connection:
        return turns.listing(connection, now=town.clock.now())
