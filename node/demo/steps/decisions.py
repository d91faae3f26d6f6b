"""What an assembly has decided reaches the other two, with a proof that holds."""

import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from node.demo.asking import JSON, Visitor
from node.demo.checking import check, wait_for
from node.demo.councils import ZONE
from node.demo.stage import Stage, address_of_new, signed_in

ARRIVES_WITHIN = 5.0


def a_resolution_of_riverside_reaches_both_others_verified(stage: Stage) -> str:
    decided = stage.riverside.clock.now().astimezone(ZoneInfo(ZONE)).date() - timedelta(days=1)
    fields = {
        "title": "Water is shared by need",
        "text": "The tank at the hall is for those who carry for others first. Nobody keeps a list.",
        "method": "consent",
        "decided_at": decided.isoformat(),
        "present": "23",
        "stand_asides": "1",
    }
    address = address_of_new(stage.neighbour.fill_in("/put-up/resolution", fields), stage.riverside)
    return _verified_at_others(stage, address, says="Nobody keeps a list.")


def _verified_at_others(stage: Stage, address: str, *, says: str) -> str:
    began = time.monotonic()
    for reader in stage.others:
        member = signed_in(reader)
        copy = wait_for(
            lambda member=member: _copy(member, address),  # type: ignore[misc]
            f"{reader.name} holds it",
            within=ARRIVES_WITHIN,
        )
        check(copy["proof"]["state"] == "verified", f"at {reader.name} the proof is {copy['proof']}")
        check(copy["source"] == stage.riverside.council.actor_id, f"at {reader.name} the source is {copy['source']}")
        check(says in str(copy["document"]["object"]), f"at {reader.name} it does not say {says!r}")
        page = member.get("/slip", id=address)
        check(page.status == 200 and says in page.text, f"its page at {reader.name} answers {page.status}")
    return f"at both after {time.monotonic() - began:.2f} s, proof verified"


def _copy(member: Visitor, address: str) -> dict[str, Any] | None:
    reply = member.get("/api/objects", accept=JSON, id=address)
    return reply.json() if reply.status == 200 else None


STEPS = (a_resolution_of_riverside_reaches_both_others_verified,)
