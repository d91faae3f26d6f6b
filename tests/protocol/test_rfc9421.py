"""RFC 9421: the exact bytes that we send, what must be covered, and what is no signature input."""

import base64
from typing import Any

import pytest

from protocol.http_signature import Claim, judge_claim, read_claim
from protocol.keys import sign, verify
from protocol.rfc9421 import read_input, sign_rfc9421, signature_base
from protocol.verdict import Accepted, Reason, Refused
from tests.protocol.samples import ED25519, ED25519_KEY_ID, NOW, OUR_HOST, OUR_INBOX, RSA, RSA_KEY_ID, SECONDS, request

DATE = "Sun, 22 Nov 2026 03:35:30 GMT"
DIGEST = "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"


def test_the_bytes_on_the_wire_are_the_ones_that_the_fediverse_expects() -> None:
    headers = sign_rfc9421(method="POST", url=OUR_INBOX, body=b"{}", key=RSA, key_id=RSA_KEY_ID, now=NOW)

    params = (
        '("@method" "@target-uri" "content-digest" "content-type" "date");'
        f'created={SECONDS};expires={SECONDS + 300};keyid="{RSA_KEY_ID}";alg="rsa-v1_5-sha256"'
    )
    base = (
        f'"@method": POST\n"@target-uri": {OUR_INBOX}\n"content-digest": {DIGEST}\n'
        f'"content-type": application/activity+json\n"date": {DATE}\n"@signature-params": {params}'
    )
    signature = base64.b64decode(headers["Signature"].removeprefix("sig1=:").removesuffix(":"))
    assert list(headers) == ["Host", "Date", "Content-Digest", "Content-Type", "Signature-Input", "Signature"]
    assert headers["Content-Digest"] == DIGEST
    assert headers["Signature-Input"] == f"sig1={params}"
    assert verify(RSA.public_key(), signature, base.encode())


def headers_with(
    components: str = '"@method" "@target-uri" "content-digest"', parameters: str | None = None, **changes: str
) -> dict[str, str]:
    """Headers signed by hand over chosen components and parameters, as a stranger would choose them."""
    if parameters is None:
        parameters = f';created={SECONDS};keyid="{ED25519_KEY_ID}"'
    verbatim = f"({components}){parameters}"
    arrived = request({"Host": OUR_HOST, "Date": DATE, "Content-Digest": DIGEST, "Content-Type": "a/b"})
    covered = [name.strip('"') for name in components.split()]
    base = signature_base(arrived, covered=covered, verbatim=verbatim)
    signature = base64.b64encode(sign(ED25519, base if isinstance(base, bytes) else b"")).decode()
    return {**arrived.headers, "signature-input": f"sig1={verbatim}", "signature": f"sig1=:{signature}:"} | changes


def read(headers: dict[str, str], **changes: Any) -> Claim | Refused:
    return read_claim(request(headers, **changes), now=SECONDS, our_host=OUR_HOST, has_body=True)


def is_accepted(headers: dict[str, str]) -> bool:
    claim = read(headers)
    return isinstance(claim, Claim) and judge_claim(claim, ED25519.public_key()) == Accepted()


@pytest.mark.parametrize(
    "components",
    [
        '"@method" "@target-uri" "content-digest"',
        '"content-digest" "@target-uri" "@method"',
        '"@method" "@authority" "@path" "@query" "content-digest"',
        '"@method" "@target-uri" "@scheme" "@request-target" "content-digest" "content-type" "date" "host"',
        ' "@method"  "@target-uri" "content-digest" ',
    ],
)
def test_enough_coverage_in_any_order_is_accepted(components: str) -> None:
    assert is_accepted(headers_with(components))


@pytest.mark.parametrize(
    "components",
    [
        '"@target-uri" "content-digest"',
        '"@method" "content-digest"',
        '"@method" "@target-uri"',
        '"@method" "@target-uri" "digest"',
        '"@method" "@authority" "@path" "content-digest"',
        '"@method" "@path" "@query" "content-digest"',
        '"@method" "@authority" "@query" "content-digest"',
        '"@method" "@request-target" "host" "content-digest"',
        '"@method" "@target-uri" "content-digest" "x-missing"',
        "",
    ],
)
def test_coverage_is_ours_to_demand(components: str) -> None:
    refused = read(headers_with(components))

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    "components",
    [
        '"@method" "@method" "@target-uri" "content-digest"',
        '"@method" "@target-uri" "content-digest" "date" "date"',
        '"@method" "@target-uri" "content-digest" "@status"',
        '"@method" "@target-uri" "content-digest" "@query-param"',
        '"@method" "@target-uri" "content-digest" "@signature-params"',
        '"@method" "@target-uri" "content-digest" "@unknown"',
        '"@method" "@target-uri" "content-digest" "Date"',
        '"@method" "@target-uri" "content-digest" ""',
        '"@method" "@target-uri" "content-digest";sf',
        '"@method" "@target-uri" "content-digest";req',
        '"@method" "@target-uri" content-digest',
        '"@method","@target-uri","content-digest"',
    ],
)
def test_components_that_are_doubled_or_unknown_are_refused(components: str) -> None:
    refused = read(headers_with(components))

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.MALFORMED


