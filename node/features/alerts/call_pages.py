"""What is done with one call of ours: agreeing to it as the second person, telling its news, ending it."""

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from node.feature import Acting
from node.features.alerts import actions, rules
from node.features.alerts.calling import around_of
from node.features.alerts.put_up_pages import SENTENCES, choices, latest, mendable, with_end
from node.features.alerts.tables import Alert
from node.features.alerts.telling import DRAFT, on_now, ours
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, Typed, parse
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.records.alert import Ended
from schemas.records.calling import AlertChangeForm
from schemas.refusal import Refusal

FIELDS = ("news", "words", "wanted", "instruction", "urgency", "severity", "near", "around")


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    @routes.post("/o/{public_id}/over")
    def over(request: Request, public_id: str, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.CALL)
        how, note = _how(typed), typed.get("note", "")
        row = site.store.write_now(lambda c: actions.end(c, public_id, acting, how=how, note=note))
        return see_other(f"/o/{row.public_id}")

    @routes.post("/alerts/{public_id}/second")
    def second(request: Request, public_id: str, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.CALL)
        seen = typed.get("version", "")
        row = site.store.write_now(lambda c: actions.second(c, public_id, acting, seen=seen))
        return see_other(f"/o/{row.public_id}")

    @routes.post("/alerts/{public_id}/throw-away")
    def throw_away(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.CALL)
        site.store.write_now(lambda c: actions.throw_away(c, public_id, acting))
        return see_other("/alerts")

    _news_routes(routes, site)
    return routes


def _how(typed: dict[str, str]) -> Ended:
    try:
        return Ended(typed.get("how", Ended.OVER.value))
    except ValueError:
        raise NotUnderstood([Problem(None, phrase("Say that it is over, taken back, or false."))]) from None


def _news_routes(routes: Routes, site: Site) -> None:
    def show(request: Request, row: Alert, *, typed: dict[str, str], problems: tuple[Problem, ...] = ()) -> Response:
        return site.page(
            request,
            "alerts/news.html",
            status=422 if problems else 200,
            call=row,
            draft=row.state == DRAFT,
            typed=typed,
            problems=problems,
            choices=choices(site),
            latest=latest(site),
        )

    def looked_up(acting: Acting, public_id: str) -> Alert:
        acting.viewer.require(Right.CALL)
        with site.store.reading() as connection:
            row = on_now(connection, public_id, acting.now)
        rules.check_may_change(acting.viewer, raised_by=(row.by_member, row.seconded_by))
        return row

    @routes.get("/alerts/{public_id}/news")
    def news(request: Request, public_id: str) -> Response:
        acting = site.acting(request)
        row = looked_up(acting, public_id)
        return show(request, row, typed=_as_typed(row, acting))

    @routes.post("/alerts/{public_id}/news")
    def tell_news(request: Request, public_id: str, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.CALL)
        with site.store.reading() as connection:
            held = ours(connection, public_id)
        try:
            form = _form(typed, held, acting)
            row = site.store.write_now(lambda connection: actions.change(connection, public_id, form, acting))
        except (Refusal, NotUnderstood) as error:
            return show(request, held, typed=typed, problems=mendable(error))
        return see_other(f"/o/{row.public_id}")


def _form(typed: dict[str, str], held: Alert, acting: Acting) -> AlertChangeForm:
    given = with_end(typed, {name: typed[name] for name in FIELDS if name in typed}, acting)
    if typed.get("until") == _until(held, acting):
        # The field knows no seconds, and an hour that comes twice only once: left as it was, it is the very same end.
        given = given | {"ends_at": held.ends_at}
    return parse(AlertChangeForm, given, sentences=SENTENCES)


def _until(row: Alert, acting: Acting) -> str:
    return f"{row.ends_at.astimezone(acting.zone):%Y-%m-%dT%H:%M}"


def _as_typed(row: Alert, acting: Acting) -> dict[str, Any]:
    same = {name: getattr(row, name) for name in ("words", "wanted", "instruction", "urgency", "near")}
    return same | {
        "severity": row.raise_to or row.severity,
        "around": around_of(row, acting).value,
        "until": _until(row, acting),
    }
