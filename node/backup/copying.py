"""The database's copy, taken while others write, and the examination of an unpacked backup as if it were to be served.

SQLite's own copying keeps one snapshot throughout; a plain copy of the file would tear. This module must never write to
the database it copies.
"""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from node.backup.contents import DATABASE, BackupFailed, BadBackup, Manifest, bad, damaged
from node.identity import BadIdentity, load_identity
from node.migrations import UpgradeRefused, current_revision
from node.migrations.run import history
from node.settings import BadSettings, load
from schemas.phrase import phrase

_BUSY_MILLISECONDS = 30_000
_PAGES_AT_ONCE = 2_048


class Stopped(Exception):
    """The server is about to end, and the copy was broken off."""


def go_on(stop: threading.Event | None) -> None:
    """Raises Stopped once `stop` is set."""
    if stop is not None and stop.is_set():
        raise Stopped


def copy_database(source: Path, target: Path, *, stop: threading.Event | None = None) -> None:
    """A whole copy of the database `source` as it is at one moment, examined, in one file of mode 0600.

    Raises BackupFailed, or Stopped soon after `stop` is set.
    """

    target.touch(mode=0o600)
    try:
        with closing(_open(source)) as raw, closing(sqlite3.connect(target, isolation_level=None)) as copy:
            # A snapshot held from outside: without it every commit of another connection would begin the copy anew.
            raw.execute("BEGIN")
            raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
            raw.backup(copy, pages=_PAGES_AT_ONCE, progress=lambda *_: go_on(stop), sleep=0)
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise BackupFailed(f"{source} could not be copied ({error}). Look at the disk and the room left.") from error
    if found != "ok":
        raise BackupFailed(f"{source} is damaged ({found}). Put the last good backup in its place: comarca restore …")


def examine(folder: Path, manifest: Manifest) -> None:
    """Whether what was unpacked into `folder` could be served by this version. Raises BadBackup."""
    path = folder / DATABASE
    known = history()
    if manifest.revision not in known:
        raise bad(
            "newer",
            phrase(
                "This backup was made by another Comarca ({version}), whose tables are not known here. Install that version first.",
                version=manifest.software,
            ),
        )
    try:
        if current_revision(path) != manifest.revision:
            raise damaged()
        with closing(_open(path)) as raw:
            raw.execute("PRAGMA trusted_schema=OFF")
            raw.execute("PRAGMA cell_size_check=ON")
            if raw.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
                raise damaged()
        load_identity(folder)
    except (sqlite3.Error, UpgradeRefused, BadIdentity):
        raise damaged() from None
    try:
        url = load(folder).url
    except BadSettings as error:
        raise bad("settings", f"The settings in this backup cannot be used here. {error}") from None
    if url != manifest.url:
        raise another_council(manifest.url, url)


def another_council(theirs: str, ours: str) -> BadBackup:
    return bad(
        "another-council",
        phrase(
            "This is a backup of {theirs}, and this server is {ours}. An address never changes.",
            theirs=theirs,
            ours=ours,
        ),
    )


def _open(path: Path) -> sqlite3.Connection:
    # Not read-only: after a crash the first to open must be able to recover the write-ahead log.
    raw = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    raw.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    return raw
