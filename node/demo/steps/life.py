"""An offer changes, closes and is taken down; the copies follow, and in the end only a mark is left."""

import time
from typing import Any
from urllib.parse import urlsplit

from node.demo import evidence
from node.demo.asking import ACTIVITY, JSON
from node.demo.checking import NotSeen, check, wait_for
from node.demo.councils import DemoCouncil
from node.demo.stage import Stage, anybody, said_on
from node.demo.steps.availability import found_at

FOLLOWS_WITHIN = 3.0


def the_quantity_drops_and_the_copies_follow(stage: Stage) -> str:
    path = f"{urlsplit(stage.offer).path}/change"
    reply = stage.neighbour.fill_in(path, {"available": "22"})
    check(reply.status == 303, f"the form answered {reply.status}: {said_on(reply)}")
    began = time.monotonic()

    def followed(reader: DemoCouncil) -> bool:
        item = found_at(anybody(reader), stage.offer, text="dal")
        check((item["quantity"], item["available"]) == ("40", "22"), f"{item['available']} of {item['quantity']} left")
        return True

    for reader in stage.others:
        wait_for(lambda reader=reader: followed(reader), f"{reader.name} knows", within=FOLLOWS_WITHIN)  # type: ignore[misc]
    return f"22 of 40 left, at both others after {time.monotonic() - began:.2f} s"


def the_offer_is_closed_and_found_no_more(stage: Stage) -> str:
    path = urlsplit(stage.offer).path
    reply = stage.neighbour.fill_in(f"{path}/change", {"outcome": "met"}, action=f"{path}/close")
    check(reply.status == 303, f"the form answered {reply.status}: {said_on(reply)}")

    def closed(reader: DemoCouncil) -> bool:
        copy = copy_at(reader, stage.offer)
        state = copy["document"]["object"]["comarca:state"]
        check(state == "closed", f"{reader.name} holds it as {state}")
        found = anybody(reader).data("/region/availability", text="dal")["items"]
        check(stage.offer not in [item["id"] for item in found], f"{reader.name} still offers it")
        return True

    for reader in stage.others:
        wait_for(lambda reader=reader: closed(reader), f"{reader.name} knows", within=FOLLOWS_WITHIN)  # type: ignore[misc]
    return "both others hold it as closed and offer it no more"


def taken_down_it_leaves_a_mark_and_410(stage: Stage) -> str:
    path = urlsplit(stage.offer).path
    reply = stage.neighbour.fill_in(f"{path}/take-down", {})
    check(reply.status == 303, f"the form answered {reply.status}: {said_on(reply)}")

    home = anybody(stage.riverside)
    document = home.get(path, accept=ACTIVITY)
    check(document.status == 410, f"as a document it answers {document.status}")
    check(document.json().get("type") == "Tombstone", f"as a document it is {document.text[:100]}")
    page = home.get(path)
    check(page.status == 410, f"as a page it answers {page.status}")
    check("dal" not in page.text, "its page still says what it was")
    for reader in (stage.riverside, *stage.others):
        wait_for(lambda reader=reader: _gone(reader, stage.offer), f"gone at {reader.name}", within=FOLLOWS_WITHIN)  # type: ignore[misc]
    return "410 as a document and as a page; in all three files only the mark is left"


def _gone(reader: DemoCouncil, object_id: str) -> bool:
    status = anybody(reader).get("/api/objects", accept=JSON, id=object_id).status
    check(status in (404, 410), f"{reader.name} answers {status}")
    check(evidence.tombstoned(reader.database, object_id), f"the file of {reader.name} still holds its words")
    return True


def copy_at(reader: DemoCouncil, object_id: str) -> dict[str, Any]:
    """What a council shows to anybody of the copy under an address. Raises NotSeen if nothing."""
    reply = anybody(reader).get("/api/objects", accept=JSON, id=object_id)
    if reply.status != 200:
        raise NotSeen(f"{reader.name} answers {reply.status} for {object_id}")
    copy: dict[str, Any] = reply.json()
    return copy


STEPS = (
    the_quantity_drops_and_the_copies_follow,
    the_offer_is_closed_and_found_no_more,
    taken_down_it_leaves_a_mark_and_410,
)
