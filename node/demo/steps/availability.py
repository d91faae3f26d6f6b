"""An offer travels: put up at Riverside, found at Harbour, still there while Riverside is away, current when it is back."""

import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from node.demo.asking import Visitor
from node.demo.checking import NotSeen, check, wait_for
from node.demo.councils import CONTACT_EVERY, PLACES, ZONE, DemoCouncil
from node.demo.stage import Stage, address_of_new, anybody
from node.features.resources.actions import put_up
from schemas.records.resource import ResourceForm

TITLE = "40 portions of dal"
NEAR = "Mill Lane"
FOUND_WITHIN = 2.0
CURRENT_WITHIN = 5.0
# Silence is noticed after three signs of life have been missed; the last of them may be up to one and a half late.
SILENT_WITHIN = 5 * CONTACT_EVERY


def a_neighbour_signs_in_at_riverside_by_a_one_time_link(stage: Stage) -> str:
    path = urlsplit(stage.riverside.sign_in_link()).path
    visitor = stage.neighbour

    reply = visitor.fill_in(path, {}, action="/in")

    check(reply.status == 303 and visitor.cookies, f"the button answered {reply.status}")
    again = Visitor(stage.riverside.url).fill_in(path, {}, action="/in")
    check(again.status == 401, f"the same link again answered {again.status}")
    return "signed in; the same link a second time is refused"


def the_neighbour_puts_up_forty_portions_of_dal_through_the_page(stage: Stage) -> str:
    fields = {
        "title": TITLE,
        "words": "Mild, no nuts. Bring a box; what is left at nine goes to the fridge in the hall.",
        "kind": "food",
        "quantity": "40",
        "unit": "portions",
        "near": NEAR,
        "audience": "public",
        "until": tonight(stage.riverside.clock.now()),
    }
    reply = stage.neighbour.fill_in("/put-up/offer", fields)
    stage.offer = address_of_new(reply, stage.riverside)
    stage.put_up_at = time.monotonic()
    return stage.offer


def tonight(now: datetime) -> str:
    """ "tonight", or "tomorrow" where the evening is nearly over and the tour might outlast it."""
    there = now.astimezone(ZoneInfo(ZONE))
    return "tomorrow" if (there + timedelta(minutes=10)).date() != there.date() else "tonight"


def within_two_seconds_harbour_finds_it_by_kind_by_distance_and_by_words(stage: Stage) -> str:
    visitor, now = anybody(stage.harbour), time.monotonic()
    latitude, longitude = PLACES[NEAR]
    queries: tuple[dict[str, object], ...] = (
        {"category": "food"},
        {"latitude": latitude, "longitude": longitude, "within_km": 3},
        {"text": "dal"},
    )
    left = max(FOUND_WITHIN - (now - stage.put_up_at), 0.0)
    wait_for(lambda: [found_at(visitor, stage.offer, **one) for one in queries], "all three queries", within=left)
    took = time.monotonic() - stage.put_up_at

    item = found_at(visitor, stage.offer, near=NEAR, text="dal")
    check(item["source"]["actor"] == stage.riverside.council.actor_id, f"the source is {item['source']}")
    check(
        (item["quantity"], item["available"], item["unit"]) == ("40", "40", "portions"), f"it is of {item['quantity']}"
    )
    check(item["distance_km"] is not None and item["distance_km"] < 3, f"the distance is {item['distance_km']}")
    check(item["proof"]["state"] == "verified", f"the proof is {item['proof']}")
    check(item["freshness"]["state"] == "current", f"the freshness is {item['freshness']}")
    return f"after {took:.2f} s, {item['distance_km']:.1f} km away, verified, current"


def the_page_around_us_at_harbour_shows_it_with_its_source(stage: Stage) -> str:
    page = anybody(stage.harbour).get("/around", text="dal")
    check(page.status == 200, f"the page answered {page.status}")
    for words in (TITLE, stage.riverside.name, "40 portions"):
        check(words in page.text, f"the page does not say {words!r}")
    check(quote(stage.offer, safe="") in page.text, "the page does not lead to the slip")
    slip = anybody(stage.harbour).get("/slip", id=stage.offer)
    check(
        slip.status == 200 and "signed it" in slip.text, f"the slip answered {slip.status} and says nothing of a proof"
    )
    return "on the page, with Riverside's name, and as a slip with its proof"


def riverside_stops_and_harbour_still_answers_and_says_how_old_it_is(stage: Stage) -> str:
    stage.riverside.server.stop()
    visitor = anybody(stage.harbour)

    def silent() -> dict[str, Any] | None:
        item = found_at(visitor, stage.offer, text="dal")
        return item if item["freshness"]["state"] == "silent" else None

    item = wait_for(silent, "Harbour notices that Riverside is silent", within=SILENT_WITHIN)
    age = item["freshness"]["age_seconds"]
    check(isinstance(age, int) and age >= CONTACT_EVERY, f"the age is {age}")
    page = anybody(stage.harbour).get("/around", text="dal")
    check(TITLE in page.text, "the page no longer shows it")
    check("as of" in page.text and "silent since" in page.text, "the page does not say as of when")
    return f"still found; silent, last heard {age} s ago; the page says as of when"


def riverside_comes_back_and_everything_is_current_within_five_seconds(stage: Stage) -> str:
    before = anybody(stage.hillside)
    missed = _put_up_at_harbour(stage.harbour)
    wait_for(lambda: found_at(before, missed, text="parasols"), "Hillside has what Harbour put up", within=FOUND_WITHIN)
    began = time.monotonic()
    stage.riverside.server.restart()
    back = time.monotonic()

    def current() -> bool:
        for reader in stage.others:
            item = found_at(anybody(reader), stage.offer, text="dal")
            check(
                item["freshness"]["state"] == "current", f"at {reader.name} Riverside is {item['freshness']['state']}"
            )
        there = found_at(anybody(stage.riverside), missed, text="parasols")
        check(there["freshness"]["state"] == "current", f"at Riverside Harbour is {there['freshness']['state']}")
        return True

    wait_for(current, "everything is current", within=CURRENT_WITHIN)
    took = time.monotonic() - back
    return f"after {took:.2f} s ({back - began:.2f} s to start), with what Harbour put up meanwhile"


def _put_up_at_harbour(harbour: DemoCouncil) -> str:
    form = ResourceForm.model_validate(
        {
            "direction": "offer",
            "title": "Four parasols",
            "category": "goods",
            "near": "Quay",
            "audience": "public",
            "until": "week",
        }
    )
    record = harbour.do(lambda c: put_up(c, form, harbour.acting()))
    return str(record.object_id)


def found_at(visitor: Visitor, object_id: str, **query: object) -> dict[str, Any]:
    """The item of the regional query that has this address. Raises NotSeen if it is not among the answers."""
    items = visitor.data("/region/availability", **query)["items"]
    for item in items:
        if item["id"] == object_id:
            found: dict[str, Any] = item
            return found
    raise NotSeen(f"{object_id} is not among {len(items)} found at {visitor.origin} by {query}")


STEPS = (
    a_neighbour_signs_in_at_riverside_by_a_one_time_link,
    the_neighbour_puts_up_forty_portions_of_dal_through_the_page,
    within_two_seconds_harbour_finds_it_by_kind_by_distance_and_by_words,
    the_page_around_us_at_harbour_shows_it_with_its_source,
    riverside_stops_and_harbour_still_answers_and_says_how_old_it_is,
    riverside_comes_back_and_everything_is_current_within_five_seconds,
)
