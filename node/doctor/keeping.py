"""Is what was put up kept: the database, its backups, and the address that everything in it is signed under?

The database is opened for reading alone. It must never be repaired from here: a damaged file is put back from a backup.
"""

import sqlite3
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from federation.moments import from_microseconds
from node.backup.record import last_backup, last_failure
from node.doctor.finding import Cure, Finding, State
from node.doctor.look import Look
from node.migrations import run as migrations
from schemas.phrase import phrase

OLD_BACKUP: Final = timedelta(days=7)
AHEAD: Final = timedelta(minutes=10)
_STEPS: Final = 10_000


async def database(look: Look) -> Finding:
    """Is the file whole, durable, and at the revision of this version?"""
    path = look.database
    restore = Cure(phrase("Put a backup in its place"), f"comarca restore … --into {look.settings.directory} --replace")
    broken = phrase("What was put up cannot be read from the disk.")
    if not path.exists():
        return Finding("Database", State.BROKEN, broken, f"{path} is missing", (restore,))
    try:
        said, mode, revision = await look.query(lambda raw: _state(look, raw))
        head = migrations.head()
    except (sqlite3.Error, OSError) as error:
        return Finding("Database", State.BROKEN, broken, f"{path.name}: {error}", (restore,))
    size = _size(path)
    if said not in (None, "ok"):
        damaged = phrase("What was put up is damaged on the disk.")
        return Finding("Database", State.BROKEN, damaged, f"quick_check: {said}", (restore,))
    if mode != "wal":
        words = phrase("The database does not promise to keep what it was given.")
        cure = Cure(
            phrase("Keep the folder on a disk of this machine, then start the server"), "systemctl restart comarca"
        )
        return Finding("Database", State.BROKEN, words, f"journal_mode is {mode}, not wal", (cure,))
    if revision != head:
        return _other_revision(look, revision, head)
    checked = "whole" if said == "ok" else "not read through in the time there was"
    words = phrase("What was put up is kept safe.")
    return Finding(
        "Database", State.GOOD, words, f"{checked}, {size}, revision {revision}, every commit reaches the disk"
    )


def _state(look: Look, raw: sqlite3.Connection) -> tuple[str | None, str, str | None]:
    """What quick_check says (None: no time), the journal's mode, the revision."""
    mode = str(raw.execute("PRAGMA journal_mode").fetchone()[0])
    row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    end = look.clock.monotonic() + look.patience
    raw.set_progress_handler(lambda: look.clock.monotonic() > end, _STEPS)
    try:
        said = str(raw.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return None, mode, row[0] if row else None
    finally:
        raw.set_progress_handler(None, 0)
    return said, mode, row[0] if row else None


def _other_revision(look: Look, revision: str | None, head: str) -> Finding:
    if revision in migrations.history():
        words = phrase("The database is from before the last upgrade. The server brings it up to date when it starts.")
        cure = Cure(phrase("Start the server anew"), "systemctl restart comarca")
        return Finding("Database", State.LOOK, words, f"revision {revision}, this version has {head}", (cure,))
    words = phrase("The database was written by a newer version of the software than this one.")
    cure = Cure(phrase("Install the version that wrote it"), "pip install --upgrade comarca")
    return Finding("Database", State.BROKEN, words, f"revision {revision} is not known to {look.version}", (cure,))


def _size(path: Path) -> str:
    whole = 0
    for part in (path, path.with_name(path.name + "-wal")):
        with suppress(FileNotFoundError):  # the log beside the database goes with whoever closes it last
            whole += part.stat().st_size
    return f"{whole / 1e6:.1f} MB"


async def address(look: Look) -> Finding | None:
    """Has everything here been said under the address that the settings name?"""
    known = look.council.actor_id if look.council is not None else f"{look.url}/council"
    base = known.removesuffix("/council")
    try:
        others = await look.query(lambda raw: _said_elsewhere(raw, base))
    except sqlite3.Error:
        return None
    if others is None:
        words = phrase("Our server has always had the address that it has now.")
        return Finding("Address", State.GOOD, words, f"all of ours is signed under {base}")
    words = phrase("Our server's address was changed. What it said under the old one is no longer ours to others.")
    cure = Cure(phrase("Put the old address back in comarca.toml"), f'url = "{others}"')
    return Finding(
        "Address", State.BROKEN, words, f"url is {base}, but there are messages of ours under {others}", (cure,)
    )


def _said_elsewhere(raw: sqlite3.Connection, base: str) -> str | None:
    """The origin of a message of ours that is not under `base`."""
    row = raw.execute(
        "SELECT activity_id FROM body WHERE substr(activity_id, 1, ?) <> ? LIMIT 1", (len(base) + 1, f"{base}/")
    ).fetchone()
    return None if row is None else "/".join(str(row[0]).split("/", 3)[:3])


async def backup(look: Look) -> Finding | None:
    """Was everything backed up lately, and was the copy tried out?"""
    directory = look.settings.directory
    cure = Cure(phrase("Back up now"), f"comarca backup {directory}")
    failed = last_failure(directory)
    if failed is not None:
        words = phrase("The last backup did not succeed.")
        return Finding("Backup", State.LOOK, words, f"tried on {failed.at:%Y-%m-%d %H:%M} UTC: {failed.why}", (cure,))
    last = last_backup(directory)
    if last is None:
        words = phrase("No backup was ever made. If this machine breaks, everything is lost.")
        return Finding("Backup", State.LOOK, words, "never", (cure,))
    age, day = look.clock.now() - last.made_at, f"{last.made_at:%Y-%m-%d}"
    detail = f"{last.made_at:%Y-%m-%d %H:%M} UTC, {last.size / 1e6:.1f} MB"
    if not _is_there(last.file):
        words = phrase("The last backup is not where it was put.")
        return Finding("Backup", State.LOOK, words, f"{last.file} is gone", (cure,))
    if age > OLD_BACKUP:
        words = phrase("The last backup is {days} days old.", days=age.days)
        return Finding("Backup", State.LOOK, words, f"{detail}: {age.days} days ago", (cure,))
    if last.verified_at < last.made_at - AHEAD:
        words = phrase("The last backup was never tried out. Whether it can be put back is not known.")
        return Finding("Backup", State.LOOK, words, f"{detail}, not verified", (cure,))
    words = phrase("A backup was made on {day}, and tried out.", day=day)
    closed = ", encrypted" if last.encrypted else ""
    return Finding("Backup", State.GOOD, words, f"{detail}{closed}, verified by restoring it")


def _is_there(file: str) -> bool:
    return Path(file).exists()


async def set_back(look: Look) -> datetime | None:
    """The newest moment that this server has written down, if that is in the future: then its clock was set back."""

    def newest(raw: sqlite3.Connection) -> int | None:
        arrived, said = "SELECT max(received_at) FROM received_activity", "SELECT max(created_at) FROM body"
        found = [raw.execute(statement).fetchone()[0] for statement in (arrived, said)]
        return max((int(one) for one in found if one is not None), default=None)

    try:
        found = await look.query(newest)
    except sqlite3.Error:
        return None
    moment = None if found is None else from_microseconds(found)
    return moment if moment is not None and moment > look.clock.now() + AHEAD else None
