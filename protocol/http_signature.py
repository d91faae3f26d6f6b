"""Signatures on HTTP requests: which scheme a request uses, what it claims, and whether the claim holds.

Two schemes are read, draft-cavage-12 (`protocol.cavage`) and RFC 9421 (`protocol.rfc9421`); the second wins where both are
there. What must be covered is ours to demand, never the sender's to choose (protocol.md S12). Never fetches a key, never
reads a body, and never takes the algorithm from a header.
"""

import re
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol import cavage, rfc9421
from protocol.cavage import sign_cavage
from protocol.keys import PublicKey, verify
from protocol.rfc9421 import sign_rfc9421
from protocol.signed_request import Claim, Request, authority_of, same_authority
from protocol.verdict import ACCEPTED, Accepted, Reason, Refused

__all__ = ["Claim", "Request", "judge_claim", "key_id_of", "read_claim", "sign_cavage", "sign_rfc9421"]

_MAX_HEADER: Final = 8192
# A second field of these would leave it to each reader which of the two counts.
_ONCE: Final = frozenset(
    {"signature", "signature-input", "host", "date", "digest", "content-digest", "content-type", "content-length"}
)

_NO_SIGNATURE = Refused(Reason.NO_SIGNATURE, "The request carries no signature.")
_REPEATED = Refused(Reason.MALFORMED, "A header that may stand once stands there more than once.")
_TOO_LONG = Refused(Reason.MALFORMED, "A signature header is too long.")
_NOT_ORIGIN_FORM = Refused(Reason.MALFORMED, "The request target is not a path.")
_WRONG_TARGET = Refused(Reason.WRONG_TARGET, "The request is addressed to another host.")
_NOT_THE_KEY = Refused(Reason.BAD_SIGNATURE, "The signature does not match the request and the key.")
_OTHER_ALGORITHM = Refused(Reason.BAD_SIGNATURE, "The signature names an algorithm that is not the key's.")

_ED25519_NAMES: Final = {"cavage": frozenset({"hs2019", "ed25519"}), "rfc9421": frozenset({"ed25519"})}
_RSA_NAMES: Final = {"cavage": frozenset({"hs2019", "rsa-sha256"}), "rfc9421": frozenset({"rsa-v1_5-sha256"})}

# Quoted strings are stepped over whole, so that no other parameter can carry a key id inside its value.
_CAVAGE_KEY_ID = re.compile(r'(?:[^",]++|,|"[^"]*")*?(?:^|,)[ \t]*keyId="([^"\\]*)"')
_RFC9421_KEY_ID = re.compile(r'(?:[^";]++|;|"(?:[^"\\]|\\.)*")*?;[ \t]*keyid="([^"\\]*)"')


def read_claim(request: Request, *, now: int, our_host: str, has_body: bool) -> Claim | Refused:
    """What the signature of a request claims, judged as far as that goes without the key.

    `now` is in Unix seconds; `our_host` is `host` or `host:port` as our own configuration knows it, never as a header says.
    The digest that the claim covers (`digest` for cavage, `content-digest` for RFC 9421) is left to `protocol.digest`.

    Refuses with NO_SIGNATURE (none there), MALFORMED (there, but broken), WRONG_TARGET (meant for another host), STALE (outside
    65 minutes past to 60 minutes ahead, or expired: S14) and BAD_SIGNATURE (covers less than is demanded: S12).
    """
    headers = request.headers
    if "signature" not in headers:
        return _NO_SIGNATURE
    if not _ONCE.isdisjoint(request.repeated):
        return _REPEATED
    if len(headers["signature"]) > _MAX_HEADER or len(headers.get("signature-input", "")) > _MAX_HEADER:
        return _TOO_LONG
    if not request.target.startswith("/"):
        return _NOT_ORIGIN_FORM
    scheme = "http" if request.url.startswith("http:") else "https"
    host = headers.get("host", "")
    # Both: the header as it arrived, and our configuration against itself, so that a signature never counts for two hosts.
    if not same_authority(host, our_host, scheme=scheme) or not same_authority(
        authority_of(request.url), our_host, scheme=scheme
    ):
        return _WRONG_TARGET
    if "signature-input" in headers:
        return rfc9421.read(request, now=now, has_body=has_body)
    return cavage.read(request, now=now, has_body=has_body)


def judge_claim(claim: Claim, key: PublicKey) -> Accepted | Refused:
    """Whether the claim's signature is the key's. The algorithm comes from the key; the header's name may only confirm (S16)."""
    if claim.algorithm is not None:
        names = _ED25519_NAMES if isinstance(key, Ed25519PublicKey) else _RSA_NAMES
        if claim.algorithm not in names[claim.scheme]:
            return _OTHER_ALGORITHM
    return ACCEPTED if verify(key, claim.signature, claim.base) else _NOT_THE_KEY


def key_id_of(headers: Mapping[str, str]) -> str | None:
    """The key id that a request names, by a cheap look before anything is judged; None when there is none.

    `headers` has lowercase names. What `read_claim` accepts has this same key id; what it would refuse may have any.
    """
    if "signature-input" in headers:
        match = _RFC9421_KEY_ID.match(headers["signature-input"][:_MAX_HEADER])
    else:
        match = _CAVAGE_KEY_ID.match(headers.get("signature", "")[:_MAX_HEADER])
    return match[1] if match else None
