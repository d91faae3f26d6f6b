"""How SQLite goes about what the feeds ask of it: by an index, whatever the number of entries."""

from collections.abc import Iterator
from types import ModuleType

import pytest
from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

from federation.feeds import applying, forgetting, kept, own, reconciling, serving, taking
from tests import builders

MODULES = (applying, forgetting, kept, own, reconciling, serving, taking)


def _statements(module: ModuleType) -> Iterator[tuple[str, TextClause]]:
    for name, value in vars(module).items():
        if isinstance(value, TextClause) and "feed_entry" in value.text and not value.text.startswith("INSERT"):
            yield f"{module.__name__}.{name}", value


def _plan(statement: TextClause) -> list[str]:
    given = dict.fromkeys(statement.compile().params, 1)
    with builders.database() as connection:
        return [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement.text}"), given)]


@pytest.mark.parametrize(
    ("name", "statement"),
    [found for module in MODULES for found in _statements(module)],
    ids=lambda value: str(value)[:60],
)
def test_no_statement_reads_through_all_entries(name: str, statement: TextClause) -> None:
    plan = _plan(statement)

    assert plan and not any(step.startswith(("SCAN feed_entry", "SCAN e", "SCAN s", "SCAN a")) for step in plan), plan


def test_older_words_on_an_object_are_found_by_the_object() -> None:
    assert any("ix_feed_entry_object" in step for step in _plan(kept._SUPERSEDE)), _plan(kept._SUPERSEDE)
