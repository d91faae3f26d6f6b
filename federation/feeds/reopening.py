"""A council whose server is gone comes back by its roots: at its neighbours a new server key takes the place of the lost one.

**Believing.** Whoever holds the recovery words signs that from the next epoch on another server key speaks. That is believed for
a council whose feeds are held here, under the roots that they have had from the beginning, and for a later epoch only: what
somebody has kept of an earlier one changes nothing. The sender needs no signature of its own; it has lost its key.

**Coming back.** The new server begins with nothing but its address and the words. It learns its root statements from a neighbour,
opens the next epoch there, takes its own entries back like any others, and says what is live anew.
"""

from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, text

from federation.council import Council
from federation.feeds import kept
from federation.moments import microseconds
from protocol import ids
from protocol.feeds import roots
from protocol.feeds.entry import CHANNELS, feed_name
from protocol.feeds.flaw import Flawed
from protocol.feeds.roots import Epoch, Root
from protocol.peering import State
from protocol.verdict import Reason, Refused
from schemas import actor as actors

_WAITING = text(
    "INSERT INTO feed (name, actor_id, channel, ours, epoch, seq, head, key, roots, lacks, opened, head_at)"
    " VALUES (:name, :actor, :channel, 1, 0, 0, '', '', :roots, 0, 0, :now) ON CONFLICT (name) DO NOTHING"
)
_MARK = text(
    "INSERT INTO store_mark (id, store_id, made_at, muted_since) VALUES (1, :store_id, :now, :now)"
    " ON CONFLICT (id) DO UPDATE SET store_id = excluded.store_id, muted_since = excluded.muted_since"
)
_HELD = text("SELECT * FROM feed WHERE actor_id = :actor AND channel = 'public' AND NOT ours")
_OPENED = text("UPDATE feed SET opened = :epoch WHERE actor_id = :actor AND NOT ours")
_PEER = text("SELECT ed25519_key_id, ed25519_multibase FROM peer WHERE actor_id = :actor AND state = :accepted")
_RETIRE = text(
    "INSERT INTO peer_key (key_id, actor_id, multibase, until) VALUES (:key_id, :actor, :multibase, :now)"
    " ON CONFLICT (key_id) DO NOTHING"
)
_PIN = text(
    "UPDATE peer SET ed25519_key_id = :key_id, ed25519_multibase = :multibase, rsa_key_id = NULL, rsa_pem = NULL"
    " WHERE actor_id = :actor"
)
MOST_OPENED: Final = 1_000_000

_NOT_HELD = Refused(Reason.UNKNOWN_PEER, "No feed of that council is held here.")
_BAD_ROOTS = Refused(Reason.BAD_PROOF, "The roots are not those of that council, or do not open this epoch.")
_LATE = Refused(Reason.STALE, "That epoch is not later than the one that is known here.")


def roots_of(connection: Connection, *, actor: str) -> dict[str, Any] | Refused:
    """What is public of a council's roots: its root statements, and the newest epoch that is known here."""
    row = connection.execute(_HELD, {"actor": actor}).mappings().first()
    if row is None:
        return _NOT_HELD
    return {"roots": orjson.loads(row["roots"]), "epoch": max(row["epoch"], row["opened"])}


def reopen(connection: Connection, said: Any, *, now: datetime) -> str | Refused:
    """Put the key that an epoch names in the place of the one that is pinned. Returns the council's actor id.

    `said`: `roots`, the signed root statements, `epoch`, the signed epoch, and `key_id`, under which the new key will sign.
    """
    if not isinstance(said, dict) or set(said) != {"roots", "epoch", "key_id"} or not isinstance(said["key_id"], str):
        return Refused(Reason.WRONG_SHAPE, "Roots, an epoch and the id of its key were expected.")
    root = roots.judge_line(said["roots"])
    opened = root if isinstance(root, Flawed) else roots.judge_epoch(said["epoch"], root)
    if isinstance(root, Flawed) or isinstance(opened, Flawed):
        return _BAD_ROOTS
    row = connection.execute(_HELD, {"actor": opened.actor}).mappings().first()
    peer = connection.execute(_PEER, {"actor": opened.actor, "accepted": State.ACCEPTED.value}).first()
    if row is None or peer is None:
        return _NOT_HELD
    known = kept.root_of(row)
    if root.id != known.id or root.serial < known.serial or not _owns(opened, said["key_id"]):
        return _BAD_ROOTS
    if not max(row["epoch"], row["opened"]) < opened.epoch <= MOST_OPENED:
        return _LATE
    _pin(connection, opened, before=peer, key_id=said["key_id"], now=now)
    return opened.actor


def _owns(opened: Epoch, key_id: str) -> bool:
    try:
        return ids.actor_of_key(key_id) == opened.actor
    except ids.BadAddress:
        return False


def _pin(connection: Connection, opened: Epoch, *, before: Any, key_id: str, now: datetime) -> None:
    at = {"actor": opened.actor, "now": microseconds(now)}
    if before.ed25519_key_id != key_id:
        given = at | {"key_id": before.ed25519_key_id, "multibase": before.ed25519_multibase}
        connection.execute(_RETIRE, given)
    connection.execute(text("DELETE FROM peer_key WHERE key_id = :key_id"), {"key_id": key_id})
    connection.execute(_PIN, {"actor": opened.actor, "key_id": key_id, "multibase": opened.key})
    connection.execute(_OPENED, {"actor": opened.actor, "epoch": opened.epoch})


def await_own(connection: Connection, council: Council, *, line: list[Any], store_id: str, now: datetime) -> Root:
    """Make room for our own feeds before any entry of them is here, and stay silent until they are. Raises ValueError."""
    root = roots.judge_line(line)
    if isinstance(root, Flawed):
        raise ValueError(root.sentence)
    for channel in CHANNELS:
        given = {
            "name": feed_name(root.id, channel),
            "actor": council.actor_id,
            "channel": channel,
            "roots": orjson.dumps(line),
            "now": microseconds(now),
        }
        connection.execute(_WAITING, given)
    connection.execute(_MARK, {"store_id": store_id, "now": microseconds(now)})
    return root


def announcement(council: Council, *, line: list[Any], epoch: dict[str, Any]) -> bytes:
    """What a neighbour is told, so that it believes the key of this server: the body of a POST to `/sync/keys`."""
    key_id = actors.ed25519_key_id(council.actor_id, council.keyring.number)
    return orjson.dumps({"roots": line, "epoch": epoch, "key_id": key_id})
