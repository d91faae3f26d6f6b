"""The page on which a whole list is put up: pasted or chosen as a file, looked through, put up, and undone."""

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from node.features.resources import rules, wording
from node.features.resources.importing import batches, reading
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, problems_of
from node.web.routes import Routes
from node.web.seal import FIELD, FIELD_LIMIT, files_of, takes_a_file
from node.web.site import Site, see_other
from schemas.refusal import Refusal

PATH: Final = "/import"
_USUAL: Final = ("direction", "audience", "until")


async def read_list(request: Request) -> dict[str, str]:
    """The fields of the form; a file that was chosen stands as text in `table`. Raises Refusal for a file that is none of ours."""
    async with request.form(max_files=files_of(request), max_fields=FIELD_LIMIT) as form:
        typed = {name: value.strip() for name, value in form.multi_items() if isinstance(value, str) and name != FIELD}
        request.state.typed = {name: value for name, value in typed.items() if name != "table"}
        chosen = form.get("file")
        data = await chosen.read(reading.MOST_BYTES + 1) if isinstance(chosen, UploadFile) else b""
    try:
        typed["table"] = reading.text_of(data) if data else typed.get("table", "")
    except Refusal as refused:
        raise NotUnderstood([Problem(refused.field, refused.sentence)]) from None
    return {name: value for name, value in typed.items() if value}


Listed = Annotated[dict[str, str], Depends(read_list)]


def router(site: Site) -> Routes:
    """The page, its form, and the way back."""
    routes = Routes(include_in_schema=False)

    def show(
        request: Request,
        typed: dict[str, str],
        *,
        looked: batches.Looked | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> Response:
        viewer = site.viewer(request)
        with site.store.reading() as connection:
            lists = batches.of_member(connection, viewer)
        return site.page(
            request,
            "resources/importing.html",
            status=422 if problems else 200,
            typed=typed,
            problems=problems,
            looked=looked,
            lists=lists,
            most=reading.MOST_ROWS,
            directions=wording.DIRECTIONS,
            audiences=rules.AUDIENCES,
            CATEGORY_WORDS=wording.CATEGORY_WORDS,
        )

    @routes.get(PATH)
    def blank(request: Request) -> Response:
        site.viewer(request).require(Right.PUT_UP)
        end = (site.now() + rules.USUAL).astimezone(site.settings.zone_info)
        return show(request, {"direction": "offer", "audience": "council", "until": f"{end:%Y-%m-%dT%H:%M}"})

    @routes.post(PATH)
    @takes_a_file
    def look_or_put_up(request: Request, typed: Listed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.PUT_UP)
        usual: dict[str, str] = {name: typed[name] for name in _USUAL if name in typed}
        try:
            with site.store.reading() as connection:
                looked = batches.look_through(connection, typed.get("table", ""), usual, acting)
            good = looked.good
            # What was agreed to is what is put up: should a row have run out since, the list is shown again.
            if typed.get("do") != "put-up" or typed.get("good") != str(len(good)) or not good:
                return show(request, typed, looked=looked)
            site.store.write_now(lambda connection: batches.put_up(connection, good, acting))
        except Refusal as refused:
            if refused.word in ("not-signed-in", "turn-ended"):
                raise
            return show(request, typed, problems=problems_of(refused))
        return see_other(PATH)

    @routes.post(f"{PATH}/{{public_id}}/undo")
    def undo(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: batches.undo(connection, public_id, acting))
        return see_other(PATH)

    return routes
