"""RFC 9421 against another implementation, both ways: what we sign it verifies, what it signs we verify."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from protocol.digest import content_digest
from protocol.http_signature import Claim, judge_claim, read_claim, sign_rfc9421
from protocol.keys import SigningKey
from protocol.verdict import Accepted, Refused
from tests.protocol.samples import ED25519, ED25519_KEY_ID, NOW, OUR_HOST, OUR_INBOX, RSA, RSA_KEY_ID, SECONDS, request

BODY = b'{"type":"Create"}'


@dataclass
class Message:
    """A request in the shape that the other implementation reads."""

    method: str = "POST"
    url: str = OUR_INBOX
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class OneKey(HTTPSignatureKeyResolver):  # type: ignore[misc, unused-ignore]
    key: SigningKey

    def resolve_public_key(self, key_id: str) -> Any:
        return self.key.public_key()

    def resolve_private_key(self, key_id: str) -> Any:
        return self.key


class TimelessVerifier(HTTPMessageVerifier):  # type: ignore[misc, unused-ignore]
    """Freshness is measured against the machine's clock there; these signatures have a fixed time."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        assert sig_input.params["created"] == SECONDS
        assert sig_input.params["expires"] == SECONDS + 300


CASES = [
    pytest.param(RSA, RSA_KEY_ID, algorithms.RSA_V1_5_SHA256, id="rsa"),
    pytest.param(ED25519, ED25519_KEY_ID, algorithms.ED25519, id="ed25519"),
]


@pytest.mark.parametrize(("key", "key_id", "algorithm"), CASES)
def test_the_other_implementation_accepts_what_we_sign(key: SigningKey, key_id: str, algorithm: Any) -> None:
    headers = sign_rfc9421(method="POST", url=OUR_INBOX, body=BODY, key=key, key_id=key_id, now=NOW)
    verifier = TimelessVerifier(signature_algorithm=algorithm, key_resolver=OneKey(key))

    (result,) = verifier.verify(Message(headers=headers))

    assert result.parameters["keyid"] == key_id
    assert '"@target-uri"' in result.covered_components


@pytest.mark.parametrize(("key", "key_id", "algorithm"), CASES)
def test_the_other_implementation_refuses_what_was_changed(key: SigningKey, key_id: str, algorithm: Any) -> None:
    headers = sign_rfc9421(method="POST", url=OUR_INBOX, body=BODY, key=key, key_id=key_id, now=NOW)
    verifier = TimelessVerifier(signature_algorithm=algorithm, key_resolver=OneKey(key))

    with pytest.raises(InvalidSignature):
        verifier.verify(Message(headers=headers | {"Content-Digest": content_digest(b"other")}))


@pytest.mark.parametrize(("key", "key_id", "algorithm"), CASES)
@pytest.mark.parametrize(
    "covered",
    [
        ("@method", "@target-uri", "content-digest"),
        ("@method", "@authority", "@path", "@query", "content-digest", "date"),
    ],
)
def test_we_accept_what_the_other_implementation_signs(
    key: SigningKey, key_id: str, algorithm: Any, covered: tuple[str, ...]
) -> None:
    message = Message(
        headers={"Host": OUR_HOST, "Date": "Sun, 22 Nov 2026 03:35:30 GMT", "Content-Digest": content_digest(BODY)}
    )
    signer = HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=OneKey(key))
    signer.sign(
        message,
        key_id=key_id,
        created=NOW,
        expires=NOW + timedelta(minutes=5),
        covered_component_ids=covered,
        label="x",
        use_existing_digest=True,
    )

    claim = read_claim(request(message.headers), now=SECONDS, our_host=OUR_HOST, has_body=True)
    changed = read_claim(
        request(message.headers | {"Content-Digest": content_digest(b"other")}),
        now=SECONDS,
        our_host=OUR_HOST,
        has_body=True,
    )

    assert isinstance(claim, Claim)
    assert judge_claim(claim, key.public_key()) == Accepted()
    assert isinstance(changed, Claim)
    assert isinstance(judge_claim(changed, key.public_key()), Refused)
