"""What must be true of feeds after all has calmed down: whole, alike, forked by nobody honest, and nowhere else."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Protocol

from sqlalchemy import text

from federation.moments import microseconds
from tests.simulation.checks import LINKED, Checked, Log, standing_of
from tests.simulation.verifying import Verifier
from tests.simulation.world import World

GRACE: Final = timedelta(hours=1)

_HEADS = "SELECT channel, epoch, seq, head FROM feed WHERE actor_id = :a ORDER BY channel"
_PLACES = (
    "SELECT f.name, e.epoch, e.seq, e.entry_id FROM feed_entry e JOIN feed f ON f.id = e.feed_id"
    " WHERE f.actor_id = :a AND f.channel = 'public'"
)
_ENDED = (
    "SELECT e.object_id FROM feed_entry e JOIN feed f ON f.id = e.feed_id AND f.epoch = e.epoch"
    " JOIN replica r ON r.object_id = e.object_id WHERE e.kind = 'end' AND r.gone_at IS NULL"
    " AND (r.ends_at IS NULL OR r.ends_at > :now) ORDER BY e.n"
)
_FROZEN = "SELECT 1 FROM feed f JOIN feed_fork k ON k.feed_id = f.id WHERE f.actor_id = :a AND f.frozen_seq = k.seq - 1"


class FeedChecked(Checked, Protocol):
    muted: bool
    honest: bool


def check_feeds(world: World, nodes: Sequence[FeedChecked], log: Log) -> None:
    """All checks of feeds. Dishonest ones are judged by nobody; what honest ones hold of them is."""
    honest = [node for node in nodes if node.honest]
    keys = {node.council.actor_id: _keys_of(node) for node in honest}
    verifier = Verifier(keys, world.wrong)
    for node in honest:
        verifier.look_through(node.name, node.connection)
        _is_itself_again(world, node, log)
        nothing_ended_is_live(world, node)
        _nothing_is_over(world, node)
        _nothing_of_others(world, node, honest)
        for other in honest:
            _nobody_has_signed_twice(world, node, other, log)
            if other is not node and _linked(node, other):
                _heads_agree(world, node, other)
    for node in nodes:
        if not node.honest:
            _two_stories_are_found(world, node, honest)


def _rows(node: Checked, statement: str, **given: Any) -> Sequence[Any]:
    return node.connection.execute(text(statement), given).all()


def _keys_of(node: Checked) -> set[str]:
    ring = node.council.keyring
    return {pair.multibase for pair in (ring.current, *ring.retired)}


def _linked(one: Checked, other: Checked) -> bool:
    pair = standing_of(one, other.council.actor_id), standing_of(other, one.council.actor_id)
    return pair == (LINKED, LINKED)


def _heads_agree(world: World, holder: Checked, owner: Checked) -> None:
    held, said = ([tuple(row) for row in _rows(node, _HEADS, a=owner.council.actor_id)] for node in (holder, owner))
    if held != said:
        world.wrong(f"heads: {holder.name} of {owner.name} is at {held}, not at {said}")
    pinned = _rows(holder, "SELECT ed25519_multibase FROM peer WHERE actor_id = :a", a=owner.council.actor_id)
    if pinned[0].ed25519_multibase != owner.council.multibase:
        world.wrong(f"keys: {holder.name} knows {owner.name} by another key than it has")


def _is_itself_again(world: World, node: FeedChecked, log: Log) -> None:
    """It speaks, its feeds take entries, nothing was set aside, and what people were told is published is there."""
    if node.muted:
        world.wrong(f"silent: {node.name} still says nothing")
    for row in _rows(
        node,
        "SELECT f.actor_id, e.held_because FROM feed_entry e JOIN feed f ON f.id = e.feed_id WHERE held_because <> ''",
    ):
        world.wrong(f"held: {node.name} has not taken an entry of {row.actor_id}: {row.held_because}")
    known = {row.subject for row in _rows(node, "SELECT DISTINCT subject FROM seen WHERE what IN ('put', 'gone')")}
    lost = sorted(set(log.kept_by_its_author[node.name]) - known)
    if lost:
        world.wrong(f"lost: {node.name} knows nothing of {lost}, which it published")


def nothing_ended_is_live(world: World, node: Checked) -> None:
    """What its owner's feed says is no more is no more; nobody brings it back."""
    for row in _rows(node, _ENDED, now=microseconds(world.now)):
        world.wrong(f"ended: {node.name} shows {row.object_id}, though its owner took it back")


def _nothing_is_over(world: World, node: Checked) -> None:
    before = microseconds(world.now - GRACE)
    for row in _rows(node, "SELECT object_id FROM feed_entry WHERE payload IS NOT NULL AND expires_at < :t", t=before):
        world.wrong(f"over: {node.name} still serves {row.object_id}")
    for row in _rows(node, "SELECT object_id FROM replica WHERE gone_at IS NULL AND ends_at < :t", t=before):
        world.wrong(f"over: {node.name} still shows {row.object_id}")


def _nobody_has_signed_twice(world: World, node: Checked, owner: Checked, log: Log) -> None:
    """But for a council whose old copy was put in place, and nobody noticed until it had spoken."""
    statement = "SELECT k.seq FROM feed_fork k JOIN feed f ON f.id = k.feed_id WHERE f.actor_id = :a"
    for row in _rows(node, statement, a=owner.council.actor_id):
        if not log.old_copies.get(owner.name, False):
            world.wrong(f"fork: {node.name} has two entries by {owner.name} for place {row.seq}")


def _nothing_of_others(world: World, node: Checked, honest: Sequence[Checked]) -> None:
    for owner in honest:
        rows = _rows(node, _HEADS, a=owner.council.actor_id)
        if owner is not node and rows and standing_of(node, owner.council.actor_id) != LINKED:
            world.wrong(f"leak: {node.name} holds feeds of {owner.name}, with which it is not linked up")


def _two_stories_are_found(world: World, turncoat: Checked, honest: Sequence[Checked]) -> None:
    """Two that are linked up, and hold two entries for one place, both know it; and follow neither of them any more."""
    actor = turncoat.council.actor_id
    held = {node.name: {(r.epoch, r.seq): r.entry_id for r in _rows(node, _PLACES, a=actor)} for node in honest}
    for place, one in enumerate(honest):
        for other in honest[place + 1 :]:
            ours, theirs = held[one.name], held[other.name]
            if not _linked(one, other) or all(ours[at] == theirs[at] for at in ours.keys() & theirs.keys()):
                continue
            for node in (one, other):
                if not _rows(node, _FROZEN, a=actor):
                    world.wrong(f"two stories: {node.name} has not found out {turncoat.name}")
    for node in honest:
        for row in _rows(node, "SELECT subject FROM seen WHERE what = 'followed'"):
            world.wrong(f"two stories: {node.name} takes {row.subject} of a feed that is frozen")
