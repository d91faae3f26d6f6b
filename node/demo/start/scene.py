"""What the steps of the start page stand on: the region, a neighbour signed in at each council, and who is switched off."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from node.demo.asking import Visitor
from node.demo.councils import CONTACT_EVERY, ZONE, DemoCouncil
from node.demo.region import Region
from node.demo.stage import signed_in
from node.web import words

CURRENT_FOR = timedelta(seconds=3 * CONTACT_EVERY)
_FOR_NEIGHBOURS = "/put-up/need"


@dataclass(frozen=True, slots=True)
class Link:
    """Words and where they lead."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Eye:
    """What one person was answered: `status` 0 stands for no answer at all. `facts` are (term, text) as on the page."""

    who: str
    asked: str
    status: int
    kind: str = ""
    title: str = ""
    words: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step has done, in a line whose figures were measured. `changed` is False where it was so already."""

    line: str
    changed: bool = True
    link: Link | None = None
    eyes: tuple[Eye, ...] = ()


@dataclass
class Scene:
    """`switched_off` holds since when, by the council's name; only the main thread changes it."""

    region: Region
    switched_off: dict[str, datetime] = field(default_factory=dict)
    _neighbours: dict[str, Visitor] = field(default_factory=dict)

    @property
    def riverside(self) -> DemoCouncil:
        return self.region.riverside

    @property
    def harbour(self) -> DemoCouncil:
        return self.region.harbour

    @property
    def hillside(self) -> DemoCouncil:
        return self.region.hillside

    def is_off(self, at: DemoCouncil) -> bool:
        return at.name in self.switched_off

    def hearing(self) -> tuple[DemoCouncil, ...]:
        """The councils beside Riverside that run."""
        return tuple(one for one in self.region.councils[1:] if not self.is_off(one))

    def deaf(self) -> tuple[DemoCouncil, ...]:
        """Those beside Riverside that are switched off."""
        return tuple(one for one in self.region.councils[1:] if self.is_off(one))

    def neighbour(self, at: DemoCouncil) -> Visitor:
        """A neighbour of this council, signed in; anew where the session was ended. Raises NotSeen, OSError."""
        known = self._neighbours.get(at.name)
        if known is None or known.get(_FOR_NEIGHBOURS).status == 401:
            known = self._neighbours[at.name] = signed_in(at)
        return known

    def known(self, at: DemoCouncil) -> Visitor:
        """The same without looking whether the session still holds: for reading only."""
        return self._neighbours.get(at.name) or Visitor(at.url)

    def now(self) -> datetime:
        return self.riverside.clock.now()

    def clock(self, at: datetime) -> str:
        """The time of day in the town: "14:05"."""
        return words.clock(at, zone=ZoneInfo(ZONE))

    def on_wall(self, at: DemoCouncil, title: str, *, kind: str) -> dict[str, Any] | None:
        """The slip of this kind on a council's wall whose title ends so, as its neighbours see it. Raises NotSeen."""
        for slip in self.neighbour(at).data("/wall.json")["slips"]:
            if slip["kind"] == kind and slip["title"].endswith(title) and slip["url"].startswith(f"{at.url}/o/"):
                found: dict[str, Any] = slip
                return found
        return None
