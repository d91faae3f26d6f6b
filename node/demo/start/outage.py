"""Harbour's server is switched off, really, and on again. Called from the main thread, whose end ends the servers."""

import time
from contextlib import suppress
from typing import Any

from sqlalchemy import text

from node.demo.checking import NotSeen, check, wait_for
from node.demo.councils import CONTACT_EVERY, DemoCouncil
from node.demo.linking import wait_until_delivered
from node.demo.start.lending import freshness_of
from node.demo.start.scene import Link, Outcome, Scene
from node.demo.start.travel import within
from node.demo.start.wording import FANS

NOTICED_WITHIN = 7 * CONTACT_EVERY
HEARD_WITHIN = 10.0


def switch_off(scene: Scene) -> Outcome:
    """Stop Harbour's process, and wait until Riverside has noticed by itself. Raises NotSeen."""
    harbour, at = scene.harbour, scene.riverside
    since = scene.switched_off.get(harbour.name)
    if since is not None:
        return Outcome(f"Harbour's server is off already, since {scene.clock(since)}.", changed=False)
    scene.switched_off[harbour.name] = now = scene.now()
    harbour.server.stop()
    began = time.monotonic()
    silent = wait_for(lambda: _heard_of(scene, "silent"), "Riverside notices the silence", within=NOTICED_WITHIN)
    took = time.monotonic() - began
    kept = items_of(scene, harbour)
    fans = next((item for item in kept if item["title"] == FANS), None)
    found = (
        f"the fans are still found, beside {len(kept) - 1} other notes"
        if fans
        else f"{len(kept)} notes are still found"
    )
    line = (
        f"Harbour's server has ended at {scene.clock(now)}. {within(took)} later Riverside had noticed: {found}, "
        f"and its pages say that Harbour {freshness_of(scene, silent)}."
    )
    return Outcome(line, link=Link("Around us at Riverside, now", f"{at.url}/around"))


def switch_on(scene: Scene) -> Outcome:
    """Start it again, and wait until everybody hears from it and what waited has arrived. Raises NotSeen."""
    harbour = scene.harbour
    if not scene.is_off(harbour):
        return Outcome("Harbour's server is on. Nothing was done.", changed=False)
    waited = sum(_waiting(one) for one in scene.region.councils if one is not harbour)
    began = time.monotonic()
    harbour.server.restart()
    started = time.monotonic()
    del scene.switched_off[harbour.name]
    wait_for(lambda: _heard_of(scene, "current"), "Riverside hears from Harbour", within=HEARD_WITHIN)
    heard = time.monotonic() - started
    wait_until_delivered(scene.region.councils)
    caught_up = f" {waited} signed messages had waited for it; all have arrived." if waited > 1 else ""
    if waited == 1:
        caught_up = " One signed message had waited for it, and has arrived."
    line = f"Harbour's server started within {within(started - began)}. Riverside heard from it {within(heard)} later.{caught_up}"
    return Outcome(line)


def items_of(scene: Scene, source: DemoCouncil) -> list[dict[str, Any]]:
    """The needs and offers of one council as Riverside's own copies have them. Raises NotSeen, OSError."""
    answer = scene.known(scene.riverside).data("/region/availability", limit=200)
    return [item for item in answer["items"] if item["source"]["actor"] == source.council.actor_id]


def _heard_of(scene: Scene, wanted: str) -> dict[str, Any] | None:
    """Harbour's freshness as Riverside tells it, once it is in this state."""
    with suppress(OSError):
        councils = scene.known(scene.riverside).data("/region/availability", limit=1)["councils"]
        said = next((one for one in councils if one["actor"] == scene.harbour.council.actor_id), None)
        if said is None:
            raise NotSeen("Riverside does not know Harbour any more")
        found: dict[str, Any] = said
        check(found["state"] == wanted, f"Harbour is {found['state']}")
        return found
    return None


def _waiting(one: DemoCouncil) -> int:
    with one.store.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM delivery")).scalar_one())
