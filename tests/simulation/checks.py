"""What must be true after all has calmed down, and what must never have been: the oracle of the simulation.

It reads the nodes' tables and their own record of what happened to them, and trusts no function that it judges.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from sqlalchemy import Connection, text

from federation.council import Council
from federation.delivery import Due
from federation.keeping import Arrival
from federation.moments import microseconds
from tests.simulation.world import World

CONTENT = ("Create", "Update", "Delete")
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
LINKED = "accepted"
APART = ("none", "declined", "ended", "blocked")

_WAITING = (
    "SELECT d.inbox, d.last_failure, count(*) AS n FROM delivery x JOIN destination d ON d.id = x.destination_id"
    " GROUP BY d.inbox ORDER BY d.inbox"
)
_LIVE_OF = (
    "SELECT object_id, document FROM replica WHERE source = :s AND gone_at IS NULL"
    " AND (ends_at IS NULL OR ends_at > :now)"
)
_LAST_APART = "SELECT subject, max(id) AS id FROM seen WHERE what = 'standing' AND before = 'accepted' GROUP BY subject"


_EVER_LINKED = "SELECT 1 FROM seen WHERE what = 'standing' AND after = 'accepted' AND subject = :a"


class Checked(Protocol):
    name: str
    council: Council
    connection: Connection


class Owner(Checked, Protocol):
    root: str


@dataclass(slots=True)
class Log:
    """What nodes have said to the outside: acknowledgements, and every message that left."""

    world: World
    acks: list[tuple[str, Arrival] | None] = field(default_factory=list)
    kept_by_its_author: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    owners: Sequence["Owner"] = ()
    _may_read: set[tuple[str, str]] = field(default_factory=set)
    old_copies: dict[str, bool] = field(default_factory=dict)
    said: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def acknowledged(self, name: str, arrival: Arrival) -> None:
        self.acks.append((name, arrival))

    def published(self, name: str, council: Council, object_id: str, document: bytes) -> None:
        """People were told that this is said."""
        self.said[council.actor_id].add(hashlib.sha256(document).digest())
        self.kept_by_its_author[name].append(object_id)

    def was_put_back(self, name: str, acks: int, *, noticed: bool) -> None:
        """An old copy has taken a node's place, from when `acks` had been given: what came after must come back by feeds."""
        for place in range(acks, len(self.acks)):
            ack = self.acks[place]
            if ack is not None and ack[0] == name:
                self.acks[place] = None
        self.kept_by_its_author[name].clear()
        self.old_copies[name] = self.old_copies.get(name, False) or not noticed

    def served(self, name: str, roots: set[str], *, asker: str) -> None:
        """Entries that are for nearby councils alone leave a node: never to whom their council has not once been linked with."""
        for owner in self.owners:
            if owner.root in roots and owner.council.actor_id != asker and (owner.root, asker) not in self._may_read:
                if _rows(owner, _EVER_LINKED, a=asker):
                    self._may_read.add((owner.root, asker))
                else:
                    self.world.wrong(f"audience: {name} serves entries of {owner.name} to {asker}")

    def sent(self, name: str, council: Council, due: Due, document: bytes, *, standing: str | None) -> None:
        """A message leaves: content only for whom it is meant. `standing` is that of the inbox when its rows were read."""
        self.said[council.actor_id].add(hashlib.sha256(document).digest())
        activity = orjson.loads(document)
        if activity["type"] not in CONTENT or _id_of(activity["object"]) == activity["actor"]:
            return
        what = f"{name} sends {activity['type']} {activity['id']} to {due.inbox}"
        if due.serves == "follower":
            if PUBLIC not in activity["to"]:
                self.world.wrong(f"audience: {what}, who only follows")
        elif due.serves != "peer" or standing != LINKED:
            self.world.wrong(f"audience: {what}, with whom it stands at {standing}")


