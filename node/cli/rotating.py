"""`comarca rotate-keys`: new keys for the council, told with the old ones."""

import sys
from typing import Annotated

import typer
from sqlalchemy import Connection

from federation.rotation import Changed, rotate
from node.cli.opening import Folder, opened
from node.cli.saying import Json, answer, plainly, say
from node.identity import next_pair
from node.rights import Right

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask first.")]


@plainly
def rotate_keys(directory: Folder, yes: Yes = False, json: Json = False) -> None:
    """Give the council new keys. Linked councils and readers are told with the old ones, and believe only that.

    A server that runs notices by itself. The old keys stay in keys/: do not remove them, they belong to every backup.
    If the old keys are lost, or somebody else may have them, this is not enough: call the other councils, end each link
    (comarca peers remove), link up anew, and compare the six words again.
    """
    with opened(directory) as here:
        here.acting(Right.LINK_UP)
        council, randomness = here.council, here.randomness
        if not yes and not _agreed(json):
            again = f"Nothing was changed. To change the keys: comarca rotate-keys {directory} --yes"
            answer(json, {"changed": False, "number": council.keyring.number}, again)
            return
        pair = next_pair(directory, randomness, number=council.keyring.number + 1)
        now = here.clock.now()

        def step(connection: Connection) -> Changed:
            return rotate(connection, council, council.profile, pair=pair, now=now)

        changed = here.store.write_now(step)
    facts = {"changed": True, "number": pair.number, "since": changed.since, "told": changed.told}
    answer(
        json,
        facts,
        f"New keys since {changed.since:%Y-%m-%d %H:%M:%S} UTC. Inboxes that are told: {changed.told}.",
        "Six words change with them, at each council as soon as it has heard. Whoever is away is told when it is back.",
        f"Back up now: comarca backup {directory}",
        "A backup from before has the old keys only, and those are no longer believed. Keep the new one instead.",
    )


def _agreed(as_json: bool) -> bool:
    if as_json or not sys.stdin.isatty():
        return False
    say("The council gets new keys. Linked councils are told, signed with the old ones; this cannot be taken back.")
    return typer.confirm("Change them?", default=False)
