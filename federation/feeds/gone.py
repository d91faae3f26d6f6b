"""What stands in a channel no more: taken back for good by its owner, or told to others from now on."""

from datetime import datetime

from sqlalchemy import Connection

from federation import replicas
from federation.council import Council
from federation.feeds.own import AUDIENCE
from protocol import ids
from protocol.verdict import Reason


def end(
    connection: Connection, council: Council, *, object_id: str, actor: str, channel: str, now: datetime
) -> str | None:
    """What its owner has taken back. Returns why not, where it is not theirs to take back."""
    try:
        if not ids.same_origin(object_id, actor):
            return Reason.NOT_OWNER.value
    except ids.BadAddress:
        return Reason.WRONG_SHAPE.value
    held = replicas.find(connection, object_id)
    if held is None or held["gone_at"] is None:
        replicas.end(connection, council, object_id=object_id, source=actor, audience=AUDIENCE[channel], now=now)
    return None


def drop(
    connection: Connection, council: Council, *, object_id: str, actor: str, channel: str, now: datetime
) -> str | None:
    """What is no longer in this channel. It leaves no tombstone: it may stand in the other one, or come there later."""
    held = replicas.find(connection, object_id)
    # The newer word in the other channel must not go with the older one in this.
    if held is not None and held["source"] == actor and held["audience"] == AUDIENCE[channel]:
        replicas.drop(connection, council, object_id=object_id, source=actor)
    return None
