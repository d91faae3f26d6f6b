"""Which need and which offer could go together, who could be asked, and what comes first: pure, never beyond what was said."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.features.resources import limits
from node.features.resources.limits import HOURS, Limits, Load
from node.features.resources.matching import fit, priorities
from node.features.resources.matching.fit import Fit, Neighbour, Note
from node.features.resources.tables import Resource
from tests.features.village import AREA, MILL_LANE, START

MADRID = ZoneInfo("Europe/Madrid")
FAR = (40.41, -3.70)
WEEK = timedelta(days=7)


def note(**given: Any) -> Note:
    usual: dict[str, Any] = {
        "name": "bread",
        "kind": "bread",
        "category": "food",
        "language": "en",
        "place": MILL_LANE,
        "starts_at": None,
        "ends_at": START + WEEK,
        "since": START,
        "left": Decimal(10),
        "unit": "loaves",
    }
    return Note(**(usual | given))


def neighbour(own: Limits = Limits(), *, promised: int = 0, here: Any = MILL_LANE, languages: str = "") -> Neighbour:  # noqa: B008
    loads = tuple(Load("agreed", START) for _ in range(promised))
    return Neighbour(own, loads, here, frozenset(languages.split()), MADRID)


def asked(need: Note, who: Neighbour, offered: Fit | None = None) -> Fit | None:
    return fit.suits(need, who, offered=offered, now=START)


@pytest.mark.parametrize(
    ("need", "offer", "fitting"),
    [
        (note(), note(), True),
        (note(kind=""), note(), True),
        (note(kind="food"), note(kind="meal"), True),
        (note(kind="bread"), note(kind="seeds"), False),
        (note(), note(kind="", category="tools"), False),
        (note(kind="", category="other"), note(kind="", category="other"), False),
        (note(), note(place=AREA), True),
        (note(), note(place=FAR), False),
        (note(place=None), note(place=FAR), True),
        (note(), note(place=None), True),
        (note(), note(left=Decimal(0)), False),
        (note(), note(left=None, unit=None), True),
        (note(), note(starts_at=START + timedelta(days=6)), True),
        (note(), note(starts_at=START + WEEK, ends_at=START + 2 * WEEK), False),
        (note(ends_at=START), note(), False),
    ],
)
def test_a_need_and_an_offer_go_together_by_kind_time_place_and_amount(need: Note, offer: Note, fitting: bool) -> None:
    assert (fit.fits(need, offer, now=START) is not None) is fitting


def test_every_reason_is_said_and_units_are_never_converted() -> None:
    whole = fit.fits(note(left=Decimal(4)), note(place=AREA), now=START)
    part = fit.fits(note(), note(left=Decimal(6)), now=START)
    other_unit = fit.fits(note(), note(unit="bags"), now=START)

    assert whole is not None and part is not None and other_unit is not None
    assert whole.reasons[:3] == ("Both are of the same kind.", "There is enough for all of it.", "About 3 km apart.")
    assert "It would meet a part of it." in part.reasons
    assert not any("enough" in reason or "part" in reason.split() for reason in other_unit.reasons)


def test_the_same_kind_comes_before_the_same_category_and_the_nearer_before_the_farther() -> None:
    exact, near, far = (
        fit.fits(note(), offer, now=START) for offer in (note(place=AREA), note(kind=""), note(kind="", place=AREA))
    )

    assert exact is not None and near is not None and far is not None
    assert exact.rank < near.rank < far.rank


def test_whoever_said_nothing_and_offers_nothing_is_not_asked() -> None:
    own_offer = fit.fits(note(), note(), now=START)

    assert asked(note(), neighbour()) is None
    assert asked(note(), neighbour(), own_offer) is not None
    assert asked(note(), neighbour(Limits(kinds=frozenset({"food"})))) is not None


def test_who_is_on_a_break_is_not_asked_whatever_they_offer() -> None:
    own_offer = fit.fits(note(), note(), now=START)

    assert asked(note(), neighbour(Limits(paused=True)), own_offer) is None


def test_somebody_is_told_why_they_are_asked() -> None:
    own = Limits(per_week=2, distance_km=5, kinds=frozenset({"food"}), hours=frozenset(HOURS))

    found = asked(note(place=AREA), neighbour(own, promised=1, languages="es en"))

    assert found is not None
    assert found.reasons == (
        "It is among the kinds you named.",
        "Your week has room: 1 of 2 so far.",
        "It is within the 5 km you named.",
        "It is at the hours you named.",
        "You speak the language it is written in.",
    )


@given(
    own=st.builds(
        Limits,
        st.none() | st.integers(0, 4),
        st.none() | st.integers(0, 40),
        st.frozensets(st.sampled_from(["food", "bread", "care", "tools"])),
        st.frozensets(st.sampled_from(HOURS)),
        st.booleans(),
    ),
    promised=st.lists(st.integers(-10, 20), max_size=6),
    place=st.sampled_from([None, MILL_LANE, AREA, FAR]),
    starts=st.none() | st.integers(0, 6),
    offers=st.booleans(),
)
def test_nobody_is_asked_beyond_what_they_said(
    own: Limits, promised: list[int], place: tuple[float, float] | None, *, starts: int | None, offers: bool
) -> None:
    loads = tuple(Load("agreed", START + timedelta(days=days)) for days in promised)
    at = START if starts is None else START + timedelta(days=starts)
    need = note(place=place, starts_at=None if starts is None else at)
    offered = fit.fits(need, note(place=None), now=START) if offers else None

    found = fit.suits(need, Neighbour(own, loads, MILL_LANE, frozenset(), MADRID), offered=offered, now=START)

    if found is None:
        return
    monday = limits.week_of(at, MADRID)
    assert not own.paused
    assert own.per_week is None or sum(limits.week_of(one.at, MADRID) == monday for one in loads) < own.per_week
    assert own.distance_km is None or place is None or fit.distance_km(MILL_LANE, place) <= own.distance_km
    assert not own.kinds or own.kinds & {"bread", "food"}
    assert not own.hours or limits.hours_of(at, MADRID) in own.hours


def waiting(name: str, *, days: int, category: str = "food", can_wait: bool = True, ends: int = 10) -> Resource:
    at = datetime(2026, 3, 20, tzinfo=UTC)
    created, ended = at - timedelta(days=days), at + timedelta(days=ends)
    return Resource(title=name, kind="", category=category, can_wait=can_wait, created_at=created, ends_at=ended)


NEEDS = [
    waiting("chair", days=9, category="goods"),
    waiting("lift", days=1, category="transport", can_wait=False),
    waiting("soup", days=4, ends=2),
]


@pytest.mark.parametrize(
    ("kept", "order"),
    [
        ("cannot-wait longest", ["lift", "chair", "soup"]),
        ("longest", ["chair", "soup", "lift"]),
        ("kind:food cannot-wait", ["soup", "lift", "chair"]),
        ("soonest-end", ["soup", "chair", "lift"]),
    ],
)
def test_an_assembly_says_what_comes_first(kept: str, order: list[str]) -> None:
    steps = priorities.read(kept)

    assert steps is not None
    assert [need.title for need in priorities.in_order(NEEDS, steps)] == order
    assert len(priorities.said(steps, "en")) == len(steps)


@pytest.mark.parametrize("kept", ["", "income", "kind:deserving", "longest longest", "longest " * 7, "kind:"])
def test_an_order_that_is_none_is_not_read(kept: str) -> None:
    assert priorities.read(kept) is None


def test_a_step_is_said_in_the_language_of_the_page() -> None:
    said: Callable[[str], list[str]] = lambda language: priorities.said(("kind:bread", "longest"), language)  # noqa: E731

    assert said("es")[0] == "Pan"
    assert said("en") == ["Bread", "who has waited longest"]
