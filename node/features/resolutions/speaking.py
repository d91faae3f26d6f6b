"""Our own answers on the wire: signed, queued for every linked council and kept as evidence, in the caller's step."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from federation import outbox
from federation.council import Council
from node.features.resolutions import evidence
from node.features.resolutions.stances import keep_own
from schemas.audience import WireAudience
from schemas.records.stance import StanceVerb, stance, take_back

_SECOND: Final = timedelta(seconds=1)


def say_answer(
    connection: Connection,
    council: Council,
    *,
    object_id: str,
    digest: str,
    audience: str,
    verb: StanceVerb,
    decision: str | None,
    words: str,
    now: datetime,
) -> None:
    """Say what our gathering answers to a text. `decision` is the address of our own small resolution."""
    activity = stance(
        council.base_url,
        council.new_activity_id(),
        verb=verb,
        object_id=object_id,
        digest=digest,
        decision=decision,
        words=words,
        audience=audience,
        published=_when(connection, council, object_id, now=now),
    )
    _say(connection, council, activity, audience=audience, now=now)


def say_taken_back(
    connection: Connection, council: Council, *, given: dict[str, Any], audience: str, now: datetime
) -> None:
    """Say that an answer of ours, `given` as it was signed, is taken back."""
    activity = take_back(
        council.base_url,
        council.new_activity_id(),
        given=given,
        audience=audience,
        published=_when(connection, council, given["object"], now=now),
    )
    _say(connection, council, activity, audience=audience, now=now)


def _say(connection: Connection, council: Council, activity: dict[str, Any], *, audience: str, now: datetime) -> None:
    to: WireAudience = "public" if audience == "public" else "neighbours"
    document = outbox.say(connection, council, activity=activity, audience=to, now=now)
    keep_own(connection, council, document, now=now)


def _when(connection: Connection, council: Council, object_id: str, *, now: datetime) -> datetime:
    """Now in whole seconds, and always later than what we said before: of two answers the newer one counts."""
    before = evidence.last_said(connection, object_id, actor=council.actor_id)
    at = now.replace(microsecond=0)
    return at if before is None else max(at, before + _SECOND)
