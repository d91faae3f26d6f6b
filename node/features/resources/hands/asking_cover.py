"""Asking nearby councils to cover a rest day: "you rest this Sunday, we the next". It is a need like any other, of kind `cover`.

Whoever promises it is there for what cannot wait on that day; `cover` counts such a promise.
"""

from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, select

from federation.tables import table_of
from node.feature import Acting
from node.features.resources import actions
from node.features.resources.hands import cover
from node.features.resources.tables import Resource
from node.profile.rhythm import rhythm
from node.rights import Right
from node.web.words import calendar_day
from schemas.phrase import Catalogue, phrase, said
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal

PATH: Final = "/rest-days/cover"
_RESOURCES = table_of(Resource)


def ask(connection: Connection, acting: Acting, typed: str, *, catalogue: Catalogue, language: str) -> Resource:
    """Put up the need for cover on a day (YYYY-MM-DD), in the words of `catalogue`; told to nearby councils at once.

    Raises Refusal("not-a-rest-day") for any other day than a rest day of the coming week, ("asked-already") besides what rights
    and putting up raise.
    """
    acting.viewer.require(Right.READ_ASKED)
    day = next((day for day in coming(connection, acting) if day.isoformat() == typed), None)
    if day is None:
        raise Refusal("not-a-rest-day", sentence=phrase("That is no rest day of the coming week."))
    if asked_for(connection, day, acting) is not None:
        raise Refusal("asked-already", sentence=phrase("Cover for that day has been asked for already."))
    on = calendar_day(day)
    words = phrase("We rest on {day}. Who is there for what cannot wait? Next time we are there for you.", day=on)
    form = ResourceForm.model_validate(
        {
            "direction": "need",
            "title": said(phrase("Cover on {day}", day=on), catalogue),
            "words": said(words, catalogue),
            "language": language,
            "kind": cover.COVER,
            "category": "time",
            "audience": "neighbours",
            "can_wait": False,
            "may_pass_on": True,
            "until": f"{day + timedelta(days=1)}T00:00",
        }
    )
    begins = cover.span_of(day, acting.zone).since
    return actions.keep_asked(connection, form, acting, by_member=acting.viewer.member_id or 0, starts_at=begins)


def coming(connection: Connection, acting: Acting) -> list[date]:
    """The rest days from today on, for the next eight days."""
    return cover.rest_days(rhythm(connection, now=acting.now).rest, acting.now, acting.zone)


def asked_for(connection: Connection, day: date, acting: Acting) -> Resource | None:
    """The note with which cover for this day was asked for, None where nobody did."""
    span = cover.span_of(day, acting.zone)
    wanted = (
        _RESOURCES.c.kind == cover.COVER,
        _RESOURCES.c.direction == "need",
        _RESOURCES.c.closed_at.is_(None),
        _RESOURCES.c.starts_at == span.since,
    )
    row = connection.execute(select(_RESOURCES).where(*wanted).order_by(_RESOURCES.c.id)).mappings().first()
    return None if row is None else Resource(**row)
