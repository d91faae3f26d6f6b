"""What may be put up as a resolution: pure decisions of this node. Raises `Refusal`; looks nothing up, tells no time."""

import datetime as dates
from typing import Final

from node import lint
from schemas.phrase import phrase
from schemas.refusal import Refusal

AUDIENCES: Final = ("council", "neighbours", "public")
PUBLISHED: Final = frozenset({"neighbours", "public"})


def check_gathering(decided_at: dates.date | None, present: int | None, *, today: dates.date) -> None:
    """Nothing is decided without a gathering: its day and how many were there (primitives.md 2.5).

    Raises Refusal("gathering") naming the field.
    """
    if decided_at is None:
        raise Refusal("gathering", "decided_at", sentence=phrase("On which day was the gathering that decided this?"))
    if decided_at > today:
        raise Refusal(
            "gathering", "decided_at", sentence=phrase("That gathering has not been yet. Put it up once it is decided.")
        )
    if present is None or present < 1:
        raise Refusal("gathering", "present", sentence=phrase("How many were there? A number is enough, no names."))


def check_review(review_on: dates.date | None, *, today: dates.date) -> None:
    """A resolution is looked at again on a day to come. Raises Refusal("review-on")."""
    if review_on is not None and review_on < today:
        raise Refusal("review-on", "review_on", sentence=phrase("Choose a day still to come for looking at it again."))


def check_audience(audience: str) -> None:
    """Raises Refusal("audience") for any but the three that are offered."""
    if audience not in AUDIENCES:
        raise Refusal(
            "audience",
            "audience",
            sentence=phrase("Choose who can see this: our own neighbours, nearby councils, or everyone."),
        )


def check_title(title: str, *, audience: str) -> None:
    """The title says in one line what is decided and where: no house number. Raises Refusal("street-number").

    The text is left as it was agreed: it may name a street, and the number of a hall on it.
    """
    if audience in PUBLISHED and lint.house_number(title) is not None:
        raise Refusal(
            "street-number",
            "title",
            sentence=phrase(
                "Leave the house number out of the title: somebody may live there. Name the street or the place."
            ),
        )
