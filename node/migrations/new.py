"""For developers: `python -m node.migrations.new "what changes"` writes the next step by comparing tables with history.

The result is a draft to be read. It works on a throw-away database and must never be pointed at a council's own.
"""

import importlib
import importlib.util
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData

from node.migrations import run

ROOT = run.HERE.parent.parent
_FEATURES = "node.installed"


def every_table() -> MetaData:
    """The metadata with every table of the tree in it: each `tables.py`, and what the installed features bring."""
    columns = importlib.import_module("federation.columns")
    for package in ("federation", "node"):
        for path in sorted((ROOT / package).rglob("tables.py")):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    if importlib.util.find_spec(_FEATURES) is not None:
        importlib.import_module(_FEATURES)
    metadata: MetaData = columns.SQLModel.metadata
    return metadata


def differences(metadata: MetaData, *, versions: Path = run.VERSIONS) -> list[Any]:
    """What a database at the newest revision lacks or has too much, as alembic puts it; empty when nothing has drifted."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "draft.db"
        if run.history(versions):
            run.upgrade(path, versions=versions)
        with run.transaction(path) as connection:
            indexes = _full_text_tables(connection)
            options = {
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, kind, _parents: kind != "table" or name not in indexes,
            }
            return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def draft(message: str, metadata: MetaData, *, versions: Path = run.VERSIONS) -> Path | None:
    """Write the next step and return its path; None, and no file, if the tables are as the history leaves them."""
    from alembic import command

    line = run.history(versions)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "draft.db"
        if line:
            run.upgrade(path, versions=versions)
        with run.transaction(path) as connection:
            directives = partial(_only_ours, _full_text_tables(connection))
            config = run.configuration(connection, versions, metadata=metadata, directives=directives)
            script = command.revision(config, message, autogenerate=True, rev_id=f"{len(line) + 1:04d}")
    if script is None or isinstance(script, list):
        return None
    return Path(script.path)


def _full_text_tables(connection: Connection) -> frozenset[str]:
    """Full text indexes and the tables that SQLite keeps them in: written by hand in a step, and no table of ours."""
    listed = connection.exec_driver_sql("PRAGMA table_list").mappings()
    return frozenset(row["name"] for row in listed if row["type"] in ("virtual", "shadow"))


def _only_ours(indexes: frozenset[str], _context: Any, _revision: Any, directives: list[Any]) -> None:
    """Leave the full text indexes alone; write nothing where nothing else changes."""
    for directive in directives:
        for side in (directive.upgrade_ops, directive.downgrade_ops):
            side.ops[:] = [change for change in side.ops if getattr(change, "table_name", None) not in indexes]
    if directives and directives[0].upgrade_ops.is_empty():
        directives.clear()


def main(arguments: Iterable[str]) -> int:
    """The command: 0 when a step was written or none is needed, 2 when it was called wrongly."""
    words = [word for word in arguments if word.strip()]
    if len(words) != 1:
        sys.stderr.write('Say what changes, in one phrase: python -m node.migrations.new "members have a language"\n')
        return 2
    path = draft(words[0], every_table())
    sys.stdout.write(
        f"Written: {path}. Read it before you commit it.\n" if path else "The tables are as the history leaves them.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
