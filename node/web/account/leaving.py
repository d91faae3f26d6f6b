"""Taking one's data along, and leaving. Nobody is asked why, and both are done at once."""

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.accounts import taking_along
from node.accounts.leaving import leave
from node.rights import Right
from node.web.forms import Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.signing_in import CLEARED
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.refusal import Refusal


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    @routes.get("/account/data")
    def data_page(request: Request) -> Response:
        site.viewer(request).require(Right.OWN_ACCOUNT)
        return site.page(request, "account/data.html")

    @routes.post("/account/data")
    def take_along(request: Request) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.OWN_ACCOUNT)
        with site.store.reading() as connection:
            records = taking_along.everything_of(connection, acting, features=site.features)
        tongue = site.tongue(request)
        page = site.environments[tongue.code].get_template("account/taken.html")
        words = page.render(
            kinds=taking_along.by_kind(records),
            council=site.council,
            language=tongue.code,
            direction=tongue.direction,
            now=acting.now,
        )
        headers = {
            "content-disposition": f'attachment; filename="my-data-{acting.now:%Y-%m-%d}.zip"',
            "cache-control": "private, no-store",
        }
        packed = taking_along.packed(records, page=words, now=acting.now)
        return Response(packed, media_type="application/zip", headers=headers)

    def form(request: Request, *, problems: tuple[Problem, ...] = ()) -> Response:
        site.viewer(request).require(Right.OWN_ACCOUNT)
        status = 422 if problems else 200
        return site.page(request, "account/leave.html", status=status, problems=problems)

    @routes.get("/account/leave")
    def leave_page(request: Request) -> Response:
        return form(request)

    @routes.post("/account/leave")
    def go(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        member_id = acting.viewer.require(Right.OWN_ACCOUNT)
        if not typed.get("sure"):
            sentence = phrase("Tick the box below if you mean it. Nothing has been done yet.")
            return form(request, problems=(Problem("sure", sentence),))

        def step(connection: Connection) -> None:
            leave(connection, acting, member_id=member_id, features=site.features, alone_is_meant=True)

        try:
            site.store.write_now(step)
        except Refusal as refusal:
            return form(request, problems=problems_of(refusal))
        response = see_other("/account/left")
        site.sign_out_cookie(response)
        response.headers["clear-site-data"] = CLEARED
        return response

    @routes.get("/account/left")
    def left_page(request: Request) -> Response:
        """Where whoever has left arrives; it knows nobody."""
        return site.page(request, "account/left.html")

    return routes
