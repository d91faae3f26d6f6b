"""The pages of letters: confirming an address, stopping letters to one, and the part of one's own account about mail.

A mail program may open any link in a letter by itself, so opening one changes nothing: the button there does. A program that
stops letters at the press of its own button sends that button's form (RFC 8058).
"""

from fastapi import Request
from fastapi.responses import Response

from node.features.resources.letters import contact, links
from node.rights import Right
from node.web.account import own as account
from node.web.forms import Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.refusal import Refusal

_PRIVATE = {"cache-control": "private, no-store"}


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def show(request: Request, token: str, *, done: bool = False) -> Response:
        stopping = token.startswith(f"{links.STOP}.")
        page = site.page(request, "resources/letters.html", token=token, stopping=stopping, done=done)
        page.headers.update(_PRIVATE)
        return page

    @routes.get(f"{links.PATH}/{{token}}")
    def opened(request: Request, token: str) -> Response:
        acting = site.acting(request)
        if not token.startswith(f"{links.STOP}."):
            with site.store.reading() as connection:
                contact.check(connection, acting, token)
        return show(request, token)

    @routes.post(f"{links.PATH}/{{token}}")
    def done(request: Request, token: str) -> Response:
        acting = site.acting(request)
        step = contact.stopped if token.startswith(f"{links.STOP}.") else contact.confirmed
        site.store.write_now(lambda connection: step(connection, acting, token))
        return show(request, token, done=True)

    @routes.post("/account/mail")
    def own_mail(request: Request, typed: Typed) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.OWN_ACCOUNT)
        address, how = typed.get("mail", ""), typed.get("mail_how", "")
        try:
            site.store.write_now(lambda connection: contact.own(connection, acting, address=address, how=how))
        except Refusal as refusal:
            return account.page(site, request, problems=problems_of(refusal), typed=typed)
        return see_other("/account?said=kept#mail")

    @routes.post("/account/mail/remove")
    def remove(request: Request) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: contact.own(connection, acting, address="", how=""))
        return see_other("/account#mail")

    return routes
