"""What becomes of a need that somebody asks for without an account: put up, or held until a neighbour has read it.

Whoever asks is nobody here: no member, no name, no network address. They come back by the number and the phrase of their
note, or by its private link; this module judges neither (`opening` does), and shows a secret once, to whoever has just asked.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources import actions, lasting, numbers, reckoning, rules
from node.features.resources.asking.shapes import Beside
from node.features.resources.letters import contact
from node.features.resources.tables import Resource
from node.features.resources.telling import SHOWN
from node.profile.rules_kept import WITHOUT_ACCOUNT, rule
from node.rights import Right
from schemas.phrase import phrase
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal

HELD: Final = "held"
OFF: Final = "off"
BY_ONESELF: Final = "web"


@dataclass(frozen=True, slots=True)
class Asked:
    """A note that was just put up, and what opens its own page. `secret` and `link` are kept nowhere."""

    row: Resource
    secret: str
    link: str

    @property
    def number(self) -> str:
        return numbers.shown(self.row.code or "")


def ask(connection: Connection, form: ResourceForm, beside: Beside, acting: Acting, *, language: str) -> Asked:
    """Put up what somebody needs who has no account: by themselves, or told to a neighbour, whose it does not become.

    A neighbour has read what they write down for somebody: that is shown at once, and may be written whatever the rule is.
    `language` is the one of the page. Raises Refusal("asking-is-off"), and what every note is judged by.
    """
    shown, told_by = _let_up(connection, acting, beside)
    key, randomness = acting.council.lookup_key, acting.council.randomness
    code = actions.new_code(connection, acting)
    secret, link = numbers.new_phrase(randomness, language), numbers.new_link(randomness)
    row = actions.keep_asked(
        connection,
        form,
        acting,
        code=code,
        told_by=told_by,
        shown=shown,
        shown_at=acting.now,
        exact_place=beside.exact_place,
        phrase_hash=numbers.phrase_hash(code, secret, key),
        link_hash=numbers.link_hash(link, key),
    )
    contact.given(connection, acting, resource_id=row.id or 0, address=beside.contact, language=language)
    return Asked(reckoning.found(connection, row.id or 0), secret, link)


def say_in_other_words(connection: Connection, row: Resource, title: str, words: str, acting: Acting) -> Resource:
    """Whoever asked says it anew. Unless the council shows all at once, it is read again before it is shown again.

    What was hidden stays out of sight until somebody has read the new words. Raises Refusal.
    """
    check_open(row, acting)
    rules.check_words(
        {"title": title, "words": words, "near": row.near}, audience=row.audience, has_place=bool(row.near)
    )
    if (title, words) == (row.title, row.words):
        return row  # what was held or hidden stays so: nobody has read anything new
    at_once = row.shown == SHOWN and rule(connection, WITHOUT_ACCOUNT) == SHOWN
    shown = SHOWN if at_once else HELD
    return reckoning.say_anew(connection, row, acting, title=title, words=words, shown=shown, shown_why="")


def reach_at(connection: Connection, row: Resource, address: str, acting: Acting, *, language: str) -> None:
    """Where to write to from now on; empty for nowhere: then what was kept is gone. Raises Refusal("address", "contact")."""
    check_open(row, acting)
    contact.given(connection, acting, resource_id=row.id or 0, address=address, language=language)


def done(connection: Connection, row: Resource, outcome: str, acting: Acting) -> Resource:
    """Whoever asked says that it is done, and how it went. Raises Refusal("outcome")."""
    return lasting.end(connection, acting, row.public_id, outcome, as_asker=True)


def still_needed(connection: Connection, row: Resource, acting: Acting) -> Resource:
    """Whoever asked says that it is still needed: two weeks more. Raises Refusal("closed")."""
    return lasting.renew(connection, acting, row.public_id, as_asker=True)


def check_open(row: Resource, acting: Acting) -> None:
    """Raises Refusal("closed" or "ended-already") for what nothing more can be done about."""
    rules.check_open(row.state, ended=row.ends_at <= acting.now)


def _let_up(connection: Connection, acting: Acting, beside: Beside) -> tuple[str, str]:
    if acting.viewer.signed_in:
        acting.viewer.require(Right.PUT_UP)
        return SHOWN, beside.told_by
    decided = rule(connection, WITHOUT_ACCOUNT)
    if decided == OFF:
        raise Refusal(
            "asking-is-off",
            sentence=phrase("Here nobody asks without an account. Tell a neighbour, who puts it up for you."),
        )
    return (SHOWN if decided == SHOWN else HELD), BY_ONESELF
