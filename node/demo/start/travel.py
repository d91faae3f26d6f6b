"""How long something took to arrive, measured at those where it arrived: every figure on the start page comes from here.

A time is counted from before the button's request was sent and rounded up, so "within" is never less than it took.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from node.demo.asking import JSON
from node.demo.checking import NotSeen, wait_for
from node.demo.councils import DemoCouncil
from node.demo.start.scene import Scene

ARRIVES_WITHIN = 10.0
Look = Callable[[DemoCouncil], object]


def within(seconds: float) -> str:
    """ "0.3 s": tenths, rounded up."""
    return f"{math.ceil(max(seconds, 0.001) * 10) / 10:.1f} s"


def listed(names: list[str]) -> str:
    """ "Harbour", "Harbour and Hillside", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def arrivals(
    scene: Scene, look: Look, *, since: float, what: str, at: Sequence[DemoCouncil] | None = None
) -> dict[str, float]:
    """By name, after how many seconds (on the monotonic clock, from `since`) each of the councils `at` saw it.

    Without `at` those beside Riverside that run. `look` gives something true for a council where it has arrived; NotSeen
    counts as not yet. Raises NotSeen.
    """
    listening = scene.hearing() if at is None else tuple(at)
    waiting = list(listening)
    took: dict[str, float] = {}

    def all_there() -> bool:
        for one in list(waiting):
            try:
                arrived = look(one)
            except NotSeen:
                continue
            if arrived:
                took[one.name] = time.monotonic() - since
                waiting.remove(one)
        if waiting:
            raise NotSeen(f"not at {listed([one.name for one in waiting])}")
        return True

    wait_for(all_there, what, within=ARRIVES_WITHIN)
    return {one.name: took[one.name] for one in listening}


def told(scene: Scene, took: dict[str, float], *, did: str, then: str, both: str = "") -> str:
    """The sentences on it: "Harbour had it within 0.3 s, Hillside within 0.4 s; both checked the signature."."""
    parts = [f"{name} {did} within {within(seconds)}" for name, seconds in took.items()]
    judged = f"both {both or then}" if len(took) > 1 else f"it {then}"
    sentence = f"{listed(parts)}; {judged}." if took else ""
    off = listed([one.name for one in scene.deaf()])
    return " ".join(filter(None, (sentence, f"{off} is switched off, and hears of it when it is back." if off else "")))


def verified_copy(scene: Scene, at: DemoCouncil, object_id: str) -> dict[str, Any] | None:
    """What a council holds under an address for its neighbours, if its proof was verified."""
    reply = scene.known(at).get("/api/objects", accept=JSON, id=object_id)
    copy = reply.json() if reply.status == 200 else None
    if copy is None or copy["proof"]["state"] != "verified":
        return None
    found: dict[str, Any] = copy
    return found
