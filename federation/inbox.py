"""What strangers send us: one judgement, from the raw bytes to the moment before COMMIT.

The order is fixed: size, blocked, known, required headers, date, digest, HTTP signature, strict JSON, shape, authority, proof.
Cheap refusals come first, nothing is fetched for a sender we may not listen to, and a refused message leaves nothing
behind. Whatever passes is kept byte for byte before it is acknowledged; applying it is another transaction.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, text

from federation import followers
from federation.council import Council
from federation.directory import Directory, Known
from federation.introductions import Introduction, meet
from federation.moments import microseconds
from federation.tables import ArrivalState
from protocol import authority, digest, http_signature, ids, keys, proof, strict_json
from protocol.http_signature import Claim, Request
from protocol.keys import PublicKey
from protocol.peering import State
from protocol.verdict import NeedsKey, Reason, Refused
from schemas.activity import Activity, kind_of, shape_of
from schemas.refusal import Refusal

CONTENT_VERBS = frozenset({"Create", "Update", "Delete"})
LINKING_VERBS = frozenset({"Offer", "Accept", "Reject", "Undo"})
REMEMBERED = timedelta(days=90)
RELATIONSHIP = "Relationship"
STRANGERS = frozenset({State.NONE, State.DECLINED, State.ENDED})


@dataclass(frozen=True, slots=True)
class Arrival:
    """A judged message that is to be kept. `introduction` comes with the first word of somebody we had not met."""

    activity_id: str
    digest: bytes
    actor_id: str
    verb: str
    document: bytes
    received_at: datetime
    introduction: Introduction | None = None

    @property
    def at_once(self) -> bool:
        """Whether it is applied before it is answered: what follows a handshake must find it done."""
        return self.verb in LINKING_VERBS or self.verb == "Follow"


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


def judge(
    request: Request, body: bytes, *, directory: Directory, council: Council, now: datetime, met: Met | None = None
) -> Judgement:
    """Judge one POST. After `NeedsKey` the caller may fetch that key once and judge again with what it `met`."""
    if len(body) > council.rules.body:
        return Refused(Reason.TOO_LARGE, "The message is larger than this server takes.")
    if not _is_activity_type(request.headers.get("content-type", "")):
        return Refused(Reason.WRONG_TYPE, "An activity is sent as application/activity+json.")
    key_id = http_signature.key_id_of(request.headers)
    if key_id is None:
        return Refused(Reason.NO_SIGNATURE, "The request carries no signature that names its key.")
    try:
        if directory.blocks(key_id):
            return Refused(Reason.BLOCKED, "This server does not listen to that host.")
    except ids.BadAddress:
        return Refused(Reason.MALFORMED, "The key id is no address.")
    known = directory.of_key(key_id)
    if known is not None and known.standing in STRANGERS:
        known = None
    if known is None and len(body) > council.rules.unknown_body:
        return Refused(Reason.TOO_LARGE, "The message is larger than this server takes from hosts it does not know.")
    claim = http_signature.read_claim(request, now=int(now.timestamp()), our_host=council.authority, has_body=True)
    if isinstance(claim, Refused):
        return claim
    refused = _judge_digest(request, body, claim)
    if refused is not None:
        return refused
    if known is None:
        return _judge_stranger(body, claim, council=council, now=now, met=met)
    return _judge_known(body, claim, known=known, directory=directory, council=council, now=now)


def _is_activity_type(value: str) -> bool:
    media, _, parameters = value.partition(";")
    media = media.strip().lower()
    if media == "application/activity+json":
        return True
    return media == "application/ld+json" and "https://www.w3.org/ns/activitystreams" in parameters


def _judge_digest(request: Request, body: bytes, claim: Claim) -> Refused | None:
    if claim.scheme == "rfc9421":
        verdict = digest.judge_content_digest(request.headers.get("content-digest", ""), body)
    else:
        verdict = digest.judge_digest(request.headers.get("digest", ""), body)
    return verdict if isinstance(verdict, Refused) else None


def _judge_known(
    body: bytes, claim: Claim, *, known: Known, directory: Directory, council: Council, now: datetime
) -> Judgement:
    held = directory.keys.get(claim.key_id)
    if held is None:
        return Refused(Reason.UNKNOWN_KEY, "The signature names a key that is not the one we have for its owner.")
    verdict = http_signature.judge_claim(claim, held[0])
    if isinstance(verdict, Refused):
        return verdict
    parsed = _parse(body)
    if isinstance(parsed, Refused):
        return parsed
    document, activity = parsed
    wrong = authority.judge_authority(document, signer=known.actor_id, our_origin=council.origin)
    if isinstance(wrong, Refused):
        return wrong
    if known.standing == "follower":
        return _judge_follower(document, activity, body, known=known, council=council, now=now)
    return _judge_council(document, activity, body, known=known, directory=directory, council=council, now=now)


def _judge_council(
    document: dict[str, Any],
    activity: Activity,
    body: bytes,
    *,
    known: Known,
    directory: Directory,
    council: Council,
    now: datetime,
) -> Judgement:
    """A council that we have met: everything it says carries its proof, and it says content only once both accepted."""
    if activity.type == "Follow":
        return Dropped("follow-of-a-council")
    if activity.type in CONTENT_VERBS and not known.accepted:
        return Refused(
            Reason.UNKNOWN_PEER, "We are not linked up; until both have accepted, only the handshake is taken."
        )
    if activity.type not in CONTENT_VERBS | LINKING_VERBS:
        return Dropped("verb-of-no-meaning") if known.accepted else _unknown_peer()
    pinned = directory.keys.get(known.ed25519_key_id or "")
    refused = _judge_proof(document, pinned[0] if pinned else None, key_id=known.ed25519_key_id, now=now)
    if refused is not None:
        return refused
    if activity.type in CONTENT_VERBS:
        refused = _judge_content(document, activity, council=council)
    elif activity.type == "Offer":
        refused = _judge_offer(document, council=council)
    if refused is not None:
        return refused
    return _arrival(activity, body, now=now)


def _judge_content(document: dict[str, Any], activity: Activity, *, council: Council) -> Refused | None:
    audience = authority.audience_of(document, actor=activity.actor)
    if isinstance(audience, Refused):
        return audience
    if activity.type == "Delete":
        return None
    note = document["object"]
    if not isinstance(note, dict):
        return Refused(Reason.WRONG_SHAPE, "A Create or Update carries its object whole.")
    name = kind_of(note)
    if isinstance(name, Refused):
        return name
    kind = council.kinds.get(name)
    if kind is None:
        return Refused(Reason.WRONG_SHAPE, "This server does not know that kind of note.")
    read = kind.read(note)
    return read if isinstance(read, Refused) else None


def _judge_offer(document: dict[str, Any], *, council: Council) -> Refused | None:
    """An Offer to link up names the two of us and nobody else."""
    offered = document.get("object")
    if not isinstance(offered, dict) or offered.get("type") != RELATIONSHIP:
        return Refused(Reason.WRONG_SHAPE, "The only offer between councils here is that of a relationship.")
    if "comarca:peering" not in offered or offered.get("subject") != document.get("actor"):
        return Refused(Reason.WRONG_SHAPE, "The relationship is not one of linking up with its sender.")
    if offered.get("object") != council.actor_id:
        return Refused(Reason.WRONG_AUDIENCE, "The offer is meant for another council.")
    return None


def _judge_proof(
    document: dict[str, Any], key: PublicKey | None, *, key_id: str | None, now: datetime
) -> Refused | None:
    claim = proof.proof_of(document)
    if isinstance(claim, Refused):
        return claim
    if key is None or claim.method != key_id:
        return Refused(Reason.BAD_PROOF, "The proof names a key that is not the one compared when linking up.")
    verdict = proof.judge_proof(document, key, now=now)
    if isinstance(verdict, Refused):
        return verdict
    if claim.created < now - REMEMBERED:
        return Refused(Reason.STALE, "The proof is older than what is remembered here.")
    return None


def _judge_follower(
    document: dict[str, Any], activity: Activity, body: bytes, *, known: Known, council: Council, now: datetime
) -> Judgement:
    if activity.type == "Follow":
        return (
            _arrival(activity, body, now=now) if activity.object == council.actor_id else Dropped("follow-of-another")
        )
    if activity.type == "Undo" and _undone_follow(activity) is not None:
        return _arrival(activity, body, now=now)
    if activity.type == "Delete" and activity.object_id == known.actor_id:
        return _arrival(activity, body, now=now)
    return Dropped("said-by-a-follower")


def _undone_follow(activity: Activity) -> str | None:
    """The id of the Follow that an Undo names, by link or embedded."""
    if isinstance(activity.object, dict) and activity.object.get("type") != "Follow":
        return None
    return activity.object_id


def _judge_stranger(body: bytes, claim: Claim, *, council: Council, now: datetime, met: Met | None) -> Judgement:
    """A host that we do not know may follow, unfollow, and ask to link up. Its body is read before its key is fetched."""
    if not council.rules.policy.permits(claim.key_id):
        return Refused(Reason.MALFORMED, "The key id is no address that this server may ask.")
    parsed = _parse(body)
    if isinstance(parsed, Refused):
        return parsed
    document, activity = parsed
    if activity.type == "Delete" and activity.object_id == activity.actor:
        return Dropped("stranger-is-gone")
    if activity.type == "Undo":
        return Dropped("nothing-to-undo")
    if activity.type == "Follow":
        if activity.object != council.actor_id or council.rules.followers == "off":
            return Refused(Reason.UNKNOWN_PEER, "This council cannot be followed from there.")
    elif activity.type == "Offer":
        refused = _judge_offer(document, council=council)
        if refused is not None:
            return refused
    else:
        return _unknown_peer()
    if not ids.same_origin(activity.actor, claim.key_id):
        return Refused(Reason.NOT_OWNER, "The key lies on another server than the actor.")
    if met is None:
        return NeedsKey(claim.key_id)
    return _judge_met(document, activity, body, claim, council=council, now=now, met=met)


def _judge_met(
    document: dict[str, Any],
    activity: Activity,
    body: bytes,
    claim: Claim,
    *,
    council: Council,
    now: datetime,
    met: Met,
) -> Judgement:
    verdict = http_signature.judge_claim(claim, met.key)
    if isinstance(verdict, Refused):
        return verdict
    wrong = authority.judge_authority(document, signer=met.introduction.actor_id, our_origin=council.origin)
    if isinstance(wrong, Refused):
        return wrong
    if activity.type == "Offer":
        multibase = met.introduction.ed25519_multibase
        key = keys.decode_multikey(multibase) if multibase else None
        refused = _judge_proof(document, key, key_id=met.introduction.ed25519_key_id, now=now)
        if refused is not None:
            return refused
    return replace(_arrival(activity, body, now=now), introduction=met.introduction)


def _unknown_peer() -> Refused:
    return Refused(Reason.UNKNOWN_PEER, "We are not linked up with that server.")


def _parse(body: bytes) -> tuple[dict[str, Any], Activity] | Refused:
    document = strict_json.parse(body)
    if isinstance(document, Refused):
        return document
    if not isinstance(document, dict):
        return Refused(Reason.MALFORMED, "An activity is one JSON object.")
    activity = shape_of(document)
    return activity if isinstance(activity, Refused) else (document, activity)


def _arrival(activity: Activity, body: bytes, *, now: datetime) -> Arrival:
    return Arrival(activity.id, hashlib.sha256(body).digest(), activity.actor, activity.type, body, now)


_HELD = text("SELECT activity_id, digest FROM received_activity WHERE activity_id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
_KEEP = text(
    "INSERT INTO received_activity (activity_id, digest, actor_id, verb, document, received_at, state)"
    " VALUES (:activity_id, :digest, :actor_id, :verb, :document, :received_at, :state)"
)

STORED, ALREADY_HELD, ID_REUSED = "stored", "already-held", Reason.ID_REUSED.value


def keep(connection: Connection, arrivals: Sequence[Arrival]) -> list[str]:
    """Keep judged messages, in one statement. Answers for each, in order: stored, already-held or id-reused.

    The marker against doubles is set here and nowhere earlier: only after everything was judged (S36).
    """
    held = {
        row.activity_id: row.digest for row in connection.execute(_HELD, {"ids": [a.activity_id for a in arrivals]})
    }
    answers, fresh = [], []
    for arrival in arrivals:
        before = held.get(arrival.activity_id)
        if before is None:
            held[arrival.activity_id] = arrival.digest
            fresh.append(arrival)
            answers.append(STORED)
        else:
            answers.append(ALREADY_HELD if before == arrival.digest else ID_REUSED)
    if fresh:
        connection.execute(_KEEP, [_row(arrival) for arrival in fresh])
    return answers


def keep_first_word(connection: Connection, council: Council, arrival: Arrival) -> str | Refused:
    """Keep the first word of somebody we had not met, together with who they are."""
    introduction = arrival.introduction
    assert introduction is not None
    answer = keep(connection, [arrival])[0]
    if answer != STORED:
        return answer
    try:
        if arrival.verb == "Follow":
            followers.asked(
                connection, council, introduction=introduction, follow_id=arrival.activity_id, now=arrival.received_at
            )
        else:
            row = meet(connection, introduction=introduction, now=arrival.received_at)
            assert row["state"] in set(State)
    except Refusal as refusal:
        connection.execute(text("DELETE FROM received_activity WHERE activity_id = :id"), {"id": arrival.activity_id})
        reason = Reason.FULL if refusal.word == "full" else Reason.UNKNOWN_KEY
        return Refused(reason, refusal.sentence)
    return answer


def _row(arrival: Arrival) -> dict[str, Any]:
    return {
        "activity_id": arrival.activity_id,
        "digest": arrival.digest,
        "actor_id": arrival.actor_id,
        "verb": arrival.verb,
        "document": arrival.document,
        "received_at": microseconds(arrival.received_at),
        "state": ArrivalState.WAITING.value,
    }
