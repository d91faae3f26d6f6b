"""How we present ourselves: the council's actor document, and telling those who know us that it has changed.

Nothing here reaches the network; what is to be told is signed and queued in the caller's step.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from federation import outbox
from federation.council import Council, Profile
from federation.keyring import Keyring
from schemas import activity as activities
from schemas import actor


def council_document(council: Council, profile: Profile, *, keyring: Keyring | None = None) -> dict[str, Any]:
    """The actor document as it is served and sent; with a `keyring` that is about to be ours, as it will be."""
    place, held = profile.place, keyring or council.keyring
    return actor.council_actor(
        council.base_url,
        profile.name,
        summary=profile.summary,
        rsa_pem=held.current.rsa_pem,
        ed25519_multibase=held.current.multibase,
        number=held.number,
        retired=held.listed,
        manually_approves=council.rules.followers != "auto",
        language=profile.language,
        place=place if place is None or place.name else place.model_copy(update={"name": profile.name}),
    )


def announce(connection: Connection, council: Council, profile: Profile, *, now: datetime) -> str | None:
    """Tell linked councils and followers what we are called now (Update of the actor). The activity's id.

    None where there is nobody to tell. An older announcement that still waits is not sent any more.
    """
    update = activities.update_actor(
        council.actor_id, council.new_activity_id(), document=council_document(council, profile), published=now
    )
    return outbox.announce(connection, council, activity=update, now=now)
