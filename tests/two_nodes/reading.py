"""How other servers read us, in tests: a GET or HEAD of a document, signed or not, and something there to be read."""

from typing import Any

from federation import outbox
from federation.ports import OutgoingResponse
from protocol.http_signature import sign_cavage
from schemas.audience import WireAudience
from tests import builders
from tests.two_nodes.letters import Letter, hand_over
from tests.two_nodes.outsiders import Outsider, Scene
from tests.two_nodes.readers import Reader
from tests.two_nodes.region import Town


async def read(town: Town, path: str, *, method: str = "GET", **headers: str) -> OutgoingResponse:
    given = {"host": town.node.council.authority} | {k.lower().replace("_", "-"): v for k, v in headers.items()}
    return await hand_over(town.node, Letter(tuple(given.items()), (b"",), path, method))


def publish(town: Town, *, audience: WireAudience = "public", **wanted: Any) -> str:
    """Returns the path of the object."""
    now, council = town.node.clock.now(), town.node.council
    note = builders.note(council, published=now, audience=audience, **wanted)
    town.write(lambda c: outbox.publish(c, council, note=note, audience=audience, now=now))
    return str(note["id"]).removeprefix(council.base_url)


async def reader_headers(at: Scene, path: str) -> dict[str, str]:
    """A follower's GET, signed with the key that it followed with."""
    ana = Reader(Outsider("masto", at.town.network, at.clock), "ana")
    assert await ana.follows(at) == "stored"
    return sign_cavage(method="GET", url=at.town.url + path, body=None, key=ana.key, key_id=ana.key_id, now=at.now)
