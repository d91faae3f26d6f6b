"""Forms of promises between councils: promise, answer, ask. They stand below notes, and have no pages of their own.

How such a promise goes on is pressed where every other promise is (promises.pages).
"""

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from node.features.resources import queries
from node.features.resources.agreements import proposing, with_them
from node.features.resources.agreements.proposing import Wish
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from node.web.words import slip_address
from schemas.phrase import phrase
from schemas.refusal import Refusal

# What a form can mend; everything else ends the matter.
_MENDABLE = frozenset({"not-enough", "quantity", "counterpart", "counterpart-amount", "asked-already"})


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)
    _beginning(routes, site)
    _answering(routes, site)
    return routes


def _beginning(routes: Routes, site: Site) -> None:
    def again(request: Request, *, back: str, typed: dict[str, str], error: Refusal, **shown: Any) -> Response:
        if error.word not in _MENDABLE or shown["given"] is None:
            raise error
        problems = problems_of(error)
        return site.page(
            request, "resources/with_them_again.html", status=422, back=back, typed=typed, problems=problems, **shown
        )

    @routes.post("/agreements")
    def promise(request: Request, typed: Typed) -> Response:
        acting, address = site.acting(request), typed.get("id", "")
        acting.viewer.require(Right.PUT_UP)
        back = slip_address(address, base_url=site.council.base_url)
        wish = Wish(typed.get("amount", ""), typed.get("counterpart", ""), typed.get("counterpart_amount", ""))
        try:
            site.store.write_now(lambda c: proposing.promise_theirs(c, address, wish, acting))
        except Refusal as error:
            with site.store.reading() as connection:
                given = with_them.theirs(connection, address, acting.viewer, acting.now)
            return again(request, back=back, typed=typed, error=error, given=given, asking=False)
        return see_other(back)

    @routes.post("/o/{public_id}/ask-nearby")
    def ask(request: Request, public_id: str, typed: Typed) -> Response:
        acting, actor, amount = site.acting(request), typed.get("council", ""), typed.get("ask_amount", "")
        acting.viewer.require(Right.PUT_UP)
        try:
            site.store.write_now(lambda c: proposing.ask(c, public_id, actor, acting, amount=amount))
        except Refusal as error:
            with site.store.reading() as connection:
                row = queries.ours(connection, public_id)
                given = row and with_them.asking(connection, row, acting.viewer, acting.now)
            return again(request, back=f"/o/{public_id}", typed=typed, error=error, given=given, asking=True)
        return see_other(f"/o/{public_id}")


def _answering(routes: Routes, site: Site) -> None:
    @routes.post("/agreements/{public_id}/answer")
    def answer(request: Request, public_id: str, typed: Typed) -> Response:
        acting, said = site.acting(request), typed.get("answer", "")
        acting.viewer.require(Right.PUT_UP)
        if said not in ("yes", "no"):
            raise NotUnderstood([Problem(None, phrase("Choose what we answer: we can, or not this time."))])
        promise = site.store.write_now(lambda c: proposing.answer_theirs(c, public_id, acting, yes=said == "yes"))
        page = slip_address(promise.object_id or "", base_url=site.council.base_url)
        return see_other("/mine" if typed.get("back") == "mine" else page)
