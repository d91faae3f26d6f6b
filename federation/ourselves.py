"""How we present ourselves: the council's actor document, and telling those who know us that it has changed.

Nothing here reaches the network; what is to be told is signed and queued in the caller's step.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from federation import outbox
from federation.council import Council, Profile
from schemas import activity as activities
from schemas import actor


def council_document(council: Council, profile: Profile) -> dict[str, Any]:
    """The actor document as it is served and sent."""
    place = profile.place
    return actor.council_actor(
        council.base_url,
        profile.name,
        summary=profile.summary,
        rsa_pem=council.rsa_pem,
        ed25519_multibase=council.multibase,
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
