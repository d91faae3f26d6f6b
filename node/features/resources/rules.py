"""What may be put up, for whom and until when: pure decisions of this node about needs and offers.

Nothing here looks anything up, writes or tells the time. Every rule raises `Refusal` with a word, the field it is about
and a sentence for the person who filled in the form; none of them ever changes what the person wrote.
"""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import orjson

from node import lint
from node.feature import Viewer
from node.features.resources.kinds import Kind
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

AUDIENCES: Final = ("council", "neighbours", "public")
"""Who may see a record, narrowest first."""

PUBLISHED: Final = frozenset({"neighbours", "public"})
"""The audiences whose records leave this node."""

LONGEST: Final = timedelta(days=90)
USUAL: Final = timedelta(days=14)
DEFAULT_AUDIENCE: Final = {"need": "council", "offer": "neighbours"}
_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
OUTCOMES: Final = ("met", "partly", "not-met", "no-longer-wanted")


def publishes(audience: str) -> bool:
    """Whether a record for `audience` is told to anybody outside this node."""
    return audience in PUBLISHED


def check_end(ends_at: datetime, now: datetime, *, starts_at: datetime | None = None) -> None:
    """A record ends after now (and after it starts) and within 90 days. Raises Refusal("ends-at")."""
    if ends_at <= now.replace(microsecond=0):
        raise Refusal("ends-at", "ends_at", sentence=phrase("The end has already passed. Choose a later time."))
    if ends_at - now > LONGEST:
        raise Refusal(
            "ends-at",
            "ends_at",
            sentence=phrase("A note stays up for 90 days at most. Choose an earlier end; you can put it up again."),
        )
    if starts_at is not None and starts_at >= ends_at:
        raise Refusal("ends-at", "ends_at", sentence=phrase("The end must come after the beginning."))


def check_audience(audience: str, *, before: str | None = None) -> None:
    """An audience may be narrowed at once; widening is a new decision. Raises Refusal("audience" or "widening")."""
    if audience not in AUDIENCES:
        raise Refusal(
            "audience",
            "audience",
            sentence=phrase("Choose who can see this: our own neighbours, nearby councils, or everyone."),
        )
    if before is not None and AUDIENCES.index(audience) > AUDIENCES.index(before):
        raise Refusal(
            "widening",
            "audience",
            sentence=phrase("More people would see this than agreed to. Take it down and put it up anew for them."),
        )


def quantity(text: str | None, *, field: str) -> Decimal | None:
    """A decimal text as a number, None for an empty one. Raises Refusal("quantity") naming `field`."""
    if text is None or not text.strip():
        return None
    if _NUMBER.fullmatch(text.strip()) is None:
        raise Refusal("quantity", field, sentence=phrase("Write a plain number, such as 40 or 2.5."))
    return Decimal(text.strip())


def check_quantities(whole: str | None, available: str | None) -> None:
    """What is left is a number between none and the whole. Raises Refusal("quantity")."""
    all_of_it = quantity(whole, field="quantity")
    left = quantity(available, field="available")
    if all_of_it is not None and all_of_it == 0:
        raise Refusal(
            "quantity",
            "quantity",
            sentence=phrase("How many are there? Write a number above nought, or leave it empty."),
        )
    if left is None:
        return
    if all_of_it is None:
        raise Refusal(
            "quantity", "quantity", sentence=phrase("Say how many there were before saying how many are left.")
        )
    if left > all_of_it:
        raise Refusal(
            "quantity",
            "available",
            sentence=phrase("There cannot be more left than there were ({whole}).", whole=whole),
        )


def check_words(texts: dict[str, str], *, audience: str, has_place: bool) -> None:
    """What leaves this node names no house, and no illness beside a place.

    `texts` maps field names to what was written in them, one of them `near`. Raises Refusal("street-number") or
    Refusal("health-and-place") naming the field; notes for our own council pass.
    """
    if not publishes(audience):
        return
    for field, text in texts.items():
        if lint.house_number(text) is not None:
            raise Refusal(
                "street-number",
                field,
                sentence=phrase(
                    "Leave out the house number: name the street or a place nearby. "
                    "Tell the rest to the person who comes."
                ),
            )
    if not has_place:
        return
    for field, text in texts.items():
        if lint.health_words(text) is not None:
            raise Refusal(
                "health-and-place",
                field,
                sentence=phrase(
                    "An illness beside a place can tell who is meant. Leave out one of them, "
                    "or show it only to our own neighbours."
                ),
            )


def check_kind(kind: Kind | None, *, typed: str, audience: str) -> None:
    """The kind is one of ours, and what must stay home stays. Raises Refusal("kind", "kind") or ("sensitive", "audience")."""
    if typed and kind is None:
        raise Refusal("kind", "kind", sentence=phrase("Choose a kind from the list."))
    if kind is not None and kind.sensitive and publishes(audience):
        raise Refusal(
            "sensitive",
            "audience",
            sentence=phrase("This kind of thing stays among our own neighbours. Show it to them only."),
        )


def check_standing(standing: bool, *, direction: str) -> None:
    """Only what is offered stands. Raises Refusal("standing")."""
    if standing and direction != "offer":
        raise Refusal(
            "standing", "standing", sentence=phrase("A standing place is something that is offered. Put it up as such.")
        )


def fields_of_notes(notes: str) -> dict[str, str]:
    """What was noted, JSON, as the fields of a form: `note_` and the name, to the words."""
    return {f"note_{name}": words for name, words in orjson.loads(notes).items()} if notes else {}


def check_outcome(outcome: str) -> None:
    """A closed record says how it went, in one of four words. Raises Refusal("outcome")."""
    if outcome not in OUTCOMES:
        raise Refusal(
            "outcome", "outcome", sentence=phrase("Choose how it went: met, partly met, not met, or no longer wanted.")
        )


def check_may_change(viewer: Viewer, *, by_member: int) -> None:
    """Whoever put it up, or whose turn gives the right. Raises Refusal("not-signed-in", "turn-ended" or "not-yours")."""
    if viewer.require(Right.PUT_UP) == by_member:
        return
    if viewer.caretaker:
        viewer.require(Right.TIDY_UP)
    if not viewer.may(Right.TIDY_UP):
        raise Refusal(
            "not-yours",
            None,
            sentence=phrase("Only the neighbour who put this up, or whoever holds the server turn, can change it."),
        )


def check_open(state: str, *, ended: bool) -> None:
    """What is closed or over stays so. Raises Refusal("closed" or "ended-already")."""
    if state == "closed":
        raise Refusal("closed", None, sentence=phrase("This one is closed. Put up a new one."))
    if ended:
        raise Refusal("ended-already", None, sentence=phrase("Its time is over. Put up a new one."))


def next_update(now: datetime, last: datetime | None) -> datetime:
    """The time of a change, in whole seconds, later than that of every change before it.

    The wire carries whole seconds, and receivers keep the newest word: two changes in one second would lose one.
    """
    now = now.replace(microsecond=0)
    if last is None:
        return now
    return max(now, last.replace(microsecond=0) + timedelta(seconds=1))
