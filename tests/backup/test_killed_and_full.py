"""A process that is killed and a disk that is full: no half file under a final name, and what was there stays."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from node.backup import BackupFailed, make, restore
from node.backup.record import last_backup, last_failure, listing
from tests.backup.councils import NOON, URL, VERSION, Clock, Kept, everything, settling

ROOT = Path(__file__).parents[2]
SMALL = 100_000


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """The system refuses to let any file grow beyond `size` bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(("what", "stride", "least"), [("backup", 3, 60), ("restore", 3, 80)])
def test_killed_anywhere_what_is_there_is_whole_and_the_next_try_works(
    tmp_path: Path, what: str, stride: int, least: int
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.backup.killed", str(tmp_path), what, str(stride)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ran.stdout.splitlines()[-1])

    assert found["wrong"] == {}
    assert found["points"] >= least
    assert found["tried"] >= found["points"] // stride


@pytest.mark.parametrize("room", [1_000, 8_000, SMALL])
def test_without_room_there_is_no_new_backup_and_the_old_one_stays(kept: Kept, room: int) -> None:
    good = make(kept.settings, clock=kept.clock, version=VERSION)
    before = everything(kept.directory)
    kept.clock.pass_by(timedelta(days=1))

    with no_file_over(room), pytest.raises((BackupFailed, OSError)):
        make(kept.settings, clock=kept.clock, version=VERSION)

    after = everything(kept.directory)
    failure = last_failure(kept.directory)
    # SQLite's own two appear beside a database that is read.
    assert after.keys() - before.keys() <= {"backups/failed.json", "comarca.db-wal", "comarca.db-shm"}
    assert after | before == after
    assert failure is not None
    assert failure.at == NOON + timedelta(days=1)

    make(kept.settings, clock=kept.clock, version=VERSION)

    last = last_backup(kept.directory)
    assert last is not None
    assert last.made_at == NOON + timedelta(days=1)
    assert len(listing(good.file.parent, URL)) == 2


def test_a_restore_without_room_leaves_the_folder_as_it_was(kept: Kept, tmp_path: Path) -> None:
    made = make(kept.settings, clock=kept.clock, version=VERSION, to=tmp_path / "stick")
    before = everything(kept.directory)

    with no_file_over(SMALL), pytest.raises((BackupFailed, OSError)):
        restore(made.file, tmp_path / "new", settle=settling(kept.clock), clock=kept.clock)
    with no_file_over(SMALL), pytest.raises((BackupFailed, OSError)):
        restore(made.file, kept.directory, settle=settling(kept.clock), clock=kept.clock, replace=True)

    assert not (tmp_path / "new").exists()
    assert everything(kept.directory) == before
    restore(made.file, tmp_path / "new", settle=settling(kept.clock), clock=Clock())
