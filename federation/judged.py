"""What comes of judging one message, and its first reading; for those that judge, each its own kind of sender."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from federation.introductions import Introduction
from federation.keeping import Arrival
from protocol import strict_json
from protocol.keys import PublicKey
from protocol.verdict import NeedsKey, Reason, Refused
from schemas.activity import Activity, shape_of


@dataclass(frozen=True, slots=True)
class Dropped:
    """Answered 202 and not kept: nothing of it concerns us. `word` is counted."""

    word: str


@dataclass(frozen=True, slots=True)
class Met:
    """What the one allowed fetch brought: the sender's key and who they are."""

    key: PublicKey
    introduction: Introduction


Judgement = Arrival | Dropped | NeedsKey | Refused


def parse(body: bytes) -> tuple[dict[str, Any], Activity] | Refused:
    document = strict_json.parse(body)
    if isinstance(document, Refused):
        return document
    if not isinstance(document, dict):
        return Refused(Reason.MALFORMED, "An activity is one JSON object.")
    activity = shape_of(document)
    return activity if isinstance(activity, Refused) else (document, activity)


def arrival_of(activity: Activity, body: bytes, *, now: datetime) -> Arrival:
    return Arrival(activity.id, hashlib.sha256(body).digest(), activity.actor, activity.type, body, now)
