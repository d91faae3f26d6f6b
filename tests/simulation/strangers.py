"""Those who are no nodes: a reader who follows, a host that is blocked, and a council that lies.

They have keys and addresses like anybody and use them as they like. What must come of each lie is told to the world at once:
an answer that takes what may not be taken is a violation.
"""

from collections.abc import Callable
from typing import Any

import orjson

from federation import outbox
from federation.council import Council
from federation.ports import OutgoingRequest, OutgoingResponse
from federation.signing import headers_for
from protocol.http_signature import Request
from schemas import activity as activities
from tests import builders
from tests.builders import SeededRandomness
from tests.simulation.checks import LINKED, standing_of
from tests.simulation.network import Answer, Answered, Network
from tests.simulation.nodes import Node
from tests.simulation.receiving import actor_document
from tests.simulation.world import World


class Outsider:
    """A host with keys, an actor document, and an inbox that takes everything."""

    def __init__(self, name: str, *, world: World, network: Network) -> None:
        self.name = name
        self.world = world
        self.network = network
        self.randomness = SeededRandomness(f"{name} {world.seed}")
        self.council = builders.council(name, randomness=self.randomness)
        self.origin = self.council.origin
        self.up = True

    def receive(self, request: Request, body: bytes, answered: Answered) -> None:
        self.hear(orjson.loads(body))
        answered(OutgoingResponse(202, {}, b"{}"))

    def hear(self, activity: dict[str, Any]) -> None:
        """What is done with a message that came in."""

    def document(self, path: str) -> dict[str, Any] | None:
        return actor_document(self.council) if path == "/council" else None

    def signed(self, activity: dict[str, Any], *, by: Council | None = None) -> bytes:
        return outbox.sign(by or self.council, activity, now=self.world.now)[1]

    def post(
        self,
        node: Node,
        body: bytes,
        *,
        scheme: str = "ed25519",
        by: Council | None = None,
        then: Callable[[Answer], None] | None = None,
    ) -> None:
        url = f"{node.origin}/inbox"
        headers = headers_for(by or self.council, scheme=scheme, method="POST", url=url, body=body, now=self.world.now)
        self.network.send(self.name, OutgoingRequest("POST", url, headers, body), then or (lambda answer: None))

    def offer(self, node: Node, *, activity_id: str | None = None) -> bytes:
        """A proper Offer to link up."""
        return self.signed(
            activities.peering_offer(
                self.council.base_url,
                node.council.actor_id,
                activity_id=activity_id or self.council.new_activity_id(),
                published=self.world.now,
            )
        )

    def create(
        self, *, of: Council | None = None, activity_id: str | None = None, title: str = "A lie"
    ) -> dict[str, Any]:
        """A Create that speaks for `of`."""
        whose = of or self.council
        note = builders.note(whose, object_id=self._object_of(whose), title=title, published=self.world.now)
        return activities.create(
            whose.actor_id,
            activity_id or f"{whose.base_url}/a/{self.council.new_activity_id()[-26:]}",
            note=note,
            audience="public",
            published=self.world.now,
        )

    def _object_of(self, whose: Council) -> str:
        return f"{whose.base_url}/o/{self.council.new_object_id()[-26:]}"


class Reader(Outsider):
    """An account elsewhere that follows a council's public wall, and keeps what it is sent."""

    def __init__(self, name: str, *, world: World, network: Network) -> None:
        super().__init__(name, world=world, network=network)
        self.held: set[str] = set()
        self._deleted: set[str] = set()

    def follow(self, node: Node) -> None:
        follow = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": self.council.new_activity_id(),
            "type": "Follow",
            "actor": self.council.actor_id,
            "object": node.council.actor_id,
        }
        self.post(node, orjson.dumps(follow), scheme="cavage")

    def hear(self, activity: dict[str, Any]) -> None:
        thing = activity["object"]
        if activity["type"] in ("Create", "Update") and thing["id"] not in self._deleted:
            self.held.add(thing["id"])
        elif activity["type"] == "Delete":
            self.held.discard(thing["id"])
            self._deleted.add(thing["id"])


