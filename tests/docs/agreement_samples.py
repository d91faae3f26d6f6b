"""The samples of what two councils agree: Harbour's six fans for a need of Riverside's, from the offer to both receipts."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from schemas.context import AGREEMENT_CONTEXT
from schemas.records import agreement_acts as acts
from tests.docs.deciding_samples import HARBOUR, NOW, RIVERSIDE, signed, told

NEED = f"{RIVERSIDE.base_url}/o/{'n' * 26}"
AGREEMENT = f"{RIVERSIDE.base_url}/a/{'v' * 26}"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _id(one: Any, letter: str) -> str:
    return f"{one.base_url}/a/{letter * 26}"


def _offer() -> dict[str, Any]:
    return acts.offer(
        HARBOUR.base_url,
        _id(HARBOUR, "t"),
        note_id=NEED,
        amount="6",
        unit="fans",
        their_actor=RIVERSIDE.actor_id,
        ends_at=NOW + 14 * DAY,
        published=NOW,
    )


def _accept() -> dict[str, Any]:
    given = _offer()
    return acts.accept(
        RIVERSIDE.base_url, _id(RIVERSIDE, "u"), given=given, agreement_id=AGREEMENT, published=NOW + HOUR
    )


def _reject() -> dict[str, Any]:
    return acts.reject(
        RIVERSIDE.base_url,
        _id(RIVERSIDE, "u"),
        offer_id=_id(HARBOUR, "t"),
        note_id=NEED,
        their_actor=HARBOUR.actor_id,
        available="4",
        unit="fans",
        published=NOW + HOUR,
    )


def _undo() -> dict[str, Any]:
    return acts.take_back(
        HARBOUR.base_url,
        _id(HARBOUR, "w"),
        given=_offer(),
        their_actor=RIVERSIDE.actor_id,
        published=NOW + DAY,
    )


def _receipt(one: Any, other: Any, letter: str) -> dict[str, Any]:
    return acts.receipt(
        one.base_url,
        _id(one, letter),
        offer_id=_id(HARBOUR, "t"),
        agreement_id=AGREEMENT,
        their_actor=other.actor_id,
        published=NOW + 2 * DAY,
    )


DOCUMENTS: Mapping[str, Callable[[], Any]] = {
    "agreement-offer": lambda: signed(_offer(), by=HARBOUR),
    "agreement-accept": lambda: told(_accept()),
    "agreement-reject": lambda: told(_reject()),
    "agreement-undo": lambda: told(_undo(), by=HARBOUR),
    "agreement-receipt": lambda: told(_receipt(RIVERSIDE, HARBOUR, "x")),
    "agreement-countersigned": lambda: told(_receipt(HARBOUR, RIVERSIDE, "y"), by=HARBOUR),
    "context-agreement": lambda: AGREEMENT_CONTEXT[2],
}
