"""A council's two keys on disk: RSA-2048 for HTTP signatures to the world, Ed25519 for proofs and between councils.

`keys/` (0700) holds `rsa.pem` and `ed25519.pem` (0600, PKCS#8, not encrypted: a node must start by itself after a power
cut). Changed keys lie beside them as `rsa-2.pem` and `ed25519-2.pem`, and so on; which pair is in use, the database alone
says. A key file is never overwritten and never removed: other councils have pinned these keys. This module must never log,
print or return key bytes, and never use a key that others on the machine could have read.
"""

import os
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from federation import rotation
from federation.council import Council
from federation.keyring import KeyPair, Keyring
from federation.moments import from_microseconds
from federation.ports import Randomness
from node.database import Store

DATABASE = "comarca.db"
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
    """The keys a council signs with, those that it has given up among them."""

    keyring: Keyring = field(repr=False)

    @property
    def rsa(self) -> RSAPrivateKey:
        return self.keyring.current.rsa

    @property
    def ed25519(self) -> Ed25519PrivateKey:
        return self.keyring.current.ed25519


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
        place_key(folder / RSA_FILE, rsa)
        place_key(folder / ED25519_FILE, ed25519)
    except OSError as error:
        raise BadIdentity(
            f"Keys cannot be written to {folder} ({error.strerror}). Check who owns it, and the room left."
        ) from error
    return Identity(Keyring([KeyPair(1, rsa, ed25519)]))


def next_pair(directory: Path, randomness: Randomness, *, number: int) -> KeyPair:
    """The pair that comes next, made and on the disk before anybody says that it is in use.

    One that is there already was made by a change of keys that broke off: nobody has seen it, and it is used. Raises
    BadIdentity, also for whoever is not the owner of the folder: the server could not read what they leave there.
    """
    folder = directory / FOLDER
    try:
        if folder.stat().st_uid != os.geteuid():
            raise BadIdentity(f"{folder} belongs to another account of this machine. Type this as the one that serves.")
        if not (folder / file_of(RSA_FILE, number)).exists():
            rsa = generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
            place_key(folder / file_of(RSA_FILE, number), rsa)
        if not (folder / file_of(ED25519_FILE, number)).exists():
            ed25519 = Ed25519PrivateKey.from_private_bytes(randomness.bytes(_ED25519_BYTES))
            place_key(folder / file_of(ED25519_FILE, number), ed25519)
    except OSError as error:
        raise BadIdentity(
            f"Keys cannot be written to {folder} ({error.strerror}). Check who owns it, and the room left."
        ) from error
    return _load_pair(directory, number, retired_at=None)


def file_of(first: str, number: int) -> str:
    """`rsa.pem`, `rsa-2.pem`, … by the number of the pair."""
    return first if number == 1 else f"{first.removesuffix('.pem')}-{number}.pem"


def load_identity(directory: Path) -> Identity:
    """The keys of the council in `directory`. Raises BadIdentity if one is missing, readable by others or no such key."""
    return load_numbered(directory, changes(directory / DATABASE))


def load_numbered(directory: Path, changed: Sequence[tuple[int, datetime]]) -> Identity:
    """The keys after these changes: (number of the pair, since when). Raises BadIdentity as `load_identity`."""
    numbers = [1, *(number for number, _ in changed)]
    ends = [*(since for _, since in changed), None]
    return Identity(
        Keyring(_load_pair(directory, number, retired_at=end) for number, end in zip(numbers, ends, strict=True))
    )


def changes(database: Path) -> list[tuple[int, datetime]]:
    """When each pair but the first came into use, oldest first; none without a database, or in one from before there were any.

    None in a damaged one either, which nobody can serve from. Raises BadIdentity where it cannot be asked now.
    """
    if not database.exists():
        return []
    try:
        # Not read-only: after a crash the first to open must be able to recover the write-ahead log.
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as raw:
            if not raw.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'own_key'").fetchone():
                return []
            rows = raw.execute("SELECT number, since FROM own_key ORDER BY number").fetchall()
    except sqlite3.OperationalError as error:
        raise BadIdentity(f"{database} does not say which keys are in use ({error}). Try again in a moment.") from error
    except sqlite3.DatabaseError:
        return []
    return [(number, from_microseconds(since)) for number, since in rows]


def renew_keys(council: Council, store: Store, directory: Path) -> None:
    """Have the council sign with the pair that the database says is in use. Raises BadIdentity as `load_identity`."""
    with store.reading() as connection:
        changed = rotation.changes(connection)
    if (changed[-1][0] if changed else 1) != council.keyring.number:
        council.keyring = load_numbered(directory, changed).keyring


def _load_pair(directory: Path, number: int, *, retired_at: datetime | None) -> KeyPair:
    folder = directory / FOLDER
    rsa_path, ed25519_path = folder / file_of(RSA_FILE, number), folder / file_of(ED25519_FILE, number)
    rsa, ed25519 = _read(rsa_path, directory), load_key(ed25519_path)
    if not isinstance(rsa, RSAPrivateKey) or rsa.key_size < _RSA_BITS:
        raise BadIdentity(
            f"{rsa_path} is no RSA key of {_RSA_BITS} bits or more. Put the right file back from a backup."
        )
    return KeyPair(number, rsa, ed25519, retired_at)


def load_key(path: Path) -> Ed25519PrivateKey:
    """An Ed25519 key in a file of the folder's `keys`. Raises BadIdentity."""
    key = _read(path, path.parent.parent)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadIdentity(f"{path} is no Ed25519 key. Put the right file back from a backup.")
    return key


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


def place_key(path: Path, key: RSAPrivateKey | Ed25519PrivateKey) -> None:
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
