"""HTTP signatures as the fediverse has them: draft-cavage-http-signatures-12.

The parameters of this scheme are not signed themselves, so nothing is believed of them but the covered headers. Never
reads or writes a body beyond its digest.
"""

import base64
import re
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from protocol.digest import sha256_digest
from protocol.keys import SigningKey, sign
from protocol.signed_request import (
    NOT_THERE,
    Claim,
    Request,
    authority_of,
    decode_signature,
    http_date,
    is_key_id,
    join_base,
    judge_date,
    judge_expiry,
    judge_window,
    target_of,
)
from protocol.verdict import Reason, Refused

_BROKEN = Refused(Reason.MALFORMED, "The Signature header cannot be read.")
_NO_KEY_ID = Refused(Reason.MALFORMED, "The signature names no key by an http address.")
_BAD_TIME = Refused(Reason.MALFORMED, "The signature covers a time that it does not give or may not have.")
_COVERS_LITTLE = Refused(
    Reason.BAD_SIGNATURE,
    "The signature must cover (request-target), host, date or (created), and digest where there is a body.",
)

_PARAMETER = re.compile(
    r'[ \t]*(keyId|algorithm|headers|signature|created|expires)=(?:"([^"\\]*)"|([0-9]{1,15}))[ \t]*(?:,|$)'
)
_COVERED_NAME = re.compile(r"\((?:request-target|created|expires)\)|[a-z0-9!#$%&'*+.^_`|~-]+")
_ALGORITHM = re.compile(r"[a-z0-9-]{1,32}")
_SECONDS = re.compile(r"[0-9]{1,15}")
_NUMERIC: Final = frozenset({"created", "expires"})


def _parameters(header: str) -> dict[str, str] | None:
    """The parameters of a Signature header; None when one is broken, unknown or given twice."""
    found: dict[str, str] = {}
    position = 0
    while position < len(header):
        match = _PARAMETER.match(header, position)
        if match is None:
            return None
        name, quoted, number = match.groups()
        # Times are bare numbers and everything else is quoted; some senders quote the times too.
        value = quoted if quoted is not None else number
        well_formed = _SECONDS.fullmatch(value) if name in _NUMERIC else quoted is not None
        if name in found or not well_formed:
            return None
        found[name] = value
        position = match.end()
    return None if header.endswith(",") else found


def read(request: Request, *, now: int, has_body: bool) -> Claim | Refused:
    """The claim of a `Signature` header (draft sections 2.1 and 2.3); see `http_signature.read_claim`."""
    found = _parameters(request.headers["signature"].strip(" \t"))
    if found is None:
        return _BROKEN
    algorithm = found.get("algorithm")
    signature = decode_signature(found.get("signature", ""))
    if not signature or (algorithm is not None and not _ALGORITHM.fullmatch(algorithm)):
        return _BROKEN
    if not is_key_id(found.get("keyId", "")):
        return _NO_KEY_ID
    # Without the parameter the draft says "(created)", which never covers enough.
    covered = found.get("headers", "(created)").split(" ")
    if len(set(covered)) != len(covered) or not all(_COVERED_NAME.fullmatch(name) for name in covered):
        return _BROKEN
    refused = _judge_coverage(request, covered=covered, has_body=has_body)
    if refused is not None:
        return refused
    created = int(found["created"]) if "(created)" in covered and "created" in found else None
    expires = int(found["expires"]) if "(expires)" in covered and "expires" in found else None
    refused = _judge_times(request, covered=covered, algorithm=algorithm, created=created, expires=expires, now=now)
    if refused is not None:
        return refused
    base = _base(request, covered=covered, created=created, expires=expires)
    if isinstance(base, Refused):
        return base
    return Claim("cavage", found["keyId"], algorithm, base, signature, created, expires)


def _judge_coverage(request: Request, *, covered: list[str], has_body: bool) -> Refused | None:
    demanded = {"(request-target)", "host"}
    if has_body or request.method.upper() == "POST":
        demanded.add("digest")
    if not demanded.issubset(covered) or not ("date" in covered or "(created)" in covered):
        return _COVERS_LITTLE
    return None


def _judge_times(
    request: Request, *, covered: list[str], algorithm: str | None, created: int | None, expires: int | None, now: int
) -> Refused | None:
    """Every covered time must hold. The draft forbids `(created)` and `(expires)` to the older named algorithms."""
    for name, moment in (("(created)", created), ("(expires)", expires)):
        if name in covered and (moment is None or (algorithm or "").startswith(("rsa", "hmac", "ecdsa"))):
            return _BAD_TIME
    if "date" in covered:
        date = request.headers.get("date")
        refused = NOT_THERE if date is None else judge_date(date.strip(" \t"), now=now)
        if refused is not None:
            return refused
    if created is not None and (refused := judge_window(created, now=now)) is not None:
        return refused
    return None if expires is None else judge_expiry(expires, now=now)


def _base(request: Request, *, covered: list[str], created: int | None, expires: int | None) -> bytes | Refused:
    """The signing string (draft section 2.3)."""
    lines: list[str] = []
    for name in covered:
        if name == "(request-target)":
            value: object = f"{request.method.lower()} {request.target}"
        elif name == "(created)":
            value = created
        elif name == "(expires)":
            value = expires
        elif name in request.headers:
            value = request.headers[name].strip(" \t")
        else:
            return NOT_THERE
        lines.append(f"{name}: {value}")
    return join_base(lines)


def sign_cavage(
    *,
    method: str,
    url: str,
    body: bytes | None,
    key: SigningKey,
    key_id: str,
    now: datetime,
    content_type: str = "application/activity+json",
) -> dict[str, str]:
    """The headers of a request signed with draft-cavage-12: Host, Date, with a body Digest and Content-Type, and Signature.

    The body must go out as exactly the bytes given. RSA is named `rsa-sha256`, Ed25519 `hs2019` (protocol.md 3.2, 3.3).
    `now` is an aware datetime. Raises BadAddress for a bad `url`.
    """
    headers = {"Host": authority_of(url), "Date": http_date(now)}
    if body is not None:
        headers |= {"Digest": sha256_digest(body), "Content-Type": content_type}
    lowercase = {name.lower(): value for name, value in headers.items()}
    covered = ["(request-target)", *lowercase]
    request = Request(method, target_of(url), url, lowercase)
    base = _base(request, covered=covered, created=None, expires=None)
    assert isinstance(base, bytes)
    algorithm = "rsa-sha256" if isinstance(key, RSAPrivateKey) else "hs2019"
    signature = base64.b64encode(sign(key, base)).decode("ascii")
    headers["Signature"] = (
        f'keyId="{key_id}",algorithm="{algorithm}",headers="{" ".join(covered)}",signature="{signature}"'
    )
    return headers
