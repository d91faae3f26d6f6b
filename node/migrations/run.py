"""Bringing a database to the tables of this version, at start, before anything else opens it.

The usual start finds nothing to do by one plain query and never imports alembic. Otherwise a copy is made beside the
database, and all missing steps are applied in one transaction. This module must never touch a database that a newer
version has written, nor begin to change one without its copy.
"""

import importlib.metadata
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, NullPool, create_engine, event

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent
VERSIONS = HERE / "versions"

_BUSY_MILLISECONDS = 30_000
_REVISION = re.compile(r"^revision\b[^=\n]*=\s*['\"]([^'\"]+)['\"]", re.MULTILINE)
_BEFORE = re.compile(r"^down_revision\b[^=\n]*=\s*(?:None|['\"]([^'\"]+)['\"])\s*(?:#.*)?$", re.MULTILINE)


class UpgradeRefused(Exception):
    """The database cannot be brought to this version, and has not been changed. The text says why and what to do."""


class NewerDatabase(UpgradeRefused):
    """A newer version than this one has written the database."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What was done: the revision found (None for a new database), the one it has now, and the copy made before, if any."""

    before: str | None
    after: str
    copy: Path | None


def history(versions: Path = VERSIONS) -> tuple[str, ...]:
    """The revisions in `versions`, oldest first, read from the files without importing them.

    Raises ValueError unless they form one line without forks, gaps or rings.
    """
    following: dict[str | None, str] = {}
    files = sorted(path for path in versions.glob("*.py") if path.name != "__init__.py")
    for path in files:
        text = path.read_text(encoding="utf-8")
        revision, before = _REVISION.search(text), _BEFORE.search(text)
        if revision is None or before is None:
            raise ValueError(f"{path.name} does not name its revision and the one before it")
        if before[1] in following:
            raise ValueError(f"{path.name} follows {before[1]}, and so does another step: the history must be one line")
        following[before[1]] = revision[1]
    line: list[str] = []
    while (line[-1] if line else None) in following and len(line) < len(files):
        line.append(following[line[-1] if line else None])
    if len(line) != len(files):
        raise ValueError("the steps do not form one line: one of them follows a revision that is not there")
    return tuple(line)


def head(versions: Path = VERSIONS) -> str:
    """The newest revision. Raises ValueError if there is none."""
    line = history(versions)
    if not line:
        raise ValueError(f"there is no migration in {versions}")
    return line[-1]


def current_revision(path: Path) -> str | None:
    """The revision of the database at `path`, by plain SQL; None if there is no database yet or it is empty.

    Raises UpgradeRefused for a file that is no database of ours.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        # Not read-only: after a crash the first to open must be able to recover the write-ahead log.
        with closing(_open(path)) as raw:
            tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in tables:
                if tables:
                    raise UpgradeRefused(
                        f"{path} has tables but no revision: it was not made by Comarca. Choose another folder."
                    )
                return None
            rows = raw.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error as error:
        raise UpgradeRefused(f"{path} cannot be read as a database ({error}). Put a backup in its place.") from error
    if len(rows) > 1:
        raise UpgradeRefused(f"{path} names {len(rows)} revisions where one is expected. Put a backup in its place.")
    return str(rows[0][0]) if rows else None


def upgrade(path: Path, *, versions: Path = VERSIONS, version: str | None = None) -> Upgrade:
    """Bring the database at `path` to the newest revision in `versions`; make it (mode 0600) if it is not there.

    `version` is that of the software, ours unless given; it is noted in the database for whoever meets it with an older one.
    Raises NewerDatabase for a revision that is not in `versions`, UpgradeRefused if a copy or a step fails; in both cases
    the database is as it was.
    """
    before, line = current_revision(path), history(versions)
    after = head(versions)
    if before == after:
        return Upgrade(before=before, after=after, copy=None)
    ours = version or importlib.metadata.version("comarca")
    if before is not None and before not in line:
        raise NewerDatabase(
            f"{path} is at revision {before}, which Comarca {ours} does not know: it was written by {_writer(path, ours)}. "
            "Install that version, or put back a copy made before the upgrade."
        )
    copy = None if before is None else _copy(path, before)
    try:
        _apply(path, versions, ours)
    except Exception as error:
        kept = f" A copy is at {copy}." if copy else ""
        raise UpgradeRefused(
            f"The step from revision {before or 'nothing'} to {after} failed ({type(error).__name__}); {path} is as it was.{kept} "
            "Keep using the version you had, and report this."
        ) from error
    return Upgrade(before=before, after=after, copy=copy)


def configuration(connection: Connection, versions: Path, **attributes: Any) -> "Config":
    """Alembic's configuration for working on `connection`; imports alembic, so nothing on the usual way calls it."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection, **attributes})
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


@contextmanager
def transaction(path: Path) -> Iterator[Connection]:
    """One write transaction for alembic, committed at the end of the block and undone if it raises.

    Foreign keys are off, since batch mode drops and rebuilds tables and would take rows along by cascade; they are
    checked as a whole before COMMIT.
    """
    path.touch(mode=0o600)
    engine = create_engine(URL.create("sqlite+pysqlite", database=str(path.absolute())), poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _record: Any) -> None:
        raw.isolation_level = None
        for pragma in (
            f"busy_timeout={_BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
        ):
            raw.execute(f"PRAGMA {pragma}")
        raw.execute("PRAGMA foreign_keys=OFF")

    with engine.connect() as connection:
        # Leaving the block without COMMIT closes the connection, which undoes everything.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if orphans:
            raise ValueError(f"{len(orphans)} rows would point to nothing, the first in table {orphans[0][0]}")
        connection.exec_driver_sql("COMMIT")
    engine.dispose()


def _apply(path: Path, versions: Path, version: str) -> None:
    from alembic import command

    with transaction(path) as connection:
        command.upgrade(configuration(connection, versions), "head")
        connection.exec_driver_sql(f"PRAGMA user_version={_as_number(version)}")


def _copy(path: Path, revision: str) -> Path:
    """A whole copy beside the database, as private as it is, named after its revision; complete or not there at all."""
    copy = path.with_name(f"{path.stem}-{revision}{path.suffix}")
    partial = copy.with_name(f"{copy.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)  # VACUUM INTO takes an empty file, and leaves its mode alone
        with closing(_open(path)) as raw:
            raw.execute("VACUUM INTO ?", (str(partial),))
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(copy)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise UpgradeRefused(
            f"No copy of {path} could be made before its upgrade ({error}). Make room beside it and try again."
        ) from error
    return copy


def _open(path: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    raw.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    return raw


def _writer(path: Path, ours: str) -> str:
    with closing(_open(path)) as raw:
        number = raw.execute("PRAGMA user_version").fetchone()[0]
    if number <= _as_number(ours):
        return f"another version than {ours}"
    return f"Comarca {number // 1_000_000}.{number // 1_000 % 1_000}.{number % 1_000}"


def _as_number(version: str) -> int:
    """1.2.3 as 1002003, which is what SQLite has room for."""
    parts = [int(digits) for digits in re.findall(r"\d+", version)[:3]]
    major, minor, patch = (*parts, 0, 0, 0)[:3]
    return major * 1_000_000 + min(minor, 999) * 1_000 + min(patch, 999)
