"""`comarca mail`: a letter to oneself, to see that letters arrive."""

from typing import Annotated

import typer

from node import post
from node.cli.opening import Folder
from node.cli.saying import BROKEN, Json, answer, fail, plainly
from node.ports import SystemClock, SystemRandomness
from node.post import PostFault, SmtpPost, Taken
from node.settings import load
from schemas.mail_address import mail_address
from schemas.refusal import Refusal

mail = typer.Typer(no_args_is_help=True, help="Letters: send one to yourself, to see that they arrive.")

ADVICE = "comarca doctor shows what is wrong with the mail server."


@mail.callback()
def _group() -> None:
    pass


@mail.command("try")
@plainly
def try_out(
    directory: Folder,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Your own mail address.", show_default=False)],
    json: Json = False,
) -> None:
    """Send one letter to an address of yours, over the mail server of the settings."""
    settings, to = load(directory), mail_address(address)
    if not settings.mail.on:
        raise Refusal("no-letters", sentence=f"No mail server is set. Fill in [mail] in {directory}/comarca.toml.")
    if to is None:
        raise Refusal("address", sentence=f"{address!r} is no mail address. Write it like name@example.org.")
    message = post.letter(
        settings,
        to=to,
        name=settings.name or "Comarca",
        subject="A letter to try things out",
        text=f"This letter came from {settings.url}. Letters to neighbours go the same way.\n",
        language="en",
        now=SystemClock().now(),
        randomness=SystemRandomness(),
    )
    try:
        taken = SmtpPost(settings).send(message)
    except PostFault as fault:
        fail(fault.trouble.value, f"The mail server cannot be used: {fault}. {ADVICE}", as_json=json, code=BROKEN)
    if taken is not Taken.SENT:
        fail(taken.value, f"The mail server does not take a letter to {to}. {ADVICE}", as_json=json, code=BROKEN)
    answer(json, {"sent_to": to}, f"The mail server has taken it. Look whether it arrives at {to}.")
