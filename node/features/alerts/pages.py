"""The pages of calls for help: what is live, and the same in other forms. What can be done with one call lies beside this."""

from fastapi import Request
from fastapi.responses import Response

from node.feature import Slip
from node.features.alerts import after_pages, answer_pages, call_pages, pass_on, put_up_pages, queries, views
from node.web.exports.routes import Listing
from node.web.exports.routes import add as add_exports
from node.web.pictures import strip
from node.web.routes import Routes
from node.web.site import Site
from schemas.base import ApiModel, WireTime
from schemas.phrase import phrase
from schemas.records.alert import AlertView


class Alerts(ApiModel):
    """Calls for help and drills, told apart by `status`; those that have ended have `msg_type` Cancel and say how in `ended`."""

    items: list[AlertView]
    as_of: WireTime


def router(site: Site) -> Routes:
    """All routes of calls for help."""
    routes = Routes(tags=["calls for help"])

    def gather(request: Request) -> list[Slip]:
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            found = queries.listing(connection, site.council, viewer, now=now)
        return [views.listed_slip(one, site.council) for one in found]

    columns = ("near", "urgency", "severity", "over", "called_at", "ended", "news")
    add_exports(routes, site, Listing("/alerts", phrase("Calls for help"), gather, columns=columns))

    @routes.get("/alerts", include_in_schema=False)
    def list_page(request: Request) -> Response:
        slips = gather(request)
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            waiting = queries.waiting(connection, now=now) if viewer.signed_in else []
        lasting = [slip for slip in slips if not slip.details["over"]]
        return site.page(
            request,
            "alerts/list.html",
            lists_calls=True,
            waiting=[views.waiting_slip(row, site.council) for row in waiting],
            live=[slip for slip in slips if not slip.details["over"] and slip.kind == "alert"],
            drills=[slip for slip in slips if not slip.details["over"] and slip.kind == "drill"],
            over=[slip for slip in slips if slip.details["over"]],
            picture=strip([views.lasting(slip) for slip in lasting], now=now),
        )

    @routes.get("/alerts.json")
    def list_json(request: Request) -> Alerts:
        """Calls for help and drills whose time has not passed, newest first."""
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            found = queries.listing(connection, site.council, viewer, now=now)
        return Alerts(items=[views.alert_view(one) for one in found], as_of=now)

    for make in (put_up_pages.router, call_pages.router, answer_pages.router, after_pages.router, pass_on.router):
        routes.take(make(site))
    return routes
