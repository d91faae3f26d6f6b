"""Who is here and who has the server turn, by command: links, people, the turn and its handing over."""

import sys
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from node.accounts import invites, turns
from node.accounts.actions import add_member, make_sign_in_link
from node.accounts.handing_over import hand_over as pass_on
from node.accounts.people import end_sign_ins, everybody, let_go, sign_in_link_for
from node.cli.opening import Folder, opened
from node.cli.saying import Json, answer, plainly
from node.installed import FEATURES
from node.rights import Right
from schemas.refusal import Refusal

people = typer.Typer(no_args_is_help=True, help="Neighbours who sign in here: list them, end an account.")

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Their number in `comarca people list`.", min=1)]


@plainly
def sign_in_link(
    directory: Folder,
    name: Annotated[str, typer.Option(help="The shown name of a new neighbour; may be blank.")] = "",
    to: Annotated[
        int | None, typer.Option("--to", metavar="NUMBER", help="For somebody who is here already: a lost phone.")
    ] = None,
    keeper: Annotated[
        bool, typer.Option("--keeper", help="Give the new neighbour a server turn, beside those who have one.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a link that signs somebody in, once, within a day: a new neighbour, or one who is here already."""
    if to is not None and (name or keeper):
        raise Refusal("wrong-use", sentence="With --to nobody new is made: leave out --name and --keeper.")
    with opened(directory) as here:
        now, randomness, weeks = here.clock.now(), here.randomness, here.settings.turns.keeper_weeks
        with here.store.reading() as connection:
            nobody_yet = not turns.held_turns(connection)
        here.require_claimed()
        # The first turn comes from whoever has the folder.
        acting = None if keeper and nobody_yet else here.acting(Right.INVITE)

        def step(connection: Connection) -> tuple[int, str]:
            if to is not None and acting is not None:
                return to, sign_in_link_for(connection, acting, member_id=to, randomness=randomness)
            member = add_member(connection, name=name, keeper=keeper, now=now, weeks=weeks)
            return member, make_sign_in_link(connection, member_id=member, now=now, randomness=randomness)

        number, token = here.store.write_now(step)
        link = f"{here.settings.url}/in/{token}"
    answer(json, {"sign_in": link, "number": number}, f"Signs in once, within a day: {link}")


@plainly
def invite(
    directory: Folder,
    uses: Annotated[int, typer.Option(help="For how many people.")] = 8,
    days: Annotated[int, typer.Option(help="For how many days.")] = 14,
    json: Json = False,
) -> None:
    """Make an invite link, shown once. In a terminal its QR code stands beneath."""
    with opened(directory) as here:
        acting = here.acting(Right.INVITE)
        code = here.store.write_now(
            lambda connection: invites.make(connection, acting, randomness=here.randomness, uses=uses, days=days)
        )
        link = f"{here.settings.url}/join/{code}"
    answer(json, {"invite": link, "uses": uses, "days": days}, f"For {uses} people, good for {days} days: {link}")
    if not json and sys.stdout.isatty():
        import segno

        segno.make(link, error="m").terminal(out=sys.stdout, compact=True)


@people.command("list")
@plainly
def listing(directory: Folder, json: Json = False) -> None:
    """Show who is here by number, and who has the server turn."""
    with opened(directory) as here:
        now = here.clock.now()
        here.acting(Right.HAND_OVER)
        with here.store.reading() as connection:
            found = everybody(connection, now=now)
    word = {one.id: "server turn" if one.has_turn else "had the server turn" if one.had_turn else None for one in found}
    facts = [{"number": one.id, "name": one.name, "turn": word[one.id]} for one in found]
    lines = [f"{one.id}  {one.name or '(no name)'}  {word[one.id] or ''}".rstrip() for one in found]
    answer(json, {"people": facts}, *lines)


@people.command("end")
@plainly
def end(
    directory: Folder,
    number: Number,
    only_sign_ins: Annotated[
        bool, typer.Option("--only-sign-ins", help="Sign them out everywhere, and end nothing else.")
    ] = False,
    json: Json = False,
) -> None:
    """End an account at its owner's wish: what they put up is taken down, their name and sign-ins go."""
    with opened(directory) as here:
        acting = here.acting(Right.INVITE if only_sign_ins else Right.LET_GO)

        def step(connection: Connection) -> int:
            if only_sign_ins:
                return end_sign_ins(connection, acting, member_id=number)
            let_go(connection, acting, member_id=number, features=FEATURES)
            return 0

        ended = here.store.write_now(step)
    if only_sign_ins:
        facts: dict[str, Any] = {"number": number, "sessions_ended": ended}
        answer(
            json, facts, f"Signed out everywhere. To let them in again: comarca sign-in-link {directory} --to {number}"
        )
    else:
        answer(json, {"number": number, "ended": True}, f"The account {number} has ended.")


@plainly
def turn(directory: Folder, json: Json = False) -> None:
    """Show who has the server turn until when, and who is learning it."""
    with opened(directory) as here:
        now = here.clock.now()
        with here.store.reading() as connection:
            views = turns.listing(connection, now=now)
            held = turns.held_turns(connection)
    shown = [view for view in views if view.state is not turns.State.ENDED] or views[:1]
    facts = [
        {
            "holder": view.holder,
            "since": view.since,
            "until": view.until,
            "state": view.state.value,
            "learner": view.learner,
        }
        for view in shown
    ]
    lines = [
        f"{view.holder or 'nobody'} {view.holder_name}".rstrip()
        + f": {view.state.value}, until {view.until:%Y-%m-%d}"
        + (f", learned by {view.learner} {view.learner_name}".rstrip() if view.learner else "")
        for view in shown
    ]
    if not turns.keepers(held, now):
        lines.append(f"Nobody has it now. To hand it over: comarca hand-over {directory} --to NUMBER")
    answer(json, {"turns": facts, "held": bool(turns.keepers(held, now))}, *lines)


@plainly
def hand_over(
    directory: Folder,
    to: Annotated[int, typer.Option("--to", metavar="NUMBER", help="Who takes the turn, by `comarca people list`.")],
    overlap: Annotated[bool, typer.Option("--overlap", help="Keep your own turn until its date as well.")] = False,
    json: Json = False,
) -> None:
    """Hand the server turn over. Go through the list on the page of turns together as well."""
    with opened(directory) as here:
        acting = here.acting(Right.HAND_OVER)
        here.store.write_now(lambda connection: pass_on(connection, acting, to=to, overlap=overlap, unticked=True))
        with here.store.reading() as connection:
            until = max(view.until for view in turns.listing(connection, now=acting.now) if view.holder == to)
    answer(json, {"holder": to, "until": until}, f"{to} has the server turn until {until:%Y-%m-%d}.")
