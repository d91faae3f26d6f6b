"""What may be put up and decided: pure decisions of this node. Raises `Refusal`; looks nothing up, tells no time."""

import datetime as dates
from collections.abc import Mapping, Sequence
from typing import Final

from node import lint
from schemas.phrase import phrase
from schemas.records.resolution_forms import ObjectionGiven
from schemas.refusal import Refusal

AUDIENCES: Final = ("council", "neighbours", "public")
PUBLISHED: Final = frozenset({"neighbours", "public"})
HALF_A_YEAR: Final = dates.timedelta(days=182)
LONGEST_NOTICE: Final = dates.timedelta(days=366)
OUTSIDE_NOTICE: Final = dates.timedelta(days=7)
"""For so long, at least, a proposal from outside lies open for reading before it is decided (practice 48)."""


def usual_review(day: dates.date) -> dates.date:
    """When a resolution of that day is looked at again, unless the gathering says otherwise."""
    return day + HALF_A_YEAR


def check_gathering(
    decided_at: dates.date | None,
    present: int | None,
    *,
    today: dates.date,
    notice_until: dates.date | None = None,
) -> None:
    """Nothing is decided without a gathering: its day and how many were there (primitives.md 2.5).

    Raises Refusal("gathering") naming the field, or Refusal("notice") for a gathering before the notice had ended.
    """
    if decided_at is None:
        raise Refusal("gathering", "decided_at", sentence=phrase("On which day was the gathering that decided this?"))
    if decided_at > today:
        raise Refusal(
            "gathering", "decided_at", sentence=phrase("That gathering has not been yet. Put it up once it is decided.")
        )
    if present is None or present < 1:
        raise Refusal("gathering", "present", sentence=phrase("How many were there? A number is enough, no names."))
    if notice_until is not None and decided_at < notice_until:
        sentence = phrase(
            "It lies open for reading until {day}. Only a gathering on that day or later decides it.", day=notice_until
        )
        raise Refusal("notice", "decided_at", sentence=sentence)


def check_later_gathering(decided_at: dates.date, before: dates.date | None) -> None:
    """What was agreed is renewed or ended by a gathering that was not before. Raises Refusal("gathering")."""
    if before is not None and decided_at < before:
        raise Refusal(
            "gathering", "decided_at", sentence=phrase("That was before it was agreed. Which gathering was it?")
        )


def check_review(review_on: dates.date | None, *, today: dates.date) -> None:
    """A resolution is looked at again on a day to come. Raises Refusal("review-on")."""
    if review_on is not None and review_on < today:
        raise Refusal("review-on", "review_on", sentence=phrase("Choose a day still to come for looking at it again."))


def check_objections(objections: Sequence[ObjectionGiven], *, agreed: bool) -> None:
    """Every objection has its words, and before anything is agreed how it was met. Raises Refusal("objection") with the field.

    A row in which nothing stands is none.
    """
    for number, one in enumerate(objections, start=1):
        if one.met and not one.what:
            raise Refusal(
                "objection", f"what_{number}", sentence=phrase("What was the objection? Write it as it was said.")
            )
        if agreed and one.what and not one.met:
            sentence = phrase("How was this objection met? As long as it is not, nothing is agreed.")
            raise Refusal("objection", f"met_{number}", sentence=sentence)


def check_notice(until: dates.date, *, today: dates.date, outside: bool) -> None:
    """A notice ends on a day to come, that of a proposal from outside after a week at least. Raises Refusal("notice")."""
    if until <= today:
        raise Refusal("notice", "until", sentence=phrase("Choose a day still to come: until then people can read it."))
    if until - today > LONGEST_NOTICE:
        raise Refusal("notice", "until", sentence=phrase("A year of notice is the longest. Choose an earlier day."))
    if outside and until - today < OUTSIDE_NOTICE:
        raise Refusal(
            "notice", "until", sentence=phrase("A proposal from outside lies open for reading for a week at least.")
        )


def check_opening(*, notice_until: dates.date | None, today: dates.date, outside: bool) -> None:
    """A notice has ended before it is decided, and a proposal from outside has had one. Raises Refusal("notice")."""
    if outside and notice_until is None:
        raise outside_needs_notice()
    if notice_until is not None and today < notice_until:
        sentence = phrase("It lies open for reading until {day}. It is decided from that day on.", day=notice_until)
        raise Refusal("notice", sentence=sentence)


def outside_needs_notice() -> Refusal:
    """What a proposal from outside is answered that nobody could read before."""
    sentence = phrase(
        "A proposal from outside lies open for reading before it is decided. Put it up as an idea and give notice."
    )
    return Refusal("notice", sentence=sentence)


def check_second(member_id: int, *, written_by: int | None) -> None:
    """Whoever wrote it down does not confirm it. Raises Refusal("second-person")."""
    if member_id == written_by:
        sentence = phrase("You wrote it down. Somebody else who was there confirms it.")
        raise Refusal("second-person", sentence=sentence)


def check_delivery(
    *,
    delivered_on: dates.date | None,
    answer: str,
    answered_on: dates.date | None,
    agreed_on: dates.date | None,
    today: dates.date,
) -> None:
    """A demand is brought after it was agreed, and answered after that. Raises Refusal("delivery") naming the field."""
    if delivered_on is not None and (delivered_on > today or (agreed_on is not None and delivered_on < agreed_on)):
        sentence = phrase("On which day was it brought there? After it was agreed, and not after today.")
        raise Refusal("delivery", "delivered_on", sentence=sentence)
    if bool(answer) != (answered_on is not None):
        field = "answered_on" if answer else "answer"
        raise Refusal("delivery", field, sentence=phrase("An answer has its words and its day."))
    if answered_on is not None and (delivered_on is None or answered_on < delivered_on or answered_on > today):
        sentence = phrase("The answer came after it was brought there, and not after today.")
        raise Refusal("delivery", "answered_on", sentence=sentence)


def check_audience(audience: str, *, outside: bool = False) -> None:
    """Raises Refusal("audience") for any but the three that are offered; a proposal from outside is read by everyone."""
    if audience not in AUDIENCES:
        raise Refusal(
            "audience",
            "audience",
            sentence=phrase("Choose who can see this: our own neighbours, nearby councils, or everyone."),
        )
    if outside and audience != "public":
        raise Refusal(
            "audience", "audience", sentence=phrase("A proposal from outside is put where everyone can read it.")
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


def check_lines(lines: Mapping[str, str], *, audience: str) -> None:
    """No line beside the text names a door either. Raises Refusal("street-number") naming the first that does."""
    for field, line in lines.items():
        if audience in PUBLISHED and lint.house_number(line) is not None:
            sentence = phrase("Leave the house number out here: somebody may live there. Name the street or the place.")
            raise Refusal("street-number", field, sentence=sentence)


def check_text(text: str, *, openings: Sequence[str]) -> None:
    """The words go on where the opening ends. Raises Refusal("text")."""
    if text.strip() in {opening.strip() for opening in openings}:
        raise Refusal("text", "text", sentence=phrase("Go on from there: what is agreed, in the words to be read out."))
