"""What the gathering decided travels with its seal, and one word changed on the way is refused by name of the reason."""

import time
from datetime import timedelta
from zoneinfo import ZoneInfo

from node.demo import evidence
from node.demo.asking import Reply
from node.demo.checking import NotSeen, check
from node.demo.councils import ZONE, DemoCouncil
from node.demo.letters import Letter, enveloped
from node.demo.stage import address_of_new
from node.demo.start.scene import Link, Outcome, Scene
from node.demo.start.travel import arrivals, told, verified_copy
from node.demo.start.wording import DECIDED_DAYS_AGO, RESOLUTION, REVIEW_IN_DAYS, SPOKEN, TWISTED


def put_up_what_was_decided(scene: Scene) -> Outcome:
    """The resolution, unless it is up. Raises NotSeen."""
    found = resolution_on_wall(scene)
    if found is not None:
        return Outcome(
            "The resolution stands on Riverside's wall already. Nothing was put up twice.",
            changed=False,
            link=Link("Read it there", found),
        )
    address, travelled = _put_up(scene)
    line = f"Riverside has put up “{RESOLUTION['title']}”, sealed with its key. {travelled}"
    return Outcome(line, link=Link("Read it at Riverside", address))


def resolution_on_wall(scene: Scene) -> str | None:
    """Its address, if it is up."""
    slip = scene.on_wall(scene.riverside, RESOLUTION["title"], kind="resolution")
    return None if slip is None else str(slip["url"])


def change_one_word(scene: Scene) -> Outcome:
    """Twist the word on its way to Harbour (or Hillside), with the old envelope and with a fitting one. Raises NotSeen."""
    address, before = resolution_on_wall(scene), ""
    if address is None:
        address, _ = _put_up(scene)
        before = "It was not up yet, so Riverside put it up first. "
    ours, to = scene.riverside, scene.hearing()[0]
    body = _as_it_travelled(to, address, source=ours.council.actor_id)
    twisted = body.replace(SPOKEN.encode(), TWISTED.encode())
    check(twisted != body, "the word is not in what travelled")
    now = ours.clock.now()
    letter = enveloped(ours.council, body, to=to.url, now=now)
    on_the_way = Letter(letter.origin, letter.headers, twisted).post()
    fitted = enveloped(ours.council, twisted, to=to.url, now=now).post()
    for reply in (on_the_way, fitted):
        check(reply.status >= 400 and reply.reason, f"{to.name} answered {reply.status}")
    kept = evidence.mentions(to.database, TWISTED)
    check(not kept, f"the changed words stand in {kept}")
    line = (
        f"{before}“{SPOKEN}” became “{TWISTED}” on the way to {to.name}. Refused: {_said(on_the_way)}. "
        f"Put into an envelope that fits, the seal inside still tells: {_said(fitted)}. "
        f"{to.name}'s file does not have the changed words anywhere."
    )
    return Outcome(line, changed=bool(before), link=Link(f"What {to.name} holds", f"{to.url}/resolutions"))


def _put_up(scene: Scene) -> tuple[str, str]:
    at, since = scene.riverside, time.monotonic()
    today = scene.now().astimezone(ZoneInfo(ZONE)).date()
    days = {
        "decided_at": (today - timedelta(days=DECIDED_DAYS_AGO)).isoformat(),
        "review_on": (today + timedelta(days=REVIEW_IN_DAYS)).isoformat(),
    }
    address = address_of_new(scene.neighbour(at).fill_in("/put-up/resolution", {**RESOLUTION, **days}), at)
    took = arrivals(scene, lambda one: verified_copy(scene, one, address), since=since, what="the resolution arrives")
    return address, told(scene, took, did="had it", then="found the seal whole")


def _as_it_travelled(at: DemoCouncil, address: str, *, source: str) -> bytes:
    """The signed bytes as this council has acknowledged them."""
    for held in evidence.received(at.database, source=source, verb="Create"):
        if f'"{address}"'.encode() in held.document:
            return held.document
    raise NotSeen(f"{at.name} has not got {address}")


def _said(reply: Reply) -> str:
    return f"{reply.reason} ({reply.status})"
