"""What the steps of the tour stand on: the region, the people in it, and what earlier steps have put up."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from federation.council import Council
from node.demo.asking import Reply, Visitor
from node.demo.checking import check
from node.demo.councils import DemoCouncil
from node.demo.region import Region
from node.demo.stranger import Follower, Stranger


@dataclass
class Stage:
    """`neighbour` is signed in at Riverside once the first step has passed; `offer` is the address of the dal."""

    region: Region
    follower: Follower
    outside: Council
    outside_server: Stranger
    neighbour: Visitor
    offer: str = ""
    put_up_at: float = 0.0
    marks: dict[str, str] = field(default_factory=dict)

    @property
    def riverside(self) -> DemoCouncil:
        return self.region.riverside

    @property
    def harbour(self) -> DemoCouncil:
        return self.region.harbour

    @property
    def hillside(self) -> DemoCouncil:
        return self.region.hillside

    @property
    def others(self) -> tuple[DemoCouncil, DemoCouncil]:
        """Everybody but Riverside."""
        return self.harbour, self.hillside


def anybody(at: DemoCouncil) -> Visitor:
    """A passer-by who has never been here."""
    return Visitor(at.url)


def signed_in(at: DemoCouncil) -> Visitor:
    """A neighbour of this council, through a fresh one-time link. Raises NotSeen."""
    visitor = Visitor(at.url)
    code = at.sign_in_link().rpartition("/")[2]
    reply = visitor.submit("/in", {"code": code})
    check(reply.status == 303 and visitor.cookies, f"signing in at {at.name} answered {reply.status}")
    return visitor


def address_of_new(reply: Reply, at: DemoCouncil) -> str:
    """The address of the record that a form has just put up, from where the answer leads. Raises NotSeen."""
    location = urlsplit(reply.headers.get("location", "")).path
    check(
        reply.status == 303 and location.startswith("/o/"),
        f"the form answered {reply.status}, leading to {location or 'nowhere'}: {said_on(reply)}",
    )
    return f"{at.url}{location}"


def said_on(reply: Reply) -> str:
    """A little of what a page says, for when it is not what was wanted."""
    text = reply.text
    start = text.find('role="alert"')
    return " ".join(text[max(start, 0) :][:300].split())
