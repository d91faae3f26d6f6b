"""Object integrity proofs: `eddsa-jcs-2022` Data Integrity proofs on ActivityPub documents (FEP-8b32).

Signed are SHA-256(JCS(proof without its value)) and SHA-256(JCS(document without `proof` and `signature`)), one after the
other. Documents are plain JSON: no context is ever loaded. Never signs what is about a person; that rule is the caller's.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol import multibase
from protocol.canonical import NotCanonical, canonical
from protocol.ids import BadAddress, actor_of_key, origin_of, same_origin
from protocol.keys import PublicKey, sign, verify
from protocol.verdict import ACCEPTED, Accepted, Reason, Refused

CRYPTOSUITE: Final = "eddsa-jcs-2022"
AHEAD: Final = timedelta(hours=24)

_NO_PROOF = Refused(Reason.BAD_PROOF, "The document carries no single proof object.")
_SHAPE = Refused(Reason.BAD_PROOF, "The proof is not an eddsa-jcs-2022 assertion in the form that is read.")
_CONTEXT = Refused(Reason.BAD_PROOF, "The context of the proof differs from that of the document.")
_OTHER_ORIGIN = Refused(Reason.BAD_PROOF, "The key of the proof belongs to another origin than the actor.")
_NOT_THE_KEY = Refused(Reason.BAD_PROOF, "The proof does not match the document and the key.")
_AHEAD = Refused(Reason.BAD_PROOF, "The proof was made too far in the future.")
_EXPIRED = Refused(Reason.BAD_PROOF, "The proof has expired.")
_OTHER_USE = Refused(Reason.BAD_PROOF, "The proof was made for another domain or challenge.")

_NOT_SIGNED: Final = frozenset({"proof", "signature"})
_MEMBERS: Final = frozenset(
    {
        "@context",
        "id",
        "type",
        "cryptosuite",
        "verificationMethod",
        "proofPurpose",
        "proofValue",
        "created",
        "expires",
        "domain",
        "challenge",
        "nonce",
    }
)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_VALUE_TEXT: Final = 90
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class ProofClaim:
    """A well-formed proof that no key has confirmed yet. `method` is the id of its key; times are aware UTC."""

    method: str
    created: datetime
    expires: datetime | None
    domain: tuple[str, ...]
    challenge: str | None
    options: Mapping[str, Any]  # everything that is signed: the proof without its value
    signature: bytes

    @property
    def actor(self) -> str:
        """The actor that the key id stands in."""
        return actor_of_key(self.method)


def add_proof(document: dict[str, Any], *, key: Ed25519PrivateKey, method: str, created: datetime) -> dict[str, Any]:
    """A new document with a `proof` by `key`, whose id is `method`; an old `proof` or `signature` is left behind.

    The proof's `@context` equals the document's (protocol.md 3.5). `created` is aware; it is written in whole seconds, UTC.

    Raises:
        ValueError: `created` is naive.
        NotCanonical: the document has no canonical form.
    """
    if created.tzinfo is None:
        raise ValueError("A proof needs an aware time.")
    unsigned = _without_proof(document)
    options: dict[str, Any] = {"@context": document["@context"]} if "@context" in document else {}
    options |= {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        "created": created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    signature = sign(key, _hash(options) + _hash(unsigned))
    return unsigned | {"proof": options | {"proofValue": multibase.encode(signature)}}


def _without_proof(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in _NOT_SIGNED}


def _hash(value: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(canonical(value)).digest()


def proof_of(document: Mapping[str, Any]) -> ProofClaim | Refused:
    """The proof that a document carries, well-formed but not verified (FEP-8b32; options per vc-data-integrity section 2.1).

    Refuses (BAD_PROOF): no proof or several, another suite or purpose, unknown members, a missing or unreadable `created`, a key
    id that is no address or not on the origin of the document's actor, a context that is not the document's own.
    """
    proof = document.get("proof")
    if not isinstance(proof, dict):
        return _NO_PROOF
    claim = _read_claim(proof)
    if isinstance(claim, Refused):
        return claim
    if "@context" in proof:
        context = proof["@context"]
        if not isinstance(context, list) or context != document.get("@context"):
            return _CONTEXT
    actor = document.get("actor")
    if isinstance(actor, str) and not same_origin(actor, claim.method):
        return _OTHER_ORIGIN
    return claim


def _read_claim(proof: dict[str, Any]) -> ProofClaim | Refused:
    if (
        proof.get("type") != "DataIntegrityProof"
        or proof.get("cryptosuite") != CRYPTOSUITE
        or proof.get("proofPurpose") != "assertionMethod"
        or not _MEMBERS.issuperset(proof)
    ):
        return _SHAPE
    method, created = proof.get("verificationMethod"), _moment(proof.get("created"))
    expires = _moment(proof["expires"]) if "expires" in proof else None
    domain, challenge = _domain(proof.get("domain", [])), proof.get("challenge")
    signature = _signature(proof.get("proofValue"))
    if (
        not isinstance(method, str)
        or created is None
        or (expires is None and "expires" in proof)
        or domain is None
        or not (isinstance(challenge, str) or "challenge" not in proof)
        or signature is None
    ):
        return _SHAPE
    try:
        origin_of(method)
    except BadAddress:
        return _SHAPE
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    return ProofClaim(method, created, expires, domain, challenge, options, signature)


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _domain(value: object) -> tuple[str, ...] | None:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(entry, str) for entry in values):
        return None
    return tuple(values)


def _signature(text: object) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        signature = multibase.decode(text, max_text=_VALUE_TEXT)
    except multibase.BadMultibase:
        return None
    return signature if len(signature) == _SIGNATURE_BYTES else None


def judge_proof(
    document: Mapping[str, Any],
    key: PublicKey,
    *,
    now: datetime,
    domain: str | None = None,
    challenge: str | None = None,
) -> Accepted | Refused:
    """Whether the document's proof is by `key` and holds at `now` (aware).

    A `domain` or `challenge` in the proof must be the one expected here, and the other way round: a proof made for
    another exchange does not count in this one. Refuses with BAD_PROOF; never raises.
    """
    claim = proof_of(document)
    if isinstance(claim, Refused):
        return claim
    return judge_proof_claim(claim, key, document=document, now=now, domain=domain, challenge=challenge)


def judge_proof_claim(
    claim: ProofClaim,
    key: PublicKey,
    *,
    document: Mapping[str, Any],
    now: datetime,
    domain: str | None = None,
    challenge: str | None = None,
) -> Accepted | Refused:
    """`judge_proof` for whoever has read the claim already, to find its key: `claim` must be `proof_of(document)`."""
    if claim.created > now + AHEAD:
        return _AHEAD
    if claim.expires is not None and claim.expires < now:
        return _EXPIRED
    domain_holds = domain in claim.domain if claim.domain else domain is None
    if not domain_holds or claim.challenge != challenge:
        return _OTHER_USE
    if not isinstance(key, Ed25519PublicKey):
        return _NOT_THE_KEY
    try:
        document_hash = _hash(_without_proof(document))
        matches = any(
            verify(key, claim.signature, _hash(options) + document_hash) for options in _signed_forms(claim, document)
        )
    except NotCanonical:
        return _NOT_THE_KEY
    return ACCEPTED if matches else _NOT_THE_KEY


def _signed_forms(claim: ProofClaim, document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The options as received; where they lack a context, then with the document's, which some signers leave out after signing."""
    yield claim.options
    if "@context" not in claim.options and "@context" in document:
        yield {"@context": document["@context"], **claim.options}
