"""One text, three councils: Riverside asks, the others answer, all count alike, and no word of it changes unseen."""

import time
from datetime import timedelta
from typing import Any

import orjson

from federation.council import Council
from node.demo import evidence, together
from node.demo.checking import check, wait_for
from node.demo.letters import sealed
from node.demo.linking import wait_until_delivered
from node.demo.stage import Stage, signed_in
from protocol.agreement.tally import Outcome
from protocol.agreement.wording import text_digest
from protocol.verdict import Reason
from schemas import activity as activities
from schemas.base import read_time, write_time

ARRIVES_WITHIN = 5.0
SPOKEN, TWISTED = "shares its pump", "sells its pump"
TEXT = f"When the river rises, each of us {SPOKEN} with whoever has none. It comes back cleaned."
ANSWERS = {"Harbour": ("Accept", ""), "Hillside": ("TentativeAccept", "If ours is dry by then.")}


def a_text_of_riverside_is_answered_by_two_and_counted_alike_by_all_three(stage: Stage) -> str:
    home, riverside = stage.neighbour, stage.riverside
    words = {"title": "A pump for whoever has none", "text": TEXT, "audience": "public"}
    address = together.put_to_all(riverside, home, words, at_least=3)
    began = time.monotonic()
    for council in stage.others:
        verb, why = ANSWERS[council.name]
        together.answer_text(council, signed_in(council), address, verb=verb, words=why)
    path = together.path_at(riverside, address)
    wait_for(lambda: "3 of 3 have answered" in home.get(path).text, "both answers are there", within=ARRIVES_WITHIN)
    together.count(riverside, home, address)
    for council in stage.region.councils:
        wait_for(
            lambda council=council: together.outcome(council, address) is Outcome.ADOPTED,  # type: ignore[misc]
            f"{council.name} counts that it is agreed",
            within=ARRIVES_WITHIN,
        )
    stage.marks["joint"] = address
    return f"3 of 3 have answered, agreed together at all three after {time.monotonic() - began:.2f} s"


def one_changed_word_in_it_is_refused_by_every_way(stage: Stage) -> str:
    address = stage.marks.get("joint", "")
    check(bool(address), "the text did not get that far")
    file = together.record(stage.hillside, address) or b""
    check(SPOKEN.encode() in file, "Hillside gives no record of it")
    faults = together.faults_in(file.replace(SPOKEN.encode(), TWISTED.encode()))
    check("other-text" in faults, f"the file with the changed word gives {faults}")
    return f"in the file: {', '.join(faults)}; {_by_update(stage, address)}"


def _by_update(stage: Stage, address: str) -> str:
    """Riverside's own key signs other words under the same address: Harbour names the reason and keeps nothing."""
    council, path = stage.riverside.council, stage.harbour.database
    wait_until_delivered(stage.region.councils)
    before, council_now = evidence.watched_rows(path), stage.riverside.clock.now()
    reply = sealed(council, _twisted(stage, council, address), to=stage.harbour.url, now=council_now).post()
    wanted = Reason.OTHER_TEXT
    check((reply.status, reply.reason) == (wanted.status, wanted.value), f"answered {reply.status} {reply.reason}")
    changed = evidence.changed_tables(before, path)
    check(not changed, f"something of it was stored: {changed}")
    found = evidence.mentions(path, TWISTED)
    check(not found, f"its words stand in {found}")
    return f"signed anew: {reply.status} {reply.reason}, nothing stored"


def _twisted(stage: Stage, council: Council, address: str) -> dict[str, Any]:
    held = signed_in(stage.harbour).data("/api/objects", id=address)["document"]["object"]
    note = orjson.loads(orjson.dumps(held).replace(SPOKEN.encode(), TWISTED.encode()))
    now, told = stage.riverside.clock.now(), note["comarca:resolution"]
    # Newer than what is held: an older word is taken, and changes nothing.
    note["updated"] = write_time(max(read_time(note["updated"]), now) + timedelta(seconds=1))
    # The digest fits the other words, so that nothing but the words is wrong.
    told["textDigest"] = text_digest(told["text"], told["rule"])
    return activities.update(council.actor_id, council.new_activity_id(), note=note, audience="public", published=now)


STEPS = (
    a_text_of_riverside_is_answered_by_two_and_counted_alike_by_all_three,
    one_changed_word_in_it_is_refused_by_every_way,
)