def check(world: World, nodes: Sequence[Checked], log: Log, *, unheard: Sequence[str], feeds: bool) -> None:
    """All checks that need the end of the story, of honest nodes. `unheard` are actors that every node has blocked."""
    now = microseconds(world.now)
    for node in nodes:
        _nothing_waits(world, node)
        _effects_are_single_and_in_order(world, node)
        _links_were_wanted(world, node)
        _index_agrees(world, node)
        _own_tombstones_stay(world, node)
        for actor_id in unheard:
            _nothing_of(world, node, actor_id)
    for node in nodes:
        for other in nodes:
            if node is not other:
                _copies_agree(world, node, other, log=log, now=now, feeds=feeds)
    _acknowledged_is_kept(world, nodes, log)


def _rows(node: Checked, statement: str, **given: Any) -> Sequence[Any]:
    return node.connection.execute(text(statement), given).all()


def _id_of(thing: Any) -> Any:
    return thing.get("id") if isinstance(thing, dict) else thing


def standing_of(node: Checked, actor_id: str) -> str:
    rows = _rows(node, "SELECT state FROM peer WHERE actor_id = :a", a=actor_id)
    return rows[0].state if rows else "none"


def _nothing_waits(world: World, node: Checked) -> None:
    for row in _rows(node, _WAITING):
        world.wrong(f"queue: {node.name} still has {row.n} for {row.inbox} ({row.last_failure})")
    for row in _rows(node, "SELECT activity_id, state FROM received_activity WHERE state <> 'applied'"):
        world.wrong(f"inbox: {node.name} has {row.activity_id} {row.state}")


def _copies_agree(world: World, owner: Checked, holder: Checked, *, log: Log, now: int, feeds: bool) -> None:
    """What `holder` has of `owner`: everything live that it should see, byte for byte, and nothing else."""
    theirs, ours = standing_of(holder, owner.council.actor_id), standing_of(owner, holder.council.actor_id)
    given = {"s": owner.council.actor_id, "now": now}
    held = {row.object_id: hashlib.sha256(row.document).digest() for row in _rows(holder, _LIVE_OF, **given)}
    pair = f"{holder.name} of {owner.name}"
    if set(held.values()) - log.said[owner.council.actor_id]:
        world.wrong(f"forged: {pair} holds what was never said")
    if theirs != LINKED:
        if held:
            world.wrong(f"leak: {pair} holds {len(held)} objects while it stands at {theirs}")
        return
    if ours == "blocked":
        return
    if ours != LINKED:
        world.wrong(f"half a link: {holder.name} sees {theirs}, {owner.name} sees {ours}")
        return
    should = {row.object_id: hashlib.sha256(row.document).digest() for row in _rows(owner, _LIVE_OF, **given)}
    missing, beyond = sorted(should.keys() - held.keys()), sorted(held.keys() - should.keys())
    if not feeds and _rows(holder, _LAST_APART + " HAVING subject = :a", a=owner.council.actor_id):
        # A copy of a message that came late, after the link had ended and begun anew: only a feed's list tells that it is over.
        gone = {row.object_id for row in _rows(owner, "SELECT object_id FROM replica WHERE gone_at > 0")}
        beyond = [object_id for object_id in beyond if object_id not in gone]
    if owner.name in log.old_copies:
        # It took something back, and its old copy knows nothing of that: nobody follows it there, and its people see it again.
        gone = {row.object_id for row in _rows(holder, "SELECT object_id FROM replica WHERE gone_at > 0")}
        missing = [object_id for object_id in missing if object_id not in gone]
    differ = sorted(key for key in should.keys() & held.keys() if should[key] != held[key])
    if missing or beyond or differ:
        world.wrong(f"diverged: {pair} misses {missing}, has beyond {beyond}, has otherwise {differ}")


