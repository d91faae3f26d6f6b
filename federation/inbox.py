"""What strangers send us: one judgement, from the raw bytes to the moment before COMMIT.

The order is fixed: size, blocked, known, required headers, date, digest, HTTP signature, strict JSON, shape, authority, proof.
Cheap refusals come first, nothing is fetched for a sender we may not listen to, and a refused message leaves nothing
behind. Whatever passes is kept byte for byte before it is acknowledged; applying it is another transaction.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from federation.admission import admit, too_large
from federation.content import Check, judge_act, judge_content, judge_offer
from federation.council import Council
from federation.directory import Directory, Known
from federation.introductions import usable
from federation.judged import Dropped, Judgement, Met, arrival_of, parse
from federation.keeping import (
    ALREADY_HELD,
    ID_REUSED,
    LINKING_VERBS,
    STORED,
    Arrival,
    keep,
    keep_checked,
    keep_first_word,
)
from federation.kinds import act_of
from federation.reading_along import judge_changed_key, judge_follower
from federation.renaming import is_renaming, judge_renaming
from federation.rotation import key_of_proof
from protocol import authority, digest, http_signature, ids, keys, proof
from protocol.http_signature import Claim, Request
from protocol.keys import PublicKey
from protocol.peering import State
from protocol.verdict import NeedsKey, Reason, Refused
from schemas.activity import Activity

__all__ = [
    "ALREADY_HELD",
    "ID_REUSED",
    "REMEMBERED",
    "STORED",
    "Arrival",
    "Dropped",
    "Judgement",
    "Met",
    "judge",
    "judge_proof",
    "keep",
    "keep_checked",
    "keep_first_word",
]

CONTENT_VERBS = frozenset({"Create", "Update", "Delete"})
REMEMBERED = timedelta(days=90)


def judge(
    request: Request, body: bytes, *, directory: Directory, council: Council, now: datetime, met: Met | None = None
) -> Judgement:
    """Judge one POST. After `NeedsKey` the caller may fetch that key once and judge again with what it `met`."""
    admitted = admit(request.headers, directory=directory, council=council)
    if isinstance(admitted, Refused):
        return admitted
    refused = too_large(len(body), most=admitted.most, council=council)
    if refused is not None:
        return refused
    claim = http_signature.read_claim(request, now=int(now.timestamp()), our_host=council.authority, has_body=True)
    if isinstance(claim, Refused):
        return claim
    refused = _judge_digest(request, body, claim)
    if refused is not None:
        return refused
    if admitted.known is None:
        parted = directory.of_key(claim.key_id)
        if parted is not None and _is_answer(body):
            # Refused, a second copy of what ended the link would be sent to us for ninety days. It changes nothing any more.
            return _judge_known(body, claim, known=parted, directory=directory, council=council, now=now, met=met)
        return _judge_stranger(body, claim, council=council, now=now, met=met)
    return _judge_known(body, claim, known=admitted.known, directory=directory, council=council, now=now, met=met)


def _judge_digest(request: Request, body: bytes, claim: Claim) -> Refused | None:
    if claim.scheme == "rfc9421":
        verdict = digest.judge_content_digest(request.headers.get("content-digest", ""), body)
    else:
        verdict = digest.judge_digest(request.headers.get("digest", ""), body)
    return verdict if isinstance(verdict, Refused) else None


def _judge_known(
    body: bytes,
    claim: Claim,
    *,
    known: Known,
    directory: Directory,
    council: Council,
    now: datetime,
    met: Met | None,
) -> Judgement:
    held = directory.keys.get(claim.key_id)
    if held is None:
        return Refused(Reason.UNKNOWN_KEY, "The signature names a key that is not the one we have for its owner.")
    verdict = http_signature.judge_claim(claim, held[0])
    if isinstance(verdict, Refused) and known.standing == "follower":
        return judge_changed_key(body, claim, known=known, council=council, now=now, met=met)
    if isinstance(verdict, Refused):
        return verdict
    parsed = parse(body)
    if isinstance(parsed, Refused):
        return parsed
    document, activity = parsed
    wrong = authority.judge_authority(document, signer=known.actor_id, our_origin=council.origin)
    if isinstance(wrong, Refused):
        return wrong
    if known.standing == "follower":
        return judge_follower(document, activity, body, known=known, council=council, now=now)
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
    act, of_itself = act_of(council.acts, document), is_renaming(document)
    if (activity.type in CONTENT_VERBS or act is not None) and not known.accepted and not of_itself:
        return Refused(
            Reason.UNKNOWN_PEER, "We are not linked up; until both have accepted, only the handshake is taken."
        )
    if activity.type not in CONTENT_VERBS | LINKING_VERBS and act is None:
        return Dropped("verb-of-no-meaning") if known.accepted else _unknown_peer()
    pinned = directory.keys.get(known.ed25519_key_id or "")
    refused = judge_proof(document, pinned[0] if pinned else None, known=known, now=now)
    if refused is not None:
        return refused
    check: Check | Refused | None = None
    if act is not None:
        check = judge_act(document, act, council=council, now=now)
    elif of_itself:
        refused = judge_renaming(document, known=known, pinned=pinned[0] if pinned else None, now=now)
    elif activity.type in CONTENT_VERBS:
        if activity.type == "Create" and known.actor_id in directory.full and "comarca:alert" not in document["object"]:
            return Refused(
                Reason.TOO_MANY, "As much of that council is live here as is kept of one; what ends makes room."
            )
        check = judge_content(document, activity, council=council, now=now)
    elif activity.type == "Offer":
        refused = judge_offer(document, council=council)
    if refused is not None:
        return refused
    if isinstance(check, Refused):
        return check
    return replace(arrival_of(activity, body, now=now), check=check, of_itself=of_itself)


def judge_proof(document: dict[str, Any], pinned: PublicKey | None, *, known: Known, now: datetime) -> Refused | None:
    """Whether an activity is proved by a key that its council is known by, and not longer ago than is remembered."""
    claim = proof.proof_of(document)
    if isinstance(claim, Refused):
        return claim
    key = key_of_proof(claim, known=known, pinned=pinned)
    if isinstance(key, Refused):
        return key
    verdict = proof.judge_proof_claim(claim, key, document=document, now=now)
    if isinstance(verdict, Refused):
        return verdict
    if claim.created < now - REMEMBERED:
        return Refused(Reason.STALE, "The proof is older than what is remembered here.")
    return None


def _is_answer(body: bytes) -> bool:
    parsed = parse(body)
    return not isinstance(parsed, Refused) and parsed[1].type in ("Accept", "Reject")


def _judge_stranger(body: bytes, claim: Claim, *, council: Council, now: datetime, met: Met | None) -> Judgement:
    """A host that we do not know may follow, unfollow, and ask to link up. Its body is read before its key is fetched."""
    if not council.rules.policy.permits(claim.key_id):
        return Refused(Reason.MALFORMED, "The key id is no address that this server may ask.")
    parsed = parse(body)
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
        refused = judge_offer(document, council=council)
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
    introduction = usable(met.introduction)
    if isinstance(introduction, Refused):
        return introduction
    if activity.type == "Offer":
        multibase = introduction.ed25519_multibase
        key = keys.decode_multikey(multibase) if multibase else None
        stranger = Known(introduction.actor_id, State.NONE, introduction.inbox, introduction.ed25519_key_id)
        refused = judge_proof(document, key, known=stranger, now=now)
        if refused is not None:
            return refused
    return replace(arrival_of(activity, body, now=now), introduction=introduction)


def _unknown_peer() -> Refused:
    return Refused(Reason.UNKNOWN_PEER, "We are not linked up with that server.")