KEYID = f'keyid="{ED25519_KEY_ID}"'


@pytest.mark.parametrize(
    "parameters",
    [
        f";created={SECONDS};{KEYID}",
        f";{KEYID};created={SECONDS}",
        f"; created={SECONDS}; {KEYID}",
        f';created={SECONDS};expires={SECONDS - 3_600};{KEYID};alg="ed25519";nonce="n";tag="t"',
        f';nonce="a\\"b\\\\c;)(";created={SECONDS};{KEYID}'.replace(";)(", ""),
    ],
)
def test_parameters_are_signed_as_they_were_received(parameters: str) -> None:
    assert is_accepted(headers_with(parameters=parameters))


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (f";created={SECONDS}", Reason.MALFORMED),
        (f";{KEYID}", Reason.MALFORMED),
        ("", Reason.MALFORMED),
        (f";created={SECONDS};created={SECONDS};{KEYID}", Reason.MALFORMED),
        (f";created={SECONDS};{KEYID};{KEYID}", Reason.MALFORMED),
        (f';created="{SECONDS}";{KEYID}', Reason.MALFORMED),
        (f";created={SECONDS}.0;{KEYID}", Reason.MALFORMED),
        (f";created={SECONDS};keyid=1", Reason.MALFORMED),
        (f";created={SECONDS};{KEYID};extra=1", Reason.MALFORMED),
        (f";created={SECONDS};{KEYID};nonce", Reason.MALFORMED),
        (f";created={SECONDS};{KEYID};nonce=token", Reason.MALFORMED),
        (f";created={'9' * 16};{KEYID}", Reason.MALFORMED),
        (f";created={SECONDS - 65 * 60 - 1};{KEYID}", Reason.STALE),
        (f";created={SECONDS + 60 * 60 + 1};{KEYID}", Reason.STALE),
        (f";created=-1;{KEYID}", Reason.STALE),
        (f";created={SECONDS};expires={SECONDS - 3_601};{KEYID}", Reason.STALE),
    ],
)
def test_parameters_that_are_missing_doubled_unknown_or_over_are_refused(parameters: str, reason: Reason) -> None:
    refused = read(headers_with(parameters=parameters))

    assert isinstance(refused, Refused)
    assert refused.reason is reason


def test_a_covered_date_must_be_fresh_as_well() -> None:
    covered = '"@method" "@target-uri" "content-digest" "date"'
    old = {"date": "Sun, 22 Nov 2026 00:00:00 GMT"}

    refused, uncovered = read(headers_with(covered) | old), read(headers_with() | old)

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.STALE
    assert isinstance(uncovered, Claim)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sig1=",
        "sig1=::",
        "sig1=:!:",
        "sig2=:AAAA:",
        "sig1=:AAAA:, sig2=:AAAA:",
        "sig1=AAAA",
        "sig1=:AAAA:;x",
        "sig1=:A:",
    ],
)
def test_a_broken_or_other_signature_label_is_refused(signature: str) -> None:
    refused = read(headers_with(signature=signature))

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.MALFORMED


def test_two_labels_are_refused() -> None:
    headers = headers_with()
    twice = headers["signature-input"] + ", " + headers["signature-input"].replace("sig1", "sig2")

    refused = read(headers | {"signature-input": twice})

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.MALFORMED


def test_a_resistant_input_takes_no_time() -> None:
    # Would never end if the pattern backtracked.
    nasty = 'sig1=("' + '" "' * 2000 + ";" * 2000

    assert isinstance(read_input(nasty), Refused)


@pytest.mark.parametrize("algorithm", ["rsa-v1_5-sha256", "rsa-pss-sha512", "hmac-sha256", "ecdsa-p256-sha256", ""])
def test_another_algorithm_than_the_keys_is_refused(algorithm: str) -> None:
    claim = read(headers_with(parameters=f';created={SECONDS};{KEYID};alg="{algorithm}"'))

    assert isinstance(claim, Claim)
    judged = judge_claim(claim, ED25519.public_key())
    assert isinstance(judged, Refused)
    assert judged.reason is Reason.BAD_SIGNATURE
