"""The story's first half: fans are asked for, found around us, and six of them lent. Through the pages, as neighbours do it."""

import time
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from node.demo.checking import check
from node.demo.stage import address_of_new, said_on
from node.demo.start.scene import Link, Outcome, Scene
from node.demo.start.travel import arrivals, told, verified_copy
from node.demo.start.wording import FANS, FANS_KIND, FANS_WORD, LENT, NEED
from node.demo.steps.availability import found_at
from node.web import words

NEAR = "Tenants' hall"


def ask_for_fans(scene: Scene) -> Outcome:
    """Riverside's neighbour puts up the need, unless it is up. Raises NotSeen."""
    if need_on_wall(scene) is not None:
        return Outcome("The need is on Riverside's wall already. Nothing was put up twice.", changed=False)
    address, travelled = put_up_the_need(scene)
    line = (
        f"Riverside's neighbour has put up “{NEED['title']}”, for its own people and the nearby councils. {travelled}"
    )
    return Outcome(line, link=Link("Its page, once you are signed in at Riverside", address))


def need_on_wall(scene: Scene) -> str | None:
    """The address of the need, if it is up."""
    slip = scene.on_wall(scene.riverside, NEED["title"], kind="need")
    return None if slip is None else str(slip["url"])


def put_up_the_need(scene: Scene) -> tuple[str, str]:
    """Its address, and the sentence on its journey."""
    at, since = scene.riverside, time.monotonic()
    address = address_of_new(scene.neighbour(at).fill_in("/put-up/need", NEED), at)
    took = arrivals(scene, lambda one: verified_copy(scene, one, address), since=since, what="the need arrives")
    return address, told(scene, took, did="had it", then="checked the signature")


def look_around(scene: Scene) -> Outcome:
    """What Riverside's own server knows of fans. Nobody else is asked. Raises NotSeen."""
    at = scene.riverside
    query = {"text": FANS_WORD, "category": FANS_KIND, "direction": "offer"}
    neighbour, began = scene.neighbour(at), time.monotonic()
    answer = neighbour.data("/region/availability", **query, near=NEAR)
    took = time.monotonic() - began
    link = Link("The same on Riverside's own page", f"{at.url}/around?{urlencode({**query, 'near': NEAR})}")
    theirs = [item for item in answer["items"] if item["source"]["actor"] != at.council.actor_id]
    if not theirs:
        return Outcome("Nobody around offers fans now. Riverside says so, and asks nobody else.", False, link)
    found = "; ".join(_found(scene, item) for item in theirs)
    line = f"Riverside's own server answered in {took * 1000:.0f} ms, asking nobody: {found}."
    return Outcome(line, changed=False, link=link)


def _found(scene: Scene, item: dict[str, Any]) -> str:
    source = item["source"]["name"]
    amount = words.left(item["available"], item["quantity"], item["unit"])
    parts = [f"{source} has {amount}" if amount else f"{source} has “{item['title']}”"]
    if item["distance_km"] is not None:
        parts.append(f"{words.distance(item['distance_km'])} away")
    parts.append(f"{source} {freshness_of(scene, item['freshness'])}")
    if item["proof"]["state"] == "verified":
        parts.append("signature checked")
    return ", ".join(parts)


def freshness_of(scene: Scene, freshness: dict[str, Any]) -> str:
    """How old a council's word is, as the pages say it: "told us just now", "silent since 14:05; this is as of 14:05"."""
    zone = scene.riverside.settings.zone_info
    heard = heard_at(freshness)
    # Said by its state, not by our clock: the server that was asked has judged it.
    if heard is None or freshness["state"] == "current":
        return str(words.told_us(heard, now=scene.now()))
    now = scene.now()
    silent = words.silent_since(heard, now=now, zone=zone)
    return f"has been {silent}; this is {words.as_of(heard, now=now, zone=zone)}"


def heard_at(freshness: dict[str, Any]) -> datetime | None:
    """When the council was last heard from, None where never."""
    at = freshness["last_heard_at"]
    return None if at is None else datetime.fromisoformat(at)


def lend_six(scene: Scene) -> Outcome:
    """Harbour's neighbour says that six fewer are left, once. Raises NotSeen."""
    at = scene.harbour
    if scene.is_off(at):
        return Outcome(
            "Harbour's server is switched off, and nobody but Harbour can say what is left of its fans. "
            "Switch it on first (step 5).",
            changed=False,
        )
    neighbour = scene.neighbour(at)
    items = neighbour.data("/board.json", direction="offer", text=FANS_WORD)["items"]
    offer = next((item for item in items if item["title"] == FANS), None)
    if offer is None:
        return Outcome("Harbour's fans are not on its wall any more, so there is nothing to lend.", changed=False)
    have, whole = Decimal(offer["available"] or 0), Decimal(offer["quantity"] or 0)
    if have < whole or have < LENT:
        left = words.left(offer["available"], offer["quantity"], offer["unit"])
        return Outcome(f"Harbour's note says {left} already. Nothing was changed.", changed=False)
    address, left, since = offer["id"], f"{have - LENT:f}", time.monotonic()
    reply = neighbour.fill_in(f"{urlsplit(address).path}/change", {"available": left})
    check(reply.status == 303, f"the form answered {reply.status}: {said_on(reply)}")

    def knows(one: Any) -> bool:
        item = found_at(scene.known(one), address, text=FANS_WORD)
        return bool(item["available"] == left and item["proof"]["state"] == "verified")

    listeners = [scene.riverside, *(one for one in scene.hearing() if one is not at)]
    took = arrivals(scene, knows, since=since, what="the change arrives", at=listeners)
    said = words.left(left, offer["quantity"], offer["unit"])
    line = f"Harbour lends six: its own note now says {said}. "
    return Outcome(
        line + told(scene, took, did="knew it", then="checked the signature"), link=Link("Its page", address)
    )
