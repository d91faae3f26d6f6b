"""Faults in the key: it cannot be had, is not theirs to name, or is another than the one that we know."""

from typing import Any

from protocol.http_signature import sign_cavage
from protocol.verdict import Reason
from tests.two_nodes.letters import Letter, letter, signed_9421
from tests.two_nodes.outsiders import Outsider, Scene
from tests.two_nodes.refusing import Cases, Pair
from tests.two_nodes.wrong_letters import old_style, signed

CASES = Cases()


@CASES.of(Reason.MALFORMED, "a stranger's key that lies where nobody may be asked")
async def _plain_key(scene: Scene) -> Pair:
    key_id = "http://hillside.example/council#ed25519-key"
    body = scene.hillside.proven(scene.hillside.offer(scene.town.actor))
    faulty = signed_9421(body, url=scene.url, key=scene.hillside.council.ed25519, key_id=key_id, created=scene.now)
    return Pair(faulty, scene.asks(scene.hillside), fetches=0)


@CASES.of(Reason.UNKNOWN_KEY, "a key that an accepted council did not show when linking up")
async def _other_key(scene: Scene) -> Pair:
    other = f"{scene.harbour.actor}#other-key"
    scene.harbour.documents["/council"]["assertionMethod"].append(
        scene.harbour.documents["/council"]["assertionMethod"][0] | {"id": other}
    )
    return Pair(signed(scene, key_id=other), scene.good(), fetches=0)


@CASES.of(Reason.UNKNOWN_KEY, "a stranger whose server does not answer")
async def _nobody_there(scene: Scene) -> Pair:
    scene.town.network.down.add(scene.hillside.council.base_url)
    return Pair(scene.asks(scene.hillside), scene.asks(scene.millbrook), fetches=1)


def _showing(scene: Scene, **changes: Any) -> Pair:
    """Hillside's actor document says something else; millbrook's is as it should be."""
    scene.hillside.documents["/council"] |= changes
    return Pair(scene.asks(scene.hillside), scene.asks(scene.millbrook), fetches=1)


def _its_key(who: Outsider, **changes: Any) -> list[dict[str, Any]]:
    return [who.documents["/council"]["assertionMethod"][0] | changes]


@CASES.of(Reason.UNKNOWN_KEY, "a key that its actor does not list")
async def _not_listed(scene: Scene) -> Pair:
    return _showing(scene, assertionMethod=[])


@CASES.of(Reason.UNKNOWN_KEY, "a key that names another owner")
async def _other_owner(scene: Scene) -> Pair:
    return _showing(scene, assertionMethod=_its_key(scene.hillside, controller=scene.harbour.actor))


@CASES.of(Reason.UNKNOWN_KEY, "an actor that says it is somebody else")
async def _other_id(scene: Scene) -> Pair:
    return _showing(scene, id=scene.harbour.actor)


@CASES.of(Reason.UNKNOWN_KEY, "an actor whose inbox is somebody else's")
async def _other_inbox(scene: Scene) -> Pair:
    return _showing(scene, inbox="https://harbour.example/inbox", endpoints={})


@CASES.of(Reason.UNKNOWN_KEY, "a follower without a key that can be read", followers="auto")
async def _unreadable_key(scene: Scene) -> Pair:
    """It signs with the key that can be read, so that the other is stored unless somebody looks."""
    broken = {"id": f"{scene.hillside.actor}#main-key", "owner": scene.hillside.actor, "publicKeyPem": "no key"}
    scene.hillside.documents["/council"]["publicKey"] = broken
    return Pair(_follow(scene, scene.hillside), _follow(scene, scene.millbrook), fetches=1)


def _follow(scene: Scene, who: Outsider) -> Letter:
    return who.post(who.proven(who.says("Follow", scene.town.actor)), scene.url)


@CASES.of(Reason.UNKNOWN_KEY, "one of our own")
async def _our_own(scene: Scene) -> Pair:
    ours = scene.town.node.council
    offer = scene.hillside.offer(scene.town.actor) | {"actor": ours.actor_id, "id": f"{ours.base_url}/a/x"}
    offer["object"] |= {"subject": ours.actor_id}
    body = scene.hillside.proven(offer)
    faulty = signed_9421(
        body, url=scene.url, key=scene.hillside.council.ed25519, key_id=f"{ours.actor_id}#new-key", created=scene.now
    )
    return Pair(faulty, scene.asks(scene.hillside), fetches=0)


@CASES.of(Reason.BAD_SIGNATURE, "a stranger with another's key")
async def _stranger_with_another_key(scene: Scene) -> Pair:
    body = scene.hillside.proven(scene.hillside.offer(scene.town.actor))
    faulty = signed_9421(
        body,
        url=scene.url,
        key=scene.millbrook.council.ed25519,
        key_id=scene.hillside.council.ed25519_key_id,
        created=scene.now,
    )
    return Pair(faulty, scene.asks(scene.hillside), fetches=1)


@CASES.of(Reason.BAD_SIGNATURE, "an accepted council's old-style signature by the right key, over another body")
async def _other_digest(scene: Scene) -> Pair:
    council = scene.harbour.council
    right = old_style(scene)
    other = sign_cavage(
        method="POST", url=scene.url, body=b"{}", key=council.rsa, key_id=council.rsa_key_id, now=scene.now
    )
    faulty = letter(other | {"Digest": right.header("digest")}, right.body)
    return Pair(faulty, right)
