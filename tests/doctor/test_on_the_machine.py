"""What is wrong with the machine, the folder, the database or the backups is found, and named with its cure."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from federation.columns import Instant
from node.app import open_council
from node.backup.contents import BACKUPS
from node.backup.record import note_failure
from node.database import AlreadyServed, hold_lock
from node.doctor.finding import Finding, Report, State
from node.doctor.look import Machine, open_files_of
from node.doctor.machine import served_by
from node.doctor.run import CHECKS, examine
from node.identity import ED25519_FILE, FOLDER, RSA_FILE
from tests.doctor.resting import Resting, resting
from tests.doctor.standing import note_backup, place_keys, standing

GOOD, LOOK, BROKEN = State.GOOD, State.LOOK, State.BROKEN
Change = Callable[[Resting], dict[str, Any] | None]


@dataclass(frozen=True)
class Case:
    """`change` makes the fault, and may give what the look is to be told instead."""

    title: str
    change: Change
    named: str
    state: State
    told: str
    cure: str


def _room(free: int, *, inodes: int = 100_000, flags: int = 0) -> Callable[[Path], Any]:
    def room(_path: Path) -> Any:
        return SimpleNamespace(
            f_bavail=free, f_frsize=1, f_blocks=10_000_000_000, f_files=1_000_000, f_favail=inodes, f_flag=flags
        )

    return room


def _machine(**told: Any) -> Change:
    return lambda at: {"machine": replace(at.look.machine, **told)}


def _mode(path: str, mode: int) -> Change:
    def change(at: Resting) -> None:
        (at.folder / path).chmod(mode)

    return change


def _all(*changes: Change) -> Change:
    def change(at: Resting) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for one in changes:
            told |= one(at) or {}
        return told

    return change


def _without(path: str) -> Change:
    def change(at: Resting) -> None:
        (at.folder / path).unlink()

    return change


def _key_for_key(at: Resting) -> None:
    shutil.copy(at.folder / FOLDER / RSA_FILE, at.folder / FOLDER / ED25519_FILE)


def _garbage_key(at: Resting) -> None:
    (at.folder / FOLDER / RSA_FILE).write_text("no key")


def _damaged(at: Resting) -> None:
    at.close()
    path = at.look.database
    whole = bytearray(path.read_bytes())
    page = 4_096
    # All but the first pages, where the schema lies: the file still opens, and what is in it cannot be trusted.
    for start in range(12 * page, len(whole), page):
        whole[start : start + page] = b"\xa5" * page
    path.write_bytes(bytes(whole))


def _not_a_database(at: Resting) -> None:
    at.close()
    at.look.database.write_bytes(b"This is a shopping list.\n" * 400)


def _missing_database(at: Resting) -> None:
    at.close()
    at.look.database.unlink()


def _no_log(at: Resting) -> None:
    at.close()
    at.raw("PRAGMA journal_mode=DELETE")


def _older(at: Resting) -> None:
    at.raw("UPDATE alembic_version SET version_num = '0001'")


def _newer(at: Resting) -> None:
    at.raw("UPDATE alembic_version SET version_num = '9999'")


def _backup(age: timedelta, *, verified: timedelta | None = None, there: bool = True) -> Change:
    def change(at: Resting) -> None:
        made: datetime = at.clock.now() - age
        note_backup(at.folder, made=made, verified=None if verified is None else at.clock.now() - verified, there=there)

    return change


def _no_backup(at: Resting) -> None:
    shutil.rmtree(at.folder / BACKUPS)


def _failed_backup(at: Resting) -> None:
    note_failure(at.folder, at=at.clock.now() - timedelta(hours=1), why="no room left")


def _owned_by_another(at: Resting) -> None:
    os.chown(at.look.database, 12_345, 12_345)


def _body(at: Resting, origin: str) -> None:
    created = Instant().process_bind_param(at.clock.now(), None)  # type: ignore[arg-type]
    at.raw(
        "INSERT INTO body (activity_id, audience, document, created_at) VALUES (?, 'public', x'7b7d', ?)",
        f"{origin}/a/{'b' * 26}",
        created,
    )


CASES = [
    Case("no server", lambda at: at.release(), "Server", BROKEN, "nobody serves", "systemctl start comarca"),
    Case(
        "few open files", _machine(open_files=lambda _: (1_024, 1_024)), "Open files", LOOK, "1024", "LimitNOFILE=65536"
    ),
    Case("a full disk", _machine(room=_room(1_000)), "Disk", BROKEN, "0 MB free", "du -xh"),
    Case("little room", _machine(room=_room(300_000_000)), "Disk", LOOK, "300 MB free", "du -xh"),
    Case("few inodes", _machine(room=_room(10**10, inodes=3)), "Disk", LOOK, "3 files more", "du -xh"),
    Case("a read-only disk", _machine(room=_room(10**10, flags=os.ST_RDONLY)), "Disk", BROKEN, "read-only", "dmesg"),
    Case("an open folder", _mode(".", 0o755), "Folder", LOOK, "0755", "chmod 700"),
    Case(
        "an open folder with an open database",
        _all(_mode(".", 0o755), _mode("comarca.db", 0o644)),
        "Folder",
        BROKEN,
        "comarca.db",
        "chmod 600",
    ),
    Case("an open file in a closed folder", _mode("comarca.toml", 0o644), "Folder", LOOK, "comarca.toml", "chmod 600"),
    Case("an open key", _mode(f"keys/{RSA_FILE}", 0o644), "Keys", BROKEN, "mode 0644", "chmod 600"),
    Case("an open folder of keys", _mode("keys", 0o755), "Keys", LOOK, "0755", "chmod 700"),
    Case("a missing key", _without(f"keys/{ED25519_FILE}"), "Keys", BROKEN, "missing", "comarca restore"),
    Case("one key in the other's place", _key_for_key, "Keys", BROKEN, "no Ed25519 key", "comarca restore"),
    Case("a key that is none", _garbage_key, "Keys", BROKEN, "not a private key", "comarca restore"),
    Case("a damaged database", _damaged, "Database", BROKEN, "mal", "comarca restore"),
    Case("no database", _missing_database, "Database", BROKEN, "missing", "comarca restore"),
    Case("something else than a database", _not_a_database, "Database", BROKEN, "not a database", "comarca restore"),
    Case("no write-ahead log", _no_log, "Database", BROKEN, "journal_mode is delete", "systemctl restart comarca"),
    Case("an older revision", _older, "Database", LOOK, "revision 0001", "systemctl restart comarca"),
    Case("a newer revision", _newer, "Database", BROKEN, "9999 is not known", "pip install --upgrade"),
    Case("no backup", _no_backup, "Backup", LOOK, "never", "comarca backup"),
    Case("an old backup", _backup(timedelta(days=9)), "Backup", LOOK, "9 days ago", "comarca backup"),
    Case(
        "a backup that was not tried out",
        _backup(timedelta(days=1), verified=timedelta(days=30)),
        "Backup",
        LOOK,
        "not verified",
        "comarca backup",
    ),
    Case("a backup that is gone", _backup(timedelta(days=1), there=False), "Backup", LOOK, "is gone", "comarca backup"),
    Case("a backup that failed", _failed_backup, "Backup", LOOK, "no room left", "comarca backup"),
    Case(
        "another address than before",
        lambda at: _body(at, "https://old.example"),
        "Address",
        BROKEN,
        "under https://old.example",
        'url = "https://old.example"',
    ),
]


def wrong_in(report: Report) -> dict[str, State]:
    return {one.name: one.state for one in report.findings if one.state is not GOOD}


def the(report: Report, name: str) -> Finding:
    [found] = [one for one in report.findings if one.name == name]
    return found


async def test_the_healthy_one_passes_all_that_can_be_seen_here(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        _body(at, at.look.url)
        report = await examine(at.look, quick=True)

    assert wrong_in(report) == {}
    assert [one.name for one in report.findings] == [check.name for check in CHECKS if check.quick]
    assert not report.whole


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
async def test_a_fault_of_the_machine_is_named_with_its_cure(tmp_path: Path, case: Case) -> None:
    with resting(tmp_path) as at:
        told = case.change(at) or {}
        report = await examine(replace(at.look, **told), quick=True)

    found = the(report, case.named)
    assert found.state is case.state
    assert case.told in found.detail
    assert case.cure in "\n".join(cure.line for cure in found.cures)
    others = {name: state for name, state in wrong_in(report).items() if name != case.named}
    assert others == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
async def test_a_file_of_another_owner_is_named(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        _owned_by_another(at)
        found = the(await examine(at.look, quick=True), "Folder")

    assert found.state is BROKEN
    assert "another owner: comarca.db" in found.detail
    assert "chown -R --reference" in found.cures[0].line


@pytest.mark.parametrize(
    ("day", "state"), [(date(2027, 3, 1), GOOD), (date(2027, 8, 1), LOOK), (date(2028, 1, 1), LOOK)]
)
async def test_a_python_is_worth_a_look_before_it_gets_no_more_repairs(tmp_path: Path, day: date, state: State) -> None:
    with resting(tmp_path) as at:
        at.clock.at = datetime.combine(day, at.clock.at.timetz())
        found = the(await examine(replace(at.look, machine=Machine(python=(3, 11))), quick=True), "Python")

    assert found.state is state
    assert "2027-10-31" in found.detail


async def test_a_large_database_is_not_read_through_for_longer_than_there_is_time(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        at.raw(
            "INSERT INTO body (activity_id, audience, document, created_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
            " SELECT i + 1 FROM n WHERE i < 5000) SELECT ? || '/a/' || i, 'public', x'7b7d', 0 FROM n",
            at.look.url,
        )
        found = the(await examine(replace(at.look, patience=-1.0), quick=True), "Database")

    assert found.state is GOOD
    assert "not read through" in found.detail


async def test_looking_neither_takes_the_lock_nor_makes_its_file(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        at.release()
        (at.folder / "node.lock").unlink()

        assert served_by(at.look) == (False, None)
        assert not (at.folder / "node.lock").exists()
        with hold_lock(at.folder):
            assert served_by(at.look) == (True, os.getpid())
            with pytest.raises(AlreadyServed), hold_lock(at.folder):
                raise AssertionError("the lock was lost by looking at it")


def test_the_limits_of_another_process_are_read_and_ours_where_they_cannot_be() -> None:
    assert open_files_of(os.getppid())[0] > 0
    assert open_files_of(2**22 + 1) == open_files_of(None)


async def test_keys_that_differ_from_those_we_show_are_found(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        place_keys(at.folder, rsa=3, ed25519="another")
        report = await at.examined(council=open_council(at.settings, randomness=at.node.randomness))

    found = the(report, "Shown keys")
    assert found.state is BROKEN
    assert "other keys than those in keys/" in found.detail
    assert "systemctl restart comarca" in found.cures[0].line
