"""Accounts of the wider fediverse: a server with an RSA key for each of its people, and a shared inbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from federation import outbox
from protocol import http_signature, keys
from protocol.digest import judge_content_digest, judge_digest
from protocol.http_signature import Request
from protocol.verdict import ACCEPTED
from schemas.audience import WireAudience
from tests import builders
from tests.two_nodes.letters import Letter, signed_9421, signed_cavage
from tests.two_nodes.outsiders import Outsider, Scene, Seen, scene

AS2 = "https://www.w3.org/ns/activitystreams"


class Reader:
    """One account on `server`. It signs by `scheme`, as its software does."""

    def __init__(self, server: Outsider, name: str, *, number: int = 1, scheme: str = "cavage") -> None:
        self.server = server
        self.id = f"{server.council.base_url}/users/{name}"
        self.key = builders.rsa_key(number)
        self.key_id = f"{self.id}#main-key"
        self.scheme = scheme
        self._said = 0
        server.documents[f"/users/{name}"] = {
            "@context": [AS2, "https://w3id.org/security/v1"],
            "id": self.id,
            "type": "Person",
            "preferredUsername": name,
            "inbox": f"{self.id}/inbox",
            "endpoints": {"sharedInbox": f"{server.council.base_url}/inbox"},
            "publicKey": {
                "id": self.key_id,
                "owner": self.id,
                "publicKeyPem": keys.encode_pem(self.key.public_key()),
            },
        }

    def activity(self, verb: str, thing: Any, **members: Any) -> dict[str, Any]:
        self._said += 1
        said = {"@context": AS2, "id": f"{self.id}/said/{self._said}", "type": verb, "actor": self.id, "object": thing}
        return said | members

    def letter(self, activity: dict[str, Any], url: str) -> Letter:
        body, at = orjson.dumps(activity), self.server.clock.now()
        if self.scheme == "cavage":
            return signed_cavage(body, url=url, key=self.key, key_id=self.key_id, at=at)
        return signed_9421(body, url=url, key=self.key, key_id=self.key_id, created=at, algorithm="rsa-v1_5-sha256")

    async def says(self, at: Scene, verb: str, thing: Any, **members: Any) -> str:
        """Post one activity; returns the result word or the reason."""
        answer = orjson.loads((await at.send(self.letter(self.activity(verb, thing, **members), at.url))).body)
        return str(answer.get("result") or answer["reason"])

    async def follows(self, at: Scene) -> str:
        return await self.says(at, "Follow", at.town.actor)

    def got(self, *verbs: str) -> list[dict[str, Any]]:
        """The activities that came to its server, of these verbs or all."""
        return [seen.activity for seen in self.server.posts if not verbs or seen.activity["type"] in verbs]


async def deliver(at: Scene) -> None:
    """Send whatever is due, until nothing is."""
    deliverer = at.town.node.engine.deliverer
    while await deliverer.run_once():
        await deliverer.idle()


def is_signed_by_council(seen: Seen, actor: dict[str, Any], *, host: str, now: int) -> bool:
    """Whether a POST that came to `host` is signed by the RSA key that `actor` shows, over this very body."""
    request = Request(seen.method, seen.target, f"https://{host}{seen.target}", seen.headers)
    claim = http_signature.read_claim(request, now=now, our_host=host, has_body=True)
    assert isinstance(claim, http_signature.Claim), claim
    if claim.scheme == "cavage":
        digest = judge_digest(seen.headers["digest"], seen.body)
    else:
        digest = judge_content_digest(seen.headers["content-digest"], seen.body)
    key = keys.decode_pem(actor["publicKey"]["publicKeyPem"])
    named = claim.key_id == actor["publicKey"]["id"]
    return named and digest == ACCEPTED and http_signature.judge_claim(claim, key) == ACCEPTED


@asynccontextmanager
async def followed(
    folder: Path, *, rule: str = "auto", scheme: str = "cavage", **settings: Any
) -> AsyncIterator[tuple[Scene, Reader]]:
    """Riverside, and a reader who has not followed yet."""
    async with scene(folder, followers=rule, **settings) as at:
        await deliver(at)
        yield at, Reader(Outsider("masto", at.town.network, at.clock), "ana", scheme=scheme)


def publish(at: Scene, *, audience: WireAudience = "public", **wanted: Any) -> str:
    council, now = at.town.node.council, at.now
    note = builders.note(council, published=now, audience=audience, **wanted)
    at.town.write(lambda c: outbox.publish(c, council, note=note, audience=audience, now=now))
    return str(note["id"])
