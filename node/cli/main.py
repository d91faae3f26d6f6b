"""`comarca`: make a council, serve it, look after it."""

from typing import Annotated, Any

import typer
from sqlalchemy import text

from federation.moments import microseconds
from node.accounts.actions import add_member, make_sign_in_link
from node.app import DATABASE, open_council, open_store, software_version
from node.cli.councils import councils, readers
from node.cli.demonstration import demo
from node.cli.health import doctor
from node.cli.opening import Folder, opened
from node.cli.people import hand_over, invite, people, sign_in_link, turn
from node.cli.records import need, offer, show
from node.cli.saying import Json, answer, plainly
from node.identity import make_identity
from node.migrations.run import current_revision
from node.ports import SystemClock, SystemRandomness
from node.serving import is_served, serve
from node.settings import load, write
from protocol.peering import State
from schemas.refusal import Refusal

application = typer.Typer(
    name="comarca",
    help="A server that a neighbourhood council runs for itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
application.add_typer(councils, name="peers")
application.add_typer(readers, name="followers")
application.add_typer(people, name="people")


@application.command("init")
@plainly
def init(
    directory: Folder,
    name: Annotated[str, typer.Option(help="The council's name, as neighbours will see it.")],
    url: Annotated[str, typer.Option(help="The address under which others reach it, like https://riverside.example")],
    lang: Annotated[str, typer.Option(help="The language of its pages and records.")] = "en",
    zone: Annotated[str, typer.Option(help="Its time zone, like Europe/Madrid.")] = "UTC",
    keeper: Annotated[str, typer.Option(help="The shown name of its first keeper.")] = "Keeper",
    port: Annotated[int, typer.Option(help="The local port to serve on.")] = 8080,
    plain_host: Annotated[
        list[str] | None, typer.Option(help="host[:port] that may use plain http and loopback, for trying out.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a council's folder: settings, keys, database, and a first keeper."""
    if (directory / DATABASE).exists():
        raise Refusal(
            "exists", sentence=f"There is a council in {directory} already. To serve it: comarca serve {directory}"
        )
    values: dict[str, Any] = {"name": name, "url": url, "language": lang, "zone": zone, "listen": {"port": port}}
    plain = list(plain_host or [])
    if url.startswith("http://"):
        plain.append(url.removeprefix("http://").removesuffix("/"))
    if plain:
        values["allow"] = {"plain_hosts": plain}
    write(directory, values)
    randomness, clock = SystemRandomness(), SystemClock()
    make_identity(directory, randomness)
    settings = load(directory)
    store = open_store(directory)
    try:
        council = open_council(settings, randomness=randomness)
        now = clock.now()

        def first_keeper(connection: Any) -> str:
            member = add_member(connection, name=keeper, keeper=True, now=now, weeks=settings.turns.keeper_weeks)
            return make_sign_in_link(connection, member_id=member, now=now, randomness=randomness)

        link = f"{settings.url}/in/{store.write_now(first_keeper)}"
    finally:
        store.close()
    facts = {"directory": str(directory), "actor": council.actor_id, "sign_in": link}
    answer(
        json,
        facts,
        f"Made {name} in {directory}: settings, keys, database.",
        f"Keep {directory / 'keys'} safe: whoever has them speaks for the council.",
        f"Next: comarca serve {directory}",
        f"Then sign in, once, within a day: {link}",
    )


@application.command("serve")
@plainly
def serve_command(directory: Folder, json: Json = False) -> None:
    """Serve a council until Ctrl-C. Put a proxy with TLS in front of it."""
    if not (directory / DATABASE).exists():
        raise Refusal(
            "no-council",
            sentence=f"There is no council in {directory}. Type: comarca init {directory} --name … --url https://…",
        )
    settings = load(directory)
    listening = f"http://{settings.listen.host}:{settings.listen.port}"
    answer(
        json,
        {"url": settings.url, "listening": listening},
        f"{settings.name}: {settings.url} (listening on {listening})",
    )
    serve(settings)


@application.command("status")
@plainly
def status(directory: Folder, json: Json = False) -> None:
    """Show how this node is: what it holds, what waits, whom it has heard from."""
    with opened(directory) as here, here.store.reading() as connection:
        now = microseconds(here.clock.now())
        facts: dict[str, Any] = {
            "name": here.settings.name,
            "url": here.settings.url,
            "version": software_version(),
            "revision": current_revision(directory / DATABASE),
            "running": is_served(directory),
            "followers_rule": here.settings.followers,
        }
        for word, statement in _COUNTS.items():
            given: dict[str, Any] = {"now": now} if ":now" in statement else {}
            given |= {"accepted": State.ACCEPTED.value} if ":accepted" in statement else {}
            facts[word] = connection.execute(text(statement), given).scalar()
    lines = [f"{word.replace('_', ' ')}: {value}" for word, value in facts.items()]
    if facts["held_arrivals"]:
        lines.append("Some messages could not be applied. They are kept, and tried again at every start.")
    answer(json, facts, *lines)


_COUNTS = {
    "nearby_councils": "SELECT count(*) FROM peer WHERE state = :accepted",
    "followers": "SELECT count(*) FROM follower WHERE state = 'accepted'",
    "live_records": "SELECT count(*) FROM replica WHERE gone_at IS NULL AND (ends_at IS NULL OR ends_at > :now)",
    "waiting_deliveries": "SELECT count(*) FROM delivery",
    "waiting_arrivals": "SELECT count(*) FROM received_activity WHERE state = 'waiting'",
    "held_arrivals": "SELECT count(*) FROM received_activity WHERE state = 'held'",
}

application.command("offer")(offer)
application.command("need")(need)
application.command("show")(show)
application.command("doctor")(doctor)
application.command("demo")(demo)
application.command("sign-in-link")(sign_in_link)
application.command("invite")(invite)
application.command("turn")(turn)
application.command("hand-over")(hand_over)


def main() -> None:
    application(prog_name="comarca")
