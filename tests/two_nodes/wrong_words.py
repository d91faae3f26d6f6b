"""Faults in who speaks: the proof of what is said, and who may say anything here at all."""

import hashlib
from copy import deepcopy
from datetime import timedelta
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from federation import blocks, peers
from protocol import multibase
from protocol.canonical import canonical
from protocol.proof import add_proof
from protocol.verdict import Reason
from tests.two_nodes.letters import Letter
from tests.two_nodes.outsiders import Scene
from tests.two_nodes.refusing import Cases, Pair

CASES = Cases()


def posted(scene: Scene, activity: dict[str, Any]) -> Letter:
    """Posted by harbour just as it stands, proof or none."""
    return scene.harbour.post(orjson.dumps(activity), scene.url)


def proven(
    scene: Scene, *, key: Ed25519PrivateKey | None = None, method: str | None = None, days_ahead: float = 0
) -> dict[str, Any]:
    council = scene.harbour.council
    return add_proof(
        scene.harbour.create(),
        key=key or council.ed25519,
        method=method or council.ed25519_key_id,
        created=scene.now + timedelta(days=days_ahead),
    )


def changed(scene: Scene, *path: str, to: Any) -> Letter:
    """A proven Create in which one member was changed after proving."""
    activity = proven(scene)
    part = activity
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = to
    return posted(scene, activity)


def with_option(scene: Scene, **options: Any) -> Letter:
    activity = proven(scene)
    activity["proof"] |= options
    return posted(scene, activity)


def other_context(scene: Scene) -> Letter:
    activity = proven(scene)
    activity["proof"]["@context"] = [*activity["@context"], "https://w3id.org/security/v1"]
    return posted(scene, activity)


CASES.each(
    Reason.BAD_PROOF,
    {
        "none": lambda s: posted(s, s.harbour.create()),
        "two": lambda s: posted(s, proven(s) | {"proof": [proven(s)["proof"]] * 2}),
        "by another key": lambda s: posted(s, proven(s, key=s.hillside.council.ed25519)),
        "by another council": lambda s: posted(
            s, proven(s, key=s.hillside.council.ed25519, method=s.hillside.council.ed25519_key_id)
        ),
        "by a key that was never compared": lambda s: posted(s, proven(s, method=f"{s.harbour.actor}#new-key")),
        "by the key for requests": lambda s: posted(s, proven(s, method=s.harbour.council.rsa_key_id)),
        "in another context": other_context,
        "over another title": lambda s: changed(s, "object", "name", to="Six folding chairs"),
        "over another audience": lambda s: changed(s, "cc", to=[]),
        "over fewer members": lambda s: changed(s, "object", "tag", to=[]),
        "with one more option": lambda s: with_option(s, domain="riverside.example"),
        "with an option that nobody knows": lambda s: with_option(s, previousProof="x"),
        "of another suite": lambda s: with_option(s, cryptosuite="eddsa-rdfc-2022"),
        "for another purpose": lambda s: with_option(s, proofPurpose="authentication"),
        "made tomorrow and a bit": lambda s: posted(s, proven(s, days_ahead=1.1)),
        "that is an old linked-data signature": lambda s: posted(
            s, s.harbour.create() | {"signature": {"type": "RsaSignature2017", "signatureValue": "AAAA"}}
        ),
    },
)


@CASES.of(Reason.BAD_PROOF, "that has come to its end")
async def _ended_proof(scene: Scene) -> Pair:
    """The end is signed with the rest: what differs is the hour at which it is read."""

    def ending(minutes: int) -> Letter:
        activity = scene.harbour.create()
        end = (scene.now + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return posted(scene, _proven_until(scene, activity, end=end))

    return Pair(ending(-1), ending(1))


def _proven_until(scene: Scene, activity: dict[str, Any], *, end: str) -> dict[str, Any]:
    council = scene.harbour.council
    options = add_proof(activity, key=council.ed25519, method=council.ed25519_key_id, created=scene.now)["proof"]
    del options["proofValue"]
    options["expires"] = end
    hashed = hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(activity)).digest()
    return activity | {"proof": options | {"proofValue": multibase.encode(council.ed25519.sign(hashed))}}


@CASES.of(Reason.BAD_PROOF, "missing in a stranger's Offer")
async def _strangers_proof(scene: Scene) -> Pair:
    bare = orjson.dumps(scene.hillside.offer(scene.town.actor))
    return Pair(scene.hillside.post(bare, scene.url), scene.asks(scene.hillside), fetches=1)


