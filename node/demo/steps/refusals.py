"""What Harbour refuses, each with its reason word, and that nothing of it is kept.

The forger has Riverside's own keys where a case needs a good signature: then only the one thing that is wrong can be the
reason. Whether something was stored is read from Harbour's file, not from what Harbour says.
"""

from datetime import timedelta

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation import blocks
from federation.council import Council
from node.demo import evidence
from node.demo.asking import Reply
from node.demo.checking import check, wait_for
from node.demo.letters import Letter, enveloped, offer_of, sealed
from node.demo.linking import wait_until_delivered
from node.demo.stage import Stage
from protocol.digest import content_digest

FORGED = "Free gold"
NOTICED_WITHIN = 3.0


def a_wrong_key_is_refused_as_bad_signature(stage: Stage) -> str:
    return _refused(stage, _by_wrong_key(stage), "bad-signature", 401)


def a_tampered_body_is_refused_as_bad_digest(stage: Stage) -> str:
    return _refused(stage, _tampered(_honest(stage)), "bad-digest", 401)


def a_tampered_body_with_a_new_digest_is_refused_as_bad_signature(stage: Stage) -> str:
    letter = _tampered(_honest(stage))
    return _refused(stage, letter.with_headers(Content_Digest=content_digest(letter.body)), "bad-signature", 401)


def a_tampered_proof_in_a_well_signed_request_is_refused_as_bad_proof(stage: Stage) -> str:
    body = _tampered(_honest(stage)).body
    letter = enveloped(stage.riverside.council, body, to=stage.harbour.url, now=stage.riverside.clock.now())
    return _refused(stage, letter, "bad-proof", 401)


def a_stale_date_is_refused_as_stale(stage: Stage) -> str:
    then = stage.riverside.clock.now() - timedelta(hours=2)
    letter = sealed(
        stage.riverside.council, offer_of(stage.riverside.council, FORGED, now=then), to=_to(stage), now=then
    )
    return _refused(stage, letter, "stale", 401)


def a_request_captured_for_another_node_is_refused_as_wrong_target(stage: Stage) -> str:
    now, council = stage.riverside.clock.now(), stage.riverside.council
    letter = sealed(council, offer_of(council, FORGED, now=now), to=stage.hillside.url, now=now)
    said = _refused(stage, letter, "wrong-target", 401)
    readdressed = letter.with_headers(Host=stage.harbour.council.authority)
    _refused(stage, readdressed, "bad-signature", 401)
    return f"{said}; readdressed by its Host header: 401 bad-signature"


def the_same_id_with_other_content_is_refused_as_id_reused(stage: Stage) -> str:
    council, now = stage.riverside.council, stage.riverside.clock.now()
    before = evidence.received(stage.harbour.database, source=council.actor_id, verb="Create")[-1]
    other = offer_of(council, FORGED, now=now) | {"id": before.activity_id}
    return _refused(stage, sealed(council, other, to=_to(stage), now=now), "id-reused", 409)


def an_unknown_council_is_refused_as_unknown_peer(stage: Stage) -> str:
    return _refused(stage, _from_outside(stage), "unknown-peer", 403)


def a_blocked_council_is_refused_as_blocked(stage: Stage) -> str:
    harbour, host = stage.harbour, stage.outside.authority
    letter, now = _from_outside(stage), harbour.clock.now()
    harbour.do(lambda c: blocks.block(c, harbour.council, host=host, now=now))
    try:
        # The server looks for what other processes wrote, a few times a second: until then it says "unknown".
        wait_for(lambda: letter.post().reason == "blocked", "Harbour knows the block", within=NOTICED_WITHIN)
        return _refused(stage, letter, "blocked", 403)
    finally:
        now = harbour.clock.now()
        harbour.do(lambda c: blocks.unblock(c, harbour.council, host=host, now=now))
        wait_for(lambda: letter.post().reason == "unknown-peer", "Harbour listens again", within=NOTICED_WITHIN)


def the_same_activity_again_is_answered_already_held_and_has_one_effect(stage: Stage) -> str:
    council, path = stage.riverside.council, stage.harbour.database
    held = evidence.received(path, source=council.actor_id, verb="Create")[-1]
    before = evidence.watched_rows(path)
    for _ in range(3):
        letter = enveloped(council, held.document, to=_to(stage), now=stage.riverside.clock.now())
        reply = letter.post()
        result = _result(reply)
        check((reply.status, result) == (202, "already-held"), f"it was answered {reply.status} {result}{reply.reason}")
    changed = evidence.changed_tables(before, path)
    check(not changed, f"it had another effect: {changed}")
    copies = evidence.replicas_of(path, source=council.actor_id)
    check(set(copies.values()) <= {1}, f"an object has several copies: {copies}")
    return "three times 202 already-held, nothing changed"


def _refused(stage: Stage, letter: Letter, reason: str, status: int) -> str:
    """Post to Harbour, expect this answer, and find nothing of it in Harbour's file."""
    path = stage.harbour.database
    wait_until_delivered(stage.region.councils)
    before = evidence.watched_rows(path)
    reply = letter.post(to=stage.harbour.url)
    check(
        (reply.status, reply.reason) == (status, reason), f"answered {reply.status} {reply.reason or reply.text[:100]}"
    )
    changed = evidence.changed_tables(before, path)
    check(not changed, f"something of it was stored: {changed}")
    found = evidence.mentions(path, FORGED)
    check(not found, f"its words stand in {found}")
    return f"{status} {reason}, nothing stored"


def _result(reply: Reply) -> str:
    found = reply.json()
    return str(found.get("result", "")) if isinstance(found, dict) else ""


def _to(stage: Stage) -> str:
    return stage.harbour.url


def _honest(stage: Stage) -> Letter:
    council, now = stage.riverside.council, stage.riverside.clock.now()
    return sealed(council, offer_of(council, FORGED, now=now), to=_to(stage), now=now)


def _by_wrong_key(stage: Stage) -> Letter:
    real = stage.riverside.council
    key = Ed25519PrivateKey.from_private_bytes(stage.riverside.randomness.bytes(32))
    forger = Council(
        real.base_url,
        name=real.name,
        rsa=real.rsa,
        ed25519=key,
        kinds=real.kinds,
        randomness=real.randomness,
        rules=real.rules,
    )
    now = stage.riverside.clock.now()
    return sealed(forger, offer_of(forger, FORGED, now=now), to=_to(stage), now=now)


def _from_outside(stage: Stage) -> Letter:
    now = stage.harbour.clock.now()
    return sealed(stage.outside, offer_of(stage.outside, FORGED, now=now), to=_to(stage), now=now)


def _tampered(letter: Letter) -> Letter:
    document = orjson.loads(letter.body)
    document["object"]["name"] += ", and silver"
    return Letter(letter.origin, letter.headers, orjson.dumps(document), letter.activity_id, letter.object_id)


STEPS = (
    a_wrong_key_is_refused_as_bad_signature,
    a_tampered_body_is_refused_as_bad_digest,
    a_tampered_body_with_a_new_digest_is_refused_as_bad_signature,
    a_tampered_proof_in_a_well_signed_request_is_refused_as_bad_proof,
    a_stale_date_is_refused_as_stale,
    a_request_captured_for_another_node_is_refused_as_wrong_target,
    the_same_id_with_other_content_is_refused_as_id_reused,
    an_unknown_council_is_refused_as_unknown_peer,
    a_blocked_council_is_refused_as_blocked,
    the_same_activity_again_is_answered_already_held_and_has_one_effect,
)