class Liar(Outsider):
    """A council with good keys and bad intentions."""

    def lie(self, nodes: list[Node]) -> None:
        """One lie to one node."""
        lies = (
            self._garbage,
            self._offer,
            self._offer,
            self._content_too_early,
            self._content_too_early,
            self._content_too_early,
            self._content_too_early,
            self._other_key,
            self._words_of_another,
            self._accept_of_nothing,
            self._replay,
            self._replay,
            self._same_id_other_content,
            self._end_others_links,
        )
        lie = self.randomness.pick(lies)
        self.world.say(f"{self.name} lies: {lie.__name__}")
        node, *others = self.randomness.shuffled(nodes)
        lie(node, others[0])

    def never_taken(self, what: str, node: Node) -> Callable[[Answer], None]:
        def judged(answer: Answer) -> None:
            if isinstance(answer, OutgoingResponse) and answer.status < 300 and b"nothing-done" not in answer.body:
                self.world.wrong(f"taken: {node.name} answers {answer.status} to {what}")

        return judged

    def _garbage(self, node: Node, _other: Node) -> None:
        """Bytes that are no activity; or one that is not signed, or not with these bytes."""
        url, then, body = f"{node.origin}/inbox", self.never_taken("garbage", node), self.offer(node)
        signed = headers_for(self.council, scheme="ed25519", method="POST", url=url, body=body, now=self.world.now)
        how = self.randomness.pick(("noise", "shape", "unsigned", "altered"))
        if how in ("noise", "shape"):
            noise = self.randomness.bytes(self.randomness.below(300))
            self.post(node, noise if how == "noise" else b'{"type": ["Create"]}', then=then)
        elif how == "unsigned":
            bare = {name: value for name, value in signed.items() if not name.startswith("Signature")}
            self.network.send(self.name, OutgoingRequest("POST", url, bare, body), then)
        else:
            self.network.send(self.name, OutgoingRequest("POST", url, signed, body + b" "), then)

    def _offer(self, node: Node, _other: Node) -> None:
        self.post(node, self.offer(node))

    def _content_too_early(self, node: Node, _other: Node) -> None:
        """Content from somebody whom nobody has accepted. Linking up in between makes it proper, and it is not judged."""
        before = standing_of(node, self.council.actor_id)

        def then(answer: Answer) -> None:
            if LINKED not in (before, standing_of(node, self.council.actor_id)):
                self.never_taken("content before both accepted", node)(answer)

        self.post(node, self.signed(self.create()), then=then)

    def _other_key(self, node: Node, other: Node) -> None:
        """The other node's key ids, our keys behind them."""
        theirs = other.council
        forged = Council(
            base_url=theirs.base_url,
            name=theirs.name,
            rsa=self.council.rsa,
            ed25519=self.council.ed25519,
            kinds=theirs.kinds,
            randomness=self.randomness,
            rules=theirs.rules,
        )
        body = self.signed(self.create(of=theirs), by=forged)
        rsa_differs = forged.rsa_pem != theirs.rsa_pem
        scheme = self.randomness.pick(("ed25519", "rfc9421", "cavage")) if rsa_differs else "ed25519"
        self.post(node, body, by=forged, scheme=scheme, then=self.never_taken("another's name under our key", node))

    def _words_of_another(self, node: Node, other: Node) -> None:
        """Signed as ourselves, said in the name of another: true words of theirs where we have caught some."""
        caught = [c.body for c in self.network.captured if c.request.headers["host"] != self.council.authority]
        body = self.signed(self.create(of=other.council))
        if caught and self.randomness.chance(0.5):
            body = self.randomness.pick(caught)
        if _parsed(body).get("actor", self.council.actor_id) != self.council.actor_id:
            self.post(node, body, then=self.never_taken("the words of another", node))

    def _accept_of_nothing(self, node: Node, other: Node) -> None:
        """An Accept of an Offer that was never made to us, or never made."""
        offers = [
            activity["id"]
            for activity in (_parsed(c.body) for c in self.network.captured)
            if activity.get("type") == "Offer" and activity["actor"] == node.council.actor_id
        ]
        about = self.randomness.pick(offers) if offers else f"{node.origin}/a/{'a' * 26}"
        accept = activities.accept(
            self.council.actor_id,
            self.council.new_activity_id(),
            object_id=about,
            their_actor=node.council.actor_id,
            published=self.world.now,
        )
        self.post(node, self.signed(accept))

    def _replay(self, node: Node, other: Node) -> None:
        """A POST as it was caught, once more to where it went or to somebody else."""
        if not self.network.captured:
            return
        caught = self.randomness.pick(self.network.captured)
        # By its Host, not by where it was caught: a replay that was caught on its way elsewhere may come home.
        request, elsewhere = caught.request, caught.request.headers["host"] != node.council.authority
        url = f"{node.origin}{request.target}"
        then = self.never_taken("a request for another node", node) if elsewhere else (lambda answer: None)
        self.network.send(self.name, OutgoingRequest("POST", url, request.headers, caught.body), then)

    def _same_id_other_content(self, node: Node, _other: Node) -> None:
        """Two messages under one id. Whichever comes first, the other is refused or never comes."""
        activity_id = self.council.new_activity_id()
        if standing_of(node, self.council.actor_id) == LINKED:
            first, second = (self.signed(self.create(activity_id=activity_id, title=t)) for t in ("One", "Two"))
        else:
            first = self.offer(node, activity_id=activity_id)
            second = self.signed({**orjson.loads(first), "summary": "and more"})
        taken: list[bytes] = []

        def then(body: bytes) -> Callable[[Answer], None]:
            def judged(answer: Answer) -> None:
                if isinstance(answer, OutgoingResponse) and answer.status < 300:
                    taken.append(body)
                if len(set(taken)) > 1:
                    self.world.wrong(f"taken: {node.name} takes two messages under {activity_id}")

            return judged

        for body in (first, second):
            self.post(node, body, then=then(body))

    def _end_others_links(self, node: Node, other: Node) -> None:
        """An Undo of what others have said to each other."""
        said = [_parsed(c.body) for c in self.network.captured]
        theirs = [
            a["id"] for a in said if a.get("type") in ("Offer", "Accept") and a["actor"] == other.council.actor_id
        ]
        if theirs:
            undo = activities.undo(
                self.council.actor_id,
                self.council.new_activity_id(),
                object_id=self.randomness.pick(theirs),
                their_actor=node.council.actor_id,
                published=self.world.now,
            )
            self.post(node, self.signed(undo))


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return (
        found
        if isinstance(found, dict) and isinstance(found.get("actor"), str) and isinstance(found.get("id"), str)
        else {}
    )
