"""The column types and the naming convention that every table shares.

Imported before the first table is defined, since a constraint takes its name when its table is made: a table made
earlier would have constraints that no migration could address. This module must never define a table.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

if SQLModel.metadata.tables:
    early = ", ".join(sorted(SQLModel.metadata.tables))
    raise RuntimeError(f"federation.columns must be imported before any table is defined; already there: {early}")
SQLModel.metadata.naming_convention = NAMING_CONVENTION

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
_SECOND = 1_000_000


class Instant(TypeDecorator[datetime]):
    """A moment: an aware datetime in Python, whole microseconds since 1970-01-01T00:00:00Z in the table.

    Whatever zone goes in, UTC comes out. A naive datetime is refused with ValueError, anything else with
    TypeError, since a guessed zone is a wrong deadline.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if not isinstance(value, datetime):
            raise TypeError(f"an instant is a datetime, not {type(value).__name__}")
        if value.utcoffset() is None:
            raise ValueError("an instant needs its time zone; a naive datetime is refused")
        since = value - _EPOCH
        return since.days * _DAY + since.seconds * _SECOND + since.microseconds

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class SealedText(TypeDecorator[str]):
    """Text about a person (classes P2 and P3), or text that may come to name one.

    Plain TEXT today. The type marks every such column from its first migration on, so that sealing can come later
    without touching a table: therefore such a column is never filtered, sorted, indexed or searched. A lookup
    uses a keyed hash in a column of its own.
    """

    impl = Text
    cache_ok = True
