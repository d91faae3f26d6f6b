"""The words for what a search around us brought: whose word it is and how old, about how much, and what came of asking."""

from collections.abc import Callable

from federation.live_asking import Outcome, Word
from node.features.resources import quantities
from node.features.resources.queries import Source
from node.features.resources.region.grouping import MOST_AMOUNTS, Amount, Group
from node.features.resources.region.lately import Had
from node.web.site import Site
from node.web.words import ago, as_of, day, distance, freshness
from schemas.phrase import Phrase, phrase


def fresh(site: Site, source: Source) -> str:
    """How old a council's word is, and who brought it where it was not itself."""
    if source.ours:
        return phrase("that is us")
    zone, current_for = site.settings.zone_info, site.current_for
    if source.told_by and source.last_heard_at is not None:
        names, since = ", ".join(source.told_by), ago(source.last_heard_at, now=site.now())
        return phrase("not linked up with us; {names} told us, {ago}", names=names, ago=since)
    return freshness(source.last_heard_at, now=site.now(), zone=zone, current_for=current_for)


def about(site: Site, group: Group) -> tuple[str, ...]:
    """The line below a council's name: how old its word is, how far its nearest, and about how much."""
    told = "" if group.source is None else fresh(site, group.source)
    parts = (told, distance(group.distance_km), *(amount(one) for one in group.amounts[:MOST_AMOUNTS]))
    return tuple(part for part in parts if part)


def amount(one: Amount) -> Phrase:
    """About how much of one unit: a band, never the sum."""
    band = quantities.band(one.number)
    if one.direction == "need":
        return phrase("needed: {band} {unit}", band=band, unit=one.unit)
    return phrase("offered: {band} {unit}", band=band, unit=one.unit)


def had(site: Site, one: Had) -> tuple[str, ...]:
    """A council that had it this month: when it last told of it, and how far."""
    told = phrase("last told of it {day}", day=day(one.at, now=site.now(), zone=site.settings.zone_info))
    return tuple(part for part in (told, distance(one.distance_km)) if part)


def outcome(site: Site, source: Source, one: Outcome) -> Phrase:
    """What came of asking a council just now."""
    if one.word is Word.ANSWERED:
        return phrase("answered just now")
    held = source.last_heard_at
    if held is None:
        return _WITHOUT_A_WORD[one.word]
    at = as_of(held, now=site.now(), zone=site.settings.zone_info)
    return _SAID[one.word](at)


_WITHOUT_A_WORD = {
    Word.SILENT: phrase("silent; has told us nothing yet"),
    Word.UNABLE: phrase("its server cannot be asked like that; has told us nothing yet"),
    Word.REFUSED: phrase("gave no answer that we can use; has told us nothing yet"),
    Word.ENOUGH: phrase("was asked a lot just now; has told us nothing yet"),
}
_SAID: dict[Word, Callable[[Phrase], Phrase]] = {
    Word.SILENT: lambda at: phrase("silent; this is {as_of}", as_of=at),
    Word.UNABLE: lambda at: phrase("its server cannot be asked like that; this is {as_of}", as_of=at),
    Word.REFUSED: lambda at: phrase("gave no answer that we can use; this is {as_of}", as_of=at),
    Word.ENOUGH: lambda at: phrase("was asked a lot just now; this is {as_of}", as_of=at),
}
