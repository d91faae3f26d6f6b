"""Making a backup while the server runs, and believing in it only after it was restored on trial.

All work is done under other names; the final name appears last, by one rename, on a file that is whole, on the disk and
verified. What is not encrypted yet never leaves the council's own folder if it is to be encrypted. This module must
never change anything of the council, nor remove an earlier backup.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from glob import escape
from pathlib import Path

from federation.ports import Clock
from node.backup import record
from node.backup.contents import (
    BACKUPS,
    DATABASE,
    FORMAT,
    KEYS,
    SETTINGS,
    BackupFailed,
    BadBackup,
    Manifest,
    file_name,
    stem_of,
)
from node.backup.copying import copy_database, examine, go_on
from node.backup.files import clear, empty_folder, sync
from node.backup.packing import describe, pack, unpack
from node.backup.record import LastBackup
from node.backup.sealing import NO_KEY, Key, Lock, is_sealed, seal, unseal
from node.database import AlreadyServed, hold_lock
from node.migrations import current_revision
from node.settings import Settings
from schemas.refusal import Refusal

UNLOCKED = Lock()
_WORK = ".making"
_ANY_SIZE = 1 << 62


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup. `seconds` is what verifying took; `opened` says whether the finished file itself was tried."""

    file: Path
    size: int
    made_at: datetime
    encrypted: bool
    seconds: float
    opened: bool


def folder_of(settings: Settings) -> Path:
    """Where backups of this council go by themselves."""
    chosen = settings.backup.folder
    return settings.directory / (chosen or BACKUPS)


def make(
    settings: Settings,
    *,
    clock: Clock,
    version: str,
    to: Path | None = None,
    lock: Lock = UNLOCKED,
    council: str | None = None,
    stop: threading.Event | None = None,
) -> Made:
    """Make and verify a backup in the folder `to` (the council's own unless given) and note it as the last good one.

    `version` is the software's; `council` the name it bears now, if not that of the settings. Raises BackupFailed with
    nothing left behind, OSError from the disk, Stopped after `stop`; a failure is noted, too.
    """
    directory = settings.directory
    target = folder_of(settings) if to is None else to
    began = clock.now()
    try:
        with _working(directory) as work:
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = _Making(settings, clock, version, target, lock, work, council or settings.name).run(began, stop)
            record.note_good(directory, _as_record(made, clock))
    except (BackupFailed, OSError, Refusal) as error:
        record.note_failure(directory, at=began, why=str(error))
        raise
    return made


@contextmanager
def _working(directory: Path) -> Iterator[Path]:
    """A private folder to work in, for one at a time; what a killed predecessor left in it is cleared first."""
    backups = directory / BACKUPS
    backups.mkdir(mode=0o700, exist_ok=True)
    try:
        with hold_lock(backups):
            work = empty_folder(backups / _WORK)
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except AlreadyServed:
        raise BackupFailed("Another backup of this council is being made. Wait until it is done.") from None


@dataclass(frozen=True, slots=True)
class _Making:
    settings: Settings
    clock: Clock
    version: str
    target: Path
    lock: Lock
    work: Path
    council: str

    def run(self, began: datetime, stop: threading.Event | None) -> Made:
        for stale in self.target.glob(f".{escape(stem_of(self.settings.url))}-*.partial"):
            stale.unlink(missing_ok=True)
        final = self._free_name(began)
        partial = final.with_name(f".{final.name}.partial")
        # Bytes that are to be encrypted must not reach a foreign disk in the clear.
        archive = self.work / "archive" if self.lock else partial
        try:
            self._pack(archive, began, stop)
            checking = self.clock.monotonic()
            if not self.lock or self.lock.passphrase is None:
                restore_on_trial(archive, self.work / "trial")
            if self.lock:
                self._seal(archive, partial)
            seconds = self.clock.monotonic() - checking
            sync(partial)
            size = partial.stat().st_size
            partial.rename(final)
            sync(self.target)
        except BadBackup as error:
            raise BackupFailed(f"The backup did not pass its trial: {error.sentence} Look at the disk.") from error
        finally:
            clear(partial)
        by_others = bool(self.lock.recipients)
        return Made(final, size, began, encrypted=bool(self.lock), seconds=round(seconds, 2), opened=not by_others)

    def _free_name(self, at: datetime) -> Path:
        again = 0
        while (path := self.target / file_name(self.settings.url, at, sealed=bool(self.lock), again=again)).exists():
            again += 1
        return path

    def _pack(self, archive: Path, began: datetime, stop: threading.Event | None) -> None:
        source = empty_folder(self.work / "source")
        directory = self.settings.directory
        copy_database(directory / DATABASE, source / DATABASE, stop=stop)
        (source / KEYS).mkdir(mode=0o700)
        for path in (directory / SETTINGS, *sorted((directory / KEYS).glob("[A-Za-z0-9]*"))):
            if path.is_file():
                shutil.copyfile(path, source / path.relative_to(directory))
        names = sorted(str(path.relative_to(source)) for path in source.rglob("*") if path.is_file())
        manifest = Manifest(
            format=FORMAT,
            software=self.version,
            revision=current_revision(source / DATABASE) or "",
            url=self.settings.url,
            council=self.council,
            made_at=began,
            members={name: describe(source / name) for name in names},
        )
        archive.unlink(missing_ok=True)
        archive.touch(mode=0o600)
        with archive.open("wb") as file:
            pack(source, manifest, file, look=lambda: go_on(stop))
        sync(archive)
        shutil.rmtree(source)

    def _seal(self, archive: Path, partial: Path) -> None:
        partial.touch(mode=0o600)
        with partial.open("wb") as file:
            seal(archive, file, self.lock)
        sync(partial)
        clear(archive)
        if self.lock.passphrase is not None:
            restore_on_trial(partial, self.work / "trial", key=Key(passphrase=self.lock.passphrase))
        elif not is_sealed(partial):
            raise BackupFailed("The encrypted file cannot be read back. Look at the disk.")


def restore_on_trial(file: Path, folder: Path, *, key: Key = NO_KEY) -> Manifest:
    """Restore `file` into the temporary `folder`, examine it as if it were to be served, and remove it again."""
    try:
        return open_into(file, empty_folder(folder), key=key, most=_ANY_SIZE)
    finally:
        clear(folder)


def open_into(file: Path, folder: Path, *, key: Key, most: int) -> Manifest:
    """Decrypt if needed, unpack into the empty `folder` and examine. Raises BadBackup, Refusal, BackupFailed."""
    plain = file
    opened = folder.with_name(f"{folder.name}.opened")
    try:
        if is_sealed(file):
            clear(opened)
            opened.touch(mode=0o600)
            with opened.open("wb") as target:
                unseal(file, target, key)
            plain = opened
        with plain.open("rb") as source:
            manifest = unpack(source, folder, most=most)
    finally:
        clear(opened)
    examine(folder, manifest)
    return manifest


def _as_record(made: Made, clock: Clock) -> LastBackup:
    return LastBackup(
        made_at=made.made_at,
        file=str(made.file.absolute()),
        size=made.size,
        verified_at=clock.now(),
        seconds=made.seconds,
        encrypted=made.encrypted,
        opened=made.opened,
    )
