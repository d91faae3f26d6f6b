"""RFC 9421 appendix B.2.6 as published: the base, the signature, and why we demand more than that request covers."""

import base64

import pytest

from protocol.http_signature import Request, read_claim
from protocol.keys import decode_pem, verify
from protocol.rfc9421 import SignatureInput, read_input, signature_base
from protocol.verdict import Reason, Refused

# RFC 9421 appendices B.1.4, B.2 and B.2.6.
TEST_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
"""
TEST_REQUEST = Request(
    method="POST",
    target="/foo?param=Value&Pet=dog",
    url="https://example.com/foo?param=Value&Pet=dog",
    headers={
        "host": "example.com",
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "content-type": "application/json",
        "content-length": "18",
        "signature-input": 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
        "signature": "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
    },
)
TEST_BASE = """"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;\
keyid="test-key-ed25519\""""


def test_the_published_request_gives_the_published_base_and_verifies() -> None:
    given = read_input(TEST_REQUEST.headers["signature-input"])
    signature = base64.b64decode(TEST_REQUEST.headers["signature"].removeprefix("sig-b26=:").removesuffix(":"))

    assert isinstance(given, SignatureInput)
    base = signature_base(TEST_REQUEST, covered=given.covered, verbatim=given.verbatim)

    assert base == TEST_BASE.encode()
    assert verify(decode_pem(TEST_KEY), signature, base)


@pytest.mark.parametrize("line", TEST_BASE.splitlines())
def test_no_line_of_the_published_base_can_change(line: str) -> None:
    signature = base64.b64decode(TEST_REQUEST.headers["signature"].removeprefix("sig-b26=:").removesuffix(":"))

    changed = TEST_BASE.replace(line, line[:-1] + "x").encode()

    assert not verify(decode_pem(TEST_KEY), signature, changed)


def test_the_published_request_covers_less_than_we_demand() -> None:
    headers = dict(TEST_REQUEST.headers)
    named = headers | {"signature-input": headers["signature-input"].replace("test-key", "https://a.example/test-key")}

    by_name = read_claim(TEST_REQUEST, now=1618884473, our_host="example.com", has_body=True)
    by_address = read_claim(
        Request("POST", TEST_REQUEST.target, TEST_REQUEST.url, named),
        now=1618884473,
        our_host="example.com",
        has_body=True,
    )

    assert isinstance(by_name, Refused)
    assert by_name.reason is Reason.MALFORMED
    assert isinstance(by_address, Refused)
    assert by_address.reason is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("component", "value"),
    [
        ("@method", "POST"),
        ("@target-uri", "https://example.com/foo?param=Value&Pet=dog"),
        ("@authority", "example.com"),
        ("@scheme", "https"),
        ("@request-target", "/foo?param=Value&Pet=dog"),
        ("@path", "/foo"),
        ("@query", "?param=Value&Pet=dog"),
    ],
)
def test_derived_components_are_those_of_section_2_2(component: str, value: str) -> None:
    base = signature_base(TEST_REQUEST, covered=[component], verbatim="()")

    assert base == f'"{component}": {value}\n"@signature-params": ()'.encode()


def test_an_absent_query_is_a_question_mark() -> None:
    base = signature_base(Request("GET", "/foo", "https://example.com/foo", {}), covered=["@query"], verbatim="()")

    assert base == b'"@query": ?\n"@signature-params": ()'
