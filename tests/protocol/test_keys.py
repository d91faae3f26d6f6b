"""Keys: the published Multikeys and signatures, what is refused as a key, and the one seam of verification."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from hypothesis import given
from hypothesis import strategies as st

from protocol import multibase
from protocol.keys import (
    BadKey,
    PublicKey,
    decode_multikey,
    decode_pem,
    decode_secret_multikey,
    encode_multikey,
    encode_pem,
    raw_ed25519,
    sign,
    verify,
)
from tests.protocol.samples import ED25519, OTHER_ED25519, RSA, json_of, vectors

# FEP-521a and FEP-8b32, feature files.
ED25519_HEX = "2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6"
ED25519_MULTIKEY = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
SECRET_MULTIKEY = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
PUBLIC_OF_SECRET = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"

RSA_1024_PEM = """-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDZXj6TsWjizEMzuE4T6ru0Kbed
xIVAlEAUOdz/QXJqiY89r5hyjM+cZ/lPZY1Eo+kIqWWYe/Tf707xDr8Gvcu3AW0C
5lhPLvk3afI51NoT6QZ+NhjNps2Rbm06arOg+JqAgAIXON/cDx/Qb5CV2XoneVsb
SrbTPLRVzlshLOStJwIDAQAB
-----END PUBLIC KEY-----
"""


def test_the_ed25519_multikey_of_fep_521a_is_made_and_read() -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(ED25519_HEX))

    assert encode_multikey(key) == ED25519_MULTIKEY
    decoded = decode_multikey(ED25519_MULTIKEY)
    assert isinstance(decoded, Ed25519PublicKey)
    assert raw_ed25519(decoded).hex() == ED25519_HEX


def test_the_rsa_multikey_of_fep_521a_is_made_and_read() -> None:
    feature = vectors("fep", "fep-521a.feature").read_text()
    der = bytes.fromhex(feature.split('DER format as a hex string "')[1].split('"')[0])
    multikey = "z4MX" + feature.split('"publicKeyMultibase": "z4MX')[1].split('"')[0]
    key = load_der_public_key(der)

    decoded = decode_multikey(multikey)

    assert isinstance(key, RSAPublicKey)
    assert encode_multikey(key) == multikey
    assert isinstance(decoded, RSAPublicKey)
    assert decoded.public_bytes(Encoding.DER, PublicFormat.PKCS1) == der


def test_the_secret_multikey_of_fep_8b32_is_read() -> None:
    key = decode_secret_multikey(SECRET_MULTIKEY)

    assert encode_multikey(key.public_key()) == PUBLIC_OF_SECRET


@pytest.mark.parametrize("text", [PUBLIC_OF_SECRET, SECRET_MULTIKEY[:-1], SECRET_MULTIKEY[1:], "", "z"])
def test_other_text_is_no_secret_key(text: str) -> None:
    with pytest.raises(BadKey):
        decode_secret_multikey(text)


def _der(key: RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        ED25519_MULTIKEY[:-1],
        ED25519_MULTIKEY[1:],
        ED25519_MULTIKEY + "1",
        "u" + ED25519_MULTIKEY[1:],
        SECRET_MULTIKEY,
        multibase.encode(b"\xed\x01" + bytes(31)),
        multibase.encode(b"\xed\x01" + bytes(33)),
        multibase.encode(b"\xec\x01" + bytes(32)),
        multibase.encode(b"\x85\x24" + _der(RSA.public_key())[:-1]),
        multibase.encode(b"\x85\x24" + _der(RSA.public_key()) + b"\0"),
        multibase.encode(b"\x85\x24" + RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
        multibase.encode(b"\x85\x24" + ED25519.public_key().public_bytes_raw()),
    ],
)
def test_other_text_is_no_multikey(text: str) -> None:
    with pytest.raises(BadKey):
        decode_multikey(text)


@pytest.mark.parametrize("key", [ED25519.public_key(), RSA.public_key()], ids=["ed25519", "rsa"])
def test_a_key_comes_back_from_both_of_its_forms(key: PublicKey) -> None:
    from_pem, from_multikey = decode_pem(encode_pem(key)), decode_multikey(encode_multikey(key))

    assert encode_pem(from_pem) == encode_pem(key)
    assert encode_pem(from_multikey) == encode_pem(key)
    assert encode_pem(key).startswith("-----BEGIN PUBLIC KEY-----\n")


def test_the_older_pem_form_of_rsa_is_read_too() -> None:
    older = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()

    assert older.startswith("-----BEGIN RSA PUBLIC KEY-----")
    assert encode_pem(decode_pem(older)) == encode_pem(RSA.public_key())


def _pem_of(*, bits: int, exponent: int) -> str:
    numbers = rsa.RSAPublicNumbers(e=exponent, n=(1 << (bits - 1)) | 1)
    return numbers.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(("bits", "exponent"), [(2048, 65537), (2048, 3), (4096, 65537), (8192, 65537)])
def test_rsa_keys_within_the_limits_are_read(bits: int, exponent: int) -> None:
    key = decode_pem(_pem_of(bits=bits, exponent=exponent))

    assert isinstance(key, RSAPublicKey)
    assert key.key_size == bits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no key",
        "é" * 20,
        RSA_1024_PEM,
        _pem_of(bits=2047, exponent=65537),
        _pem_of(bits=8200, exponent=65537),
        encode_pem(RSA.public_key()).replace("A", "B", 1),
        encode_pem(RSA.public_key())[:-40],
        encode_pem(RSA.public_key()) + " " * 9000,
        ec.derive_private_key(7, ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    ],
    ids=range(10),
)
def test_other_text_is_no_pem_key(text: str) -> None:
    with pytest.raises(BadKey):
        decode_pem(text)


def test_an_even_exponent_is_refused() -> None:
    # The library refuses to write such a key, so the last byte of the exponent 65537 is changed in the DER.
    der = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    assert der.endswith(b"\x01\x00\x01")

    for ending in (b"\x01\x00\x00", b"\x00\x00\x01", b"\x00\x00\x02"):
        with pytest.raises(BadKey):
            decode_multikey(multibase.encode(b"\x85\x24" + der[:-3] + ending))


def _cases(name: str) -> list[tuple[PublicKey, dict[str, Any]]]:
    cases = []
    for group in json_of("wycheproof", name)["testGroups"]:
        key = load_der_public_key(bytes.fromhex(group["publicKeyDer"]))
        assert isinstance(key, (Ed25519PublicKey, RSAPublicKey))
        cases += [(key, case) for case in group["tests"]]
    return cases


@pytest.mark.parametrize("name", ["ed25519_test.json", "rsa_signature_2048_sha256_test.json"])
def test_the_signatures_of_wycheproof_are_judged_as_published(name: str) -> None:
    cases = _cases(name)

    judged = {case["tcId"]: verify(key, bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])) for key, case in cases}

    published = {case["tcId"]: case["result"] == "valid" for _, case in cases if case["result"] != "acceptable"}
    assert {number: judged[number] for number in published} == published
    assert set(published.values()) == {True, False}


@pytest.mark.parametrize("key", [ED25519, RSA], ids=["ed25519", "rsa"])
def test_a_signature_holds_for_its_key_and_its_bytes_alone(key: Any) -> None:
    signature = sign(key, b"forty portions")

    assert verify(key.public_key(), signature, b"forty portions")
    assert not verify(key.public_key(), signature, b"fifty portions")
    assert not verify(OTHER_ED25519.public_key(), signature, b"forty portions")
    assert not verify(key.public_key(), signature[:-1], b"forty portions")
    assert not verify(key.public_key(), b"", b"forty portions")


@given(st.integers(0, 511))
def test_no_flipped_bit_of_an_ed25519_signature_is_accepted(bit: int) -> None:
    signature = bytearray(sign(ED25519, b"forty portions"))
    signature[bit // 8] ^= 1 << bit % 8

    assert not verify(ED25519.public_key(), bytes(signature), b"forty portions")
