"""Six fans are promised between two councils, and the rest is not: both say so by themselves, and both count alike."""

import time
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from node.demo.checking import check, wait_for
from node.demo.councils import DemoCouncil
from node.demo.slips import press, waiting_for, would_like
from node.demo.stage import said_on
from node.demo.start.scene import Link, Outcome, Scene
from node.demo.start.travel import ARRIVES_WITHIN, arrivals, told
from node.demo.start.wording import FANS, FANS_WORD, LENT
from node.demo.steps.availability import found_at
from node.web import words

AGREE, NOT_THIS_TIME = "agree", "not-this-time"


def promise_six(scene: Scene) -> Outcome:
    """Riverside would like six, then the rest; Harbour agrees to the one and not to the other, once. Raises NotSeen."""
    at = scene.harbour
    if scene.is_off(at):
        return Outcome(
            "Harbour's server is switched off, and nobody but Harbour can promise its fans. Switch it on first (step 5).",
            changed=False,
        )
    items = scene.neighbour(at).data("/board.json", direction="offer", text=FANS_WORD)["items"]
    offer = next((item for item in items if item["title"] == FANS), None)
    if offer is None:
        return Outcome("Harbour's fans are not on its wall any more, so there is nothing to promise.", changed=False)
    have, whole = Decimal(offer["available"] or 0), Decimal(offer["quantity"] or 0)
    if have < whole or have <= LENT:
        left = words.left(offer["available"], offer["quantity"], offer["unit"])
        return Outcome(f"Harbour's note says {left} already. Nothing was promised twice.", changed=False)
    address, left = offer["id"], f"{have - LENT:f}"
    since = time.monotonic()
    _asked_and_answered(scene, address, f"{LENT}", AGREE)
    travelled = _known_to_all(scene, address, left, since=since)
    _asked_and_answered(scene, address, left, NOT_THIS_TIME)
    _nothing_is_left_open(scene, address)
    counted = _known_to_all(scene, address, left, since=time.monotonic())
    check(bool(counted), "nobody was asked how many are left")
    said = words.left(left, offer["quantity"], offer["unit"])
    line = (
        f"Riverside said that it would like six, and Harbour agreed. To the other {left} Harbour said “not this time”: no reason "
        f"was asked for, and no count of it is kept. Harbour and Riverside say the same: {said}. {travelled}"
    )
    here = f"{scene.riverside.url}/slip?id={quote(address, safe='')}"
    return Outcome(line, link=Link("Harbour's note at Riverside, once you are signed in there", here))


def _asked_and_answered(scene: Scene, address: str, amount: str, verb: str) -> None:
    """Riverside's neighbour says how much they would like; Harbour's presses the one button of that verb."""
    theirs = scene.neighbour(scene.harbour)
    # What was asked before and broke off unanswered is answered, and not asked a second time.
    if not waiting_for(theirs, address, verb):
        would_like(scene.neighbour(scene.riverside), address, amount)
    action = wait_for(
        lambda: next(iter(waiting_for(theirs, address, verb)), None), "Harbour is told", within=ARRIVES_WITHIN
    )
    reply = press(theirs, address, action)
    check(reply.status == 303, f"the button answered {reply.status}: {said_on(reply)}")


def _known_to_all(scene: Scene, address: str, left: str, *, since: float) -> str:
    """The sentence on how soon the others counted what Harbour counts."""

    def knows(one: DemoCouncil) -> bool:
        item: dict[str, Any] = found_at(scene.known(one), address, text=FANS_WORD)
        return bool(item["available"] == left and item["proof"]["state"] == "verified")

    listeners = [scene.riverside, *(one for one in scene.hearing() if one is not scene.harbour)]
    took = arrivals(scene, knows, since=since, what="the count arrives", at=listeners)
    return told(scene, took, did="knew it", then="checked the signature")


def _nothing_is_left_open(scene: Scene, address: str) -> None:
    """Riverside has heard the no: of the two only what was agreed stands on the page there."""
    page = f"/slip?id={quote(address, safe='')}"
    wait_for(
        lambda: "waits for an answer" not in scene.known(scene.riverside).get(page).text,
        "Riverside hears “not this time”",
        within=ARRIVES_WITHIN,
    )
    check(not waiting_for(scene.known(scene.harbour), address, NOT_THIS_TIME), "something waits at Harbour still")
