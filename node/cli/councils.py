"""`comarca peers …` and `comarca followers …`: whom we are linked up with, and who reads our public wall."""

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from federation import blocks, followers, peers
from federation.introductions import Introduction
from federation.peers import PeerView
from node.cli.opening import Folder, Opened, opened, over_the_network
from node.cli.saying import BROKEN, Json, answer, fail, plainly, say
from node.meeting import NotReached, actor_at, origin_at, who_is_at
from node.rights import Right
from schemas.refusal import Refusal

councils = typer.Typer(no_args_is_help=True, help="Nearby councils: link up, look, accept, end, block.")
readers = typer.Typer(no_args_is_help=True, help="Accounts of the wider fediverse that read the public wall.")

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The other council's address.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", help="The six words have been compared with somebody there.")]


@councils.command("add")
@plainly
def add(directory: Folder, address: Address, yes: Yes = False, json: Json = False) -> None:
    """Ask a council to link up. Shows six words: read them to somebody from there, by phone or in person."""
    with opened(directory) as here:
        here.acting(Right.LINK_UP)
        introduction = _introduce(here, address, as_json=json)
        words = " ".join(peers.words_for(here.council, introduction))
        if not json:
            say(f"{introduction.name} ({introduction.actor_id})")
            say(f"Six words: {words}")
            say("Somebody there who types the same sees the same words.")
            say("If yours differ, stop: you are not talking to them.")
        if not yes and not _agreed(json):
            facts = {"asked": False, "actor": introduction.actor_id, "words": words.split()}
            again = f"Nothing was sent. When you have compared the words: comarca peers add {directory} {address} --yes"
            answer(json, facts, again)
            return
        now = here.clock.now()
        council = here.council
        actor_id = here.store.write_now(lambda c: peers.ask(c, council, introduction=introduction, now=now))
        facts = {"asked": True, "actor": actor_id, "words": words.split()}
        answer(
            json,
            facts,
            f"Asked. They will see the same words; their keeper types: comarca peers accept DIR {here.settings.url}",
        )


def _agreed(as_json: bool) -> bool:
    if as_json or not sys.stdin.isatty():
        return False
    return typer.confirm("Same words?", default=False)


def _introduce(here: Opened, address: str, *, as_json: bool) -> Introduction:
    """Read who is at an address, from their actor document."""
    council, clock = here.council, here.clock
    try:
        return over_the_network(
            council, lambda transport: who_is_at(address, council=council, clock=clock, transport=transport)
        )
    except NotReached as error:
        fail(error.word, error.sentence, as_json=as_json, code=BROKEN)


@councils.command("list")
@plainly
def listing(directory: Folder, json: Json = False) -> None:
    """Show every council that we have met, where we stand with it, and its six words."""
    with opened(directory) as here, here.store.reading() as connection:
        views = peers.listing(connection, here.council)
    lines = [_line(view) for view in views] or [f"None yet. To ask one: comarca peers add {directory} https://…"]
    answer(json, {"peers": [_facts(view) for view in views]}, *lines)


def _line(view: PeerView) -> str:
    heard = f"heard {view.last_heard_at:%Y-%m-%d %H:%M} UTC" if view.last_heard_at else "not heard yet"
    return f"{view.name}  {view.url}  {view.state}  {heard}  {view.waiting} waiting  words: {' '.join(view.words)}"


def _facts(view: PeerView) -> dict[str, Any]:
    return asdict(view) | {"words": list(view.words)}


@councils.command("accept")
@plainly
def accept(directory: Folder, address: Address, json: Json = False) -> None:
    """Accept a council that has asked. Compare the six words first (`comarca peers list`)."""
    with opened(directory) as here:
        here.acting(Right.LINK_UP)
        actor_id, now, council = actor_at(address), here.clock.now(), here.council
        here.store.write_now(lambda c: peers.accept(c, council, actor_id=actor_id, now=now))
        answer(json, {"accepted": actor_id}, f"Linked up with {actor_id}.")


