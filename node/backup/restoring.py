"""Putting a backup back, whole or not at all: built in `incoming/` of the folder, then moved into place by renames.

The moment of decision is one small file, `ready.json`. Before it is there, nothing of the folder has changed; once it is,
`finish` carries the move through however often it is interrupted. What was there before is moved aside, never removed.
This module must never work in a folder that a server holds, except for a server that asks it to.
"""

import json
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from federation.ports import Clock
from node.backup.contents import (
    DATABASE,
    KEYS,
    SETTINGS,
    BackupFailed,
    Manifest,
    bad,
)
from node.backup.copying import another_council
from node.backup.files import clear, empty_folder, put_text, sync, sync_all
from node.backup.making import open_into
from node.backup.sealing import NO_KEY, Key
from node.database import AlreadyServed, StoreFault, hold_lock
from node.database.lock import FILE_NAME as LOCK
from node.migrations import UpgradeRefused
from node.settings import BadSettings, load, write
from schemas.phrase import phrase
from schemas.refusal import Refusal

INCOMING = "incoming"
READY = "ready.json"
ASIDE = "before-restore"
MOST_UNPACKED = 64 * 1_073_741_824
_STAGED = "council"
_IGNORED = frozenset({LOCK, INCOMING, "lost+found"})

Settle = Callable[[Path], str | None]
"""What is done to a council's folder before it is put in place: tables brought up to date, sessions ended. Gives a sign-in link."""


def restore(
    file: Path, into: Path, *, settle: Settle, clock: Clock, replace: bool = False, key: Key = NO_KEY
) -> tuple[Manifest, str | None, Path | None]:
    """Restore `file` into `into`: its manifest, the link that `settle` gave, and where the old council is now, if there was one.

    Raises AlreadyServed for a live folder, Refusal("exists") for one that holds anything unless `replace`, BadBackup,
    BackupFailed; the folder is then as it was.
    """
    _refuse_unless_a_folder(into)
    with ExitStack() as undoing:
        if not into.exists():
            into.mkdir(mode=0o700, parents=True)
            undoing.callback(clear, into)
        with hold_lock(into):
            finish(into)
            if _occupied(into) and not replace:
                raise Refusal(
                    "exists",
                    sentence=f"{into} is not empty. Choose another folder, or type --replace: what is there is then moved aside.",
                )
            with Stage(into) as stage:
                manifest = stage.open(file, key=key, most=MOST_UNPACKED)
                link = stage.settle(settle)
                aside = stage.commit(now=clock.now())
            undoing.pop_all()
            finish(into)
    return manifest, link, aside if aside.exists() else None


