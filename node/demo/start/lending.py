"""The story's beginning: fans are asked for by somebody without an account, and found around us. Through the pages alone."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from node.demo.checking import NotSeen
from node.demo.slips import ask_without_an_account
from node.demo.start.scene import Link, Outcome, Scene
from node.demo.start.travel import arrivals, told, verified_copy
from node.demo.start.wording import ASKED, FANS_KIND, FANS_WORD, NEED
from node.web import words

NEAR = "Tenants' hall"


@dataclass(frozen=True, slots=True)
class PutUp:
    """A need that was just asked for: its address, the number on its slip, its private link, and the sentence on its journey."""

    address: str
    number: str
    link: str
    travelled: str


def ask_for_fans(scene: Scene) -> Outcome:
    """Somebody at Riverside's table asks, without an account, unless it was asked for. Raises NotSeen."""
    if need_on_wall(scene) is not None:
        return Outcome("The need is on Riverside's wall already. Nothing was put up twice.", changed=False)
    asked = put_up_the_need(scene)
    line = (
        f"“{NEED['title']}” was asked for without an account. On the slip, which is shown once: number {asked.number}, "
        f"a secret phrase, and a private link. {asked.travelled}"
    )
    return Outcome(line, link=Link("What the private link on the slip opens", asked.link))


def need_on_wall(scene: Scene) -> str | None:
    """The address of the need, if it is up."""
    slip = scene.on_wall(scene.riverside, NEED["title"], kind="need")
    return None if slip is None else str(slip["url"])


def put_up_the_need(scene: Scene) -> PutUp:
    """Ask for it at Riverside's own page, as somebody who is not signed in. Raises NotSeen."""
    at, since = scene.riverside, time.monotonic()
    slip = ask_without_an_account(at, ASKED)
    address = need_on_wall(scene)
    if address is None:
        raise NotSeen("what was asked for is not on Riverside's wall")
    took = arrivals(scene, lambda one: verified_copy(scene, one, address), since=since, what="the need arrives")
    return PutUp(address, slip.number, slip.link, told(scene, took, did="had it", then="checked the signature"))


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
