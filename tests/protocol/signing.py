"""Requests signed in both schemes by both kinds of key, and how they are judged, for the tests of signatures."""

from collections.abc import Callable
from typing import Any

from protocol.http_signature import Claim, Request, judge_claim, read_claim, sign_cavage, sign_rfc9421
from protocol.keys import SigningKey
from protocol.verdict import Accepted, Reason, Refused
from tests.protocol.samples import ED25519, ED25519_KEY_ID, NOW, OUR_HOST, OUR_INBOX, RSA, RSA_KEY_ID, SECONDS

BODY = b'{"type":"Create"}'
KEYS: dict[str, tuple[SigningKey, str]] = {"rsa": (RSA, RSA_KEY_ID), "ed25519": (ED25519, ED25519_KEY_ID)}
Signer = Callable[..., dict[str, str]]
SIGNERS: dict[str, Signer] = {"cavage": sign_cavage, "rfc9421": sign_rfc9421}


def signed(scheme: str, key_name: str, **changes: Any) -> dict[str, str]:
    key, key_id = KEYS[key_name]
    values: dict[str, Any] = {
        "method": "POST",
        "url": OUR_INBOX,
        "body": BODY,
        "key": key,
        "key_id": key_id,
        "now": NOW,
        "content_type": "application/activity+json",
    }
    return SIGNERS[scheme](**(values | changes))


def read(arrived: Request, **changes: Any) -> Claim | Refused:
    values: dict[str, Any] = {"now": SECONDS, "our_host": OUR_HOST, "has_body": True}
    return read_claim(arrived, **(values | changes))


def verdict(arrived: Request, key_name: str, **changes: Any) -> Accepted | Refused:
    claim = read(arrived, **changes)
    return claim if isinstance(claim, Refused) else judge_claim(claim, KEYS[key_name][0].public_key())


def reason(judged: object) -> Reason:
    assert isinstance(judged, Refused)
    return judged.reason
