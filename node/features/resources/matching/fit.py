"""Whether an offer could meet a need, and why: kind, time, amount, place and language, never who anybody is. Pure.

Nothing here decides. What fits is shown with its reasons to people who say yes or no, and no answer is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from node.features.resources import limits
from node.features.resources.limits import Limits, Load
from node.features.resources.sphere import distance_km
from node.features.resources.wording import CATEGORY_WORDS
from schemas.context import Category
from schemas.phrase import Phrase, phrase

NEAR_KM: Final = 25.0
"""How far two notes with places may lie apart, where nobody said less."""

ANYTHING: Final = "other"


@dataclass(frozen=True, slots=True)
class Note:
    """A need or an offer as far as it can fit another. `place` is the middle of its cell (WGS 84), None for no fixed place.

    `kind` is a word of the list of kinds or empty; `left` None where nothing is counted. `of_us`: one of our own notes.
    """

    name: str
    kind: str
    category: Category
    language: str
    place: tuple[float, float] | None
    starts_at: datetime | None
    ends_at: datetime
    since: datetime
    left: Decimal | None
    unit: str | None
    can_wait: bool = True
    of_us: bool = True


@dataclass(frozen=True, slots=True)
class Fit:
    """Why two notes could go together, best reason first, and how well: less is better, for putting them in an order."""

    reasons: tuple[Phrase, ...]
    rank: tuple[int, float, int]


def fits(
    need: Note, offer: Note, *, now: datetime, within_km: float = NEAR_KM, apart: float | None = None
) -> Fit | None:
    """Why this offer could meet this need, None where it could not. `apart` (km) where the distance is known already."""
    same = _same(need, offer)
    if same is None or not _together(need, offer, now) or offer.left == 0 or need.left == 0:
        return None
    apart = _apart(need, offer) if apart is None else apart
    if apart is not None and apart > within_km:
        return None
    reasons = [same, *_amount(need, offer)]
    if apart is not None:
        reasons.append(phrase("About {km} km apart.", km=max(1, round(apart))))
    spoken = need.language == offer.language
    if spoken:
        reasons.append(phrase("Both are written in the same language."))
    exact = bool(need.kind) and need.kind == offer.kind
    return Fit(tuple(reasons), (0 if exact else 1, NEAR_KM if apart is None else apart, 0 if spoken else 1))


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What a neighbour said of themselves, and what they have promised so far, week by week of the council's `zone`.

    `here` is where they are taken to be; `languages` are tags. `promised` holds every promise that may weigh on a week.
    """

    limits: Limits
    promised: tuple[Load, ...]
    here: tuple[float, float] | None
    languages: frozenset[str]
    zone: tzinfo


def suits(need: Note, neighbour: Neighbour, *, offered: Fit | None, now: datetime) -> Fit | None:
    """Why this neighbour could be asked about this need, None where that would go beyond what they said they can do.

    `offered` is how an offer of their own fits it. Who neither offers it nor said what they can do is not asked: silence is no
    offer.
    """
    own, at = neighbour.limits, max(now, need.starts_at or now)
    spoken_up = bool(own.kinds) or own.per_week is not None or bool(own.hours)
    if offered is None and not spoken_up:
        return None
    within = _within(need, neighbour, at)
    if within is None:
        return None
    load, apart = within
    spoken = need.language in neighbour.languages
    reasons = (*(offered.reasons if offered is not None else ()), *_kept_to(own, load, apart))
    if spoken:
        reasons = (*reasons, phrase("You speak the language it is written in."))
    exact = offered is not None or need.kind in own.kinds
    return Fit(reasons, (0 if exact else 1, NEAR_KM if apart is None else apart, 0 if spoken else 1))


def has_room(need: Note, neighbour: Neighbour, *, now: datetime) -> bool:
    """Whether it is within what they said they can do: asked first, since looking through all that they offer takes longer."""
    return _within(need, neighbour, max(now, need.starts_at or now)) is not None


def _within(need: Note, neighbour: Neighbour, at: datetime) -> tuple[int, float | None] | None:
    """What weighs on that week, and how far it is (km); None where it is beyond what they said."""
    own, zone = neighbour.limits, neighbour.zone
    load = 0 if own.per_week is None else limits.load(neighbour.promised, limits.week_of(at, zone), zone)
    apart = None if need.place is None or neighbour.here is None else distance_km(need.place, neighbour.here)
    kinds = frozenset({need.kind, need.category}) - {""}
    free = limits.room_for(own, load=load, distance_km=apart, kinds=kinds, at=at, zone=zone).free
    return (load, apart) if free else None


def _kept_to(own: Limits, load: int, apart: float | None) -> Iterator[Phrase]:
    """Which of their own limits it keeps to."""
    if own.kinds:
        yield phrase("It is among the kinds you named.")
    if own.per_week is not None:
        yield phrase("Your week has room: {load} of {most} so far.", load=load, most=own.per_week)
    if own.distance_km is not None and apart is not None:
        yield phrase("It is within the {km} km you named.", km=own.distance_km)
    if own.hours:
        yield phrase("It is at the hours you named.")


def _same(need: Note, offer: Note) -> Phrase | None:
    if need.kind and need.kind == offer.kind:
        return phrase("Both are of the same kind.")
    if need.category != offer.category or need.category == ANYTHING:
        return None
    if need.kind and offer.kind and need.kind != need.category and offer.kind != offer.category:
        return None  # bread does not meet a need of seeds
    return phrase("Both belong to: {category}.", category=CATEGORY_WORDS[need.category])


def _together(need: Note, offer: Note, now: datetime) -> bool:
    """Whether there is a moment from now on at which both stand."""
    begins = max(now, need.starts_at or now, offer.starts_at or now)
    return begins < min(need.ends_at, offer.ends_at)


def _apart(need: Note, offer: Note) -> float | None:
    return None if need.place is None or offer.place is None else distance_km(need.place, offer.place)


def _amount(need: Note, offer: Note) -> list[Phrase]:
    if offer.left is None or need.left is None or need.unit is None or need.unit != offer.unit:
        return []  # units are people's own words: nothing is converted
    if offer.left >= need.left:
        return [phrase("There is enough for all of it.")]
    return [phrase("It would meet a part of it.")]
