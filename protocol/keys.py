"""Public keys in the forms the fediverse writes them, and the one place where signatures are made and verified.

Holds what comes from outside to the limits of protocol.md S16. Never makes keys (that needs randomness) and never picks
an algorithm from anything but the key itself.
"""

from functools import lru_cache
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from protocol import multibase

PublicKey: TypeAlias = Ed25519PublicKey | RSAPublicKey
SigningKey: TypeAlias = Ed25519PrivateKey | RSAPrivateKey

# Multicodec prefixes as varints: ed25519-pub, ed25519-priv, rsa-pub (FEP-521a).
_ED25519_PUBLIC: Final = b"\xed\x01"
_ED25519_SECRET: Final = b"\x80\x26"
_RSA_PUBLIC: Final = b"\x85\x24"
_MAX_PEM: Final = 8192
_PADDING: Final = PKCS1v15()
_HASH: Final = SHA256()


class BadKey(ValueError):
    """The text holds no key that is accepted."""


def encode_multikey(public: PublicKey) -> str:
    """The `publicKeyMultibase` of a key: `z6Mk…` for Ed25519, `z4MX…` for RSA (PKCS#1 DER inside)."""
    if isinstance(public, Ed25519PublicKey):
        return multibase.encode(_ED25519_PUBLIC + raw_ed25519(public))
    return multibase.encode(_RSA_PUBLIC + public.public_bytes(Encoding.DER, PublicFormat.PKCS1))


def decode_multikey(text: str) -> PublicKey:
    """The key behind a `publicKeyMultibase`.

    Raises:
        BadKey: not multibase, an unknown kind of key, a wrong length, or an RSA key outside the limits.
    """
    try:
        data = multibase.decode(text)
    except multibase.BadMultibase as error:
        raise BadKey("The key is not base58btc multibase.") from error
    if data.startswith(_ED25519_PUBLIC):
        return _read_ed25519(data[2:])
    if data.startswith(_RSA_PUBLIC):
        key = _read_der(data[2:])
        # Only the one DER form of a key: the same key must not have two texts.
        if isinstance(key, RSAPublicKey) and key.public_bytes(Encoding.DER, PublicFormat.PKCS1) == data[2:]:
            return key
        raise BadKey("The RSA key is not in PKCS#1 DER form.")
    raise BadKey("The kind of key is not known.")


def decode_secret_multikey(text: str) -> Ed25519PrivateKey:
    """The Ed25519 secret key behind a `secretKeyMultibase`. Raises BadKey."""
    try:
        data = multibase.decode(text)
    except multibase.BadMultibase as error:
        raise BadKey("The key is not base58btc multibase.") from error
    if not data.startswith(_ED25519_SECRET) or len(data) != 34:
        raise BadKey("The text is not an Ed25519 secret key.")
    return Ed25519PrivateKey.from_private_bytes(data[2:])


def _read_ed25519(data: bytes) -> Ed25519PublicKey:
    if len(data) != 32:
        raise BadKey("The Ed25519 key does not have 32 bytes.")
    return Ed25519PublicKey.from_public_bytes(data)


def _read_der(data: bytes) -> PublicKey:
    try:
        return _judge_key(load_der_public_key(data))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey("The key cannot be read.") from error


def encode_pem(public: PublicKey) -> str:
    """The SPKI PEM text of a key (`-----BEGIN PUBLIC KEY-----`), as `publicKeyPem` holds it."""
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


# Whom we know is loaded anew whenever it changes, with everybody's keys: reading one costs as much as a verification.
@lru_cache(maxsize=2_048)
def decode_pem(text: str) -> PublicKey:
    """The key in a PEM text, SPKI or PKCS#1.

    Raises:
        BadKey: no PEM, another kind of key, RSA outside 2048 to 8192 bits or with an even or tiny exponent (S16).
    """
    if len(text) > _MAX_PEM or not text.isascii():
        raise BadKey("The key is too long or not PEM text.")
    try:
        return _judge_key(load_pem_public_key(text.encode("ascii")))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey("The key cannot be read.") from error


def _judge_key(key: object) -> PublicKey:
    if isinstance(key, Ed25519PublicKey):
        return key
    if not isinstance(key, RSAPublicKey):
        raise BadKey("The kind of key is not known.")
    exponent = key.public_numbers().e
    if not 2048 <= key.key_size <= 8192 or exponent < 3 or exponent % 2 == 0:
        raise BadKey("The RSA key is outside the limits.")
    return key


def raw_ed25519(public: Ed25519PublicKey) -> bytes:
    """The 32 bytes of an Ed25519 public key."""
    return public.public_bytes_raw()


def sign(key: SigningKey, data: bytes) -> bytes:
    """The signature over `data`: Ed25519 (64 bytes), or RSASSA-PKCS1-v1_5 with SHA-256 for RSA."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, _PADDING, _HASH)


def verify(key: PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether `signature` over `data` is the key's. The one seam through which every verification goes. Never raises."""
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, data)
        else:
            key.verify(signature, data, _PADDING, _HASH)
    except InvalidSignature:
        return False
    return True
