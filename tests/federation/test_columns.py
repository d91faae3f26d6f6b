"""The column types that every table shares, and the names that constraints get."""

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    CheckConstraint,
    Column,
    Dialect,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    StaticPool,
    Table,
    UniqueConstraint,
    create_engine,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from federation.columns import NAMING_CONVENTION, Instant, SealedText

METADATA = MetaData(naming_convention=NAMING_CONVENTION)
VISIT = Table(
    "visit", METADATA, Column("id", Integer, primary_key=True), Column("at", Instant), Column("said", SealedText)
)


@pytest.fixture
def engine() -> Engine:
    raw = sqlite3.connect(":memory:")
    made = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    METADATA.create_all(made)
    return made


def stored_and_read(engine: Engine, at: datetime | None) -> tuple[object, datetime | None]:
    with engine.begin() as connection:
        connection.execute(insert(VISIT), {"at": at, "said": "hello"})
        raw = connection.execute(text("SELECT at FROM visit")).scalar_one()
        read = connection.execute(select(VISIT.c.at)).scalar_one()
    engine.dispose()
    return raw, read


def test_an_instant_is_stored_as_whole_microseconds(engine: Engine) -> None:
    raw, read = stored_and_read(engine, datetime(2026, 11, 22, 15, 30, 0, 123456, tzinfo=UTC))

    assert raw == 1_795_361_400_123_456
    assert read == datetime(2026, 11, 22, 15, 30, 0, 123456, tzinfo=UTC)


def test_an_instant_in_another_zone_comes_back_in_utc(engine: Engine) -> None:
    _, read = stored_and_read(engine, datetime(2026, 11, 22, 15, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))))

    assert read is not None
    assert read.isoformat() == "2026-11-22T09:45:00+00:00"


def test_no_instant_stays_none(engine: Engine) -> None:
    assert stored_and_read(engine, None) == (None, None)


@pytest.mark.parametrize("bad", [datetime(2026, 11, 22), "2026-11-22T00:00:00Z", 1_795_361_400])  # noqa: DTZ001  naive on purpose
def test_anything_but_an_aware_datetime_is_refused(engine: Engine, bad: object) -> None:
    with engine.connect() as connection, pytest.raises(StatementError):
        connection.execute(insert(VISIT), {"at": bad})

    engine.dispose()


@given(st.datetimes(timezones=st.timezones()))
def test_every_aware_datetime_survives_the_round_trip(at: datetime) -> None:
    dialect: Dialect = sqlite.dialect()
    instant = Instant()
    try:
        in_utc = at.astimezone(UTC)
    except OverflowError:  # the first and last hours of the calendar have no name in UTC
        return

    micros = instant.process_bind_param(at, dialect)

    assert isinstance(micros, int)
    assert instant.process_result_value(micros, dialect) == in_utc


def test_microseconds_have_room_in_both_databases() -> None:
    on_sqlite = str(CreateTable(VISIT).compile(dialect=sqlite.dialect()))
    on_postgresql = str(CreateTable(VISIT).compile(dialect=postgresql.dialect()))

    assert "at INTEGER" in on_sqlite
    assert "at BIGINT" in on_postgresql
    assert "said TEXT" in on_sqlite
    assert "said TEXT" in on_postgresql


def test_constraints_have_names_that_a_migration_can_address() -> None:
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    Table("place", metadata, Column("id", Integer, primary_key=True))
    answer = Table(
        "answer",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("place", ForeignKey("place.id")),
        Column("a", Integer, CheckConstraint("a > 0", name="positive")),
        Column("b", Integer),
        UniqueConstraint("a", "b"),
        Index(None, "b", "a"),
    )

    statements = str(CreateTable(answer)) + "".join(str(CreateIndex(index)) for index in answer.indexes)

    for name in ("pk_answer", "fk_answer_place_place", "ck_answer_positive", "uq_answer_a_b"):
        assert f"CONSTRAINT {name} " in statements
    assert "CREATE INDEX ix_answer_b_a " in statements


def test_the_tables_of_the_project_use_the_naming_convention() -> None:
    assert SQLModel.metadata.naming_convention is NAMING_CONVENTION


def test_a_table_that_comes_before_the_convention_is_refused() -> None:
    program = (
        "from sqlmodel import Field, SQLModel\n"
        "class Early(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n"
        "import federation.columns\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )

    assert ran.returncode == 1
    assert "already there: early" in ran.stderr
