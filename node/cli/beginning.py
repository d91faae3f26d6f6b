"""The commands that a council begins with: make its folder, serve it, and hand out the one link that claims it.

The words of that link go to standard output and nowhere else.
"""

import sys
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from node.accounts.actions import add_member, make_sign_in_link
from node.app import DATABASE, Node, open_council, open_store
from node.cli.opening import Folder, opened
from node.cli.saying import Json, answer, plainly, say
from node.identity import make_identity
from node.ports import SystemClock, SystemRandomness
from node.profile.claiming import make_claimable, new_secret
from node.serving import finish_interrupted, serve
from node.settings import Settings, load, write
from schemas.refusal import Refusal

CLAIM_WORDS = "Not claimed yet. Open this once, within 24 hours:"


@plainly
def init(
    directory: Folder,
    url: Annotated[str, typer.Option(help="The address under which others reach it, like https://riverside.example")],
    name: Annotated[str | None, typer.Option(help="The council's name; else the browser asks for it.")] = None,
    lang: Annotated[str | None, typer.Option(help="The language of its records; else the browser asks.")] = None,
    zone: Annotated[str, typer.Option(help="Its time zone, like Europe/Madrid.")] = "UTC",
    keeper: Annotated[
        str | None, typer.Option(help="Claim it at once for a first keeper with this shown name, without a browser.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The local port to serve on: 8080, or that of a plain http address.")
    ] = None,
    plain_host: Annotated[
        list[str] | None, typer.Option(help="host[:port] that may use plain http and loopback, for trying out.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a council's folder: settings, keys, database. The server then prints a link that claims it in the browser."""
    if (directory / DATABASE).exists():
        raise Refusal(
            "exists", sentence=f"There is a council in {directory} already. To serve it: comarca serve {directory}"
        )
    given = {"name": name, "language": lang}
    values: dict[str, Any] = {word: value for word, value in given.items() if value is not None}
    values |= {"url": url, "zone": zone, "listen": {"port": port if port is not None else _port_of(url)}}
    plain = list(plain_host or [])
    if url.startswith("http://"):
        plain.append(url.removeprefix("http://").removesuffix("/"))
    if plain:
        values["allow"] = {"plain_hosts": plain}
    write(directory, values)
    make_identity(directory, SystemRandomness())
    settings = load(directory)
    link = _first_rows(settings, keeper)
    facts = {"directory": str(directory), "actor": f"{settings.url}/council", "claimed": link is not None}
    answer(
        json,
        facts | ({"sign_in": link} if link is not None else {}),
        f"Made {name or 'a council'} in {directory}: settings, keys, database.",
        f"Keep {directory / 'keys'} safe: whoever has them speaks for the council.",
        f"Next: comarca serve {directory}",
        f"Then sign in, once, within a day: {link}"
        if link is not None
        else "It prints a link. Whoever opens that first names the council and looks after it.",
    )


def _port_of(url: str) -> int:
    """Where to serve if nobody said: no proxy stands in front of a plain http address with a port, so at that port itself."""
    port = url.removesuffix("/").rpartition(":")[2] if url.startswith("http://") else ""
    return int(port) if port.isdecimal() and 0 < int(port) < 65536 else 8080


def _first_rows(settings: Settings, keeper: str | None) -> str | None:
    """The row of a server that waits to be claimed, or a first keeper and the link that signs them in."""
    randomness, now = SystemRandomness(), SystemClock().now()
    store = open_store(settings.directory)

    def step(connection: Connection) -> str | None:
        if keeper is None:
            make_claimable(connection)
            return None
        member = add_member(connection, name=keeper, keeper=True, now=now, weeks=settings.turns.keeper_weeks)
        return make_sign_in_link(connection, member_id=member, now=now, randomness=randomness)

    try:
        open_council(settings, randomness=randomness)
        token = store.write_now(step)
    finally:
        store.close()
    return None if token is None else f"{settings.url}/in/{token}"


@plainly
def serve_command(directory: Folder, json: Json = False) -> None:
    """Serve a council until Ctrl-C. Put a proxy with TLS in front of it."""
    finish_interrupted(directory)
    if not (directory / DATABASE).exists():
        raise Refusal(
            "no-council",
            sentence=f"There is no council in {directory}. Type: comarca init {directory} --url https://…",
        )
    settings = load(directory)

    def hello(node: Node) -> None:
        listening = f"http://{settings.listen.host}:{settings.listen.port}"
        claim = None if node.site.claimed() else _new_link(node)
        answer(
            json,
            {"url": settings.url, "listening": listening} | ({"claim": claim} if claim is not None else {}),
            f"{node.council.name}: {settings.url} (listening on {listening})",
        )
        if claim is not None and not json:
            _show(claim)
        # Where nobody is at a terminal, what is said must not wait for the end.
        sys.stdout.flush()

    serve(settings, hello=hello)


def _new_link(node: Node) -> str:
    now, randomness = node.clock.now(), node.randomness
    return _link(
        node.settings, node.store.write_now(lambda connection: new_secret(connection, now=now, randomness=randomness))
    )


@plainly
def claim_link(directory: Folder, json: Json = False) -> None:
    """Print a new link that claims a council nobody has claimed yet. The one before it ends."""
    with opened(directory) as here:
        now, randomness = here.clock.now(), here.randomness
        secret = here.store.write_now(lambda connection: new_secret(connection, now=now, randomness=randomness))
        link = _link(here.settings, secret)
    if json:
        answer(json, {"claim": link})
    else:
        _show(link)


def _link(settings: Settings, secret: str) -> str:
    # After the # it never reaches a proxy's log, nor ours.
    return f"{settings.url}/claim#{secret}"


def _show(link: str) -> None:
    say(CLAIM_WORDS)
    say(link)
    if sys.stdout.isatty():
        import segno

        segno.make(link, error="m").terminal(out=sys.stdout, compact=True)