def _effects_are_single_and_in_order(world: World, node: Checked) -> None:
    """Between two forgettings an object's row only grows newer, each change has one effect, and what is gone stays so."""
    newest: dict[str, int] = {}
    gone: set[str] = set()
    puts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    ours = node.council.actor_id
    for row in _rows(node, "SELECT what, subject, source, before, after, standing FROM seen ORDER BY id"):
        match row.what:
            case "put" | "risen":
                if row.subject in gone:
                    world.wrong(f"risen: {node.name} has {row.subject} again after its end")
                if row.after <= newest.get(row.subject, -1):
                    world.wrong(f"order: {node.name} puts {row.subject} back to {row.after}")
                if row.source != ours and row.standing != LINKED:
                    world.wrong(f"leak: {node.name} puts {row.subject} while its source stands at {row.standing}")
                newest[row.subject] = row.after
            case "effect":
                puts[row.subject][row.after] += 1
                if puts[row.subject][row.after] > 1:
                    world.wrong(f"effect: {node.name} has {row.subject} of {row.after} more than once")
            case "gone":
                gone.add(row.subject)
            case "dropped":
                newest.pop(row.subject, None)
                puts.pop(row.subject, None)
            case "tombstone dropped":
                world.wrong(f"tombstone: {node.name} lost that of {row.subject}")


def _links_were_wanted(world: World, node: Checked) -> None:
    """Nobody is linked with us whom our keeper has not asked or accepted since the last time we were apart."""
    wanted: set[str] = set()
    for row in _rows(
        node, "SELECT what, subject, after FROM seen WHERE what IN ('standing', 'consent', 'dissent') ORDER BY id"
    ):
        if row.what == "consent":
            wanted.add(row.subject)
        elif row.what == "dissent" or row.after in APART:
            wanted.discard(row.subject)
        elif row.after == LINKED and row.subject not in wanted:
            world.wrong(f"consent: {node.name} is linked with {row.subject}, which its keeper never wanted")


def _index_agrees(world: World, node: Checked) -> None:
    live = {tuple(row) for row in _rows(node, "SELECT id, object_id, updated FROM replica WHERE gone_at IS NULL")}
    index = {tuple(row) for row in _rows(node, "SELECT replica_id, object_id, updated FROM seen_index")}
    if live != index:
        world.wrong(f"index: {node.name} differs from its replicas in {sorted(live ^ index)}")
    for row in _rows(node, "SELECT count(*) AS n FROM received_activity GROUP BY digest HAVING n > 1"):
        world.wrong(f"twice: {node.name} keeps the same message {row.n} times")


def _own_tombstones_stay(world: World, node: Checked) -> None:
    statement = "SELECT subject FROM seen WHERE what = 'gone' AND subject NOT IN (SELECT object_id FROM replica WHERE gone_at > 0)"
    for row in _rows(node, statement):
        world.wrong(f"tombstone: {node.name} has none of {row.subject}")


def _nothing_of(world: World, node: Checked, actor_id: str) -> None:
    for table, column in (("peer", "actor_id"), ("received_activity", "actor_id"), ("replica", "source")):
        if _rows(node, f"SELECT 1 FROM {table} WHERE {column} = :a", a=actor_id):
            world.wrong(f"blocked: {node.name} has a row of {actor_id} in {table}")


def _acknowledged_is_kept(world: World, nodes: Sequence[Checked], log: Log) -> None:
    """Every 202 for a message is in the table; content may go when there is no link with its source, or it has ended since."""
    for node in nodes:
        kept = {row.activity_id: row.digest for row in _rows(node, "SELECT activity_id, digest FROM received_activity")}
        last_apart = {row.subject: row.id for row in _rows(node, _LAST_APART)}
        forgotten = {
            row.subject
            for row in _rows(
                node, "SELECT id, subject, source, before AS verb, standing FROM seen WHERE what = 'forgotten'"
            )
            if row.verb in CONTENT and (row.standing != LINKED or row.id < last_apart.get(row.source, 0))
        }
        for name, arrival in filter(None, log.acks):
            lost = kept.get(arrival.activity_id) != arrival.digest and arrival.activity_id not in forgotten
            # A word on keys that came before both had accepted has done what it is for, and goes as the link begins.
            if name == node.name and lost and not arrival.of_itself:
                world.wrong(f"lost: {name} acknowledged {arrival.verb} {arrival.activity_id} and does not have it")
