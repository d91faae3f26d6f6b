"""Asking another council to link up, in the browser: who is at an address, the six words, and only then the question.

Between the two steps nothing is kept: the key that the words stand for goes along in the form, and what is read the second
time must be the same.
"""

import asyncio

from fastapi import Request
from fastapi.responses import Response

from federation import peers
from federation.introductions import Introduction
from federation.transport import NetworkTransport
from node.meeting import who_is_at
from node.rights import Right
from node.web.forms import NotUnderstood, Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.phrase import phrase
from schemas.refusal import Refusal

PATH = "/councils/ask"


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def show(request: Request, *, typed: dict[str, str], problems: tuple[Problem, ...] = ()) -> Response:
        return site.page(request, "councils_ask.html", status=422 if problems else 200, typed=typed, problems=problems)

    @routes.get(PATH)
    def form(request: Request) -> Response:
        site.viewer(request).require(Right.LINK_UP)
        return show(request, typed={})

    @routes.post("/councils/look")
    def look(request: Request, typed: Typed) -> Response:
        site.viewer(request).require(Right.LINK_UP)
        try:
            introduction = _met(site, typed)
        except (Refusal, NotUnderstood) as error:
            return show(request, typed=typed, problems=problems_of(error))
        return site.page(
            request,
            "councils_words.html",
            met=introduction,
            address=typed["address"],
            words=peers.words_for(site.council, introduction),
        )

    @routes.post(PATH)
    def ask(request: Request, typed: Typed) -> Response:
        site.viewer(request).require(Right.LINK_UP)
        try:
            introduction = _met(site, typed)
            if introduction.ed25519_multibase != typed.get("key"):
                raise Refusal(
                    "other-key", "address", sentence=phrase("Their key is another one now. Compare the words again.")
                )
            now = site.now()
            site.store.write_now(lambda c: peers.ask(c, site.council, introduction=introduction, now=now))
            site.relations_changed()
        except (Refusal, NotUnderstood) as error:
            return show(request, typed=typed, problems=problems_of(error))
        return see_other("/councils")

    return routes


def _met(site: Site, typed: dict[str, str]) -> Introduction:
    """Who is at the address that was typed. Raises Refusal or NotUnderstood."""
    if "address" not in typed:
        raise NotUnderstood([Problem("address", phrase("Write the address of their wall."))])

    async def read() -> Introduction:
        transport = NetworkTransport(site.council.rules.policy)
        try:
            return await who_is_at(typed["address"], council=site.council, clock=site.clock, transport=transport)
        finally:
            await transport.aclose()

    return asyncio.run(read())
