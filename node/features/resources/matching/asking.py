"""Which open needs a neighbour could be asked about: within what they said they can do, in the order that the assembly set.

It is shown to that neighbour alone. Whoever says "not this time" has it put off on their own device: no server keeps that they did.
"""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources import own_limits, queries
from node.features.resources.items import Doing, Item
from node.features.resources.matching import priorities
from node.features.resources.matching.finding import note_of
from node.features.resources.matching.fit import Fit, Neighbour, Note, fits, has_room, suits
from node.features.resources.promises import keeping
from node.features.resources.promises.states import OPEN
from node.features.resources.tables import Resource
from node.profile import rules_kept
from schemas.phrase import Phrase, phrase

MOST: Final = 3
RANK: Final = 5
NOT_NOW: Final = "/mine/not-now"
_NAMED_IN: Final = ("en", "es")


def could_you(connection: Connection, acting: Acting) -> list[Item]:
    """The section of "What needs me" that asks: at most three needs of ours, each with why."""
    member_id = acting.viewer.member_id
    if member_id is None:
        return []
    said = own_limits.said_by(connection, member_id, acting.now)
    place = acting.council.place
    here = (place.latitude, place.longitude) if place is not None and place.latitude is not None else None
    neighbour = Neighbour(
        said.limits,
        tuple(own_limits.weighing_on(connection, member_id)),
        here,  # type: ignore[arg-type]  # both or none
        spoken(said.languages),
        acting.zone,
    )
    offers = [
        note_of(one)
        for one in queries.board(connection, acting.viewer, now=acting.now, direction="offer")
        if one.by_member == member_id and one.state != "promised"
    ]
    found = (
        _item(need, fit)
        for need in _needs(connection, acting, member_id)
        if has_room(note := note_of(need), neighbour, now=acting.now)
        and (fit := suits(note, neighbour, offered=_best(note, offers, acting), now=acting.now)) is not None
    )
    # The first few are all that is shown: the others are not even looked at.
    return list(islice(found, MOST))


def order(connection: Connection) -> tuple[str, ...]:
    """What the assembly said comes first, or the usual."""
    return priorities.read(rules_kept.rule(connection, rules_kept.PRIORITIES)) or priorities.USUAL


def spoken(words: str) -> frozenset[str]:
    """The languages that somebody named, as tags: "es", "Spanish", "español". What is not understood is left out."""
    typed = words.casefold().replace(",", " ").replace(";", " ").split()
    names = _names()
    return frozenset(names.get(word, word) for word in typed if word in names or (len(word) == 2 and word.isascii()))


@cache
def _names() -> dict[str, str]:
    """Every language by its names in ours (CLDR). Loaded when somebody first named one: no start waits for it."""
    from babel import Locale

    names: dict[str, str] = {}
    for told in _NAMED_IN:
        for tag, name in Locale(told).languages.items():
            if len(tag) == 2:
                names[name.casefold()] = tag
    return names


def _needs(connection: Connection, acting: Acting, member_id: int) -> Iterator[Resource]:
    promised = {one.resource_id for one in keeping.of_member(connection, member_id, *OPEN)}
    live = queries.board(connection, acting.viewer, now=acting.now, direction="need")
    for need in priorities.in_order(live, order(connection)):
        if need.by_member != member_id and need.state != "promised" and need.id not in promised:
            yield need


def _best(need: Note, offers: list[Note], acting: Acting) -> Fit | None:
    found = [fit for one in offers if (fit := fits(need, one, now=acting.now)) is not None]
    return min(found, key=lambda fit: fit.rank, default=None)


def _item(need: Resource, fit: Fit) -> Item:
    return Item(
        title=need.title,
        language=need.language,
        href=f"/o/{need.public_id}",
        sentence=_asked(fit.reasons),
        at=need.created_at,
        rank=RANK,
        doings=(Doing(phrase("Not this time"), NOT_NOW, {"note": need.public_id}),),
    )


def _asked(reasons: tuple[Phrase, ...]) -> Phrase:
    why = phrase("Could you help here?")
    for reason in reasons:
        why = phrase("{sentence} {next}", sentence=why, next=reason)
    return why
