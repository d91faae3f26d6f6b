"""The documents that other servers read from us: actors, WebFinger, NodeInfo, collections, objects and activities.

What changes only with the council's profile is made once for each. Everything else is read from our own replicas, through one
question: may whoever asks see this audience? No address here has a query string; collection pages are path segments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, text

from federation import replicas
from federation.council import Council, Profile
from federation.keyring import Keyring
from federation.moments import microseconds
from federation.ourselves import council_document
from federation.ports import Clock, Store
from federation.tables import Replica, table_of
from protocol.peering import State
from schemas import actor, collection, nodeinfo, webfinger
from schemas.activity import standing_alone

ACTIVITY = b"application/activity+json"
JSON = b"application/json"
JRD = b"application/jrd+json"
PROBLEM = b"application/problem+json"
NODEINFO = b'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.1#"'
PAGE_LENGTH = 30
_REPLICA = table_of(Replica)


@dataclass(frozen=True, slots=True)
class Document:
    """One answer. `cors` for what any page may read; `cache` as the Cache-Control field."""

    status: int
    body: bytes
    media_type: bytes
    location: str | None = None
    cors: bool = False
    cache: bytes = b"private, no-store"


def _found(document: Any, media_type: bytes = ACTIVITY, *, cors: bool = False, seconds: int = 0) -> Document:
    cache = b"max-age=%d" % seconds if seconds else b"private, no-store"
    return Document(200, orjson.dumps(document), media_type, cors=cors, cache=cache)


def _refused(status: int, title: str, detail: str) -> Document:
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Document(status, orjson.dumps(problem), PROBLEM)


NOT_HERE = _refused(404, "Not found", "Nothing is held under that address for whoever asks.")


class Served:
    """What one council serves to other servers. `version` is that of the software."""

    def __init__(self, *, council: Council, store: Store, clock: Clock, version: str) -> None:
        self._council = council
        self._store = store
        self._clock = clock
        self._version = version
        self._made: tuple[Profile, Keyring, dict[str, Document]] | None = None

    @property
    def cached(self) -> dict[str, Document]:
        """The documents that stay the same for as long as the council's profile and keys do, by path."""
        profile, keyring = self._council.profile, self._council.keyring
        if self._made is None or self._made[0] is not profile or self._made[1] is not keyring:
            self._made = profile, keyring, self._make(profile, keyring)
        return self._made[2]

    def _make(self, profile: Profile, keyring: Keyring) -> dict[str, Document]:
        council, pair = self._council, keyring.current
        node = actor.node_actor(council.base_url, council.authority, rsa_pem=pair.rsa_pem, number=pair.number)
        about = nodeinfo.document(self._version, profile.name)
        limits = nodeinfo.comarca_document(self._version, body_limit=council.rules.body)
        return {
            "/council": _found(council_document(council, profile, keyring=keyring), seconds=300),
            "/actor": _found(node, seconds=300),
            "/.well-known/nodeinfo": _found(nodeinfo.discovery(council.base_url), JSON, cors=True, seconds=300),
            "/nodeinfo/2.1": _found(about, NODEINFO, cors=True, seconds=300),
            "/.well-known/comarca": _found(limits, JSON, cors=True),
        }

    def webfinger(self, resource: str) -> Document:
        """RFC 7033. 400 without a resource, 404 for one that is not ours."""
        if not resource:
            return _refused(400, "Bad request", "Say whose address you look for: ?resource=acct:council@…")
        council = self._council
        whose = webfinger.subjects(resource, council.base_url, host=council.authority)
        if whose is None:
            return NOT_HERE
        return _found(webfinger.jrd(council.base_url, council.authority, whose=whose), JRD, cors=True, seconds=300)

    async def collection(self, path: str) -> Document | None:
        """`/council/outbox`, its pages, `/followers`, `/following`, `/peers`; None for any other path."""
        base = self._council.actor_id
        match path.split("/")[2:]:
            case ["outbox"]:
                total = await self._store.read(self._count_public)
                return _found(collection.ordered_collection(f"{base}/outbox", total, first=f"{base}/outbox/p/newest"))
            case ["outbox", "p", cursor]:
                return await self._outbox_page(cursor)
            case ["followers"]:
                total = await self._store.read(_count_followers)
                return _found(collection.ordered_collection(f"{base}/followers", total, first=None))
            case ["following"]:
                return _found(collection.ordered_collection(f"{base}/following", 0, first=None))
            case ["peers"]:
                total = await self._store.read(_count_peers)
                return _found(collection.ordered_collection(f"{base}/peers", total, first=None))
        return None

    async def object(self, path: str, *, audiences: Sequence[str]) -> Document:
        """A note of ours under its own address; 410 with a Tombstone once it was taken back."""
        address = self._council.base_url + path
        row = await self._store.read(lambda c: replicas.find(c, address))
        if row is None or row["source"] != self._council.actor_id or row["audience"] not in audiences:
            return NOT_HERE
        if row["gone_at"] is not None:
            return Document(410, orjson.dumps(collection.tombstone(address, row["gone_at"])), ACTIVITY)
        return _found(standing_alone(replicas.note_of(row)))

    async def activity(self, path: str, *, audiences: Sequence[str]) -> Document:
        """An activity of ours, as it was sent."""
        address = self._council.base_url + path
        row = await self._store.read(
            lambda c: c.execute(
                text("SELECT audience, document FROM body WHERE activity_id = :a"), {"a": address}
            ).first()
        )
        if row is None or row.audience not in audiences:
            return NOT_HERE
        return Document(200, row.document, ACTIVITY)

    def _count_public(self, connection: Connection) -> int:
        statement = (
            "SELECT count(*) FROM replica WHERE source = :us AND audience = 'public' AND gone_at IS NULL"
            " AND (ends_at IS NULL OR ends_at > :now)"
        )
        given = {"us": self._council.actor_id, "now": microseconds(self._clock.now())}
        return int(connection.execute(text(statement), given).scalar_one())

    async def _outbox_page(self, cursor: str) -> Document:
        base, now = f"{self._council.actor_id}/outbox", self._clock.now()
        found = await self._store.read(lambda c: self._public_after(c, cursor, now=now))
        if found is None:
            return NOT_HERE
        items, last = found
        following = f"{base}/p/{last}" if last is not None else None
        page = collection.ordered_collection_page(f"{base}/p/{cursor}", base, items=items, next_page=following)
        return _found(page)

    def _public_after(
        self, connection: Connection, cursor: str, *, now: datetime
    ) -> tuple[list[Any], str | None] | None:
        """One page, newest first, and the cursor of the next: the last object's own name, so no count or time shows."""
        table = _REPLICA
        statement = (
            table.select()
            .where(table.c.source == self._council.actor_id, table.c.audience == "public", table.c.gone_at.is_(None))
            .where(table.c.ends_at.is_(None) | (table.c.ends_at > now))
            .order_by(table.c.updated.desc(), table.c.id.desc())
            .limit(PAGE_LENGTH + 1)
        )
        if cursor != "newest":
            at = replicas.find(connection, f"{self._council.base_url}/o/{cursor}")
            if at is None or at["source"] != self._council.actor_id or at["audience"] != "public":
                return None  # for anything narrower, that it exists is not everybody's business either
            older = table.c.updated < at["updated"]
            statement = statement.where(older | ((table.c.updated == at["updated"]) & (table.c.id < at["id"])))
        rows = connection.execute(statement).mappings().all()
        items = [orjson.loads(row["document"]) for row in rows[:PAGE_LENGTH]]
        more = len(rows) > PAGE_LENGTH
        return items, rows[PAGE_LENGTH - 1]["object_id"].rsplit("/", 1)[1] if more else None


def _count_followers(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM follower WHERE state = 'accepted'")).scalar_one())


def _count_peers(connection: Connection) -> int:
    statement = text("SELECT count(*) FROM peer WHERE state = :state")
    return int(connection.execute(statement, {"state": State.ACCEPTED.value}).scalar_one())
