"""One seed, told from beginning to end: link up, live through the storm, heal, calm down, check.

`run(seed)` is the whole interface. The same seed gives the same trace, byte for byte, in every process.
"""

from functools import partial

from sqlalchemy import text

from tests.builders import SeededRandomness
from tests.simulation import checks, feed_checks
from tests.simulation.calming import Calm
from tests.simulation.checks import Log
from tests.simulation.disasters import Disasters
from tests.simulation.faults import Faults
from tests.simulation.keepers import Keeper
from tests.simulation.network import Network
from tests.simulation.nodes import Node
from tests.simulation.strangers import Liar, Outsider, Reader
from tests.simulation.turncoat import Turncoat
from tests.simulation.world import DAY, HOUR, Trace, World

NAMES = ("riverside", "hilltop", "station", "harbour", "mill")
ACTIONS = 28
DISASTERS = 12
A_MONTH = 35 * DAY
GAPS = (0.05, 0.5, 3.0, 20.0, 300.0, 1_800.0, 3 * HOUR)
CALM_WITHIN = 4 * DAY


class Scenario:
    """Everybody in one world, and what they do when."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed)
        self.randomness = SeededRandomness(f"scenario {seed}")
        draw = self.randomness.uniform
        self.network = Network(
            self.world, loss=0.25 * draw(), doubled=0.2 * draw(), lost_answers=0.2 * draw(), late=0.25 * draw()
        )
        self.faults = Faults(SeededRandomness(f"faults {seed}"), crash_rate=0.01 * draw())
        self.log = Log(self.world)
        # What pushes do alone must be seen alone: feeds would mend much of it.
        self._feeds = self.randomness.chance(0.6)
        count = 3 + self.randomness.below(3)
        self.nodes = [self._node(name, index) for index, name in enumerate(NAMES[:count])]
        self.honest = [node for node in self.nodes if node.honest]
        self.log.owners = self.honest
        self.liar = Liar("liar", world=self.world, network=self.network)
        self.blocked = Liar("blocked", world=self.world, network=self.network)
        self.reader = Reader("reader", world=self.world, network=self.network)
        hosts: list[Node | Outsider] = [*self.nodes, self.liar, self.blocked, self.reader]
        self.network.hosts = {host.origin: host for host in hosts}
        passed_over = frozenset() if self.randomness.chance(0.5) else frozenset({self.liar.council.actor_id})
        self.disasters = Disasters(self.world, self.honest, everybody=self.nodes)
        self.keepers = [Keeper(node, unanswered=passed_over) for node in self.nodes]

    def _node(self, name: str, index: int) -> Node:
        make = Turncoat if index == 2 and self._feeds and self.randomness.chance(0.7) else Node
        return make(
            name,
            world=self.world,
            network=self.network,
            faults=self.faults,
            log=self.log,
            followers="off" if index else "auto",
            feeds=self._feeds,
        )

    def tell(self) -> Trace:
        self._begin()
        at = self._plan()
        self.world.run(until=round((at + 60.0) * 1_000_000))
        self._heal()
        if self._feeds:
            Calm(self.world, self.honest).settle()
        if not self.world.run(until=self.world.elapsed + round(CALM_WITHIN * 1_000_000)):
            self.world.wrong(f"unrest: things still happen {CALM_WITHIN / DAY:.0f} days after everything was healed")
        checks.check(self.world, self.honest, self.log, unheard=[self.blocked.council.actor_id], feeds=self._feeds)
        if self._feeds:
            feed_checks.check_feeds(self.world, self.nodes, self.log)
        self._check_reader()
        for node in self.nodes:
            if isinstance(node, Turncoat):
                node.close()
            node.connection.close()
        return Trace(self.world.seed, tuple(self.world.lines), tuple(self.world.violations))

    def _plan(self) -> float:
        """When what happens; in some seeds a month passes somewhere in between. Seconds until the last of it."""
        at, moments = 60.0, []
        month = self.randomness.below(ACTIONS) if self.randomness.chance(0.15) else None
        for number in range(ACTIONS):
            if number == month:
                self.world.after(at, self.disasters.do_chores)
                at += A_MONTH
                self.world.after(at, self.disasters.do_chores)
            at += self.randomness.pick(GAPS) * self.randomness.uniform()
            moments.append(at)
            self.world.after(at, self._something)
        for node in self.nodes:
            if isinstance(node, Turncoat):
                self.world.after(self.randomness.pick(moments), node.turn)
        for _ in range(DISASTERS):
            self.world.after(self.randomness.pick(moments) + self.randomness.uniform(), self.disasters.one)
        return at

    def _begin(self) -> None:
        """Most councils ask each other, some of them at the same time; their keepers answer within a minute or so."""
        for keeper in self.keepers:
            keeper.block(self.blocked.council.host)
        for index, one in enumerate(self.keepers):
            for two in range(index + 1, len(self.keepers)):
                asked, asking = self.randomness.shuffled([one, self.keepers[two]])
                if self.randomness.chance(0.85):
                    self._later(5.0, lambda a=asking, k=asked: a.ask(_base(k)))
                if self.randomness.chance(0.3):
                    self._later(5.0, lambda a=asked, k=asking: a.ask(_base(k)))
            self._later(30.0, lambda k=one: k.answer_whoever_asks(declining=0.05))
        self._later(20.0, lambda: self.reader.follow(self.nodes[0]))

    def _later(self, within: float, step: object) -> None:
        assert callable(step)
        self.world.after(within * self.randomness.uniform(), step)

    def _something(self) -> None:
        keeper = self.randomness.pick(self.keepers)
        dice = self.randomness.uniform()
        if dice < 0.58:
            keeper.do_something()
        elif dice < 0.75:
            self._about_links(keeper)
        elif dice < 0.80:
            self.faults.cut_something(self.network, [node.name for node in self.nodes])
        elif dice < 0.82:
            if keeper.node.up:
                keeper.node.crash("of itself")
        elif dice < 0.83:
            if keeper.node.up:
                keeper.node.guarded(keeper.node.tidy)()
        elif dice < 0.84:
            self.reader.follow(self.nodes[0])
        elif dice < 0.87:
            self.blocked.lie(self.nodes)
        else:
            for _ in range(3):
                self.liar.lie(self.nodes)

    def _about_links(self, keeper: Keeper) -> None:
        """Ask anew, answer, end, end and ask at once, block for a while."""
        randomness = self.randomness
        other = randomness.pick([k for k in self.keepers if k is not keeper])
        host = other.node.council.host
        dice = randomness.uniform()
        if dice < 0.30:
            self._ask_and_waver(keeper, other)
        elif dice < 0.60:
            keeper.answer_whoever_asks(declining=0.1)
        elif dice < 0.90:
            self._end_while_they_speak(keeper, other)
            if randomness.chance(0.6):
                self._later(randomness.pick((0.8, 30.0, HOUR)), lambda: keeper.ask(_base(other)))
                self._later(HOUR, lambda: other.answer_whoever_asks(declining=0.0))
        else:
            keeper.block(host)
            wait = randomness.pick((1.0, 600.0, 5 * HOUR)) * randomness.uniform()
            self.world.after(wait, lambda: keeper.unblock(host))
            self.world.after(wait + 5.0, lambda: keeper.ask(_base(other)))

    def _ask_and_waver(self, keeper: Keeper, other: Keeper) -> None:
        """Ask; often enough take that back at once, while it is on its way, and perhaps ask again."""
        randomness, actor_id = self.randomness, other.node.council.actor_id
        keeper.ask(_base(other))
        if randomness.chance(0.5):
            wait = randomness.pick((2.0, 15.0, 90.0)) * randomness.uniform()
            self.world.after(wait, lambda: keeper.remove(actor_id))
            if randomness.chance(0.7):
                self.world.after(wait + 5.0 * randomness.uniform(), lambda: keeper.ask(_base(other)))
            self._later(2 * wait, lambda: other.answer_whoever_asks(declining=0.2))

    def _end_while_they_speak(self, keeper: Keeper, other: Keeper) -> None:
        """The link ends at a moment when something of theirs is arriving."""
        for _ in range(3):
            self._later(0.4, other.do_something)
        actor_id = other.node.council.actor_id
        self._later(0.6, lambda: keeper.remove(actor_id))
        if self.randomness.chance(0.3):
            self._later(60.0, lambda: keeper.remove(actor_id))

    def _heal(self) -> None:
        """Weather and crashes end, whoever is down comes back, and keepers answer those who still ask."""
        self.network.heal()
        self.disasters.end()
        self.faults.crash_rate = 0.0
        for node in self.nodes:
            node.restart()
        for keeper in self.keepers:
            self.world.after(HOUR, partial(keeper.ask_again, self.nodes))
            self.world.after(2 * HOUR, partial(keeper.answer_whoever_asks, declining=0.0))

    def _check_reader(self) -> None:
        """What the reader still holds of a council that it never stopped following is public and live there."""
        node = self.nodes[0]
        if node.name in self.log.old_copies:
            return  # an old copy knows nothing of what followers were told after it, and they are told nothing twice
        rows = node.connection.execute(
            text("SELECT object_id FROM replica WHERE gone_at IS NOT NULL OR audience <> 'public'")
        ).all()
        for object_id in sorted(self.reader.held & {row.object_id for row in rows}):
            self.world.wrong(f"audience: the reader still holds {object_id}, which is not public any more")


def run(seed: int) -> Trace:
    """Tell the story of one seed."""
    return Scenario(seed).tell()


def _base(keeper: Keeper) -> str:
    return keeper.node.council.base_url
