"""Backups and restores that are killed in the middle: `python -m tests.backup.killed FOLDER backup|restore STRIDE`.

A child ends itself by SIGKILL at its n-th statement, flush, rename, removal or new folder. Then what is there must be whole, and
the next try must work and clear up. Says what it found as JSON.
"""

import json
import shutil
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command  # noqa: F401  imported once here, so that no child has to

from node.backup import finish, make, restore
from node.backup.contents import is_ours
from node.backup.making import restore_on_trial
from node.backup.record import last_backup
from tests.backup.councils import URL, VERSION, Clock, Kept, build, rows, settling, twin
from tests.node.killed_upgrades import in_a_child, killing_at, points_of

MEMBERS = "SELECT id, name FROM member ORDER BY id"


def _make(directory: Path) -> None:
    kept = Kept(directory)
    make(kept.settings, clock=kept.clock, version=VERSION)


def _restore(file: Path, directory: Path) -> None:
    restore(file, directory, settle=settling(Clock()), clock=Clock(), replace=True)


def _fresh(first: Kept, directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    return twin(first, directory).directory


def killed_backup(first: Kept, folder: Path, n: int) -> list[str]:
    directory = _fresh(first, folder / "killed")

    def killed() -> None:
        killing_at(n)
        _make(directory)

    ended = in_a_child(killed)
    found = [] if ended == signal.SIGKILL else [f"it ended with {ended}"]
    backups = directory / "backups"
    for path in backups.glob("*") if backups.exists() else ():
        if is_ours(path.name, URL):
            restore_on_trial(path, folder / "trial")
    if in_a_child(lambda: _make(directory)) != 0:
        return [*found, "the next backup failed"]
    last = last_backup(directory)
    if last is None or not Path(last.file).exists():
        found.append("no record of it")
    strays = [
        p.name for p in backups.iterdir() if not is_ours(p.name, URL) and p.name not in ("last.json", "node.lock")
    ]
    return [*found, f"left behind: {strays}"] if strays else found


def killed_restore(file: Path, old: Kept, new: Kept, folder: Path, n: int) -> list[str]:
    directory = _fresh(old, folder / "killed")

    def killed() -> None:
        killing_at(n)
        _restore(file, directory)

    ended = in_a_child(killed)
    found = [] if ended == signal.SIGKILL else [f"it ended with {ended}"]
    finish(directory)  # as every start does
    now = _what_is(directory)
    if now not in (_what_is(old.directory), _what_is(new.directory)):
        found.append("neither the old council nor the new one is here")
    asides = [_what_is(path) for path in directory.glob("before-restore-*")]
    if now == _what_is(new.directory) and _what_is(old.directory) not in asides:
        found.append("the old council is nowhere")
    if (directory / "incoming").exists():
        found.append("left behind: incoming")
    if in_a_child(lambda: _restore(file, directory)) != 0 or _what_is(directory) != _what_is(new.directory):
        found.append("the next restore failed")
    return found


def _what_is(directory: Path) -> tuple[bytes, bytes, list[Any]]:
    """Whose keys, whose settings and whose people are in a folder."""
    key, settings = directory / "keys" / "ed25519.pem", directory / "comarca.toml"
    return key.read_bytes(), settings.read_bytes(), rows(directory / "comarca.db", MEMBERS)


def main(folder: Path, what: str, stride: int) -> dict[str, Any]:
    old = build(folder / "old")
    if what == "backup":
        total = points_of(partial(_make, _fresh(old, folder / "counted")))
        attempt = partial(killed_backup, old, folder)
    else:
        new = build(folder / "new")
        store = new.store()
        store.write_now(lambda c: c.exec_driver_sql("UPDATE member SET name = 'Somebody else'"))
        store.close()
        file = make(new.settings, clock=new.clock, version=VERSION, to=folder / "stick").file
        total = points_of(partial(_restore, file, _fresh(old, folder / "counted")))
        attempt = partial(killed_restore, file, old, new, folder)
    tried = sorted({*range(1, total + 1, stride), total})
    return {"points": total, "tried": len(tried), "wrong": {n: found for n in tried if (found := attempt(n))}}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
