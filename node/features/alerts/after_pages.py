"""What is due after a call: the debrief, and asking again the next day, after a week, after a month."""

from datetime import date

from fastapi import Request
from fastapi.responses import Response

from node.features.alerts import after
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, Typed
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase

LIST = "/alerts/after"


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    @routes.get(LIST)
    def list_page(request: Request) -> Response:
        site.viewer(request).require(Right.CALL)
        with site.store.reading() as connection:
            steps = after.still_to_do(connection)
        return site.page(request, "alerts/after.html", steps=steps, today=_today(site))

    @routes.post("/alerts/after/{step_id}")
    def tick(request: Request, step_id: int, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.CALL)
        words, on = typed.get("words", ""), _day(typed) if "plan" in typed else None
        if on is None:
            one = site.store.write_now(lambda c: after.tick(c, step_id, acting, words=words))
        else:
            one = site.store.write_now(lambda c: after.plan(c, step_id, acting, on=on, words=words))
        return see_other(f"/o/{one.public_id}" if typed.get("back") == "call" else LIST)

    return routes


def _today(site: Site) -> date:
    return site.now().astimezone(site.settings.zone_info).date()


def _day(typed: dict[str, str]) -> date:
    try:
        return date.fromisoformat(typed.get("on", ""))
    except ValueError:
        raise NotUnderstood([Problem("on", phrase("Choose a day, as a date."))]) from None
