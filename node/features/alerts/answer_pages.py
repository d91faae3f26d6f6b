"""What is answered to a call: by our council to the one that called, and by anybody to nobody, "I'm coming"."""

from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from node.features.alerts import actions, coming
from node.rights import Right
from node.web.exports.listed import query_of
from node.web.forms import NotUnderstood, Problem, Typed
from node.web.looking_up import slip_at
from node.web.routes import Routes
from node.web.site import Site, see_other
from node.web.words import slip_address
from schemas.phrase import phrase
from schemas.records.answer import AnswerWord


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def page_of(object_id: str) -> str:
        return slip_address(object_id, base_url=site.council.base_url)

    @routes.post("/alerts/answer")
    def answer(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.CALL)
        object_id, word, words = typed.get("id", ""), _word(typed), typed.get("words", "")
        site.store.write_now(lambda c: actions.answer(c, object_id, acting, word=word, words=words))
        return see_other(page_of(object_id))

    @routes.post("/alerts/answer/take-back")
    def take_back(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.CALL)
        object_id = typed.get("id", "")
        site.store.write_now(lambda c: actions.take_back(c, object_id, acting))
        return see_other(page_of(object_id))

    _coming_routes(routes, site)
    return routes


def _coming_routes(routes: Routes, site: Site) -> None:
    def looked_up(request: Request, object_id: str) -> dict[str, Any]:
        """What the page of a call says to this person: whether it is still on, and a drill. 404 for what they may not see."""
        viewer, now = site.viewer(request), site.now()
        with site.store.reading() as connection:
            slip = slip_at(site, connection, object_id=object_id, viewer=viewer, now=now).slip
        if slip is None or "band" not in slip.details:
            raise HTTPException(404)
        return slip.details

    @routes.get("/alerts/coming")
    def thanks(request: Request, id: str) -> Response:
        details = looked_up(request, id)
        marks = coming.remembered(request.cookies.get(coming.COOKIE))
        with site.store.reading() as connection:
            band = coming.band(connection, id)
        return site.page(
            request,
            "alerts/coming.html",
            call=id,
            back=slip_address(id, base_url=site.council.base_url),
            said=coming.mark(id) in marks,
            band=band,
            on=details["coming"],
            drill=details["drill"],
        )

    @routes.post("/alerts/coming")
    def come(request: Request, typed: Typed) -> Response:
        object_id, stays = typed.get("id", ""), "stay" in typed
        on = looked_up(request, object_id)["coming"]
        marks, mark = coming.remembered(request.cookies.get(coming.COOKIE)), coming.mark(object_id)
        answer = see_other(f"/alerts/coming{query_of(id=object_id)}")
        if on and (mark in marks) == stays:
            site.store.write_now(lambda c: (coming.stay if stays else coming.come)(c, object_id))
            marks = [one for one in marks if one != mark] if stays else [*marks, mark]
            # Without an age: the browser forgets it when it is closed, and nothing on a phone tells later who went where.
            answer.set_cookie(
                coming.COOKIE, coming.cookie_of(marks), path="/", secure=site.secure, httponly=True, samesite="lax"
            )
        return answer


def _word(typed: dict[str, str]) -> AnswerWord:
    try:
        return AnswerWord(typed.get("answer", ""))
    except ValueError:
        raise NotUnderstood(
            [Problem(None, phrase("Choose what we answer: we heard, we come, or we cannot."))]
        ) from None
