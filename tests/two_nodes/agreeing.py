"""Two whole nodes at rest whose letters a test hands over one by one: in which order, and how often, it decides.

Every letter goes through the real inbox of the other. People of both councils act by the steps that their pages take.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from federation import peers, replicas
from federation.introductions import Introduction
from node.features.resources import actions, reckoning
from node.features.resources.agreements import evidence, proposing
from node.features.resources.agreements.proposing import Wish
from node.features.resources.promises import acts as promising
from node.features.resources.promises import keeping
from node.features.resources.promises.keeping import Proposal
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from protocol.rfc9421 import sign_rfc9421
from protocol.verdict import Refused
from schemas.actor import TheirActor
from schemas.records.resource import ResourceForm, ResourceNote, read_resource
from tests.builders import FakeClock
from tests.two_nodes.letters import hand_over, letter
from tests.two_nodes.outsiders import actor_of, node_at_rest
from tests.two_nodes.region import Network, Town

_WAITING = (
    "SELECT x.id, b.document FROM delivery x JOIN body b ON b.id = x.body_id JOIN destination d"
    " ON d.id = x.destination_id ORDER BY x.lane, x.id"
)


@dataclass
class Councils:
    """`ours` has put something up; `theirs` is the nearby council."""

    ours: Town
    theirs: Town
    clock: FakeClock
    loop: asyncio.Runner = field(default_factory=asyncio.Runner)

    def other(self, town: Town) -> Town:
        return self.theirs if town is self.ours else self.ours

    def waiting(self, town: Town) -> list[Any]:
        """What waits to be sent by a council, oldest first."""
        return town.read(lambda c: list(c.exec_driver_sql(_WAITING)))

    def hand(self, town: Town, row: Any, *, again: bool = False) -> str:
        """One letter of a council to the other; with `again` it stays and comes a second time. Returns the result or reason."""
        return self._hand(town, row.document) if again else self._taken(town, row)

    def _taken(self, town: Town, row: Any) -> str:
        town.write(lambda c: c.exec_driver_sql("DELETE FROM delivery WHERE id = ?", (row.id,)))
        return self._hand(town, row.document)

    def _hand(self, town: Town, document: bytes) -> str:
        to, council = self.other(town), town.node.council
        headers = sign_rfc9421(
            method="POST",
            url=f"{to.url}/inbox",
            body=document,
            key=council.ed25519,
            key_id=council.ed25519_key_id,
            now=self.clock.now(),
        )
        answer = self.loop.run(hand_over(to.node, letter(headers, document)))
        while self.loop.run(to.node.engine.applier.run_once()):
            pass
        said = orjson.loads(answer.body)
        return str(said.get("result") or said.get("reason"))

    def hand_all(self) -> None:
        """Until nobody has anything left to say."""
        while any(self.waiting(town) for town in (self.ours, self.theirs)):
            for town in (self.ours, self.theirs):
                for row in self.waiting(town):
                    result = self.hand(town, row)
                    assert result in ("stored", "already-held"), (result, orjson.loads(row.document))

    def put_up(self, town: Town | None = None, **given: Any) -> Resource:
        usual = {"direction": "need", "title": "Fans", "quantity": "10", "unit": "fans", "audience": "neighbours"}
        form = ResourceForm.model_validate({**usual, "until": "week", "may_pass_on": True, **given})
        at = town or self.ours
        return at.write(lambda c: actions.put_up(c, form, at.acting()))

    def promise(self, note: Resource, *, amount: str = "", counterpart: str = "") -> Promise:
        wish, acting = Wish(amount=amount, counterpart=counterpart), self.theirs.acting()
        return self.theirs.write(lambda c: proposing.promise_theirs(c, str(note.object_id), wish, acting))

    def ask(self, note: Resource, *, amount: str = "") -> Promise:
        acting, actor = self.ours.acting(), self.theirs.actor
        return self.ours.write(lambda c: proposing.ask(c, note.public_id, actor, acting, amount=amount))

    def local(self, note: Resource, amount: str) -> Promise:
        """A neighbour of ours promises it, and that is agreed."""
        acting = self.ours.acting()
        proposal = Proposal(acting.now, resource_id=note.id, by_member=1, amount=amount, unit=note.unit)
        return self.ours.write(lambda c: keeping.add(c, acting, proposal, State.AGREED))

    def ours_does(self, step: Callable[..., Any], *given: Any) -> Any:
        return _does(self.ours, step, *given)

    def theirs_does(self, step: Callable[..., Any], *given: Any) -> Any:
        return _does(self.theirs, step, *given)

    def ours_changes(self, note: Resource, **given: Any) -> Resource:
        before = {"direction": note.direction, "title": note.title, "quantity": note.quantity, "until": "week"}
        form = ResourceForm.model_validate({"unit": note.unit, "audience": note.audience, **before, **given})
        return self.ours.write(lambda c: actions.change(c, note.public_id, form, self.ours.acting()))


def _does(town: Town, step: Callable[..., Any], *given: Any) -> Any:
    acting = town.acting()
    return town.write(lambda c: step(c, *given, acting))


def held(town: Town, offer_id: str) -> Promise | None:
    """A council's own promise of an exchange."""
    return town.read(lambda c: keeping.of_exchange(c, offer_id))


