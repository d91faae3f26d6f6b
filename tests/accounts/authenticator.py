"""A soft authenticator: makes passkeys and signs with them as a device does (WebAuthn Level 2 sections 6.5.4 and 6.3.3)."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
_SECRET = 0x1F2E3D4C5B6A79881F2E3D4C5B6A7988


def words(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One device with one passkey at most. `origin` is what the browser says; `count` goes up with each use unless it is nought."""

    origin: str
    number: int = 1
    counts: bool = True
    count: int = 0
    handle: bytes = b""
    credential_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        self._key = ec.derive_private_key(_SECRET + self.number, ec.SECP256R1())
        self.credential_id = hashlib.sha256(f"passkey {self.number}".encode()).digest()

    def create(self, options: dict[str, Any], *, rp_id: str | None = None) -> dict[str, Any]:
        """The answer to PublicKeyCredentialCreationOptionsJSON, without attestation."""
        self.handle = octets(options["user"]["id"])
        point = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(cose)
        told = self._authenticator_data(rp_id or options["rp"]["id"], ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": told})
        return self._credential(
            clientDataJSON=self._client_data("webauthn.create", options["challenge"]), attestationObject=attestation
        )

    def get(self, options: dict[str, Any], *, rp_id: str | None = None) -> dict[str, Any]:
        """The answer to PublicKeyCredentialRequestOptionsJSON."""
        told = self._authenticator_data(rp_id or options["rpId"], 0)
        client_data = self._client_data("webauthn.get", options["challenge"])
        signed = self._key.sign(told + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            clientDataJSON=client_data, authenticatorData=told, signature=signed, userHandle=self.handle
        )

    def _authenticator_data(self, rp_id: str, flags: int) -> bytes:
        self.count += self.counts
        head = hashlib.sha256(rp_id.encode()).digest() + bytes([PRESENT | VERIFIED | flags])
        return head + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _credential(self, **response: bytes) -> dict[str, Any]:
        return {
            "id": words(self.credential_id),
            "rawId": words(self.credential_id),
            "type": "public-key",
            "response": {name: words(value) for name, value in response.items()},
        }