@councils.command("decline")
@plainly
def decline(directory: Folder, address: Address, json: Json = False) -> None:
    """Say no to a council that has asked. It may ask again."""
    with opened(directory) as here:
        here.acting(Right.LINK_UP)
        actor_id, now, council = actor_at(address), here.clock.now(), here.council
        here.store.write_now(lambda c: peers.decline(c, council, actor_id=actor_id, now=now))
        answer(json, {"declined": actor_id}, f"Declined {actor_id}.")


@councils.command("remove")
@plainly
def remove(directory: Folder, address: Address, json: Json = False) -> None:
    """End a link, or take back our asking. They are told, and our copies of what they published go."""
    with opened(directory) as here:
        here.acting(Right.LINK_UP)
        actor_id, now, council = actor_at(address), here.clock.now(), here.council
        here.store.write_now(lambda c: peers.remove(c, council, actor_id=actor_id, now=now))
        answer(json, {"removed": actor_id}, f"No longer linked up with {actor_id}.")


@councils.command("block")
@plainly
def block(directory: Folder, host: Annotated[str, typer.Argument(metavar="HOST")], json: Json = False) -> None:
    """Listen to a host no more. Nobody there is told."""
    with opened(directory) as here:
        here.acting(Right.LINK_UP)
        name = _host_of(host)
        now, council = here.clock.now(), here.council
        here.store.write_now(lambda c: blocks.block(c, council, host=name, now=now))
        answer(json, {"blocked": name}, f"{name} is blocked. To undo: comarca peers unblock {directory} {name}")


@councils.command("unblock")
@plainly
def unblock(directory: Folder, host: Annotated[str, typer.Argument(metavar="HOST")], json: Json = False) -> None:
    """Listen to a host again. Linking up starts anew."""
    with opened(directory) as here:
        here.acting(Right.LINK_UP)
        name = _host_of(host)
        now, council = here.clock.now(), here.council
        if not here.store.write_now(lambda c: blocks.unblock(c, council, host=name, now=now)):
            raise Refusal("not-blocked", sentence=f"{name} is not blocked.")
        answer(json, {"unblocked": name}, f"{name} is no longer blocked.")


def _host_of(text: str) -> str:
    """`host` or `host:port`, as it was meant: an address is cut to its authority."""
    return origin_at(text).split("://", 1)[1]


@readers.command("list")
@plainly
def list_followers(directory: Folder, json: Json = False) -> None:
    """Show who reads the public wall, and who has asked to."""
    with opened(directory) as here, here.store.reading() as connection:
        views = followers.listing(connection)
    lines = [f"{view.actor_id}  {view.state}  since {view.created_at:%Y-%m-%d}" for view in views] or ["Nobody yet."]
    answer(json, {"followers": [asdict(view) for view in views]}, *lines)


@readers.command("accept")
@plainly
def accept_follower(
    directory: Folder, actor: Annotated[str, typer.Argument(metavar="ACTOR")], json: Json = False
) -> None:
    """Let an account that has asked read the public wall."""
    with opened(directory) as here:
        here.acting(Right.LET_READ)
        now, council = here.clock.now(), here.council
        here.store.write_now(lambda c: followers.accept(c, council, actor_id=actor, now=now))
        answer(json, {"accepted": actor}, f"{actor} may follow. What they copy cannot be called back.")


@readers.command("remove")
@plainly
def remove_follower(
    directory: Folder, actor: Annotated[str, typer.Argument(metavar="ACTOR")], json: Json = False
) -> None:
    """Let an account follow no longer, or say no to one that has asked."""
    with opened(directory) as here:
        here.acting(Right.LET_READ)
        now, council = here.clock.now(), here.council
        here.store.write_now(lambda c: followers.remove(c, council, actor_id=actor, now=now))
        answer(json, {"removed": actor}, f"{actor} no longer follows.")
