"""Drafting the next step by comparing tables with history."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlmodel
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

from federation.columns import NAMING_CONVENTION, Instant, SealedText
from node.migrations import new as drafting
from node.migrations import run, upgrade

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


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "0001_first.py").write_text(FIRST, encoding="utf-8")
    return folder


def tables() -> MetaData:
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    Table(
        "member", metadata, Column("id", Integer, primary_key=True), Column("name", sqlmodel.AutoString, nullable=False)
    )
    Table(
        "slip",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("member", Integer, ForeignKey("member.id", ondelete="CASCADE")),
        Column("code", sqlmodel.AutoString(length=26), index=True),
        Column("ends_at", Instant, nullable=True),
        Column("words", SealedText, nullable=True),
        Column("category", String, nullable=True, unique=True),
    )
    return metadata


def test_a_draft_brings_the_tables_where_they_should_be_and_the_next_one_is_empty(
    versions: Path, tmp_path: Path
) -> None:
    path = tmp_path / "comarca.db"
    upgrade(path, versions=versions)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO member (id, name) VALUES (1, 'Amina')")
        connection.execute("INSERT INTO slip (id, member) VALUES (7, 1)")
    drifted = drafting.differences(tables(), versions=versions)

    written = drafting.draft("Slips have words", tables(), versions=versions)

    assert drifted
    assert written == versions / "0002_slips_have_words.py"
    text = written.read_text(encoding="utf-8")
    assert "import federation.columns" in text
    assert "federation.columns.Instant()" in text
    assert "federation.columns.SealedText()" in text
    assert "AutoString" not in text
    assert "batch_alter_table" in text
    assert upgrade(path, versions=versions).after == "0002"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id, member, words FROM slip").fetchall() == [(7, 1, None)]
    assert drafting.differences(tables(), versions=versions) == []
    assert drafting.draft("Nothing", tables(), versions=versions) is None
    assert run.history(versions) == ("0001", "0002")


def test_the_first_draft_needs_no_history(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()

    written = drafting.draft("First tables", tables(), versions=versions)

    assert written == versions / "0001_first_tables.py"
    assert upgrade(tmp_path / "comarca.db", versions=versions).after == "0001"
    assert drafting.differences(tables(), versions=versions) == []


def test_drafting_without_saying_what_changes_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert drafting.main([]) == 2
    assert "Say what changes" in capsys.readouterr().err


def test_every_table_of_the_tree_is_compared() -> None:
    program = "from node.migrations.new import every_table; print(*sorted(every_table().tables))"

    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert {"peer", "delivery", "replica", "received_activity"} <= set(ran.stdout.split())
