"""What goes on between two councils, at each point of its way: below a note of a nearby council and below our own."""

from node.demo.checking import wait_for
from node.demo.councils import DemoCouncil
from node.features.resources import actions
from node.features.resources.agreements import proposing
from node.features.resources.agreements.proposing import Wish
from node.features.resources.promises import acts
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceForm
from tests.person.browsing import slip_of

SOON = 15.0


def on_the_way(riverside: DemoCouncil, harbour: DemoCouncil) -> dict[str, list[str]]:
    theirs, asked = (_need(harbour, title) for title in ("Blankets for the boat house", "Somebody who mends the pump"))
    ours = _need(riverside, "Fans for Mill Lane")
    for one in (theirs, asked):
        wait_for(lambda one=one: _knows(riverside, one), "the need is told", within=SOON)
    acting = riverside.acting()
    made = [
        riverside.do(lambda c, much=much: proposing.promise_theirs(c, str(theirs.object_id), Wish(much), acting))
        for much in ("2", "3")
    ]
    for one in made:
        wait_for(lambda one=one: _offer(harbour, str(one.offer_id)), "the promise is told", within=SOON)
    first, second = (_offer(harbour, str(one.offer_id)) for one in made)
    harbour.do(lambda c: acts.agree(c, harbour.acting(), str(first)))
    harbour.do(lambda c: acts.not_this_time(c, harbour.acting(), str(second)))
    question = harbour.do(
        lambda c: proposing.ask(c, asked.public_id, riverside.council.actor_id, harbour.acting(), amount="1")
    )
    wait_for(lambda: _offer(riverside, str(question.offer_id)), "the question is told", within=SOON)
    wait_for(lambda: _answered(riverside, str(theirs.object_id)) == len(made), "both answers are in", within=SOON)
    return {
        "/o/{public_id}": [f"/o/{ours.public_id}"],
        "/slip": [slip_of(str(theirs.object_id)), slip_of(str(asked.object_id))],
    }


def _need(one: DemoCouncil, title: str) -> Resource:
    given = {"direction": "need", "title": title, "quantity": "10", "unit": "pieces", "audience": "neighbours"}
    form = ResourceForm.model_validate({**given, "until": "week", "may_pass_on": True})
    return one.do(lambda c: actions.put_up(c, form, one.acting()))


def _knows(one: DemoCouncil, note: Resource) -> bool:
    found = "SELECT 1 FROM replica WHERE object_id = ?"
    return one.do(lambda c: c.exec_driver_sql(found, (note.object_id,)).first()) is not None


def _answered(one: DemoCouncil, object_id: str) -> int:
    found = "SELECT count(*) FROM promise WHERE state IN ('agreed', 'declined') AND object_id = ?"
    return int(one.do(lambda c: c.exec_driver_sql(found, (object_id,)).scalar()))


def _offer(one: DemoCouncil, offer_id: str) -> str | None:
    found = "SELECT public_id FROM promise WHERE offer_id = ?"
    name: str | None = one.do(lambda c: c.exec_driver_sql(found, (offer_id,)).scalar())
    return name
