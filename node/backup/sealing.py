"""Encryption of a backup as an age file (age-encryption.org/v1): to keys that others hold, or under a passphrase.

This module must never log or store a passphrase or a key, and never leave half an opened file behind as if it were whole.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from node.backup.contents import BadBackup, bad, too_large
from schemas.phrase import phrase
from schemas.refusal import Refusal

_MAGIC = b"age-encryption.org/v1\n"
_BY_PASSPHRASE = b"-> scrypt "
# The library opens and closes files under a passphrase in memory.
PASSPHRASE_LIMIT = 256 * 1_048_576


@dataclass(frozen=True, slots=True)
class Lock:
    """What a backup is encrypted with: age recipients (`age1…`), or a passphrase, or neither."""

    recipients: tuple[str, ...] = ()
    passphrase: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.recipients and self.passphrase is not None:
            raise Refusal("two-locks", sentence="Choose one: keys of others (age1…), or a passphrase.")
        _recipients(self.recipients)

    def __bool__(self) -> bool:
        return bool(self.recipients) or self.passphrase is not None


@dataclass(frozen=True, slots=True)
class Key:
    """What an encrypted backup is opened with: a passphrase, or age identities (`AGE-SECRET-KEY-1…`)."""

    passphrase: str | None = field(default=None, repr=False)
    identities: tuple[str, ...] = field(default=(), repr=False)


NO_KEY = Key()


def is_sealed(path: Path) -> bool:
    """Whether the file is encrypted with age."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def seal(source: Path, target: BinaryIO, lock: Lock) -> None:
    """Write `source`, encrypted, to `target`. Raises Refusal if it is too large for a passphrase."""
    pyrage = _age()
    if lock.passphrase is None:
        with source.open("rb") as file:
            pyrage.encrypt_io(file, target, _recipients(lock.recipients))
        return
    if source.stat().st_size > PASSPHRASE_LIMIT:
        raise Refusal(
            "too-large",
            sentence=phrase("This backup is too large for a passphrase. Encrypt it to a key instead (age1…)."),
        )
    target.write(pyrage.passphrase.encrypt(source.read_bytes(), lock.passphrase))


def unseal(source: Path, target: BinaryIO, key: Key) -> None:
    """Write what is inside the encrypted file `source` to `target`, never more bytes than `source` has.

    Raises BadBackup where the key does not fit or the file is damaged, Refusal("locked") where none was given.
    """
    pyrage = _age()
    by_passphrase = _is_by_passphrase(source)
    if by_passphrase and key.passphrase is None:
        raise Refusal("locked", "passphrase", sentence=phrase("This backup is locked. Type its passphrase."))
    if not by_passphrase and not key.identities:
        raise Refusal(
            "locked", "file", sentence=phrase("This backup is locked with a key. Whoever holds that key can open it.")
        )
    try:
        if by_passphrase:
            if source.stat().st_size > PASSPHRASE_LIMIT + 1_048_576:
                raise too_large(PASSPHRASE_LIMIT)
            target.write(pyrage.passphrase.decrypt(source.read_bytes(), key.passphrase))
        else:
            with source.open("rb") as file:
                pyrage.decrypt_io(file, target, _identities(key.identities))
    except pyrage.DecryptError:
        raise _wrong_key() from None
    except OSError as error:
        if error.errno is not None:
            raise  # the disk's, not the library's
        raise _wrong_key() from None


def _wrong_key() -> BadBackup:
    return bad(
        "wrong-key",
        phrase("The passphrase or key does not open this backup, or it is damaged. Nothing of it was used."),
    )


def _age() -> Any:
    import pyrage  # type: ignore[import-untyped]  # large, and needed by few commands

    return pyrage


def _is_by_passphrase(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC) + len(_BY_PASSPHRASE)).endswith(_BY_PASSPHRASE)


def _recipients(texts: tuple[str, ...]) -> list[Any]:
    if not texts:
        return []
    pyrage = _age()
    try:
        return [pyrage.x25519.Recipient.from_str(text.strip()) for text in texts]
    except pyrage.RecipientError:
        raise Refusal(
            "bad-recipient", sentence="That is no age recipient; it begins with age1 and is made by age-keygen."
        ) from None


def _identities(texts: tuple[str, ...]) -> list[Any]:
    pyrage = _age()
    try:
        return [pyrage.x25519.Identity.from_str(text.strip()) for text in texts]
    except pyrage.IdentityError:
        raise Refusal(
            "bad-identity",
            sentence="That is no age identity; it begins with AGE-SECRET-KEY-1 and is kept by one person.",
        ) from None
