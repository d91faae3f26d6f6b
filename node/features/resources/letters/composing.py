"""The words of a letter, made when it is sent: lines with the numbers of notes, and where to read more. Plain text alone.

Whoever else sees a letter learns that some note has an answer, and nothing about what was asked, by whom or who answers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from node.features.resources.letters import links
from node.features.resources.letters.matters import About, number_of, sentence
from node.features.resources.tables import Resource
from schemas.phrase import Phrase, phrase, phrases

ASKERS_PAGE: Final = "/note"
"""Where whoever asked without an account types number and phrase."""

MEMBERS_PAGE: Final = "/mine"
"""Where a neighbour who signs in finds what is theirs."""

Say = Callable[[object], str]
"""A phrase in the language of whoever gets the letter."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One line of a letter: what it is about, and whether it goes to a neighbour who signs in here."""

    about: About
    row: Resource | None
    to_member: bool


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and text, and the address that stops further letters (empty where none would follow anyway)."""

    subject: str
    text: str
    stop: str = ""


def news(matters: Sequence[Matter], *, name: str, base_url: str, stop_token: str, say: Say) -> Words:
    """One letter about all of these."""
    stop = f"{base_url}{links.PATH}/{stop_token}"
    lines = list(dict.fromkeys(say(sentence(one.about, one.row)) for one in matters))
    where: list[str] = []
    if any(not one.to_member for one in matters):
        where.append(phrase("Open the page of your note, with its number and your secret phrase:"))
        where.append(base_url + ASKERS_PAGE)
    if any(one.to_member for one in matters):
        where += [phrase("Sign in and look at it here:"), base_url + MEMBERS_PAGE]
    nothing = phrase("This letter says no more, so that nobody else who sees it learns what it is about.")
    ending = [name, phrase("To stop all letters to this address:"), stop]
    return Words(say(_subject(matters)), _text([lines, where, [nothing], ending], say), stop)


def confirming(matter: Matter, *, name: str, base_url: str, token: str, say: Say) -> Words:
    """The one letter that goes to an address which nobody has confirmed."""
    if matter.row is None:
        asked = phrase(
            "Somebody wants {name} to write to this address. If that is you, open this within three days:", name=name
        )
    else:
        asked = phrase(
            "Somebody left this address at {name} with note {number}. If that is you, open this within three days:",
            name=name,
            number=number_of(matter.row),
        )
    done = phrase("If it is not you, do nothing. No other letter comes.")
    subject = phrase("Shall we write to this address?")
    return Words(say(subject), _text([[asked, f"{base_url}{links.PATH}/{token}"], [done], [name]], say))


def _subject(matters: Sequence[Matter]) -> Phrase:
    numbered = {number_of(one.row) for one in matters if one.row is not None}
    if not numbered:
        return phrase("About something that you promised")
    if len(numbered) == 1:
        return phrase("About note {number}", number=numbered.pop())
    return phrases("About {count} note", "About {count} notes", len(numbered))


def _text(parts: Sequence[Sequence[str]], say: Say) -> str:
    return "\n\n".join("\n".join(say(line) for line in part) for part in parts if part) + "\n"
