"""One of many things, applied by itself: what is wrong with it must not stop the others, and what is wrong with the store must."""

from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError


def done_alone(connection: Connection, step: Callable[[], str | None]) -> str | None:
    """Run `step` under a savepoint of its own, within a step of the store. Returns why nothing of it was done, or None.

    What it raises is such a reason, written down and shown. A store without room, or that cannot be written, is none: that
    would be held against what came, for ever, though it can be done in a moment. It is raised, and the whole step with it.
    """
    connection.exec_driver_sql("SAVEPOINT alone")
    try:
        because = step()
    except Exception as error:
        if _is_of_the_store(error):
            raise
        because = f"{type(error).__name__}: {error}"[:500]
    if because is not None:
        connection.exec_driver_sql("ROLLBACK TO alone")
    connection.exec_driver_sql("RELEASE alone")
    return because


def _is_of_the_store(error: Exception) -> bool:
    """SQLite calls a wrong statement operational as well, by this code."""
    return isinstance(error, OperationalError) and getattr(error.orig, "sqlite_errorname", "") != "SQLITE_ERROR"
