"""What the tour needs of the outside world: a fediverse account that follows, and councils that are not of the region.

Each is a small server of its own on loopback, in this process, with keys of its own. It answers with the documents that it
was given, takes everything that comes to its inboxes, and writes it down.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from federation.council import Council, Rules
from federation.front import Receive, Scope, Send
from federation.ports import Randomness
from node.demo.asking import Reply, send
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK
from protocol import keys
from protocol.http_signature import sign_cavage
from protocol.ids import Policy
from schemas.actor import council_actor

INBOXES = ("/inbox", "/council/inbox")
ACTIVITY = b"application/activity+json"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came to an inbox. `activity` is the body as JSON."""

    path: str
    headers: Mapping[str, str]
    activity: dict[str, Any]


class Stranger:
    """A server on loopback. `documents` are served by path; `delivered` is what has come, in order."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind((LOOPBACK, 0))
        self.origin = f"http://{LOOPBACK}:{self._socket.getsockname()[1]}"
        self.documents: dict[str, Any] = {}
        self.delivered: list[Delivered] = []
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="stranger", daemon=True)

    def __enter__(self) -> "Stranger":
        self._thread.start()
        wait_for(lambda: self._server.started, f"{self.origin} answers", within=5)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        path, document = scope["path"], self.documents.get(scope["path"])
        if scope["method"] == "POST" and path in INBOXES:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            with suppress(orjson.JSONDecodeError):
                self.delivered.append(Delivered(path, headers, orjson.loads(body)))
            await _reply(send, 202, b"")
        elif document is not None:
            await _reply(send, 200, orjson.dumps(document))
        else:
            await _reply(send, 404, b"")


async def _reply(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", ACTIVITY), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Follower:
    """An account of the wider fediverse, as its server shows it, with an RSA key and draft-cavage signatures."""

    def __init__(self, stranger: Stranger) -> None:
        self.stranger = stranger
        self.id = f"{stranger.origin}/actor"
        self._rsa = generate_private_key(public_exponent=65537, key_size=2048)
        self._key_id = f"{self.id}#main-key"
        pem = keys.encode_pem(self._rsa.public_key())
        stranger.documents["/actor"] = {
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": self.id,
            "type": "Person",
            "preferredUsername": "reader",
            "inbox": f"{stranger.origin}/inbox",
            "outbox": f"{stranger.origin}/outbox",
            "publicKey": {"id": self._key_id, "owner": self.id, "publicKeyPem": pem},
        }

    def follow(self, their_actor: str, *, now: Any) -> Reply:
        """Ask to follow a council."""
        body = orjson.dumps(
            {
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": f"{self.stranger.origin}/follows/1",
                "type": "Follow",
                "actor": self.id,
                "object": their_actor,
            }
        )
        inbox = f"{their_actor}/inbox"
        headers = sign_cavage(method="POST", url=inbox, body=body, key=self._rsa, key_id=self._key_id, now=now)
        origin = their_actor.removesuffix("/council")
        return send(origin, "POST", "/council/inbox", headers=headers, body=body)

    def received(self, wanted: Callable[[dict[str, Any]], bool]) -> list[Delivered]:
        """What has come and is `wanted`, in order."""
        return [one for one in list(self.stranger.delivered) if wanted(one.activity)]


def outside_council(name: str, stranger: Stranger, randomness: Randomness) -> Council:
    """A council that is no process of ours, but has keys and an actor document, and can sign what a council says."""
    council = Council(
        base_url=stranger.origin,
        name=name,
        rsa=generate_private_key(public_exponent=65537, key_size=2048),
        ed25519=Ed25519PrivateKey.from_private_bytes(randomness.bytes(32)),
        kinds={},
        randomness=randomness,
        rules=Rules(policy=Policy(plain_hosts=frozenset({LOOPBACK}))),
    )
    stranger.documents["/council"] = council_actor(
        council.base_url,
        council.name,
        summary="",
        rsa_pem=council.rsa_pem,
        ed25519_multibase=council.multibase,
        manually_approves=True,
        language="en",
    )
    return council
