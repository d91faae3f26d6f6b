"""A council's two keys on disk: RSA-2048 for HTTP signatures to the world, Ed25519 for proofs and between councils.

`keys/` (0700) holds `rsa.pem` and `ed25519.pem` (0600, PKCS#8, not encrypted: a node must start by itself after a power
cut). A key file is never overwritten: other councils have pinned these keys. This module must never log, print or
return key bytes, and never use a key that others on the machine could have read.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from federation.ports import Randomness

FOLDER = "keys"
RSA_FILE = "rsa.pem"
ED25519_FILE = "ed25519.pem"
_RSA_BITS = 2048
_ED25519_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class BadIdentity(Exception):
    """The keys cannot be made or used. The text says what is wrong, why, and what to type."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The keys a council signs with."""

    rsa: RSAPrivateKey = field(repr=False)
    ed25519: Ed25519PrivateKey = field(repr=False)


def make_identity(directory: Path, randomness: Randomness) -> Identity:
    """Make both keys in `directory`/keys and return them. Raises BadIdentity if either is there already.

    Ed25519 takes its 32 bytes from `randomness`; RSA comes from the cryptography library's own generator.
    """
    folder = directory / FOLDER
    present = [name for name in (RSA_FILE, ED25519_FILE) if (folder / name).exists()]
    if present:
        raise BadIdentity(
            f"{folder} already holds {' and '.join(present)}. Other councils know this council by its keys, so they are never "
            "replaced. Choose another folder, or move the old keys away by hand if nobody has linked up with them yet."
        )
    rsa = generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    ed25519 = Ed25519PrivateKey.from_private_bytes(randomness.bytes(_ED25519_BYTES))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        _place(folder / RSA_FILE, rsa)
        _place(folder / ED25519_FILE, ed25519)
    except OSError as error:
        raise BadIdentity(
            f"Keys cannot be written to {folder} ({error.strerror}). Check who owns it, and the room left."
        ) from error
    return Identity(rsa=rsa, ed25519=ed25519)


def load_identity(directory: Path) -> Identity:
    """The keys of the council in `directory`. Raises BadIdentity if one is missing, readable by others or no such key."""
    folder = directory / FOLDER
    rsa = _read(folder / RSA_FILE, directory)
    ed25519 = _read(folder / ED25519_FILE, directory)
    if not isinstance(rsa, RSAPrivateKey) or rsa.key_size < _RSA_BITS:
        raise BadIdentity(
            f"{folder / RSA_FILE} is no RSA key of {_RSA_BITS} bits or more. Put the right file back from a backup."
        )
    if not isinstance(ed25519, Ed25519PrivateKey):
        raise BadIdentity(f"{folder / ED25519_FILE} is no Ed25519 key. Put the right file back from a backup.")
    return Identity(rsa=rsa, ed25519=ed25519)


def _read(path: Path, directory: Path) -> object:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _OTHERS:
                raise BadIdentity(
                    f"{path} can be reached by others on this machine (mode {mode:04o}), so whoever is here could sign for the "
                    f"council. Type: chmod 600 {path}"
                )
            pem = file.read()
    except FileNotFoundError:
        raise BadIdentity(
            f"{path} is missing. If this server is new, type: comarca init {directory} --url …\n"
            "If it is not, put the file back from a backup: new keys would be refused by every council that knows the old ones."
        ) from None
    except OSError as error:
        raise BadIdentity(f"{path} cannot be read ({error.strerror}). Type: ls -l {path.parent}") from error
    try:
        return load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):  # what the library says may quote the file
        raise BadIdentity(
            f"{path} is not a private key in PEM without a password. Put the right file back from a backup."
        ) from None


def _place(path: Path, key: RSAPrivateKey | Ed25519PrivateKey) -> None:
    """Write whole or not at all, and never over what is there: link() refuses where rename() would replace."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)
    finally:
        partial.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
