"""What else befalls councils, drawn from the seed: old copies, full disks, wrong clocks, new keys, weeks in which nothing is said.

What people do in ordinary times is told in `scenario`, what befalls messages and processes in `faults`.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import text

from federation.tables import Lane
from tests.builders import SeededRandomness
from tests.simulation.checks import standing_of
from tests.simulation.disk import Copied
from tests.simulation.nodes import Node
from tests.simulation.world import DAY, HOUR, World

MOST_OFF = 48 * HOUR
MOST_KEYS = 3
_HANDSHAKES = text("SELECT 1 FROM delivery WHERE lane = :lane LIMIT 1")
_BLOCKED = text("SELECT 1 FROM peer WHERE state = 'blocked' LIMIT 1")
WHILE = (60.0, 900.0, 3 * HOUR, DAY)


class Disasters:
    """Draws from its own seed, so that what happens here does not change what people say."""

    def __init__(self, world: World, nodes: Sequence[Node], *, everybody: Sequence[Node]) -> None:
        self._world = world
        self._nodes = nodes
        self._everybody = everybody
        self._randomness = SeededRandomness(f"disasters {world.seed}")
        self._over = False
        self._were_off: set[str] = set()

    def one(self) -> None:
        """One disaster, or an ordinary talk between councils, which happens more often."""
        node = self._randomness.pick(self._nodes)
        if not node.up or self._over:
            return
        what: Callable[[Node], None] = self._randomness.pick(
            (
                self._catch_up,
                self._catch_up,
                self._catch_up,
                self._copy,
                self._copy,
                self._copy,
                self._fill_the_disk,
                self._set_the_clock,
                self._change_keys,
                self._do_chores,
            )
        )
        node.guarded(lambda: what(node))()

    def end(self) -> None:
        """Clocks are right, disks have room, and nothing more befalls anybody."""
        self._over = True
        for node in self._nodes:
            node.skew = timedelta()
            node.disk.make_room()

    def do_chores(self) -> None:
        for node in self._nodes:
            self._do_chores(node)

    def _catch_up(self, node: Node) -> None:
        node.catching.with_all()

    def _copy(self, node: Node) -> None:
        """A backup, which takes the place of the database after a while. Not while an Offer or Accept waits: a silent server
        sends none, and who has not heard it answers no question; its keepers would open a new epoch."""
        if not node.feeds or _has_handshakes(node):
            return
        self._world.say(f"{node.name} is copied")
        copied = node.copy()
        self._later(lambda: self._put_back(node, copied))

    def _put_back(self, node: Node, copied: Copied) -> None:
        """Whom it was linked with must be as it was: that is for two keepers to mend, and no feed does it for them."""
        if self._over or copied.links != node.disk.links():
            return
        if copied.keys != node.council.keyring.number:
            return  # it would sign with keys that were given up, and stays silent for ever (federation.feeds.muting)
        noticed = self._randomness.chance(0.65)
        self._world.say(f"{node.name} is put back, {'silent' if noticed else 'and nobody notices'}")
        node.put_back(copied, noticed=noticed)

    def _fill_the_disk(self, node: Node) -> None:
        self._world.say(f"{node.name} has a full disk")
        node.disk.fill()
        self._later(lambda: self._make_room(node))

    def _make_room(self, node: Node) -> None:
        if node.disk.full:
            self._world.say(f"{node.name} has room again")
            node.disk.make_room()
            node.deliveries.wake()

    def _set_the_clock(self, node: Node) -> None:
        """Off by up to two days, and after a while back again: forward, or backward."""
        if abs(node.skew) > timedelta(hours=1) or node.council.keyring.number > 1:
            return
        before = node.skew
        self._were_off.add(node.name)
        node.skew = timedelta(seconds=MOST_OFF * (2 * self._randomness.uniform() - 1))
        self._world.say(f"the clock of {node.name} is off by {node.skew.total_seconds():.0f}s")

        def set_right() -> None:
            node.skew = timedelta() if self._over else before
            self._world.say(f"the clock of {node.name} is right again")
            node.deliveries.wake()

        self._later(set_right)

    def _change_keys(self, node: Node) -> None:
        """Not while somebody has asked and nobody answered, or is blocked, nor where a clock was ahead: what one key proves for
        whoever knows the other alone, or for a later time, is believed by nobody, and waits in its queue."""
        waits = any(
            standing_of(one, other.council.actor_id) == "we-asked"
            for one in self._everybody
            for other in self._everybody
            if node in (one, other)
        )
        waits = waits or node.connection.execute(_BLOCKED).first() is not None
        waits = waits or any(_has_handshakes(one) for one in self._everybody)
        if node.council.keyring.number < MOST_KEYS and not (node.muted or waits or node.name in self._were_off):
            node.change_keys()

    def _do_chores(self, node: Node) -> None:
        if node.up:
            node.guarded(node.tidy)()

    def _later(self, step: Callable[[], None]) -> None:
        self._world.after(self._randomness.pick(WHILE) * (0.2 + self._randomness.uniform()), step)


def _has_handshakes(node: Node) -> bool:
    return node.connection.execute(_HANDSHAKES, {"lane": int(Lane.HANDSHAKE)}).first() is not None
