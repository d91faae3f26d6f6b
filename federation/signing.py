"""Outgoing HTTP signatures: which of our keys and which scheme for which origin (double-knocking)."""

from datetime import datetime

from federation.council import Council
from protocol.http_signature import sign_cavage, sign_rfc9421

SCHEMES = ("unknown", "cavage", "rfc9421", "ed25519")


def headers_for(
    council: Council, *, scheme: str, method: str, url: str, body: bytes | None, now: datetime, as_node: bool = False
) -> dict[str, str]:
    """Headers to send, signed now. `ed25519` is what councils speak among themselves; everybody else gets RSA.

    `as_node` signs with the node actor, whose document is served unsigned: two servers that both demand signed GETs
    would otherwise wait for each other's key for ever (S18).
    """
    if scheme == "ed25519" and not as_node:
        return sign_rfc9421(
            method=method,
            url=url,
            body=body,
            key=council.ed25519,
            key_id=council.ed25519_key_id,
            now=now,
        )
    sign = sign_rfc9421 if scheme == "rfc9421" else sign_cavage
    key_id = council.node_key_id if as_node else council.rsa_key_id
    return sign(method=method, url=url, body=body, key=council.rsa, key_id=key_id, now=now)


def other_knock(scheme: str) -> str | None:
    """What to try when a signature was refused. Councils know each other's scheme, so there is no second knock."""
    return {"unknown": "rfc9421", "cavage": "rfc9421", "rfc9421": "cavage"}.get(scheme)
