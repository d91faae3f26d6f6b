"""How much is left, and who may have it: exact arithmetic in people's own units. Pure; nothing is ever converted or rounded.

Quantities are decimal texts as the wire has them, None where nothing is counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schemas.phrase import Phrase, phrase
from schemas.refusal import Refusal

NOTHING: Final = Decimal(0)
_BANDS: Final = (100, 50, 25, 10, 5)


@dataclass(frozen=True, slots=True)
class Fits:
    """There is enough."""


@dataclass(frozen=True, slots=True)
class OverBy:
    """More was asked for than there is; `left` is what there is."""

    left: Decimal


@dataclass(frozen=True, slots=True)
class Waits:
    """Somebody on the waiting list, oldest first. `amount` None where nothing is counted."""

    promise_id: int
    amount: Decimal | None


def as_text(number: Decimal) -> str:
    """A number as the wire has it: decimal text without exponent and without noughts that say nothing."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def total(amounts: Iterable[str | None]) -> Decimal:
    """The sum of what is counted."""
    return sum((Decimal(amount) for amount in amounts if amount is not None), NOTHING)


def remaining(whole: str | None, *, taken_otherwise: str, amounts: Iterable[str | None]) -> Decimal | None:
    """The whole, less what went without a promise, less what is promised; never below none. None where it is not counted."""
    if whole is None:
        return None
    return max(Decimal(whole) - Decimal(taken_otherwise) - total(amounts), NOTHING)


def left_text(whole: str | None, left: Decimal | None) -> str | None:
    """What is left as text: in the very words of the whole where nothing has gone, so that the two can be compared."""
    if whole is None or left is None:
        return None
    return whole if left == Decimal(whole) else as_text(left)


def state_of(whole: str | None, left: Decimal | None, *, any_agreed: bool, taken_otherwise: str = "0") -> str:
    """How much of it is spoken for, in the words of the wire. What is not counted is spoken for by one who agreed."""
    if whole is None or left is None:
        return "promised" if any_agreed or Decimal(taken_otherwise) > 0 else "open"
    if left == 0:
        return "promised"
    return "partly-promised" if any_agreed or left != Decimal(whole) else "open"


def taken_for(whole: str, *, promised: Decimal, left: Decimal) -> str:
    """What must have gone without a promise for `left` to be left. Raises Refusal("quantity", "available") above what can be."""
    most = Decimal(whole) - promised
    if left > most:
        raise Refusal("quantity", "available", sentence=_too_much_left(whole, promised))
    return as_text(most - left)


def _too_much_left(whole: str, promised: Decimal) -> Phrase:
    if promised == 0:
        return phrase("There cannot be more left than there were ({whole}).", whole=whole)
    return phrase("Of {whole}, {promised} are promised. No more can be left.", whole=whole, promised=as_text(promised))


def check_whole(whole: str | None, *, gone: Decimal) -> None:
    """The whole is at least what is gone or promised. Raises Refusal("promised-more", "quantity") saying how much that is."""
    if gone == 0:
        return
    if whole is None or Decimal(whole) < gone:
        raise Refusal(
            "promised-more",
            "quantity",
            sentence=phrase(
                "{gone} are promised or gone already. Write at least that many, or first say what is left or give back.",
                gone=as_text(gone),
            ),
        )


def check_unit(before: str | None, after: str | None, *, promised: Decimal) -> None:
    """What is promised keeps its unit: six fans must not turn into six chairs. Raises Refusal("promised-unit", "unit")."""
    if promised > 0 and before != after:
        raise Refusal(
            "promised-unit",
            "unit",
            sentence=phrase(
                "Some of it is promised already, so it stays counted as it is ({unit}).", unit=before or "1"
            ),
        )


def room(asked: Decimal | None, left: Decimal | None) -> Fits | OverBy:
    """Whether so much can be had of what is left. Who names no amount of a thing that is counted takes what there is."""
    if left is None:
        return Fits()
    if left == 0 or (asked is not None and asked > left):
        return OverBy(left)
    return Fits()


def next_in_line(waiting: Sequence[Waits], freed: Decimal | None) -> Waits | None:
    """Who is asked first once some came free: whoever has waited longest among those whose amount fits. It gives nothing."""
    return next((one for one in waiting if isinstance(room(one.amount, freed), Fits)), None)


def at_least(number: Decimal) -> int:
    """The lower end of the band that a number lies in; 0 for the lowest."""
    return next((least for least in _BANDS if number >= least), 0)


def band(number: Decimal) -> Phrase:
    """About how much there is, for pages that show no exact numbers of a council."""
    least = at_least(number)
    return phrase("{least} or more", least=least) if least else phrase("a few")
