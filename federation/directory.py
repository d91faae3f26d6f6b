"""Whom we know, as the inbox needs it for every message: in memory, made from the tables, replaced when they change.

Reading rows for each arrival would cost more than the checks themselves. A directory is never changed, only replaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, text

from federation.moments import from_microseconds
from protocol import ids, keys
from protocol.keys import PublicKey
from protocol.peering import State


@dataclass(frozen=True, slots=True)
class Known:
    """A council or account that has a row. `standing` is a peering state, or "follower".

    `given_up`: a council's earlier Ed25519 keys by their ids, each with when it was; they count for old proofs alone, and
    never for a request. `rotated_at`: when it last changed its keys.
    """

    actor_id: str
    standing: str
    inbox: str
    ed25519_key_id: str | None
    rotated_at: datetime | None = None
    given_up: Mapping[str, tuple[PublicKey, datetime]] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        return self.standing == State.ACCEPTED


@dataclass(frozen=True, slots=True)
class Directory:
    """`keys` maps the id of a key that may sign requests to it and its owner; `blocked` holds hosts, bare or with their port.

    `full`: councils of which as much is live here as is kept of one; they may change it, end it and call for help.
    """

    known: Mapping[str, Known]
    keys: Mapping[str, tuple[PublicKey, str]]
    blocked: frozenset[str]
    full: frozenset[str] = frozenset()

    @classmethod
    def load(cls, connection: Connection) -> "Directory":
        known: dict[str, Known] = {}
        found: dict[str, tuple[PublicKey, str]] = {}
        for row in connection.execute(text("SELECT * FROM follower")).mappings():
            actor = row["actor_id"]
            known[actor] = Known(actor, "follower", row["inbox"], None)
            found[row["key_id"]] = (keys.decode_pem(row["key_pem"]), actor)
        given_up: dict[str, dict[str, tuple[PublicKey, datetime]]] = {}
        for row in connection.execute(text("SELECT * FROM peer_key")).mappings():
            ended = keys.decode_multikey(row["multibase"]), from_microseconds(row["until"])
            given_up.setdefault(row["actor_id"], {})[row["key_id"]] = ended
        for row in connection.execute(text("SELECT * FROM peer")).mappings():
            actor, rotated = row["actor_id"], row["rotated_at"]
            known[actor] = Known(
                actor,
                row["state"],
                row["inbox"],
                row["ed25519_key_id"],
                None if rotated is None else from_microseconds(rotated),
                given_up.get(actor, {}),
            )
            found[row["ed25519_key_id"]] = (keys.decode_multikey(row["ed25519_multibase"]), actor)
            if row["rsa_key_id"] and row["rsa_pem"]:
                found[row["rsa_key_id"]] = (keys.decode_pem(row["rsa_pem"]), actor)
        blocked = frozenset(row.host for row in connection.execute(text("SELECT host FROM block")))
        return cls(known, found, blocked)

    def of_key(self, key_id: str) -> Known | None:
        """Who owns a key, by the key itself or by the actor that its address belongs to.

        A follower's keys are not pinned: under a key that we have not seen it is a stranger again, whose key may be fetched.
        So a key that was changed is learned, and a council that reads our wall can ask to link up.
        """
        owner = self.keys.get(key_id)
        known = self.known.get(owner[1] if owner is not None else ids.actor_of_key(key_id))
        return None if owner is None and known is not None and known.standing == "follower" else known

    def blocks(self, address: str) -> bool:
        """Whether an address lies on a blocked host. Raises protocol.ids.BadAddress."""
        return bool(self.blocked) and (
            ids.host_of(address) in self.blocked or ids.origin_of(address).split("://", 1)[1] in self.blocked
        )
