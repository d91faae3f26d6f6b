"""The council's profile: first taken from the settings, then kept in the database and changed on a page.

One holder, `Council.profile`, is replaced whole after each change, so that pages, the actor, WebFinger and NodeInfo say the
same at once. This module must never keep a point: an area is the H3 cell it lies in.
"""

from datetime import datetime
from threading import Lock
from typing import Annotated

import h3
from pydantic import AfterValidator, BeforeValidator, StringConstraints
from sqlalchemy import Connection

from federation import ourselves
from federation.council import Council, Profile
from federation.tables import table_of
from node.database import Store
from node.feature import Acting
from node.places import RESOLUTION, in_cell
from node.profile.points import read_point
from node.profile.tables import ONLY, ProfileRow
from node.rights import Right
from node.settings import Settings
from protocol import ids
from schemas.base import ApiModel, FormLine, FormWords, Language

_PROFILE = table_of(ProfileRow)
_RENEWING = Lock()


def _plain_tag(text: object) -> object:
    """`ES_es` and `es-es` as `es-ES`: the first part small, a country in capitals."""
    if not isinstance(text, str):
        return text
    first, *rest = text.strip().replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def _cell_of(pasted: str) -> str:
    return "" if not pasted else h3.latlng_to_cell(*read_point(pasted), RESOLUTION)


Tag = Annotated[Language, BeforeValidator(_plain_tag)]
Near = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")
]
Point = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_cell_of)]


class ProfileForm(ApiModel):
    """What people write about their council. `point` is pasted text; it is read as the H3 cell it lies in."""

    name: FormLine
    language: Tag
    summary: FormWords = ""
    near: Near = ""
    point: Point = ""


def first_profile(settings: Settings) -> Profile:
    """What `comarca.toml` and variables say, for as long as nobody has said otherwise."""
    area = settings.area
    cell = None
    if area.latitude is not None and area.longitude is not None:
        cell = h3.latlng_to_cell(area.latitude, area.longitude, RESOLUTION)
    return Profile(
        name=settings.name or ids.host_of(settings.url),
        language=settings.language,
        summary=settings.summary,
        place=in_cell(cell, name=area.near),
    )


def held(connection: Connection) -> Profile | None:
    """The profile that the database has; None before the first start."""
    row = connection.execute(_PROFILE.select().where(_PROFILE.c.id == ONLY)).mappings().first()
    if row is None:
        return None
    return Profile(row["name"], row["language"], row["summary"], in_cell(row["cell"], name=row["near"]))


def keep(connection: Connection, profile: Profile, *, now: datetime) -> None:
    """Write the one row, whatever stood there."""
    place = profile.place
    values = {
        "name": profile.name,
        "language": profile.language,
        "summary": profile.summary,
        "near": place.name if place is not None else "",
        "cell": place.cell if place is not None else None,
        "changed_at": now,
    }
    changed = connection.execute(_PROFILE.update().where(_PROFILE.c.id == ONLY).values(**values))
    if not changed.rowcount:
        connection.execute(_PROFILE.insert().values(id=ONLY, **values))


def change(connection: Connection, form: ProfileForm, acting: Acting) -> Profile:
    """Say it anew: kept, and told to linked councils and followers. `renew` follows once this is committed.

    An empty `point` leaves the place where it was. Raises Refusal for whoever has not the server turn.
    """
    acting.viewer.require(Right.SET_UP)
    before = held(connection) or acting.council.profile
    cell = form.point or (before.place.cell if before.place is not None else None)
    after = Profile(form.name, form.language, form.summary, in_cell(cell, name=form.near))
    if after != before:
        keep(connection, after, now=acting.now)
        ourselves.announce(connection, acting.council, after, now=acting.now)
    return after


def renew(council: Council, store: Store) -> None:
    """Have everybody say what is kept now. Two changes at once end with the newer, whoever comes here last."""
    with _RENEWING, store.reading() as connection:
        kept = held(connection)
        if kept is not None and kept != council.profile:
            council.profile = kept
