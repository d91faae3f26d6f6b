"""What a backup is made of: its names, its manifest, and what may be said when one cannot be made or used.

This module must never touch a file: it judges names and numbers that came out of one.
"""

import re
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from node import identity, settings
from schemas.phrase import phrase
from schemas.refusal import Refusal

FORMAT = 1
DATABASE = identity.DATABASE
SETTINGS = settings.FILE_NAME
KEYS = identity.FOLDER
MANIFEST = "manifest.json"
BACKUPS = "backups"
ENDING = ".comarca-backup.tar.gz"
SEALED_ENDING = ENDING + ".age"

MANIFEST_LIMIT = 65_536
MEMBERS_LIMIT = 128  # sixty pairs of keys, the most there can be
SMALL_LIMIT = 1_048_576
NEEDED = frozenset({DATABASE, f"{KEYS}/{identity.RSA_FILE}", f"{KEYS}/{identity.ED25519_FILE}"})
_NAME = re.compile(
    rf"{re.escape(DATABASE)}|{re.escape(SETTINGS)}|{re.escape(KEYS)}/[A-Za-z0-9][A-Za-z0-9._-]{{0,60}}", re.ASCII
)
_FILE = re.compile(
    rf"(?P<stem>[a-z0-9.\[\]-]{{1,120}})-\d{{8}}T\d{{6}}Z(-\d+)?{re.escape(ENDING)}(?P<sealed>\.age)?", re.ASCII
)


class BadBackup(Refusal):
    """The file is no whole backup that this version can use. Nothing of it was kept."""


class BackupFailed(Exception):
    """No backup could be made or put back, by no fault of a file. The text says why and what to do."""


class Member(BaseModel):
    """One file inside: SHA-256 in hex, and its size in bytes."""

    model_config = ConfigDict(frozen=True)

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]


class Manifest(BaseModel):
    """The first file inside. `revision` is that of the tables, `software` the version that made it."""

    model_config = ConfigDict(frozen=True)

    format: int
    software: Annotated[str, Field(max_length=40)]
    revision: Annotated[str, Field(max_length=40)]
    url: Annotated[str, Field(max_length=300)]
    council: Annotated[str, Field(max_length=400)]
    made_at: AwareDatetime
    members: dict[str, Member]

    @property
    def size(self) -> int:
        """Bytes of all files together, once unpacked."""
        return sum(member.size for member in self.members.values())


class _OnlyFormat(BaseModel):
    format: int
    software: str = ""


def bad(word: str, sentence: str) -> BadBackup:
    return BadBackup(word, "file", sentence=sentence)


def damaged() -> BadBackup:
    return bad("damaged", phrase("This backup is damaged or was changed. Nothing of it was used; try another copy."))


def parse_manifest(text: bytes, *, most: int) -> Manifest:
    """The manifest in `text`. Raises BadBackup for a newer format, names that are not ours, or more than `most` bytes in all."""
    try:
        found = _OnlyFormat.model_validate_json(text)
    except ValidationError:
        raise damaged() from None
    if found.format > FORMAT:
        raise bad(
            "newer",
            phrase(
                "This backup was made by a newer Comarca ({version}). Install that version first.",
                version=found.software[:40] or "?",
            ),
        )
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError:
        raise damaged() from None
    names = manifest.members.keys()
    small = [member.size for name, member in manifest.members.items() if name != DATABASE]
    whole = names >= NEEDED and len(names) <= MEMBERS_LIMIT and all(map(_NAME.fullmatch, names))
    if not whole or found.format != FORMAT or max(small) > SMALL_LIMIT:
        raise damaged()
    if manifest.size > most:
        raise too_large(most)
    return manifest


def too_large(most: int) -> BadBackup:
    return bad(
        "too-large",
        phrase("That is larger than the {megabytes} MB that are taken here.", megabytes=max(most // 1_048_576, 1)),
    )


def file_name(url: str, at: datetime, *, sealed: bool, again: int = 0) -> str:
    """`<host>-<time in UTC>` and the ending that every backup has."""
    twin = f"-{again}" if again else ""
    return f"{stem_of(url)}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}{twin}{SEALED_ENDING if sealed else ENDING}"


def stem_of(url: str) -> str:
    """What the names of a council's backups begin with: its host, and the port if it has one."""
    return urlsplit(url).netloc.replace(":", "-")


def is_ours(name: str, url: str) -> bool:
    """Whether a file of this name is a backup of the council at `url`."""
    found = _FILE.fullmatch(name)
    return found is not None and found["stem"] == stem_of(url)


def is_sealed_name(name: str) -> bool:
    return name.endswith(SEALED_ENDING)
