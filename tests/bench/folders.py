"""Folders of councils that the bench serves: settings, fixed keys, a migrated database, and whom the node already knows."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Connection, text

from federation.introductions import meet
from federation.moments import microseconds
from node.database import Store
from node.identity import ED25519_FILE, FOLDER, RSA_FILE
from node.settings import write
from protocol.peering import State
from tests import builders
from tests.bench.letters import NOWHERE, follower_actor, follower_key, introduction_of, sender

DATABASE = "comarca.db"
# High enough that nothing of the generator's is refused as too fast: how often one may is not measured here.
_PLENTY = {"per_minute": 100_000_000, "burst": 10_000_000}


def make_folder(directory: Path, *, port: int, database: bytes | None = None) -> str:
    """A council's folder as `comarca init` leaves it, listening on `port`. Returns its address."""
    url = f"http://127.0.0.1:{port}"
    write(
        directory,
        {
            "name": "Measured",
            "url": url,
            "followers": "approve",
            "listen": {"port": port},
            "allow": {"plain_hosts": [f"127.0.0.1:{port}", NOWHERE.removeprefix("http://")]},
            "limits": {"peer_rate": _PLENTY, "unknown_rate": _PLENTY},
            "federation": {"contact_every": 3_600},
        },
    )
    keys = directory / FOLDER
    keys.mkdir(mode=0o700)
    for name, key in ((RSA_FILE, builders.rsa_key(1)), (ED25519_FILE, builders.ed25519_key("measured"))):
        (keys / name).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (keys / name).chmod(0o600)
    if database is not None:
        (directory / DATABASE).write_bytes(database)
    return url


def write_once(directory: Path, step: Callable[[Connection], Any]) -> None:
    """One step on a folder's database while no server has it."""
    store = Store.open(directory / DATABASE)
    try:
        store.write_now(step)
    finally:
        store.close()


def link_generator(connection: Connection, *, now: datetime) -> None:
    """The generator's council is one that both sides have accepted."""
    row = meet(connection, introduction=introduction_of(sender()), now=now)
    connection.execute(
        text("UPDATE peer SET state = :state, accepted_at = :now WHERE id = :id"),
        {"state": State.ACCEPTED.value, "now": microseconds(now), "id": row["id"]},
    )


def add_followers(connection: Connection, *, count: int, now: datetime) -> None:
    """Accounts of the wider fediverse that follow, each with a key id of its own."""
    fragment, pem = follower_key()
    statement = text(
        "INSERT INTO follower (actor_id, origin, inbox, state, follow_id, key_id, key_pem, key_fetched_at, created_at)"
        " VALUES (:actor, :origin, :inbox, 'accepted', :follow, :key, :pem, :now, :now)"
    )
    rows = []
    for number in range(count):
        actor = follower_actor(number)
        rows.append(
            {
                "actor": actor,
                "origin": NOWHERE,
                "inbox": f"{NOWHERE}/inbox",
                "follow": f"{actor}#follow",
                "key": actor + fragment,
                "pem": pem,
                "now": microseconds(now),
            }
        )
    connection.execute(statement, rows)
