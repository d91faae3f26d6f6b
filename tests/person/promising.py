"""Promises at each point of their way, on a note of whoever has the server turn, so that its page and theirs show all of them."""

from typing import Any

from node.demo.councils import DemoCouncil
from node.features.resources.actions import put_up
from node.features.resources.promises import acts
from schemas.records.resource import ResourceForm

CHAIRS: dict[str, Any] = {
    "direction": "need",
    "title": "Chairs for the assembly",
    "quantity": "40",
    "unit": "chairs",
    "audience": "council",
    "until": "week",
}


def on_the_way(riverside: DemoCouncil, harbour: DemoCouncil) -> dict[str, list[str]]:
    """A need of Riverside's keeper with promises that are done, agreed, not answered yet, and in line."""
    asks, helps = riverside.acting(keeper=True), riverside.acting()
    need = riverside.do(lambda c: put_up(c, ResourceForm.model_validate(CHAIRS), asks).public_id)
    made = [
        riverside.do(
            lambda c, amount=amount, words=words: acts.promise(c, helps, need, amount=amount, words=words).public_id
        )
        for amount, words in (("12", "They fold. I bring them on my cart."), ("20", ""), ("4", "From the school."))
    ]
    for one in made[:2]:
        riverside.do(lambda c, one=one: acts.agree(c, asks, one))
    riverside.do(lambda c: acts.confirm(c, helps, made[0]))
    riverside.do(lambda c: acts.say_outcome(c, asks, made[0], "met"))
    riverside.do(lambda c: acts.promise(c, helps, need, amount="30", waits=True))
    return {"/o/{public_id}": [f"/o/{need}"]}
