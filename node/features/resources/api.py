"""Needs and offers for programs: the lists as data, and the same actions as on the pages."""

from typing import Annotated

from fastapi import Query, Request
from pydantic import Field
from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources import actions, queries, views, wording
from node.features.resources.region.api import Text
from node.features.resources.tables import Resource
from node.rights import Right
from node.web.forms import parse
from node.web.routes import Routes
from node.web.site import Site
from schemas.audience import Audience
from schemas.base import ApiModel, Language, Quantity, WireTime
from schemas.context import Category
from schemas.lasting import Until
from schemas.phrase import phrase
from schemas.records.availability import Direction
from schemas.records.resource import ResourceForm, ResourceView
from schemas.refusal import Refusal
from schemas.repeating import RuleText


class Board(ApiModel):
    """Our own live needs and offers, as far as the asker may see them."""

    items: list[ResourceView]
    as_of: WireTime


class ResourceChange(ApiModel):
    """What is to change; what is left out stays. `available` says what is left; `outcome` closes it."""

    title: str | None = None
    words: str | None = None
    category: Category | None = None
    quantity: Quantity | None = None
    unit: str | None = None
    near: str | None = None
    audience: Audience | None = None
    ends_at: WireTime | None = None
    until: Until | None = None
    language: Language | None = None
    repeats: RuleText | None = None
    starts_at: WireTime | None = None
    available: Quantity | None = None
    kind: str | None = None
    can_wait: bool | None = None
    may_pass_on: bool | None = None
    notes: dict[str, str] | None = Field(default=None, description="What the kind asks for: name to words.")
    standing: bool | None = None
    hours: str | None = None
    access: str | None = None
    outcome: str | None = Field(default=None, description="met, partly, not-met or no-longer-wanted")


def router(site: Site) -> Routes:
    """The JSON routes of needs and offers."""
    routes = Routes()

    @routes.get("/board.json")
    def board_json(
        request: Request,
        *,
        direction: Direction | None = None,
        category: Category | None = None,
        text: Text = None,
        kind: Annotated[str | None, Query(max_length=40, description="The id of a finer kind.")] = None,
        standing: Annotated[bool, Query(description="Standing places only.")] = False,
    ) -> Board:
        """Our own needs and offers; passers-by are shown the public ones."""
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            rows = queries.board(
                connection,
                viewer,
                now=now,
                direction=direction,
                category=category,
                text=text,
                kind=kind,
                standing=standing,
            )
        return Board(items=[views.resource_view(row, site.council) for row in rows], as_of=now)

    @routes.post("/api/resources", status_code=201)
    def put_up(request: Request, form: ResourceForm) -> ResourceView:
        """Put up a need or an offer."""
        acting = site.acting(request)
        row = site.store.write_now(lambda connection: actions.put_up(connection, form, acting))
        return views.resource_view(row, site.council)

    @routes.patch("/api/resources/{public_id}")
    def change(request: Request, public_id: str, change: ResourceChange) -> ResourceView:
        """Change it, say what is left, or close it. Narrowed to our own council it gets a new address."""
        acting = site.acting(request)
        row = site.store.write_now(lambda connection: amend(connection, public_id, change, acting))
        return views.resource_view(row, site.council)

    @routes.delete("/api/resources/{public_id}", status_code=204)
    def take_down(request: Request, public_id: str) -> None:
        """Take it down, here and everywhere."""
        acting = site.acting(request)
        site.store.write_now(lambda connection: actions.take_down(connection, public_id, acting))

    return routes


def amend(connection: Connection, public_id: str, change: ResourceChange, acting: Acting) -> Resource:
    """What the change asks for, in one step. Raises Refusal, or NotUnderstood where the whole would make no sense."""
    acting.viewer.require(Right.PUT_UP)
    said = change.model_dump(exclude_unset=True)
    available, outcome = said.pop("available", None), said.pop("outcome", None)
    row = queries.ours(connection, public_id)
    if row is None:
        raise Refusal("not-found", sentence=phrase("There is no need or offer of ours under this address."))
    if said:
        form = parse(ResourceForm, _as_form(row) | said | _end(said), sentences=wording.SENTENCES)
        row = actions.change(connection, public_id, form, acting, available=available)
    elif available is not None:
        row = actions.set_available(connection, public_id, available, acting)
    elif outcome is None:
        raise Refusal("nothing-asked", sentence=phrase("Say what is to change."))
    return row if outcome is None else actions.close(connection, row.public_id, outcome, acting)


def _as_form(row: Resource) -> dict[str, object]:
    return {
        "direction": row.direction,
        "title": row.title,
        "words": row.words,
        "category": row.category,
        "quantity": row.quantity,
        "unit": row.unit,
        "near": row.near,
        "audience": row.audience,
        "ends_at": row.ends_at,
        "language": row.language,
    }


def _end(said: dict[str, object]) -> dict[str, object]:
    return {"ends_at": said.get("ends_at")} if said.get("until") is not None else {}
