"""Bringing a database to our tables: new, current, older, newer, broken; and drafting the next step."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from node.migrations import NewerDatabase, UpgradeRefused, current_revision, head, run, upgrade

ROOT = Path(__file__).parents[2]
FIRST = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table("member", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String, nullable=False))
    op.create_table(
        "slip",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("member", sa.Integer, sa.ForeignKey("member.id", name="fk_slip_member_member", ondelete="CASCADE")),
    )
"""
SECOND = """
import sqlalchemy as sa
from alembic import op

revision: str = '0002'
down_revision: str | None = '0001'


def upgrade():
    with op.batch_alter_table("member", recreate="always") as batch:
        batch.add_column(sa.Column("language", sa.String, nullable=False, server_default="en"))
"""
FAILING = """
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.execute("DELETE FROM slip")
    op.execute("INSERT INTO nowhere VALUES (1)")
"""
ORPHANING = """
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.execute("DELETE FROM member")
"""


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "0001_first.py").write_text(FIRST, encoding="utf-8")
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "council"
    folder.mkdir()
    return folder / "comarca.db"


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.fixture
def filled(path: Path, versions: Path) -> Path:
    upgrade(path, versions=versions, version="0.1.0")
    change(path, "INSERT INTO member (id, name) VALUES (1, 'Amina')")
    change(path, "INSERT INTO slip (id, member) VALUES (7, 1)")
    return path


def test_a_new_database_is_made_for_its_owner_only_and_needs_no_copy(path: Path, versions: Path) -> None:
    done = upgrade(path, versions=versions)

    assert (done.before, done.after, done.copy) == (None, "0001", None)
    assert current_revision(path) == "0001"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["comarca.db"]


def test_a_current_database_is_left_alone_without_importing_alembic(filled: Path, versions: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from node.migrations import upgrade\n"
        "print(upgrade(Path(sys.argv[1]), versions=Path(sys.argv[2])).after, 'alembic' in sys.modules)"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program, str(filled), str(versions)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.split() == ["0001", "False"]


def test_an_older_database_is_copied_and_then_upgraded_with_its_rows(filled: Path, versions: Path) -> None:
    (versions / "0002_language.py").write_text(SECOND, encoding="utf-8")

    done = upgrade(filled, versions=versions, version="0.2.0")

    assert (done.before, done.after) == ("0001", "0002")
    assert done.copy == filled.with_name("comarca-0001.db")
    assert rows(filled, "SELECT * FROM member") == [(1, "Amina", "en")]
    assert rows(filled, "SELECT * FROM slip") == [(7, 1)]
    assert rows(done.copy, "SELECT * FROM member") == [(1, "Amina")]
    assert current_revision(done.copy) == "0001"
    assert done.copy.stat().st_mode & 0o777 == 0o600


def test_the_copy_holds_what_was_still_in_the_write_ahead_log(filled: Path, versions: Path) -> None:
    (versions / "0002_language.py").write_text(SECOND, encoding="utf-8")
    with closing(sqlite3.connect(filled, isolation_level=None)) as open_elsewhere:
        open_elsewhere.execute("INSERT INTO member (id, name) VALUES (2, 'Berta')")

        done = upgrade(filled, versions=versions)

    assert done.copy is not None
    assert rows(done.copy, "SELECT name FROM member") == [("Amina",), ("Berta",)]


@pytest.mark.parametrize("step", [FAILING, ORPHANING])
def test_a_failing_step_leaves_the_database_as_it_was(filled: Path, versions: Path, step: str) -> None:
    (versions / "0002_language.py").write_text(SECOND, encoding="utf-8")
    (versions / "0003_bad.py").write_text(step, encoding="utf-8")

    with pytest.raises(UpgradeRefused, match="is as it was"):
        upgrade(filled, versions=versions, version="0.3.0")

    assert current_revision(filled) == "0001"
    assert rows(filled, "SELECT * FROM member") == [(1, "Amina")]
    assert rows(filled, "SELECT * FROM slip") == [(7, 1)]
    assert rows(filled, "PRAGMA user_version") == [(1_000,)]


def test_a_newer_database_is_refused_with_the_version_that_is_needed(
    filled: Path, versions: Path, tmp_path: Path
) -> None:
    (versions / "0002_language.py").write_text(SECOND, encoding="utf-8")
    upgrade(filled, versions=versions, version="1.2.3")
    (versions / "0002_language.py").unlink()
    before = filled.read_bytes()

    with pytest.raises(NewerDatabase, match=r"Comarca 0\.1\.0 does not know.*Comarca 1\.2\.3.*Install that version"):
        upgrade(filled, versions=versions, version="0.1.0")

    assert filled.read_bytes() == before


def test_an_unknown_revision_of_no_newer_version_is_refused_too(filled: Path, versions: Path) -> None:
    change(filled, "UPDATE alembic_version SET version_num = 'something'")

    with pytest.raises(NewerDatabase, match="something"):
        upgrade(filled, versions=versions, version="0.1.0")


def test_a_database_of_somebody_else_is_refused(path: Path, versions: Path) -> None:
    change(path, "CREATE TABLE recipe (id INTEGER)")

    with pytest.raises(UpgradeRefused, match="not made by Comarca"):
        upgrade(path, versions=versions)

    assert rows(path, "SELECT name FROM sqlite_master") == [("recipe",)]


def test_a_file_that_is_no_database_is_refused(path: Path, versions: Path) -> None:
    path.write_bytes(b"a shopping list, not a database\n" * 100)

    with pytest.raises(UpgradeRefused, match="cannot be read as a database"):
        upgrade(path, versions=versions)


def test_nothing_is_changed_when_no_copy_can_be_made(filled: Path, versions: Path) -> None:
    (versions / "0002_language.py").write_text(SECOND, encoding="utf-8")
    filled.with_name("comarca-0001.db").mkdir()

    with pytest.raises(UpgradeRefused, match="No copy"):
        upgrade(filled, versions=versions)

    assert current_revision(filled) == "0001"
    assert not list(filled.parent.glob("*.partial"))


def test_asking_for_the_revision_makes_no_file(path: Path) -> None:
    assert current_revision(path) is None
    assert not path.exists()


def test_history_is_read_in_order_and_its_end_is_the_head(versions: Path) -> None:
    (versions / "0002_language.py").write_text(SECOND, encoding="utf-8")
    (versions / "0003_bad.py").write_text(FAILING, encoding="utf-8")

    assert run.history(versions) == ("0001", "0002", "0003")
    assert head(versions) == "0003"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("0002_fork.py", FIRST.replace('"0001"', '"0002"'), "one line"),
        ("0002_gap.py", FAILING, "do not form one line"),
        ("0002_ring.py", FAILING.replace('"0002"', '"0003"'), "do not form one line"),
        ("0002_empty.py", "revision = '0002'\n", "does not name"),
    ],
)
def test_a_history_that_is_not_one_line_is_refused(versions: Path, name: str, text: str, said: str) -> None:
    (versions / name).write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=said):
        run.history(versions)


def test_an_empty_history_has_no_head(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no migration"):
        head(tmp_path)
