"""Signed requests, made before the clock runs: what a linked council and what followers of the wider fediverse send.

Every activity has an id of its own. The keys are fixed test keys and protect nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import h3
import orjson

from federation import outbox
from federation.council import Council
from federation.introductions import Introduction
from federation.signing import headers_for
from node.app import kinds_of
from node.installed import FEATURES
from protocol import keys
from protocol.cavage import sign_cavage
from schemas import activity as activities
from schemas.context import AS2, PUBLIC
from schemas.place import Place
from schemas.records.resource import resource_note
from tests import builders

# Nobody listens there: a node that greets or answers the generator is told so at once, and nothing leaves the machine.
NOWHERE = "http://127.0.0.1:1"
_CELL = "87394460affffff"
_WORDS = (
    "Collected from the bakery each evening, still good for two days. Bring a bag or a box. Somebody is there from six "
    "until eight; ring twice. What is left over at eight goes to the shelter around the corner, so nothing is lost."
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One request as bytes, and the id of the activity in it."""

    activity_id: str
    request: bytes


@cache
def sender() -> Council:
    """The council whose keys the generator holds. One, so that its ids go on from batch to batch."""
    return builders.council("generator", base_url=NOWHERE, kinds=kinds_of(FEATURES), plain_hosts=["127.0.0.1:1"])


def introduction_of(council: Council) -> Introduction:
    return Introduction(
        actor_id=council.actor_id,
        name=council.name,
        inbox=f"{council.base_url}/inbox",
        rsa_key_id=council.rsa_key_id,
        rsa_pem=council.rsa_pem,
        ed25519_key_id=council.ed25519_key_id,
        ed25519_multibase=council.multibase,
    )


def follower_actor(number: int) -> str:
    return f"{NOWHERE}/users/{number}"


def follower_key() -> tuple[str, str]:
    """The fragment of a follower's key id, and the key as PEM: the same key behind all of them."""
    return "#main-key", keys.encode_pem(builders.rsa_key(3).public_key())


def offers(base_url: str, *, count: int, now: datetime) -> list[Letter]:
    """Creates of real offers, about 4 kB each with their proof, signed by RFC 9421 with Ed25519."""
    council, inbox = sender(), f"{base_url}/inbox"
    latitude, longitude = h3.cell_to_latlng(_CELL)
    place = Place(name="Old market", cell=_CELL, latitude=round(latitude, 6), longitude=round(longitude, 6))
    made = []
    for number in range(count):
        note = resource_note(
            council.new_object_id(),
            council.base_url,
            direction="offer",
            name=f"Bread and rolls of the day, box {number}",
            words=_WORDS,
            language="en",
            category="food",
            quantity="40",
            unit="loaves",
            available="25",
            place=place,
            published=now,
            updated=None,
            ends_at=now + timedelta(days=7),
            audience="public",
        )
        activity = activities.create(
            council.actor_id, council.new_activity_id(), note=note, audience="public", published=now
        )
        _, document = outbox.sign(council, activity, now=now)
        headers = headers_for(council, scheme="ed25519", method="POST", url=inbox, body=document, now=now)
        made.append(Letter(activity["id"], written(headers, document)))
    return made


def departures(base_url: str, *, first: int, count: int, now: datetime) -> list[Letter]:
    """What a server sends when an account is deleted: a Delete of itself without proof, signed by cavage with RSA."""
    inbox, fragment, key = f"{base_url}/inbox", follower_key()[0], builders.rsa_key(3)
    made = []
    for number in range(first, first + count):
        actor = follower_actor(number)
        activity_id = f"{actor}#delete"
        document = orjson.dumps(
            {"@context": AS2, "id": activity_id, "type": "Delete", "actor": actor, "to": [PUBLIC], "object": actor}
        )
        headers = sign_cavage(method="POST", url=inbox, body=document, key=key, key_id=actor + fragment, now=now)
        made.append(Letter(activity_id, written(headers, document)))
    return made


def written(headers: dict[str, str], body: bytes) -> bytes:
    """A POST to an inbox as it goes over the wire, on a connection that stays open."""
    fields = {**headers, "User-Agent": "Generator", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST /inbox HTTP/1.1\r\n{head}\r\n".encode() + body