def stands(town: Town, offer_id: str) -> State:
    """How an exchange stands by the acts that a council keeps."""
    return town.read(lambda c: evidence.outcome(c, offer_id)).state


def acts(town: Town, offer_id: str) -> list[str]:
    return sorted(row["activity_id"] for row in town.read(lambda c: evidence.of_exchange(c, offer_id)))


def row_of(town: Town, note: Resource) -> Resource:
    return town.read(lambda c: reckoning.found(c, note.id or 0))


def copy_of(town: Town, note: Resource) -> ResourceNote:
    """What a council holds of another's note."""
    row = town.read(lambda c: replicas.find(c, str(note.object_id)))
    assert row is not None
    read = read_resource(replicas.note_of(row))
    assert not isinstance(read, Refused)
    return read


def answer(town: Town, offer_id: str, *, yes: bool) -> None:
    """Whoever was offered it says yes or no, on the page of their own note or of the one they are asked about."""
    promise, acting = held(town, offer_id), town.acting()
    assert promise is not None
    if promise.object_id is not None:
        town.write(lambda c: proposing.answer_theirs(c, promise.public_id, acting, yes=yes))
    else:
        verb = promising.agree if yes else promising.not_this_time
        town.write(lambda c: verb(c, acting, promise.public_id))


def give_back(town: Town, offer_id: str) -> None:
    promise, acting = held(town, offer_id), town.acting()
    assert promise is not None
    town.write(lambda c: promising.give_back(c, acting, promise.public_id))


def confirm(town: Town, offer_id: str) -> None:
    promise, acting = held(town, offer_id), town.acting()
    assert promise is not None
    town.write(lambda c: promising.confirm(c, acting, promise.public_id))


@contextmanager
def two_councils(folder: Path, *names: str) -> Iterator[Councils]:
    """Riverside and Harbour, linked up, at rest, with the same clock."""
    network, clock = Network(), FakeClock()
    ours, theirs = (
        node_at_rest(folder / name, network, name=name, clock=clock) for name in names or ("riverside", "harbour")
    )
    councils = Councils(ours, theirs, clock)
    for one, other in ((ours, theirs), (theirs, ours)):
        actor = TheirActor.read(actor_of(other.node.council))
        assert isinstance(actor, TheirActor)
        known, now = Introduction.of(actor), clock.now()
        one.write(lambda c, known=known, now=now: peers.linked_before(c, introduction=known, now=now))
        councils.loop.run(one.node.engine.refresh())
    try:
        yield councils
    finally:
        for town in (ours, theirs):
            councils.loop.run(town.node.stop())
        councils.loop.close()
