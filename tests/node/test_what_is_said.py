"""What the command line says holds no signs that steer a terminal or turn words around, whoever chose the words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from federation.tables import Peer, table_of
from node.cli.main import application
from node.database import Store
from tests import builders

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize("sign", ["\x1b[2J", "\u202e", "\u2066", "\x9b2J", "\r"])
def test_a_nearby_council_steers_no_terminal_by_its_name(tmp_path: Path, sign: str) -> None:
    folder, harbour = tmp_path / "one", builders.council("harbour")
    made = CliRunner().invoke(
        application, ["init", str(folder), "--name", "One", "--url", "https://one.example", "--keeper", "Amina"]
    )
    row = {
        "actor_id": harbour.actor_id,
        "origin": harbour.base_url,
        "name": f"Har{sign}bour",
        "inbox": f"{harbour.base_url}/inbox",
        "state": "accepted",
        "ed25519_key_id": harbour.ed25519_key_id,
        "ed25519_multibase": harbour.multibase,
        "created_at": NOON,
    }
    store = Store.open(folder / "comarca.db")
    store.write_now(lambda c: c.execute(table_of(Peer).insert().values(**row)))
    store.close()

    said = CliRunner().invoke(application, ["peers", "list", str(folder)]).stdout

    assert made.exit_code == 0
    assert said.startswith("Har")
    assert all(letter.isprintable() or letter == "\n" for letter in said)
