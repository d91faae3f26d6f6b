"""What an account of the wider fediverse that follows us may say: follow, stop, vanish, move away. Everything else is dropped.

Its key is not pinned. One that was changed under the same id is fetched anew, for what would be taken if it were theirs, and
judged once more; it must never lead to a second fetch.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from federation.council import Council
from federation.directory import Known
from federation.judged import Dropped, Judgement, Met, arrival_of, parse
from federation.keeping import Arrival
from protocol import authority, http_signature
from protocol.http_signature import Claim
from protocol.verdict import NeedsKey, Reason, Refused
from schemas.activity import Activity


def judge_follower(
    document: dict[str, Any], activity: Activity, body: bytes, *, known: Known, council: Council, now: datetime
) -> Judgement:
    if activity.type == "Follow":
        return (
            arrival_of(activity, body, now=now) if activity.object == council.actor_id else Dropped("follow-of-another")
        )
    if activity.type == "Undo" and _undone_follow(activity) is not None:
        return arrival_of(activity, body, now=now)
    if activity.type in ("Delete", "Move") and activity.object_id == known.actor_id:
        return arrival_of(activity, body, now=now)
    return Dropped("said-by-a-follower")


def _undone_follow(activity: Activity) -> str | None:
    """The id of the Follow that an Undo names, by link or embedded."""
    if isinstance(activity.object, dict) and activity.object.get("type") != "Follow":
        return None
    return activity.object_id


def judge_changed_key(
    body: bytes, claim: Claim, *, known: Known, council: Council, now: datetime, met: Met | None
) -> Judgement:
    """A reader's signature is not by the key that we have: its key may have changed under the same id.

    The key is fetched anew, once, and only for what would be taken if it were theirs.
    """
    parsed = parse(body)
    if isinstance(parsed, Refused):
        return parsed
    document, activity = parsed
    wrong = authority.judge_authority(document, signer=known.actor_id, our_origin=council.origin)
    if isinstance(wrong, Refused):
        return wrong
    judged = judge_follower(document, activity, body, known=known, council=council, now=now)
    if not isinstance(judged, Arrival):
        return Refused(Reason.BAD_SIGNATURE, "The signature is not by the key that we have for its owner.")
    if met is None:
        return NeedsKey(claim.key_id)
    verdict = http_signature.judge_claim(claim, met.key)
    if isinstance(verdict, Refused) or met.introduction.actor_id != known.actor_id:
        return Refused(Reason.BAD_SIGNATURE, "The signature is not by the key of its owner.")
    return replace(judged, introduction=met.introduction)
