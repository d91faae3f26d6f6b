"""The page of turns: who has the server turn until when, who is learning it, and handing it over; and who is on call."""

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from node.accounts import handing_over, turns
from node.accounts.people import called
from node.feature import Acting
from node.rights import Right
from node.web.account import on_call
from node.web.forms import Problem, Typed, problems_of
from node.web.routes import Routes
from node.web.site import Site, see_other
from schemas.refusal import Refusal


def router(site: Site) -> Routes:
    routes = Routes(include_in_schema=False)

    def show(request: Request, *, problems: tuple[Problem, ...] = (), typed: dict[str, str] | None = None) -> Response:
        viewer, now = site.viewer(request), site.now()
        member_id = viewer.require(Right.OWN_ACCOUNT)
        with site.store.reading() as connection:
            views = turns.listing(connection, now=now)
            held = turns.held_turns(connection)
            names = turns.present(connection)
            open_turns = handing_over.to_hand_over(connection, now)
            more = on_call.given(connection, viewer, site)
        others = [(str(number), called(name, number)) for number, name in names.items() if number != member_id]
        mine = [turn for turn in open_turns if turn.holder == member_id]
        return site.page(
            request,
            "account/turns.html",
            status=422 if problems else 200,
            problems=problems,
            typed=typed or {},
            running=[view for view in views if view.state is not turns.State.ENDED],
            over=[view for view in views if view.state is turns.State.ENDED][:12],
            somebody_has_it=bool(turns.keepers(held, now)),
            mine=max(mine, key=lambda turn: turn.until, default=None) if viewer.may(Right.HAND_OVER) else None,
            learning=next((turn for turn in open_turns if turn.learner == member_id), None),
            to_learn=any(turn.learner is None and turn.holder != member_id for turn in open_turns),
            alone=not others,
            others=others,
            checklist=turns.CHECKLIST,
            handed_over=turns.Ended.HANDED_OVER.value,
            again=bool(mine) and max(turn.until for turn in mine) - now <= handing_over.AGAIN_BEFORE,
            me=member_id,
            may_invite=viewer.may(Right.INVITE),
            **more,
        )

    on_call.add(routes, site, show)

    @routes.get("/turns")
    def turns_page(request: Request) -> Response:
        return show(request)

    def act(request: Request, step: Callable[[Connection, Acting], object]) -> Response:
        acting = site.acting(request)
        acting.viewer.require(Right.OWN_ACCOUNT)
        site.store.write_now(lambda connection: step(connection, acting))
        return see_other("/turns")

    @routes.post("/turns/learn")
    def learn(request: Request) -> Response:
        return act(request, handing_over.want_to_learn)

    @routes.post("/turns/learner")
    def choose_learner(request: Request, typed: Typed) -> Response:
        to = _number(typed)
        return act(request, lambda connection, acting: handing_over.choose_learner(connection, acting, to=to))

    @routes.post("/turns/tick")
    def tick(request: Request, typed: Typed) -> Response:
        words = [word for word in turns.CHECKLIST if typed.get(word)]
        return act(request, lambda connection, acting: handing_over.tick(connection, acting, words=words))

    @routes.post("/turns/hand-over")
    def hand_over(request: Request, typed: Typed) -> Response:
        to, overlap, unticked = _number(typed), bool(typed.get("overlap")), bool(typed.get("unticked"))

        def step(connection: Connection, acting: Acting) -> None:
            handing_over.hand_over(connection, acting, to=to, overlap=overlap, unticked=unticked)

        try:
            return act(request, step)
        except Refusal as refusal:
            if refusal.field is None:
                raise
            return show(request, problems=problems_of(refusal), typed=typed)

    @routes.post("/turns/again")
    def take_again(request: Request) -> Response:
        return act(request, handing_over.take_again)

    return routes


def _number(typed: dict[str, str]) -> int:
    given = typed.get("to", "")
    return int(given) if given.isdecimal() and len(given) < 10 else 0
