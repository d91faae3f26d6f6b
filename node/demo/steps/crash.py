"""A node is killed in the middle of what it is being told, and loses nothing that it has acknowledged."""

import time

from node.demo import evidence
from node.demo.checking import check, wait_for
from node.demo.flood import Flood
from node.demo.letters import Letter, offer_of, sealed
from node.demo.linking import accept_when_asked
from node.demo.stage import Stage
from protocol.peering import State
from schemas.activity import peering_offer

LETTERS = 600
KILLED_AFTER = 150
APPLIED_WITHIN = 10.0
LINKED_WITHIN = 5.0


def a_council_from_outside_links_up_with_harbour(stage: Stage) -> str:
    """It takes the handshake to be listened to: before, the very same sender was refused."""
    outside, harbour = stage.outside, stage.harbour
    now = harbour.clock.now()
    offer = peering_offer(
        outside.base_url, harbour.council.actor_id, activity_id=outside.new_activity_id(), published=now
    )

    reply = sealed(outside, offer, to=harbour.url, now=now).post()

    check(reply.status == 202, f"its asking was answered {reply.status} {reply.reason}")
    accept_when_asked(harbour, outside.actor_id)
    wait_for(
        lambda: [one for one in stage.outside_server.delivered if one.activity.get("type") == "Accept"],
        "the Accept has come back",
        within=LINKED_WITHIN,
    )
    # The server must have seen what was accepted in its file from here, or the flood would be refused.
    probe = _letters(stage, 1)[0]
    wait_for(lambda: probe.post().status == 202, f"it is listened to ({State.ACCEPTED})", within=LINKED_WITHIN)
    return "asked, accepted, and listened to"


def harbour_killed_in_the_middle_of_deliveries_loses_nothing_it_acknowledged(stage: Stage) -> str:
    letters = _letters(stage, LETTERS)
    flood = Flood(stage.harbour.url, letters, KILLED_AFTER, stage.harbour.server.kill)
    flood.run()

    acknowledged = {letter.activity_id: letter.object_id for letter in flood.acknowledged}
    check(not flood.answers, f"answered otherwise than 202: {flood.answers}")
    check(KILLED_AFTER <= len(acknowledged) < LETTERS, f"{len(acknowledged)} of {LETTERS} were acknowledged")
    check(not stage.harbour.server.running, "the server was not killed")
    began = time.monotonic()
    stage.harbour.server.restart()
    wait_for(lambda: _applied(stage, acknowledged), "all of it is kept and applied", within=APPLIED_WITHIN)
    took = time.monotonic() - began

    _send_the_rest(letters, set(acknowledged))
    everything = {letter.activity_id: letter.object_id for letter in letters}
    wait_for(lambda: _applied(stage, everything), "what was sent again is applied once", within=APPLIED_WITHIN)
    return (
        f"{len(acknowledged)} acknowledged of {LETTERS}, killed, all there once after {took:.2f} s; the rest sent again"
    )


def _letters(stage: Stage, count: int) -> list[Letter]:
    outside, now = stage.outside, stage.harbour.clock.now()
    return [
        sealed(outside, offer_of(outside, f"Crate {number}", now=now), to=stage.harbour.url, now=now)
        for number in range(1, count + 1)
    ]


def _send_the_rest(letters: list[Letter], acknowledged: set[str]) -> None:
    """As a sender does that got no answer: the same again. Those that were kept unanswered are known there."""
    for letter in letters:
        if letter.activity_id not in acknowledged:
            reply = letter.post()
            check(reply.status == 202, f"sent again it was answered {reply.status} {reply.reason}")


def _applied(stage: Stage, wanted: dict[str, str]) -> bool:
    """Whether each activity (by id, with its object) is kept once, applied, and one copy is there."""
    path, source = stage.harbour.database, stage.outside.actor_id
    held = evidence.received(path, source=source, verb="Create")
    states = {one.activity_id: one.state for one in held}
    copies = evidence.replicas_of(path, source=source)
    check(len(states) == len(held), "an activity is kept twice")
    lost = [activity_id for activity_id in wanted if activity_id not in states]
    check(not lost, f"{len(lost)} acknowledged activities are lost, {lost[:1]}")
    waiting = [activity_id for activity_id in wanted if states[activity_id] != "applied"]
    check(not waiting, f"{len(waiting)} are not applied yet ({states[waiting[0]] if waiting else ''})")
    uneven = [object_id for object_id in wanted.values() if copies.get(object_id) != 1]
    check(not uneven, f"{len(uneven)} objects have not exactly one copy")
    return True


STEPS = (
    a_council_from_outside_links_up_with_harbour,
    harbour_killed_in_the_middle_of_deliveries_loses_nothing_it_acknowledged,
)
