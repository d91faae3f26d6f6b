"""The button that asks nearby councils what they have now: for everybody, and never a way to make us press on our neighbours."""

from collections.abc import Sequence

from federation.rates import Buckets
from node.feature import Viewer
from node.features.resources.queries import Source
from node.web.site import Site
from schemas.live import LiveQuestion
from schemas.phrase import phrase
from schemas.refusal import Refusal

NEIGHBOURS_PER_MINUTE = 10.0
STRANGERS_PER_MINUTE = 4.0
"""All of them together."""


class Pressing:
    """Counts those asks alone that reach somebody: what was answered a moment ago is not asked again."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._neighbours = Buckets.steady(NEIGHBOURS_PER_MINUTE)
        self._strangers = Buckets.steady(STRANGERS_PER_MINUTE)

    def press(self, question: LiveQuestion, councils: Sequence[Source], viewer: Viewer) -> None:
        """Ask these councils, and wait a few seconds at most. Raises Refusal("too-fast")."""
        known = self._site.told_live(question)
        actors = [one.actor_id for one in councils if one.actor_id not in known]
        if not actors:
            return
        monotonic = self._site.clock.monotonic()
        if viewer.member_id is None:
            wait = self._strangers.take("", monotonic)
        else:
            wait = self._neighbours.take(str(viewer.member_id), monotonic)
        if wait is not None:
            raise Refusal(
                "too-fast",
                sentence=phrase("Our nearby councils were asked a lot just now. Wait a minute and ask again."),
            )
        self._site.ask_live(question, actors)
