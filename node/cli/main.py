"""`comarca`: make a council, serve it, look after it."""

import typer

from node.cli.beginning import claim_link, init, serve_command
from node.cli.bundles import carrying
from node.cli.councils import councils, readers
from node.cli.demonstration import demo
from node.cli.health import doctor
from node.cli.keeping import backup, restore_command
from node.cli.keys import keys
from node.cli.mailing import mail
from node.cli.people import hand_over, invite, people, sign_in_link, turn
from node.cli.records import need, offer, show
from node.cli.rotating import rotate_keys
from node.cli.standing import status
from node.cli.verifying import verify

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
application.add_typer(mail, name="mail")


application.command("status")(status)
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