class Stage:
    """Where a backup is built beside the council in `directory`. Leaving the block without `commit` leaves nothing behind."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.folder = directory / INCOMING
        self._staged = self.folder / _STAGED
        self._holding = ExitStack()
        self._committed = False

    def __enter__(self) -> "Stage":
        self.folder.mkdir(mode=0o700, exist_ok=True)
        try:
            self._holding.enter_context(hold_lock(self.folder))
        except AlreadyServed:
            raise Refusal(
                "busy", sentence=phrase("Another backup is being restored here. Wait until it is done.")
            ) from None
        if is_ready(self._directory):
            self._holding.close()
            raise Refusal("busy", sentence=phrase("A backup was restored here just now. Wait for the server."))
        for path in self.folder.iterdir():
            if path.name != LOCK:
                clear(path)
        return self

    def __exit__(self, *_: object) -> None:
        if not self._committed:
            clear(self.folder)
        self._holding.close()

    def open(self, file: Path, *, key: Key, most: int) -> Manifest:
        """Unpack and examine. Raises BadBackup, and if it is another council's than the one in the folder."""
        manifest = open_into(file, empty_folder(self._staged), key=key, most=most)
        ours = _url_of(self._directory)
        if ours is not None and ours != manifest.url:
            raise another_council(manifest.url, ours)
        return manifest

    def keep_listening_here(self) -> None:
        """Where the server listens is this machine's matter, not the backup's: `[listen]` of the folder's settings stays."""
        here, staged = self._directory / SETTINGS, self._staged / SETTINGS
        if not (here.exists() and staged.exists()):
            return
        listen, theirs = _read_toml(here).get("listen"), _read_toml(staged)
        if theirs.get("listen") == listen:
            return
        values = {name: value for name, value in theirs.items() if name != "listen"}
        values |= {"listen": listen} if listen else {}
        staged.unlink()
        try:
            write(self._staged, values)
        except BadSettings as error:
            raise bad("settings", f"The settings in this backup cannot be used here. {error}") from None

    def settle(self, settle: Settle) -> str | None:
        """Bring it up to date and end what signs in there. Raises BadBackup, BackupFailed."""
        try:
            link = settle(self._staged)
        except UpgradeRefused as error:
            raise bad("not-upgraded", f"The tables of this backup could not be brought up to date. {error}") from error
        except StoreFault as fault:
            raise BackupFailed(f"The restored database cannot be used: {fault}. Look at the disk.") from fault
        for copy in self._staged.glob("comarca-*.db"):
            clear(copy)  # what an upgrade keeps beside the database: the backup itself is that copy
        return link

    def commit(self, *, now: datetime) -> Path:
        """From here on it is decided; `finish` does it. Returns where the old council will be."""
        aside, again = f"{ASIDE}-{now:%Y%m%dT%H%M%SZ}", 0
        while (self._directory / aside).exists():
            again += 1
            aside = f"{ASIDE}-{now:%Y%m%dT%H%M%SZ}-{again}"
        sync_all(self._staged)
        put_text(self.folder / READY, json.dumps({"aside": aside}) + "\n")
        sync(self._directory)
        self._committed = True
        return self._directory / aside


def is_ready(directory: Path) -> bool:
    """Whether a restored council waits in `directory` to be put into its place."""
    return (directory / INCOMING / READY).exists()


def finish(directory: Path) -> bool:
    """Put a council that is ready into its place. Whoever calls this holds the folder's lock. False if none is ready; what a
    try that was killed has left is cleared away then, since it holds keys.

    Each step is one rename and is passed over if an earlier, interrupted try has done it. The database comes last and goes
    first, so that in between there is no council here rather than a mixed one.
    """
    incoming = directory / INCOMING
    try:
        aside = directory / str(json.loads((incoming / READY).read_bytes())["aside"])
    except FileNotFoundError:
        clear(incoming)
        return False
    staged = incoming / _STAGED
    if (staged / DATABASE).exists():
        for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            _move(directory / name, aside / name)
        for name in (KEYS, SETTINGS):
            if (staged / name).exists():
                _move(directory / name, aside / name)
                (staged / name).rename(directory / name)
        sync(directory)
        (staged / DATABASE).rename(directory / DATABASE)
        sync(directory)
    (incoming / READY).unlink()
    sync(incoming)
    clear(incoming)
    return True


def _move(old: Path, new: Path) -> None:
    if old.exists():
        new.parent.mkdir(mode=0o700, exist_ok=True)
        old.rename(new)
        sync(new.parent)


def _refuse_unless_a_folder(into: Path) -> None:
    if into.is_symlink() or (into.exists() and not into.is_dir()):
        raise Refusal("no-folder", sentence=f"{into} is no folder. Choose another place.")


def _occupied(into: Path) -> bool:
    return any(path.name not in _IGNORED for path in into.iterdir())


def _url_of(directory: Path) -> str | None:
    """The address of the council in `directory`, None where there is none or its settings cannot be read."""
    if not (directory / SETTINGS).exists():
        return None
    try:
        return load(directory).url
    except BadSettings:
        return None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise bad("settings", phrase("The settings in this backup cannot be read.")) from None
