"""draft-cavage-12: the exact bytes, what must be covered, and what is no signature header."""

import base64
from typing import Any

import pytest

from protocol.cavage import sign_cavage
from protocol.http_signature import Claim, Request, judge_claim, read_claim
from protocol.keys import SigningKey, sign, verify
from protocol.verdict import Accepted, Reason, Refused
from tests.protocol.samples import ED25519, NOW, OUR_HOST, OUR_INBOX, RSA, RSA_KEY_ID, SECONDS, request

BODY = b"{}"
DATE = "Sun, 22 Nov 2026 03:35:30 GMT"
DIGEST = "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
VALUES = {
    "(request-target)": "post /inbox",
    "host": OUR_HOST,
    "date": DATE,
    "digest": DIGEST,
    "content-type": "application/activity+json",
}


def read(headers: dict[str, str], **changes: Any) -> Claim | Refused:
    return read_claim(request(headers, **changes), now=SECONDS, our_host=OUR_HOST, has_body=True)


def header(
    covered: str, *, key: SigningKey = RSA, algorithm: str | None = "hs2019", **parameters: str
) -> dict[str, str]:
    """Headers signed by hand, so that what is covered can be chosen as a stranger would choose it."""
    times = {f"({name})": value for name, value in parameters.items()}
    base = "\n".join(f"{name}: {(VALUES | times).get(name)}" for name in covered.split())
    members = [f'keyId="{RSA_KEY_ID}"', f'headers="{covered}"']
    members += [] if algorithm is None else [f'algorithm="{algorithm}"']
    members += [f"{name}={value}" for name, value in parameters.items()]
    members.append(f'signature="{base64.b64encode(sign(key, base.encode())).decode()}"')
    fields = {name.title(): value for name, value in VALUES.items() if not name.startswith("(")}
    return fields | {"Signature": ",".join(members)}


def test_the_bytes_on_the_wire_are_the_ones_that_the_fediverse_expects() -> None:
    headers = sign_cavage(method="POST", url=OUR_INBOX, body=BODY, key=RSA, key_id=RSA_KEY_ID, now=NOW)

    beginning = f'keyId="{RSA_KEY_ID}",algorithm="rsa-sha256",headers="(request-target) host date digest content-type",signature="'
    base = (
        f"(request-target): post /inbox\nhost: {OUR_HOST}\ndate: {DATE}\ndigest: {DIGEST}\n"
        "content-type: application/activity+json"
    )
    signature = base64.b64decode(headers["Signature"].removeprefix(beginning).removesuffix('"'))
    assert list(headers) == ["Host", "Date", "Digest", "Content-Type", "Signature"]
    assert headers["Date"] == DATE
    assert headers["Digest"] == DIGEST
    assert verify(RSA.public_key(), signature, base.encode())


def test_the_string_to_sign_is_that_of_the_draft() -> None:
    # draft-cavage-http-signatures-12 section 2.3 lists this string for these headers; appendix C.3 signs the same request.
    arrived = Request(
        method="GET",
        target="/foo",
        url="https://example.org/foo",
        headers={
            "host": "example.org",
            "date": "Tue, 07 Jun 2014 20:51:35 GMT",
            "cache-control": "max-age=60, must-revalidate",
            "x-example": "Example header    with some whitespace.",
            "signature": 'keyId="https://a.example/#k",algorithm="hs2019",created=1402170695,'
            'headers="(request-target) (created) host date cache-control x-example",signature="AAAA"',
        },
    )

    claim = read_claim(arrived, now=1402170695, our_host="example.org", has_body=False)

    assert isinstance(claim, Claim)
    assert claim.created == 1402170695
    assert claim.base.decode() == (
        "(request-target): get /foo\n(created): 1402170695\nhost: example.org\ndate: Tue, 07 Jun 2014 20:51:35 GMT\n"
        "cache-control: max-age=60, must-revalidate\nx-example: Example header    with some whitespace."
    )


@pytest.mark.parametrize(
    "covered",
    [
        "(request-target) host date digest",
        "digest date host (request-target)",
        "(request-target) host date digest content-type",
    ],
)
def test_enough_coverage_in_any_order_is_accepted(covered: str) -> None:
    claim = read(header(covered))

    assert isinstance(claim, Claim)
    assert judge_claim(claim, RSA.public_key()) == Accepted()


@pytest.mark.parametrize(
    "covered",
    [
        "host date digest",
        "(request-target) date digest",
        "(request-target) host digest",
        "(request-target) host date",
        "date",
        "(request-target) host date digest x-missing",
    ],
)
def test_coverage_is_ours_to_demand(covered: str) -> None:
    refused = read(header(covered))

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.BAD_SIGNATURE


