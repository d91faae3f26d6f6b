"""What is known of the backups made so far: the last good one, the last failure, and the files in a folder.

The record stands in `backups/last.json` of the council's folder, for the health checks, the page and the status. This
module must never remove a file that is not a backup of this very council, nor the last verified one.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from node.backup.contents import BACKUPS, is_ours, is_sealed_name
from node.backup.files import put_text

LAST = "last.json"
FAILED = "failed.json"


class LastBackup(BaseModel):
    """The last good backup: `file` is its whole path, `size` in bytes, `seconds` what verifying took.

    `opened` says whether the finished file itself was opened and restored on trial; a file that only others can open was
    restored before it was encrypted.
    """

    model_config = ConfigDict(frozen=True)

    made_at: AwareDatetime
    file: str
    size: int
    verified_at: AwareDatetime
    seconds: float
    encrypted: bool
    opened: bool


class LastFailure(BaseModel):
    """Why the last try came to nothing. Gone after the next good one."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    """One backup in a folder. `size` in bytes."""

    name: str
    size: int
    encrypted: bool


def last_backup(directory: Path) -> LastBackup | None:
    """The last good backup of the council in `directory`; None if there is none, or nothing legible about it."""
    with suppress(OSError, ValidationError):
        return LastBackup.model_validate_json((directory / BACKUPS / LAST).read_bytes())
    return None


def last_failure(directory: Path) -> LastFailure | None:
    """The last failure since the last good backup."""
    with suppress(OSError, ValidationError):
        return LastFailure.model_validate_json((directory / BACKUPS / FAILED).read_bytes())
    return None


def note_good(directory: Path, last: LastBackup) -> None:
    put_text(directory / BACKUPS / LAST, last.model_dump_json(indent=1) + "\n")
    (directory / BACKUPS / FAILED).unlink(missing_ok=True)


def note_failure(directory: Path, *, at: datetime, why: str) -> None:
    """Best kept, but not at any price: on a full disk this may fail too, and then the log alone knows."""
    with suppress(OSError):
        (directory / BACKUPS).mkdir(mode=0o700, exist_ok=True)
        put_text(directory / BACKUPS / FAILED, json.dumps({"at": at.isoformat(), "why": why}) + "\n")


def listing(folder: Path, url: str) -> list[Kept]:
    """The backups of the council at `url` in `folder`, the newest first. A folder that is not there holds none."""
    found = []
    with suppress(OSError):
        for path in folder.iterdir():
            if is_ours(path.name, url) and path.is_file() and not path.is_symlink():
                found.append(Kept(path.name, path.stat().st_size, is_sealed_name(path.name)))
    # The time stands in the name; what a clock that was set back has named later is sorted by its name all the same.
    return sorted(found, key=lambda kept: _time_in(kept.name), reverse=True)


def prune(folder: Path, url: str, *, keep: int, last: LastBackup | None) -> list[str]:
    """Remove all but the newest `keep` backups of this council; the last verified one stays whatever its age."""
    spared = None if last is None else Path(last.file).name
    gone = []
    for kept in listing(folder, url)[keep:]:
        if kept.name != spared:
            (folder / kept.name).unlink(missing_ok=True)
            gone.append(kept.name)
    return gone


def _time_in(name: str) -> str:
    return name.partition(".comarca-backup")[0].rpartition("Z")[0][-15:] + name
