"""Records of ours that are lost here and still known elsewhere, in tests: what was published brings them back."""

from typing import Any

from sqlalchemy import Connection

from federation import replicas
from federation.kinds import Copy
from tests.features.village import Village


def row_of(village: Village, table: str, object_id: str) -> dict[str, Any]:
    """Our own record as it is kept, by its columns."""
    (row,) = village.rows(f"SELECT * FROM {table} WHERE object_id = :o", o=object_id)
    return dict(row._mapping)


def note_of(village: Village, object_id: str) -> dict[str, Any]:
    """The note as we told it last."""

    def query(connection: Connection) -> dict[str, Any]:
        held = replicas.find(connection, object_id)
        assert held is not None
        return replicas.note_of(held)

    return village.see(query)


def lose(village: Village, *tables: str) -> None:
    """An old copy does not have what was put up after it was made."""
    for table in tables:
        village.do(lambda c, table=table: c.exec_driver_sql(f"DELETE FROM {table}"))


def bring_back(village: Village, object_id: str, *, note: dict[str, Any] | None = None) -> None:
    """What a neighbour gives back of ours: the note that is given, or the newest that is held."""

    def step(connection: Connection) -> None:
        held = replicas.find(connection, object_id)
        assert held is not None
        kind = village.council.kinds[held["kind"]]
        said = replicas.note_of(held) if note is None else note
        model = kind.read(said)
        copy = Copy(held["id"], object_id, held["source"], held["audience"], True, model.changed)
        assert kind.recover is not None
        kind.recover(connection, copy, model, said)

    village.do(step)


def but(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same without these."""
    return {name: value for name, value in values.items() if name not in names}