@CASES.of(Reason.BLOCKED, "an accepted council's host")
async def _blocked(scene: Scene) -> Pair:
    await scene.link(scene.hillside)
    await _block(scene, "harbour.example")
    return Pair(scene.good(), scene.says(scene.hillside.create(), by=scene.hillside))


@CASES.of(Reason.BLOCKED, "a stranger's host, whatever else is wrong")
async def _blocked_stranger(scene: Scene) -> Pair:
    """Nothing is parsed, or it would be malformed; nothing is fetched."""
    await _block(scene, "hillside.example")
    return Pair(scene.hillside.post(b"{", scene.url), scene.asks(scene.millbrook))


@CASES.of(Reason.BLOCKED, "a host whose name is written in another way")
async def _blocked_in_capitals(scene: Scene) -> Pair:
    await _block(scene, "hillside.example")
    asked = scene.asks(scene.hillside)
    shouted = asked.having(signature_input=asked.header("signature-input").replace("hillside", "HillSide"))
    return Pair(shouted, scene.asks(scene.millbrook))


async def _block(scene: Scene, host: str) -> None:
    council, now = scene.town.node.council, scene.now
    scene.town.write(lambda c: blocks.block(c, council, host=host, now=now))
    await scene.town.node.engine.refresh()


@CASES.of(Reason.UNKNOWN_PEER, "a stranger's offer of chairs")
async def _strangers_create(scene: Scene) -> Pair:
    return Pair(scene.says(scene.hillside.create(), by=scene.hillside), scene.good())


@CASES.of(Reason.UNKNOWN_PEER, "a council that has asked and was not answered")
async def _too_early(scene: Scene) -> Pair:
    await scene.asked_by(scene.hillside)
    return Pair(scene.says(scene.hillside.create(), by=scene.hillside), scene.good())


@CASES.of(Reason.UNKNOWN_PEER, "a council that we have asked and that has not answered")
async def _not_answered(scene: Scene) -> Pair:
    council, now, them = scene.town.node.council, scene.now, scene.hillside.introduction()
    scene.town.write(lambda c: peers.ask(c, council, introduction=them, now=now))
    await scene.town.node.engine.refresh()
    return Pair(scene.says(scene.hillside.create(), by=scene.hillside), scene.good())


@CASES.of(Reason.UNKNOWN_PEER, "a council that we have left")
async def _left(scene: Scene) -> Pair:
    await scene.link(scene.hillside)
    council, now = scene.town.node.council, scene.now
    scene.town.write(lambda c: peers.remove(c, council, actor_id=scene.hillside.actor, now=now))
    await scene.town.node.engine.refresh()
    return Pair(scene.says(scene.hillside.create(), by=scene.hillside), scene.good())


@CASES.of(Reason.UNKNOWN_PEER, "a follower where nobody may follow")
async def _no_followers(scene: Scene) -> Pair:
    return Pair(
        scene.says(scene.hillside.says("Follow", scene.town.actor), by=scene.hillside), scene.asks(scene.hillside)
    )


@CASES.of(Reason.UNKNOWN_PEER, "a stranger's yes to what was never asked")
async def _unasked_yes(scene: Scene) -> Pair:
    yes = scene.hillside.says("Accept", f"{scene.town.url}/a/{'a' * 26}")
    return Pair(scene.says(yes, by=scene.hillside), scene.asks(scene.hillside))


@CASES.of(Reason.UNKNOWN_PEER, "a word between councils that we do not have, from one that is not linked up")
async def _odd_word(scene: Scene) -> Pair:
    await scene.asked_by(scene.hillside)
    like = scene.hillside.says("Like", f"{scene.town.url}/o/{'a' * 26}")
    return Pair(scene.says(like, by=scene.hillside), scene.good())


@CASES.of(Reason.ID_REUSED, "another title under the same address")
async def _reused(scene: Scene) -> Pair:
    first = scene.harbour.create(title="Ten folding chairs")
    assert (await scene.send(scene.says(first))).status == 202
    other = deepcopy(first)
    other["object"]["name"] = "Six folding chairs"
    again = other | {"id": scene.harbour.council.new_activity_id()}
    again["type"] = "Update"
    return Pair(scene.says(other), scene.says(again))


@CASES.of(Reason.ID_REUSED, "the same words, proven anew")
async def _proven_anew(scene: Scene) -> Pair:
    first = scene.harbour.create()
    assert (await scene.send(scene.says(first))).status == 202
    scene.clock.advance(1)
    return Pair(scene.says(first), scene.good())
