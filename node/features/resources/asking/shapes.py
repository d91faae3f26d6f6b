"""What is typed by whoever asks without an account: own words first, and as little as can be. Pure.

No name, no telephone, no condition: there is no field for any of them, and there must never be one.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from node.features.resources import wording
from node.features.resources.first import split
from node.web.forms import NotUnderstood, Problem, parse
from schemas.base import ApiModel, EmptyIsNothing, FormLine, FormShort
from schemas.phrase import phrase
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal

UNTIL: Final = [
    ("week", phrase("For a week")),
    ("tonight", phrase("Only today")),
    ("tomorrow", phrase("Until tomorrow")),
    ("month", phrase("For a month")),
]
TOLD_BY: Final = [
    ("clerk", phrase("Somebody who is here with me"), ""),
    ("phone", phrase("Somebody who called"), ""),
    ("paper", phrase("A card filled in on paper"), ""),
]
TRAP: Final = "homepage"
"""A field that no person sees. What fills it in is no person, or a browser that fills in too much."""

LONGEST_WORDS: Final = 4_000
_ASKED: Final = ("kind", "near", "until", "audience")
_SENTENCES: Final = wording.SENTENCES | {
    "exact_place": phrase("Say in one line where it is, or leave it empty."),
    "contact": phrase("Write the address like this: name@example.org"),
    "told_by": phrase("Say how it came: somebody is here, called, or filled in a card."),
}


class Beside(ApiModel):
    """What is typed beside the note itself and stays here: where exactly, where to write to, and how it came."""

    exact_place: Annotated[FormLine | None, EmptyIsNothing] = None
    contact: FormShort = ""
    told_by: Literal["clerk", "phone", "paper"] = "clerk"


def check_no_machine(typed: Mapping[str, str]) -> None:
    """Raises Refusal("trap") where the field that no person sees was filled in."""
    if typed.get(TRAP):
        raise Refusal(
            "trap", TRAP, sentence=phrase("Leave this field empty; it is there for machines that fill in all.")
        )


def read_note(typed: Mapping[str, str], *, language: str) -> ResourceForm:
    """The note that was asked for. Raises NotUnderstood; what is wrong with title or words is about the one field `words`."""
    title, words = read_words(typed)
    given = {name: typed[name] for name in _ASKED if name in typed}
    given |= {
        "direction": "need",
        "title": title,
        "words": words,
        "language": language,
        "until": typed.get("until", UNTIL[0][0]),
        "can_wait": "no" if typed.get("urgent") else "yes",
        "may_pass_on": "yes" if typed.get("may_pass_on") else "no",
    }
    try:
        return parse(ResourceForm, given, sentences=_SENTENCES)
    except NotUnderstood as error:
        raise NotUnderstood([about_words(problem) for problem in error.problems]) from None


def read_words(typed: Mapping[str, str]) -> tuple[str, str]:
    """A title and the rest of what was asked for in own words. Raises NotUnderstood."""
    whole = typed.get("words", "")
    title, words = split(whole)
    if not title:
        raise NotUnderstood([Problem("words", phrase("Write what you need, in your own words."))])
    if len(whole) > LONGEST_WORDS:
        raise NotUnderstood([Problem("words", wording.SENTENCES["words"])])
    return title, words


def read_beside(typed: Mapping[str, str]) -> Beside:
    """What stays here. Raises NotUnderstood."""
    given = {name: typed[name] for name in ("exact_place", "contact", "told_by") if name in typed}
    return parse(Beside, given, sentences=_SENTENCES)


def about_words(problem: Problem) -> Problem:
    """The same problem at the field that this page has for it."""
    return Problem("words", problem.sentence) if problem.field == "title" else problem
