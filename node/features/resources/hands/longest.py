"""The board with what waits longest first: what nobody could meet so far, by kind and by place, and a sheet of it for the assembly.

It shows what this viewer may see anyway. A passer-by is given counts of public needs and nobody's number.
"""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, Final

from fastapi import Request
from sqlalchemy import Connection

from node.feature import Slip, Viewer
from node.features.resources import numbers, views, wording
from node.features.resources.filters import LONGEST
from node.features.resources.hands import deciding, waiting
from node.features.resources.hands.waiting import Gap, Waiting
from node.features.resources.tables import Resource
from node.profile.rhythm import rhythm
from node.web.exports.listed import query_of
from node.web.site import Site
from schemas.phrase import phrase

ORDERS: Final = [(LONGEST, phrase("What waits longest"))]


@dataclass(frozen=True, slots=True)
class Missing:
    """How often something is missing, "a few" below five, and where the needs themselves are listed."""

    name: str
    many: str
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """One need on the sheet for the assembly."""

    number: str
    row: Resource
    kind: str
    how: str
    rises: bool


def slips(connection: Connection, rows: list[Resource], viewer: Viewer, *, now: datetime, zone: tzinfo) -> list[Slip]:
    """The needs among these rows that are not met, each with its number for neighbours, and whether anybody is on it."""
    return [_slip(one, viewer, now) for one in waiting.waiting(connection, rows, now=now, zone=zone)]


def beside(site: Site, connection: Connection, found: list[Resource], request: Request) -> dict[str, Any]:
    """What the page shows besides the slips: gaps by kind and place, the rules, and for neighbours the lines of the sheet."""
    viewer, now = site.viewer(request), site.now()
    waits = waiting.waiting(connection, found, now=now, zone=site.settings.zone_info)
    rules = deciding.shown(connection, viewer, language=site.tongue(request).code, base_url=site.council.base_url)
    gathering = rhythm(connection, now=now).gathering if viewer.signed_in else None
    return {"longest": {**_gaps(waits), "lines": _lines(waits, viewer), "rules": rules, "gathering": gathering}}


def _slip(one: Waiting, viewer: Viewer, now: datetime) -> Slip:
    plain = views.own_slip(one.row, viewer, now)
    number = (numbers.shown(one.row.code),) if viewer.signed_in and one.row.code else ()
    return replace(plain, meta=(*number, *plain.meta, _how(one, viewer)))


def _gaps(found: list[Waiting]) -> dict[str, list[Missing]]:
    rows = [one.row for one in found]
    words = dict(wording.CATEGORY_WORDS)
    kinds = [
        _missing(gap, words[gap.name], category=gap.name)  # type: ignore[index]  # kept from a form that was judged
        for gap in waiting.gaps(rows, lambda row: row.category)
    ]
    places = [
        _missing(gap, gap.name or phrase("no fixed place"), text=gap.name)
        for gap in waiting.gaps(rows, lambda row: row.near)
    ]
    return {"kinds": kinds, "places": places}


def _lines(found: list[Waiting], viewer: Viewer) -> list[Line]:
    return [
        Line(
            number=numbers.shown(one.row.code) if viewer.signed_in and one.row.code else "",
            row=one.row,
            kind=wording.CATEGORY_WORDS[one.row.category],  # type: ignore[index]  # kept from a form that was judged
            how=_how(one, viewer),
            rises=one.rises,
        )
        for one in found
    ]


def _how(one: Waiting, viewer: Viewer) -> str:
    """How it stands, in words that name nobody."""
    if one.standing.unheld and viewer.signed_in:
        return phrase("nobody has taken it on yet")
    return phrase("it is being looked at") if one.standing.on_call else phrase("somebody is on it")


def _missing(gap: Gap, name: str, **chosen: str) -> Missing:
    # What has no fixed place cannot be looked for by a place.
    href = f"/board{query_of(order=LONGEST, **chosen)}" if any(chosen.values()) else ""
    return Missing(name, waiting.how_many(gap.count), href)
