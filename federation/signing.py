"""Outgoing HTTP signatures: which of our keys and which scheme for which origin (double-knocking)."""

from datetime import datetime

from federation.council import Council
from protocol.http_signature import sign_cavage, sign_rfc9421
from schemas import actor

SCHEMES = ("unknown", "cavage", "rfc9421", "ed25519")


def headers_for(
    council: Council,
    *,
    scheme: str,
    method: str,
    url: str,
    body: bytes | None,
    now: datetime,
    as_node: bool = False,
    number: int | None = None,
    content_type: str = "application/activity+json",
) -> dict[str, str]:
    """Headers to send, signed now. `ed25519` is what councils speak among themselves; everybody else gets RSA.

    `number` says which pair of our keys signs, for whoever has not acknowledged the newest yet. `as_node` signs with the node
    actor, whose document is served unsigned: two servers that both demand signed GETs would otherwise wait for each other's
    key for ever (S18).
    """
    pair = council.keyring.current if number is None else council.keyring.pair(number)
    if scheme == "ed25519" and not as_node:
        key_id = actor.ed25519_key_id(council.actor_id, pair.number)
        return sign_rfc9421(
            method=method, url=url, body=body, key=pair.ed25519, key_id=key_id, now=now, content_type=content_type
        )
    sign = sign_rfc9421 if scheme == "rfc9421" else sign_cavage
    key_id = actor.rsa_key_id(council.node_actor_id if as_node else council.actor_id, pair.number)
    return sign(method=method, url=url, body=body, key=pair.rsa, key_id=key_id, now=now)


def other_knock(scheme: str) -> str | None:
    """What to try when a signature was refused. Councils know each other's scheme, so there is no second knock."""
    return {"unknown": "rfc9421", "cavage": "rfc9421", "rfc9421": "cavage"}.get(scheme)


def knocks(scheme: str, *, acknowledged: int, current: int) -> list[tuple[str, int]]:
    """How to sign for an inbox, one way after the other: (scheme, number of the pair of our keys), at most three.

    Whoever has not acknowledged our newest keys is spoken to with those it knows; if it refuses them it may have learned of the
    new ones in another way, by fetching our actor, or its answer to our word on them was lost.
    """
    other = other_knock(scheme)
    tried = [(scheme, acknowledged)]
    if acknowledged != current:
        tried.append((scheme, current))
    return tried if other is None else [*tried, (other, current)]
