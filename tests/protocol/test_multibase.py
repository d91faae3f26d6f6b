"""Base58btc multibase text: there and back, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.multibase import BadMultibase, decode, encode

# draft-msporny-base58-03 section 5, with the multibase prefix.
PUBLISHED = {
    b"Hello World!": "z2NEpo7TZRRrLZSi2U",
    b"The quick brown fox jumps over the lazy dog.": "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
    bytes.fromhex("0000287fb4cd"): "z11233QC4",
}


@pytest.mark.parametrize(("data", "text"), PUBLISHED.items())
def test_the_published_texts_are_made_and_read(data: bytes, text: str) -> None:
    assert encode(data) == text
    assert decode(text) == data


@given(st.binary(max_size=200))
def test_bytes_come_back_with_their_zeros(data: bytes) -> None:
    assert decode(encode(data)) == data


@given(st.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=120))
def test_every_text_has_one_meaning_and_every_meaning_one_text(digits: str) -> None:
    assert encode(decode("z" + digits)) == "z" + digits


@pytest.mark.parametrize(
    "text", ["", "2NEpo7TZRRrLZSi2U", "u2NEp", "Z2NEp", "z0", "zO", "zI", "zl", "z 1", "z1\n", "zé", "z" + "1" * 1536]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadMultibase):
        decode(text)


def test_more_bytes_than_any_key_has_are_not_written() -> None:
    with pytest.raises(ValueError, match="Too many"):
        encode(bytes(1101))
