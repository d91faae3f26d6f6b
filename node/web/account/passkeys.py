"""Passkeys as the browser's script asks for them, and removing one. The ceremonies are judged in `node.accounts.passkeys`."""

from typing import Any

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from node.accounts import actions, passkeys
from node.accounts.challenges import Challenges
from node.rights import Right
from node.web.entering import give_cookies
from node.web.routes import Routes
from node.web.site import Site, see_other


class Answer(BaseModel):
    """What the browser's authenticator answered (PublicKeyCredential in its JSON form)."""

    credential: dict[str, Any]


class NewPasskey(Answer):
    """The same for a new passkey, with the name that its owner gives it."""

    name: str = Field(default="", max_length=200)


def router(site: Site) -> Routes:
    routes = Routes(tags=["signing in"])
    challenges = Challenges()

    @routes.post("/api/passkeys/options")
    def options_to_add(request: Request) -> dict[str, Any]:
        """What a browser needs for making a passkey for the one who is signed in."""
        acting = site.acting(request)
        acting.viewer.require(Right.OWN_ACCOUNT)
        with site.store.reading() as connection:
            return passkeys.options_to_add(
                connection, acting, challenges, randomness=site.randomness, monotonic=site.clock.monotonic()
            )

    @routes.post("/api/passkeys", status_code=204)
    def add(request: Request, given: NewPasskey) -> None:
        """Keep the passkey that the browser has made."""
        acting = site.acting(request)
        acting.viewer.require(Right.OWN_ACCOUNT)
        columns = passkeys.judge_new(acting, challenges, credential=given.credential, monotonic=site.clock.monotonic())
        site.store.write_now(lambda connection: passkeys.add(connection, acting, name=given.name, columns=columns))

    @routes.post("/api/passkeys/sign-in/options")
    def options_to_sign_in() -> dict[str, Any]:
        """What a browser needs for signing in with a passkey; no name is asked."""
        return passkeys.options_to_sign_in(
            site.council, challenges, randomness=site.randomness, monotonic=site.clock.monotonic()
        )

    @routes.post("/api/passkeys/sign-in", status_code=204)
    def sign_in(request: Request, given: Answer) -> Response:
        """Sign in; the answer sets the cookie of a new session."""
        with site.store.reading() as connection:
            found = passkeys.find(connection, credential=given.credential)
        count = passkeys.judge(
            site.council, challenges, found=found, credential=given.credential, monotonic=site.clock.monotonic()
        )
        now, before = site.now(), request.cookies.get(site.cookie_name)

        def step(connection: Connection) -> str:
            member_id = passkeys.count_on(connection, found=found, sign_count=count, now=now)
            if before is not None:
                actions.sign_out(connection, session_token=before)
            return actions.open_session(connection, member_id=member_id, now=now, randomness=site.randomness)

        session = site.store.write_now(step)
        response = Response(status_code=204)
        give_cookies(site, response, session)
        return response

    @routes.post("/account/passkeys/{passkey_id}/remove", include_in_schema=False)
    def remove(request: Request, passkey_id: int) -> Response:
        acting = site.acting(request)
        site.store.write_now(lambda connection: passkeys.remove(connection, acting, passkey_id=passkey_id))
        return see_other("/account#passkeys")

    return routes
