"""What people do at a simulated node: put up, change, narrow, take down; ask, accept, decline, end, block.

Each action is one transaction of the engine's own functions. What a person could not do at that moment does not happen.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from federation import blocks, outbox, peers
from federation.introductions import Introduction
from federation.moments import from_microseconds, microseconds
from schemas.actor import TheirActor
from schemas.refusal import Refusal
from tests import builders
from tests.builders import SeededRandomness
from tests.simulation.checks import standing_of
from tests.simulation.nodes import Node
from tests.simulation.observing import note_consent

_OURS = text(
    "SELECT object_id, audience, published, updated, ends_at FROM replica WHERE source = :us AND gone_at IS NULL"
    " AND ends_at > :soon ORDER BY id"
)
_NEW_KEYS_WAIT = text("SELECT 1 FROM delivery d JOIN body b ON b.id = d.body_id WHERE b.tells_key IS NOT NULL LIMIT 1")
_PUT_UP = ("put up", "put up", "put up", "change", "change", "narrow", "widen", "take down")


class Keeper:
    """The people of one node. Draws from its own seed, so that one node's story does not change another's ids."""

    def __init__(self, node: Node, *, unanswered: frozenset[str]) -> None:
        self.node = node
        self._randomness = SeededRandomness(f"people of {node.name} {node.world.seed}")
        self._unanswered = unanswered
        self._number = 0

    def do_something(self) -> None:
        """Publish, change or take back one thing."""
        if not self.node.up:
            return
        what = self._randomness.pick(_PUT_UP)
        ours = self._ours()
        if what == "put up" or not ours:
            self._put_up()
        elif what == "take down":
            self._take_down(self._randomness.pick(ours).object_id)
        else:
            self._change(self._randomness.pick(ours), what)

    def _ours(self) -> list[Any]:
        soon = self.node.now() + timedelta(hours=1)
        given = {"us": self.node.council.actor_id, "soon": microseconds(soon)}
        return list(self.node.connection.execute(_OURS, given).all())

    def _put_up(self) -> None:
        node, now = self.node, self.node.now().replace(microsecond=0)
        lasting = timedelta(hours=self._randomness.pick((3, 24 * 14, 24 * 30, 24 * 30)))
        self._number += 1
        audience = self._randomness.pick(("public", "neighbours"))
        note = builders.note(
            node.council, title=f"Thing {self._number}", audience=audience, published=now, ends_at=now + lasting
        )
        self._publish(note, audience)
        if self._randomness.chance(0.4):
            # Somebody thinks better of it at once: what was just said may still be on its way.
            wait = self._randomness.pick((0.3, 3.0, 12.0, 60.0)) * self._randomness.uniform()
            node.world.after(wait, lambda: self._take_down(note["id"]))

    def _change(self, row: Any, what: str) -> None:
        node = self.node
        audience = {"narrow": "neighbours", "widen": "public"}.get(what, row.audience)
        self._number += 1
        # Whole seconds on the wire: a second change within one second is dated to the next.
        updated = max(node.now().replace(microsecond=0), from_microseconds(row.updated) + timedelta(seconds=1))
        note = builders.note(
            node.council,
            object_id=row.object_id,
            title=f"Thing {self._number}",
            audience=audience,
            published=from_microseconds(row.published),
            updated=updated,
            ends_at=from_microseconds(row.ends_at),
            available=str(self._randomness.below(11)),
        )
        self._publish(note, audience)

    def _publish(self, note: dict[str, Any], audience: Any) -> None:
        node, now = self.node, self.node.now()
        if not node.up:
            return
        node.world.say(f"{node.name} says {note['name']} for {audience}")
        if node.act(lambda c: outbox.publish(c, node.council, note=note, audience=audience, now=now)):
            node.published(note["id"])

    def _take_down(self, object_id: str) -> None:
        node, now = self.node, self.node.now()
        if node.up:
            node.world.say(f"{node.name} takes down …{object_id[-6:]}")
            node.act(lambda c: outbox.withdraw(c, node.council, object_id=object_id, now=now))

    def ask(self, base_url: str) -> None:
        """Look up another council and ask it to link up."""
        node = self.node
        if not node.up:
            return

        def then(actor: TheirActor | None, _document: dict[str, Any]) -> None:
            if actor is not None:
                introduction, now = Introduction.of(actor), node.now()
                self._try(
                    "asks",
                    actor.id,
                    consent=True,
                    step=lambda c: peers.ask(c, node.council, introduction=introduction, now=now),
                )

        node.fetch_actor(f"{base_url}/council", then)

    def answer_whoever_asks(self, *, declining: float) -> None:
        """Accept or decline every council that waits for an answer, but for those that are left waiting."""
        node = self.node
        if not node.up:
            return
        rows = node.connection.execute(text("SELECT actor_id FROM peer WHERE state = 'they-asked' ORDER BY id")).all()
        for row in rows:
            if row.actor_id in self._unanswered:
                continue
            if self._randomness.chance(declining):
                self._end("declines", row.actor_id, peers.decline)
            else:
                now, actor_id = node.now(), row.actor_id
                self._try(
                    "accepts",
                    actor_id,
                    consent=True,
                    step=lambda c, a=actor_id, now=now: peers.accept(c, node.council, actor_id=a, now=now),
                )

    def ask_again(self, others: Sequence[Node]) -> None:
        """Ask those once more who have new keys and have never answered: the words are compared anew, and these keys count."""
        for other in others:
            asked = standing_of(self.node, other.council.actor_id) == "we-asked"
            if asked and other.council.keyring.number > 1:
                self.ask(other.council.base_url)

    def remove(self, actor_id: str) -> None:
        self._end("ends with", actor_id, peers.remove)

    def _end(self, what: str, actor_id: str, function: Any) -> None:
        node, now = self.node, self.node.now()
        step = lambda c: function(c, node.council, actor_id=actor_id, now=now)  # noqa: E731
        if node.up:
            self._try(what, actor_id, consent=False, step=step)

    def block(self, host: str) -> None:
        """Not while our word on new keys waits: it would go with the rest, and nothing that we say later is believed there."""
        node, now = self.node, self.node.now()
        if node.up and node.connection.execute(_NEW_KEYS_WAIT).first() is None:
            node.world.say(f"{node.name} blocks {host}")
            node.act(lambda c: blocks.block(c, node.council, host=host, now=now))

    def unblock(self, host: str) -> None:
        node = self.node
        if node.up:
            node.world.say(f"{node.name} unblocks {host}")
            now = node.now()
            node.act(lambda c: blocks.unblock(c, node.council, host=host, now=now))

    def _try(self, what: str, actor_id: str, *, consent: bool, step: Any) -> None:
        node = self.node

        def whole(connection: Connection) -> None:
            note_consent(connection, actor_id, given=consent)
            step(connection)

        try:
            node.act(whole)
        except Refusal as refusal:
            node.world.say(f"{node.name} may not: {what} {actor_id}: {refusal.word}")
        else:
            node.world.say(f"{node.name} {what} {actor_id}")
