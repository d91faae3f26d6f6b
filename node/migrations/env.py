"""What alembic runs: the steps, on the connection and inside the transaction that `node.migrations.run` has begun.

It must never connect, begin or commit by itself: an upgrade is applied whole or not at all.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel.sql.sqltypes import AutoString

from federation import columns


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Our types by their import path, SQLModel's text type as the plain one that it makes."""
    if kind == "type" and type(item).__module__ == columns.__name__:
        autogen.imports.add(f"import {columns.__name__}")
        return f"{columns.__name__}.{type(item).__name__}()"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes.get("metadata"),
    process_revision_directives=attributes.get("directives"),
    render_item=_render,
    render_as_batch=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