def test_without_a_body_no_digest_is_demanded_of_a_get() -> None:
    headers = header("(request-target) host date")

    claim = read_claim(request(headers, method="GET"), now=SECONDS, our_host=OUR_HOST, has_body=False)
    with_body = read_claim(request(headers, method="GET"), now=SECONDS, our_host=OUR_HOST, has_body=True)

    assert isinstance(claim, Claim)
    assert isinstance(with_body, Refused)


def test_the_named_algorithm_is_not_needed() -> None:
    claim = read(header("(request-target) host date digest", algorithm=None))

    assert isinstance(claim, Claim)
    assert judge_claim(claim, RSA.public_key()) == Accepted()


@pytest.mark.parametrize("algorithm", ["hs2019", "ed25519"])
def test_ed25519_is_accepted_under_both_of_its_names(algorithm: str) -> None:
    claim = read(header("(request-target) host date digest", key=ED25519, algorithm=algorithm))

    assert isinstance(claim, Claim)
    assert judge_claim(claim, ED25519.public_key()) == Accepted()
    assert isinstance(judge_claim(claim, RSA.public_key()), Refused)


CREATED = "(request-target) host (created) digest"


@pytest.mark.parametrize(
    ("covered", "algorithm", "parameters", "reason"),
    [
        (CREATED, "hs2019", {"created": SECONDS}, None),
        (CREATED + " (expires)", "hs2019", {"created": SECONDS, "expires": SECONDS - 3_600}, None),
        (CREATED + " date", "hs2019", {"created": SECONDS}, None),
        (CREATED, "hs2019", {"created": SECONDS - 65 * 60 - 1}, Reason.STALE),
        (CREATED, "hs2019", {"created": SECONDS + 60 * 60 + 1}, Reason.STALE),
        (CREATED + " date", "hs2019", {"created": SECONDS - 65 * 60 - 1}, Reason.STALE),
        (CREATED + " (expires)", "hs2019", {"created": SECONDS, "expires": SECONDS - 3_601}, Reason.STALE),
        (CREATED, "rsa-sha256", {"created": SECONDS}, Reason.MALFORMED),
        (CREATED, "hs2019", {}, Reason.MALFORMED),
        (CREATED + " (expires)", "hs2019", {"created": SECONDS}, Reason.MALFORMED),
    ],
)
def test_covered_times_must_be_there_and_hold(
    covered: str, algorithm: str, parameters: dict[str, int], reason: Reason | None
) -> None:
    times = {name: str(value) for name, value in parameters.items()}

    claim = read(header(covered, algorithm=algorithm, **times))

    if reason is None:
        assert isinstance(claim, Claim)
        assert judge_claim(claim, RSA.public_key()) == Accepted()
    else:
        assert isinstance(claim, Refused)
        assert claim.reason is reason


def test_a_time_that_is_not_covered_is_not_believed() -> None:
    headers = header("(request-target) host date digest", created=str(SECONDS - 999_999), expires="1")

    claim = read(headers)

    assert isinstance(claim, Claim)
    assert (claim.created, claim.expires) == (None, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("keyId=", "keyid="),
        ("keyId=", 'nonce="1",keyId='),
        ('algorithm="hs2019"', 'algorithm="hs2019",algorithm="hs2019"'),
        ('algorithm="hs2019"', "algorithm=hs2019"),
        ('algorithm="hs2019"', 'algorithm="HS 2019"'),
        ('algorithm="hs2019"', 'algorithm="hs2019",created="now"'),
        ('algorithm="hs2019"', 'algorithm="hs2019",created=-1'),
        (" host ", " Host "),
        (" host ", " host host "),
        (" host ", " host  "),
        (" host ", ' host " '),
        (" host ", " host (query) "),
        (" host ", " host é "),
        ('signature="', 'signature="!'),
        ('signature="', 'signature="",x="'),
        (",headers", ";headers"),
        (",headers", ",,headers"),
    ],
)
def test_a_broken_header_is_refused_as_malformed(old: str, new: str) -> None:
    headers = header("(request-target) host date digest")
    assert old in headers["Signature"]

    refused = read(headers | {"Signature": headers["Signature"].replace(old, new, 1)})

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.MALFORMED


def test_blanks_after_commas_are_read_as_others_write_them() -> None:
    headers = header("(request-target) host date digest")

    claim = read(headers | {"Signature": headers["Signature"].replace(",", ", ")})

    assert isinstance(claim, Claim)
    assert judge_claim(claim, RSA.public_key()) == Accepted()
