"""Digests of bodies in both header forms: what must be there, what must match, what is refused."""

import base64
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.digest import content_digest, judge_content_digest, judge_digest, sha256_digest
from protocol.verdict import Accepted, Reason, Refused

BODY = b'{"hello": "world"}'
SHA_256 = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
SHA_512 = base64.b64encode(hashlib.sha512(BODY).digest()).decode()
OTHER_256 = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
OTHER_512 = base64.b64encode(hashlib.sha512(b"other").digest()).decode()


def test_the_values_are_those_of_the_published_example() -> None:
    # RFC 9421 appendix B.2: the body of test-request and its sha-512; RFC 9530 section B.1 gives this sha-256.
    assert content_digest(BODY) == "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
    assert sha256_digest(BODY) == "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="


@pytest.mark.parametrize(
    "header",
    [
        f"SHA-256={SHA_256}",
        f"sha-256={SHA_256}",
        f"SHA-256={SHA_256},SHA-512={SHA_512}",
        f"sha-512={SHA_512}, sha-256={SHA_256}",
        f"SHA-256={SHA_256},unixsum=30637",
    ],
)
def test_a_digest_header_that_holds_is_accepted(header: str) -> None:
    assert judge_digest(header, BODY) == Accepted()


@pytest.mark.parametrize(
    "header",
    [
        f"SHA-256={OTHER_256}",
        f"SHA-256={SHA_256},SHA-512={OTHER_512}",
        f"SHA-256={OTHER_256},SHA-512={SHA_512}",
        f"SHA-512={SHA_512}",
        "MD5=Sd/dVLAcvNLSq16eXua5uQ==",
        f"SHA-256={SHA_256},SHA-256={OTHER_256}",
        f"SHA-256={OTHER_256},sha-256={SHA_256}",
        f"SHA-256={SHA_256[:-1]}",
        f"SHA-256={SHA_256},",
        f"SHA-256=:{SHA_256}:",
        f"SHA-256 = {SHA_256}",
        "SHA-256=é",
        "SHA-256=",
        "",
        f"SHA-256={SHA_256}," + "x" * 3000,
    ],
)
def test_a_digest_header_that_does_not_hold_is_refused(header: str) -> None:
    refused = judge_digest(header, BODY)

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.BAD_DIGEST


@pytest.mark.parametrize(
    "header",
    [
        f"sha-256=:{SHA_256}:",
        f"sha-256=:{SHA_256}:, sha-512=:{SHA_512}:",
        f"sha-512=:{SHA_512}:,sha-256=:{SHA_256}:",
        f"sha-256=:{SHA_256}:, unixsum=:AAA=:",
    ],
)
def test_a_content_digest_header_that_holds_is_accepted(header: str) -> None:
    assert judge_content_digest(header, BODY) == Accepted()


@pytest.mark.parametrize(
    "header",
    [
        f"sha-256=:{OTHER_256}:",
        f"sha-256=:{SHA_256}:, sha-512=:{OTHER_512}:",
        f"sha-512=:{SHA_512}:",
        f"sha-256=:{SHA_256}:, sha-256=:{SHA_256}:",
        f"SHA-256=:{SHA_256}:",
        f"sha-256={SHA_256}",
        f"sha-256=:{SHA_256}",
        "unixsum=:AAA=:",
        "sha-256=::",
        "",
    ],
)
def test_a_content_digest_header_that_does_not_hold_is_refused(header: str) -> None:
    refused = judge_content_digest(header, BODY)

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.BAD_DIGEST


@given(st.binary(max_size=300), st.integers(0, 7), st.data())
def test_one_flipped_bit_of_the_body_is_noticed(body: bytes, bit: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, max(len(body) - 1, 0)))
    changed = bytearray(body or b"\0")
    changed[position] ^= 1 << bit
    judges: list[tuple[Callable[[bytes], str], Callable[[str, bytes], Accepted | Refused]]] = [
        (sha256_digest, judge_digest),
        (content_digest, judge_content_digest),
    ]

    for write, judge in judges:
        assert judge(write(body), body) == Accepted()
        assert isinstance(judge(write(body), bytes(changed)), Refused)
