"""Upgrades that are killed in the middle, one process for each point: `python -m tests.node.killed_upgrades FOLDER [MOST]`.

A child counts what it does (each SQL statement, every so many steps inside one, each flush, rename and removal of a file) and sends
itself SIGKILL at the n-th. Then a normal start must find, or make, a whole database. Says what it found as JSON.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from alembic import command  # noqa: F401  imported once here, so that no child has to

from node.app import open_store
from node.migrations import current_revision, head, upgrade
from tests.node.frozen import build, complaints, contents, owed, tables_of

STEPS_INSIDE = 400
NEVER = 1 << 30


def killing_at(n: int) -> None:
    """From now on this process counts what it does to the disk, and ends itself at the n-th."""
    done = count(1)

    def step(*_: Any) -> int:
        if next(done) >= n:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    connect = sqlite3.connect

    def watched(*args: Any, **given: Any) -> sqlite3.Connection:
        raw = connect(*args, **given)
        raw.set_trace_callback(step)
        raw.set_progress_handler(step, STEPS_INSIDE)
        return raw

    sqlite3.connect = sqlite3.dbapi2.connect = watched  # type: ignore[assignment]
    for name in ("fsync", "replace", "rename", "unlink", "mkdir"):
        setattr(os, name, _around(getattr(os, name), step))
    watched.done = done  # type: ignore[attr-defined]


def _around(call: Callable[..., Any], step: Callable[[], int]) -> Callable[..., Any]:
    def stepped(*args: Any, **given: Any) -> Any:
        step()
        answer = call(*args, **given)
        step()
        return answer

    return stepped


def in_a_child(work: Callable[[], None]) -> int:
    """The signal that ended it, or minus its exit code."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)


def points_of(work: Callable[[], object]) -> int:
    """How many things `work` does when nobody disturbs it."""
    reading, writing = os.pipe()

    def counted() -> None:
        killing_at(NEVER)
        work()
        os.write(writing, str(next(sqlite3.connect.done)).encode())  # type: ignore[attr-defined]

    assert in_a_child(counted) == 0
    return int(os.read(reading, 20)) - 1


def _copy(released: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return Path(shutil.copy(released, folder / "comarca.db"))


def one(released: Path, folder: Path, n: int) -> list[str]:
    """What is wrong after a kill at the n-th point and a normal start; nothing if all is well."""
    path = _copy(released, folder)
    tables = owed(tables_of(released))
    before = contents(released, tables)

    def killed() -> None:
        killing_at(n)
        upgrade(path)

    def started() -> None:
        open_store(folder).close()

    ended = in_a_child(killed)
    found = [] if ended == signal.SIGKILL else [f"it ended with {ended} and was not killed"]
    if in_a_child(started) != 0:
        return [*found, "a normal start failed"]
    if current_revision(path) != head():
        found.append(f"it is at {current_revision(path)}")
    if contents(path, tables) != before:
        found.append("rows differ")
    if complaints(path):
        found.append(f"SQLite complains: {complaints(path)[:3]}")
    strays = {file.name for file in folder.iterdir()} - {"comarca.db", "comarca-0001.db"}
    if strays:
        found.append(f"left behind: {sorted(strays)}")
    copy = folder / "comarca-0001.db"
    if not copy.exists() or contents(copy, tables) != before:
        found.append("the copy is not whole")
    return found


def main(folder: Path, most: int) -> dict[str, Any]:
    """Every point, or `most` of them spread over the whole, the first and the last among them."""
    released = build(folder / "released" / "comarca.db")
    counted = _copy(released, folder / "counted")
    total = points_of(lambda: upgrade(counted))
    tried = sorted({1 + (total - 1) * n // (most - 1) for n in range(most)} if most < total else range(1, total + 1))
    wrong = {n: found for n in tried if (found := one(released, folder / "killed", n))}
    return {"points": total, "tried": len(tried), "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else NEVER)))
