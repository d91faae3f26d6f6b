"""`comarca`: make a council, serve it, look after it."""

from datetime import datetime
from typing import Any

import typer
from sqlalchemy import Connection, text

from federation import peers
from federation.feeds import cursors, muting
from federation.moments import microseconds
from node.app import DATABASE, software_version
from node.backup.record import last_backup
from node.cli.beginning import claim_link, init, serve_command
from node.cli.bundles import carrying
from node.cli.councils import councils, readers
from node.cli.demonstration import demo
from node.cli.health import doctor
from node.cli.keeping import backup, restore_command
from node.cli.keys import keys
from node.cli.opening import Folder, Opened, opened
from node.cli.people import hand_over, invite, people, sign_in_link, turn
from node.cli.records import need, offer, show
from node.cli.rotating import rotate_keys
from node.cli.saying import Json, answer, plainly
from node.cli.verifying import verify
from node.migrations.run import current_revision
from node.serving import is_served
from protocol.peering import State

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
application.add_typer(keys, name="keys")
application.add_typer(carrying, name="bundle")


@application.command("status")
@plainly
def status(directory: Folder, json: Json = False) -> None:
    """Show how this node is: what it holds, what waits, whom it has heard from."""
    with opened(directory) as here, here.store.reading() as connection:
        now, last = microseconds(here.clock.now()), last_backup(directory)
        facts: dict[str, Any] = {
            "name": here.council.name,
            "url": here.settings.url,
            "version": software_version(),
            "revision": current_revision(directory / DATABASE),
            "running": is_served(directory),
            "followers_rule": here.settings.followers,
            "last_backup": "never" if last is None else last.made_at.isoformat(timespec="seconds"),
        }
        for word, statement in _COUNTS.items():
            given: dict[str, Any] = {"now": now} if ":now" in statement else {}
            given |= {"accepted": State.ACCEPTED.value} if ":accepted" in statement else {}
            facts[word] = connection.execute(text(statement), given).scalar()
        facts |= _how_it_stands(here, connection)
    lines = [f"{word.replace('_', ' ')}: {value}" for word, value in facts.items() if word != "councils"]
    for url, held in facts["councils"].items():
        lines.append("; ".join([url, *(f"{word.replace('_', ' ')}: {value}" for word, value in held.items())]))
    if facts["held_arrivals"]:
        lines.append("Some messages could not be applied. They are kept, and tried again at every start.")
    if facts["silent_since"] != "no":
        lines.append("This may be an old copy. It speaks again once nearby councils have given back what it once said.")
    answer(json, facts, *lines)


def _how_it_stands(here: Opened, connection: Connection) -> dict[str, Any]:
    """Who holds what: with whom we last agreed and when, who is silent, what is owed to whom."""
    muted = muting.muted_since(connection)
    linked = [view for view in peers.listing(connection, here.council) if view.state == State.ACCEPTED]
    failing = {actor: (word, since) for actor, word, since in cursors.failing(connection)}
    return {
        "silent_since": "no" if muted is None else _day(muted),
        "councils": {
            view.url: {
                "held_all_they_hold": "never" if view.agreed_at is None else _day(view.agreed_at),
                "last_heard": "never" if view.last_heard_at is None else _day(view.last_heard_at),
                "waiting_for_them": view.waiting,
                "asking_them_fails": "no"
                if view.actor_id not in failing
                else f"{failing[view.actor_id][0]} since {_day(failing[view.actor_id][1])}",
            }
            for view in linked
        },
    }


def _day(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


_COUNTS = {
    "nearby_councils": "SELECT count(*) FROM peer WHERE state = :accepted",
    "followers": "SELECT count(*) FROM follower WHERE state = 'accepted'",
    "live_records": "SELECT count(*) FROM replica WHERE gone_at IS NULL AND (ends_at IS NULL OR ends_at > :now)",
    "waiting_deliveries": "SELECT count(*) FROM delivery",
    "waiting_arrivals": "SELECT count(*) FROM received_activity WHERE state = 'waiting'",
    "held_arrivals": "SELECT count(*) FROM received_activity WHERE state = 'held'",
}

application.command("init")(init)
application.command("serve")(serve_command)
application.command("claim-link")(claim_link)
application.command("offer")(offer)
application.command("need")(need)
application.command("show")(show)
application.command("verify")(verify)
application.command("doctor")(doctor)
application.command("backup")(backup)
application.command("restore")(restore_command)
application.command("demo")(demo)
application.command("sign-in-link")(sign_in_link)
application.command("invite")(invite)
application.command("turn")(turn)
application.command("hand-over")(hand_over)
application.command("rotate-keys")(rotate_keys)


def main() -> None:
    application(prog_name="comarca")
