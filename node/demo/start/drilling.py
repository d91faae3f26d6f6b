"""A drill: called at Riverside, heard and answered by all, and said to be over so that nobody is on the way for nothing."""

import time
from typing import Any
from urllib.parse import urlsplit

from node.demo import together
from node.demo.checking import check
from node.demo.councils import DemoCouncil
from node.demo.stage import address_of_new, said_on
from node.demo.start.scene import Link, Outcome, Scene
from node.demo.start.travel import arrivals, listed, told, within
from node.demo.start.wording import DRILL, DRILL_ANSWERS


def call_a_drill(scene: Scene) -> Outcome:
    """Call it, unless it is on. Raises NotSeen."""
    at = scene.riverside
    found = _on_wall(scene)
    if found is not None:
        return Outcome("The drill is on already. It was not called twice.", changed=False, link=_page(found))
    since = time.monotonic()
    address = address_of_new(scene.neighbour(at).fill_in("/put-up/drill", DRILL), at)
    took = arrivals(scene, lambda one: _listed(scene, one, address), since=since, what="the drill is heard")
    heard = told(scene, took, did="heard it", then="lists it as a drill, apart from calls", both="list it as a drill")
    return Outcome(f"Riverside has called a drill. {heard}", link=_page(address))


def both_answer(scene: Scene) -> Outcome:
    """Whoever runs beside Riverside answers the drill; Riverside sees who, and how soon. Raises NotSeen."""
    at, address = scene.riverside, _on_wall(scene)
    if address is None:
        return Outcome("No drill of this story is on, so there is nothing to answer.", changed=False)
    since, path = time.monotonic(), urlsplit(address).path
    for one in scene.hearing():
        word, words = DRILL_ANSWERS[one.name]
        together.answer_call(one, scene.neighbour(one), address, word=word, words=words)

    def stands(one: DemoCouncil) -> bool:
        page = scene.known(at).get(path).text
        return DRILL_ANSWERS[one.name][1] in page

    took = arrivals(scene, stands, since=since, what="the answers stand on Riverside's page")
    said = listed([f"{name}: “{DRILL_ANSWERS[name][1]}”, within {within(seconds)}" for name, seconds in took.items()])
    off = listed([one.name for one in scene.deaf()])
    silent = f" {off} is switched off and stands there as silent." if off else ""
    return Outcome(f"On Riverside's page stands: {said}. Only Riverside gets to read it.{silent}", link=_page(address))


def say_that_it_is_over(scene: Scene) -> Outcome:
    """End it, if it is on. Raises NotSeen."""
    at, address = scene.riverside, _on_wall(scene)
    if address is None:
        return Outcome("No drill of this story is on, so there is nothing to end.", changed=False)
    path, since = urlsplit(address).path, time.monotonic()
    reply = scene.neighbour(at).fill_in(path, {}, action=f"{path}/over")
    check(reply.status == 303, f"the form answered {reply.status}: {said_on(reply)}")

    def knows(one: DemoCouncil) -> bool:
        item = _listed(scene, one, address)
        return item is not None and item["msg_type"] == "Cancel"

    took = arrivals(scene, knows, since=since, what="the end is heard")
    heard = told(scene, took, did="heard it", then="lists it as over", both="list it as over")
    return Outcome(f"Riverside says that the drill is over. {heard}", link=_page(address))


def _on_wall(scene: Scene) -> str | None:
    slip = scene.on_wall(scene.riverside, DRILL["title"], kind="drill")
    return None if slip is None else str(slip["url"])


def _listed(scene: Scene, at: DemoCouncil, address: str) -> dict[str, Any] | None:
    items = scene.known(at).data("/alerts.json")["items"]
    found: dict[str, Any] | None = next(
        (item for item in items if item["id"] == address and item["status"] == "Exercise"), None
    )
    return found


def _page(address: str) -> Link:
    return Link("Its page, once you are signed in at Riverside", address)
