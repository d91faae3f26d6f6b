"""How far we have read at each neighbour, when we last held the very same, and since when it fails."""

from datetime import datetime

from sqlalchemy import Connection, text

from federation.moments import from_microseconds, microseconds

_CURSOR = text("SELECT store_id, n FROM sync_cursor WHERE actor_id = :actor")
_MOVE = text(
    "INSERT INTO sync_cursor (actor_id, store_id, n, read_at) VALUES (:actor, :store, :n, :now) ON CONFLICT (actor_id)"
    " DO UPDATE SET store_id = excluded.store_id, n = excluded.n, read_at = excluded.read_at, failed = NULL, failed_since = NULL"
)
_AGREED = text(
    "UPDATE sync_cursor SET agreed_at = :now, agreed_sum = coalesce(:sum, agreed_sum) WHERE actor_id = :actor"
)
_SUM = text("SELECT agreed_sum FROM sync_cursor WHERE actor_id = :actor")
_FAILED = text(
    "INSERT INTO sync_cursor (actor_id, store_id, n, failed, failed_since) VALUES (:actor, '', 0, :word, :now)"
    " ON CONFLICT (actor_id) DO UPDATE SET failed = excluded.failed, failed_since = coalesce(failed_since, excluded.failed_since)"
)


def cursor(connection: Connection, *, actor_id: str) -> tuple[str, int]:
    """How far we have read at a neighbour: its store, and the number there."""
    row = connection.execute(_CURSOR, {"actor": actor_id}).first()
    return ("", 0) if row is None else (row.store_id, row.n)


def move(connection: Connection, *, actor_id: str, at: tuple[str, int], now: datetime) -> None:
    """Written only after what lies before was."""
    given = {"actor": actor_id, "store": at[0], "n": at[1], "now": microseconds(now)}
    connection.execute(_MOVE, given)


def note_agreed(connection: Connection, *, actor_id: str, scope: str, sums: str | None, now: datetime) -> None:
    """All that a neighbour holds and concerns us is held here too. `sums` is its sum over all heads at that moment, `scope`
    stands for whom we listened to."""
    known = None if sums is None else f"{scope} {sums}"
    connection.execute(_AGREED, {"actor": actor_id, "now": microseconds(now), "sum": known})


def agreed_sum(connection: Connection, *, actor_id: str, scope: str) -> str | None:
    """A neighbour's sum over all heads when nothing of it was missing here. None where that was never so, or where we listen
    to others than then."""
    known, _, sums = str(connection.execute(_SUM, {"actor": actor_id}).scalar() or "").partition(" ")
    return sums if sums and known == scope else None


def agree_anew(connection: Connection) -> None:
    """Compare everything again with everybody: what is held here may be less than it was."""
    connection.execute(text("UPDATE sync_cursor SET agreed_sum = NULL"))


def note_failed(connection: Connection, *, actor_id: str, word: str, now: datetime) -> None:
    connection.execute(_FAILED, {"actor": actor_id, "word": word[:60], "now": microseconds(now)})


def agreed(connection: Connection) -> dict[str, datetime]:
    """When we last held all that each neighbour holds, by its actor id."""
    rows = connection.execute(text("SELECT actor_id, agreed_at FROM sync_cursor WHERE agreed_at IS NOT NULL"))
    return {row.actor_id: from_microseconds(row.agreed_at) for row in rows}


def failing(connection: Connection) -> list[tuple[str, str, datetime]]:
    """With whom catching up fails: actor id, the word for why, and since when."""
    rows = connection.execute(
        text("SELECT actor_id, failed, failed_since FROM sync_cursor WHERE failed IS NOT NULL ORDER BY failed_since")
    )
    return [(row.actor_id, row.failed, from_microseconds(row.failed_since)) for row in rows]
