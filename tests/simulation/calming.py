"""After the storm: everything is healed, everybody catches up with everybody, and whoever's feed was forked opens a new epoch.

Bounded: what has not come to rest after so many rounds never will.
"""

from collections.abc import Sequence

from sqlalchemy import text

from federation.feeds.conversation import Outcome
from tests.simulation.feed_checks import nothing_ended_is_live
from tests.simulation.nodes import Node
from tests.simulation.world import DAY, HOUR, World

ROUNDS = 12
PATIENCE = 5
"""Rounds after which the keepers of a server that is still silent, since a neighbour never answers, take their recovery words."""

BEFORE = 3 * HOUR
BETWEEN = 6 * HOUR
DAYS_ON = 3 * DAY
_FROZEN = text("SELECT actor_id FROM feed WHERE frozen_seq IS NOT NULL")


class Calm:
    """The end of the story, before it is checked. `nodes` are the honest ones, which are to agree."""

    def __init__(self, world: World, nodes: Sequence[Node]) -> None:
        self._world = world
        self._nodes = nodes

    def settle(self) -> None:
        """All is told; then, some days on, each council lists what is live, and that is told too."""
        self._pass(BEFORE)
        self._talk()
        for node in self._nodes:
            nothing_ended_is_live(self._world, node)
        self._pass(DAYS_ON)
        for node in self._nodes:
            node.tidy()
        self._talk()
        for node in self._nodes:
            node.forget()

    def _talk(self) -> None:
        """Rounds of talks, some hours apart, until one brought nothing new to anybody."""
        for number in range(ROUNDS):
            before = {node.name: dict(node.catching.outcomes) for node in self._nodes}
            for node in self._nodes:
                node.catching.with_all()
            self._pass(BETWEEN)
            opened = [node for node in self._nodes if self._is_frozen(node) or (node.muted and number == PATIENCE)]
            for node in opened:
                self._world.say(f"{node.name} opens a new epoch")
                node.open_epoch()
            if not opened and all(self._agree(node, before[node.name]) for node in self._nodes):
                return

    def _pass(self, seconds: float) -> None:
        self._world.run(until=self._world.elapsed + round(seconds * 1_000_000))

    def _is_frozen(self, node: Node) -> bool:
        """Whether a neighbour has told this council's keepers that its feed takes nothing any more."""
        ours = node.council.actor_id
        return any(ours in other.connection.execute(_FROZEN).scalars() for other in self._nodes)

    def _agree(self, node: Node, before: dict[str, Outcome]) -> bool:
        """Whether in this round each talk with an honest neighbour came to its end, and nothing was missing."""
        honest = {other.council.actor_id for other in self._nodes}
        outcomes = node.catching.outcomes
        linked = [actor for actor in node.catching.linked() if actor in honest]
        fresh = all(actor in outcomes and outcomes[actor] is not before.get(actor) for actor in linked)
        return not node.muted and fresh and all(outcomes[actor].agreed for actor in linked)
