"""HTTP Message Signatures (RFC 9421), as far as the fediverse uses them: requests, one label, no component parameters.

The signature parameters are taken byte for byte as they arrived, never written anew. Never reads or writes a body beyond
its digest.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from protocol.digest import content_digest
from protocol.ids import origin_of
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

LABEL: Final = "sig1"

_BROKEN_INPUT = Refused(Reason.MALFORMED, "The Signature-Input header cannot be read.")
_BROKEN_SIGNATURE = Refused(Reason.MALFORMED, "The Signature header cannot be read or has another label.")
_COMPONENTS = Refused(Reason.MALFORMED, "The signature covers a component twice or one that is not known.")
_PARAMETERS = Refused(Reason.MALFORMED, "The signature has a parameter twice or one that is not known.")
_NO_KEY_ID = Refused(Reason.MALFORMED, "The signature names no key by an http address.")
_NO_CREATED = Refused(Reason.MALFORMED, "The signature does not say when it was created.")
_COVERS_LITTLE = Refused(
    Reason.BAD_SIGNATURE,
    "The signature must cover @method, @target-uri (or @authority, @path and @query), and content-digest where there is a body.",
)

_STRING = r'"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"'
_INPUT = re.compile(
    rf"([a-z*][a-z0-9_.*-]*)=(\(([^()]*)\)((?:;[ ]*[a-z*][a-z0-9_.*-]*=(?:-?[0-9]{{1,15}}|{_STRING}))*))"
)
_COMPONENT_LIST = re.compile(r' *(?:"[^"]*"(?: +"[^"]*")*)? *')
_COMPONENT = re.compile(r'"([^"]*)"')
_FIELD_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_PARAMETER = re.compile(rf";[ ]*([a-z*][a-z0-9_.*-]*)=(?:(-?[0-9]{{1,15}})|({_STRING}))")
_SIGNATURE = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]+={0,2}):")
_ESCAPED = re.compile(r'\\(["\\])')

_INTEGERS: Final = frozenset({"created", "expires"})
_STRINGS: Final = frozenset({"keyid", "alg", "nonce", "tag"})
_DERIVED: Final = frozenset({"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"})


@dataclass(frozen=True, slots=True)
class SignatureInput:
    """A `Signature-Input` header with one label, taken apart; which of it is demanded is not yet judged."""

    label: str
    covered: list[str]
    verbatim: str  # the inner list with its parameters, as received
    integers: dict[str, int]
    strings: dict[str, str]


def read(request: Request, *, now: int, has_body: bool) -> Claim | Refused:
    """The claim of `Signature-Input` and `Signature` (RFC 9421 section 3.2); see `http_signature.read_claim`."""
    given = read_input(request.headers["signature-input"].strip(" \t"))
    if isinstance(given, Refused):
        return given
    match = _SIGNATURE.fullmatch(request.headers["signature"].strip(" \t"))
    signature = decode_signature(match[2]) if match and match[1] == given.label else None
    if not signature:
        return _BROKEN_SIGNATURE
    key_id = given.strings.get("keyid", "")
    if not is_key_id(key_id):
        return _NO_KEY_ID
    created, expires = given.integers.get("created"), given.integers.get("expires")
    if created is None:
        return _NO_CREATED
    refused = _judge_coverage(given.covered, has_body=has_body or request.method.upper() == "POST") or _judge_times(
        request, covered=given.covered, created=created, expires=expires, now=now
    )
    if refused is not None:
        return refused
    base = signature_base(request, covered=given.covered, verbatim=given.verbatim)
    if isinstance(base, Refused):
        return base
    return Claim("rfc9421", key_id, given.strings.get("alg"), base, signature, created, expires)


def read_input(header: str) -> SignatureInput | Refused:
    """A `Signature-Input` header taken apart (RFC 9421 section 4.1); refuses with MALFORMED."""
    match = _INPUT.fullmatch(header)
    if match is None or not _COMPONENT_LIST.fullmatch(match[3]):
        return _BROKEN_INPUT
    label, verbatim, components, parameters = match.groups()
    covered = _COMPONENT.findall(components)
    known = all(name in _DERIVED or _FIELD_NAME.fullmatch(name) for name in covered)
    if not known or len(set(covered)) != len(covered):
        return _COMPONENTS
    integers: dict[str, int] = {}
    strings: dict[str, str] = {}
    for name, number, text in _PARAMETER.findall(parameters):
        if number and name in _INTEGERS and name not in integers:
            integers[name] = int(number)
        elif text and name in _STRINGS and name not in strings:
            strings[name] = _ESCAPED.sub(r"\1", text[1:-1])
        else:
            return _PARAMETERS
    return SignatureInput(label, covered, verbatim, integers, strings)


def _judge_coverage(covered: list[str], *, has_body: bool) -> Refused | None:
    names = set(covered)
    target = "@target-uri" in names or {"@authority", "@path", "@query"} <= names
    if "@method" in names and target and ("content-digest" in names or not has_body):
        return None
    return _COVERS_LITTLE


def _judge_times(
    request: Request, *, covered: list[str], created: int, expires: int | None, now: int
) -> Refused | None:
    """`created` must hold, and so must `expires` and a covered `date` where they are given."""
    refused = judge_window(created, now=now)
    if refused is None and expires is not None:
        refused = judge_expiry(expires, now=now)
    if refused is None and "date" in covered:
        date = request.headers.get("date")
        refused = NOT_THERE if date is None else judge_date(date.strip(" \t"), now=now)
    return refused


def signature_base(request: Request, *, covered: list[str], verbatim: str) -> bytes | Refused:
    """The signature base (RFC 9421 section 2.5); refuses with BAD_SIGNATURE what is covered but not there."""
    lines: list[str] = []
    for name in covered:
        value = _derived(request, name) if name.startswith("@") else request.headers.get(name)
        if value is None:
            return NOT_THERE
        line = value.strip(" \t")
        lines.append(f'"{name}": {line}')
    lines.append(f'"@signature-params": {verbatim}')
    return join_base(lines)


def _derived(request: Request, name: str) -> str:
    """The value of a derived component (RFC 9421 section 2.2), from our own address and the target as received."""
    path, _, query = request.target.partition("?")
    match name:
        case "@method":
            return request.method
        case "@target-uri":
            return request.url
        case "@authority":
            return authority_of(request.url)
        case "@scheme":
            return origin_of(request.url).partition("://")[0]
        case "@request-target":
            return request.target
        case "@path":
            return path
        case _:
            return f"?{query}"


def sign_rfc9421(
    *,
    method: str,
    url: str,
    body: bytes | None,
    key: SigningKey,
    key_id: str,
    now: datetime,
    content_type: str = "application/activity+json",
    lifetime: int = 300,
) -> dict[str, str]:
    """The headers of a request signed with RFC 9421: Host, Date, with a body Content-Digest and Content-Type, then
    Signature-Input and Signature.

    The body must go out as exactly the bytes given. `now` is an aware datetime, `lifetime` in seconds. The algorithm is
    `rsa-v1_5-sha256` or `ed25519`, from the key (protocol.md 3.4). Raises BadAddress for a bad `url`.
    """
    headers = {"Host": authority_of(url), "Date": http_date(now)}
    covered = ["@method", "@target-uri"]
    if body is not None:
        headers |= {"Content-Digest": content_digest(body), "Content-Type": content_type}
        covered += ["content-digest", "content-type"]
    covered.append("date")
    created = int(now.timestamp())
    algorithm = "rsa-v1_5-sha256" if isinstance(key, RSAPrivateKey) else "ed25519"
    names = " ".join(f'"{name}"' for name in covered)
    verbatim = f'({names});created={created};expires={created + lifetime};keyid="{key_id}";alg="{algorithm}"'
    target = target_of(url)
    lowercase = {name.lower(): value for name, value in headers.items()}
    request = Request(method, target, origin_of(url) + target, lowercase)
    base = signature_base(request, covered=covered, verbatim=verbatim)
    assert isinstance(base, bytes)
    signature = base64.b64encode(sign(key, base)).decode("ascii")
    return headers | {"Signature-Input": f"{LABEL}={verbatim}", "Signature": f"{LABEL}=:{signature}:"}
