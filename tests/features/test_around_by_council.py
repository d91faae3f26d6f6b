"""Around us by council: groups and bands that add up, spans of time, freshness, cells, and what is said where nothing is there."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import h3
import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from federation import replicas
from federation.council import Council
from federation.moments import microseconds
from node.features.resources import quantities
from node.features.resources.around import Found
from node.features.resources.narrowing import During
from node.features.resources.region.grouping import amounts_of, grouped
from node.features.resources.region.windows import WINDOWS, during
from schemas import activity
from schemas.place import Place
from schemas.records.resource import resource_note
from tests.features.village import HARBOUR, MILL_LANE, START, Village, offer

MADRID = ZoneInfo("Europe/Madrid")
BATHS = (41.41, 2.15)
CELL = h3.latlng_to_cell(*MILL_LANE, 7)


def note(
    council: Council, title: str = "Ten fans", *, at: tuple[float, float] | None = None, **told: Any
) -> dict[str, Any]:
    """A note of another council; without a place unless one is told."""
    place = None
    if at is not None:
        cell = h3.latlng_to_cell(*at, 7)
        place = Place(name="there", cell=cell)
    usual: dict[str, Any] = {
        "direction": "offer",
        "category": "tools",
        "quantity": "10",
        "unit": "fans",
        "available": None,
        "published": START,
        "updated": None,
        "ends_at": START + timedelta(days=10),
        "audience": "public",
    }
    return resource_note(
        council.new_object_id(), council.base_url, name=title, words="", language="en", place=place, **usual | told
    )


def sent(village: Village, council: Council, said: dict[str, Any], *, days_ago: int) -> None:
    """Their message came so many days ago, as an inbox keeps it; what it told has ended since."""
    public = "https://www.w3.org/ns/activitystreams#Public" in said["to"]
    message = activity.create(
        council.actor_id,
        council.new_activity_id(),
        note=said,
        audience="public" if public else "neighbours",
        published=START,
    )
    values = {
        "id": message["id"],
        "actor": council.actor_id,
        "document": orjson.dumps(message),
        "at": microseconds(village.clock.now() - timedelta(days=days_ago)),
    }
    statement = text(
        "INSERT INTO received_activity (activity_id, digest, actor_id, verb, document, received_at, state)"
        " VALUES (:id, x'', :actor, 'Create', :document, :at, 'applied')"
    )
    village.do(lambda c: c.execute(statement, values))


async def page(village: Village, member: int | None = None, **asked: Any) -> str:
    async with village.browser(member) as browser:
        answer = await browser.get("/around", params={"near": "", **asked})
    assert answer.status_code == 200
    return str(answer.text)


async def data(village: Village, **asked: Any) -> dict[str, Any]:
    async with village.program() as program:
        answer = await program.get("/region/availability", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


FOUND = st.builds(
    lambda source, direction, unit, left, whole: Found(
        object_id="x",
        direction=direction,
        title="",
        words="",
        language="en",
        category="tools",
        quantity=whole,
        available=left,
        unit=unit,
        near="",
        state="open",
        starts_at=None,
        ends_at=START,
        updated=START,
        audience="public",
        source=source,
        distance_km=None,
    ),
    source=st.sampled_from(["a", "b", "c"]),
    direction=st.sampled_from(["need", "offer"]),
    unit=st.sampled_from([None, "fans", "Fans", "portions"]),
    left=st.none() | st.decimals(0, 200, places=2, allow_nan=False).map(str),
    whole=st.none() | st.integers(0, 200).map(str),
)


@given(found=st.lists(FOUND, max_size=30))
def test_the_groups_hold_each_thing_once_and_their_amounts_add_up_to_those_of_all(found: list[Found]) -> None:
    groups = grouped(found, {})

    order = [group.actor_id for group in groups]
    assert [one for group in groups for one in group.found] == sorted(found, key=lambda one: order.index(one.source))
    sums: Counter[tuple[str, str]] = Counter()
    for group in groups:
        for one in group.amounts:
            sums[one.direction, one.unit.casefold()] += one.number  # type: ignore[assignment]
    assert sums == {(one.direction, one.unit.casefold()): one.number for one in amounts_of(found)}


@given(number=st.decimals(0, 5_000, places=2, allow_nan=False))
def test_a_band_holds_the_number_and_never_names_it_below_five(number: Decimal) -> None:
    least, words = quantities.at_least(number), quantities.band(number)

    assert least <= number
    assert words == ("a few" if number < 5 else f"{least} or more")
    assert (least == 0) == (number < 5)


@given(
    window=st.sampled_from([value for value, _ in WINDOWS]),
    hours=st.integers(0, 24 * 366),
)
def test_a_span_begins_now_or_later_and_has_an_end(window: str, hours: int) -> None:
    now = START + timedelta(hours=hours)
    span = during(window, now=now, zone=MADRID)

    assert isinstance(span, During) and span.ends is not None
    assert now <= span.begins or window == "tomorrow"
    assert span.begins < span.ends <= now + timedelta(days=7, hours=1)
    assert during("some day", now=now, zone=MADRID) is None


async def test_the_page_and_the_data_say_by_council_how_fresh_and_about_how_much(village: Village) -> None:
    harbour = village.meet(heard=START - timedelta(minutes=2))
    async with village.program(village.member()) as program:
        assert (await program.post("/api/resources", json=offer())).status_code == 201
    for quantity in ("7", "6"):
        village.hears(harbour, note(harbour, f"{quantity} fans", quantity=quantity, at=BATHS))
    village.hears(harbour, note(harbour, "A drill", quantity=None, unit=None))

    shown, told = await page(village, near="Mill Lane"), await data(village)

    assert "<h3><bdi>Harbour</bdi></h3>" in shown and "<h3><bdi>Riverside</bdi></h3>" in shown
    header = shown.split("<h3><bdi>Harbour</bdi></h3>")[1].split("</p>")[0]
    assert "told us 2 min ago" in header and "offered: 10 or more fans" in header and " km" in header
    assert "13" not in header
    councils = {one["name"]: one for one in told["councils"]}
    assert councils["Harbour"]["amounts"] == [{"direction": "offer", "unit": "fans", "at_least": 10}]
    assert councils["Riverside"]["amounts"] == [{"direction": "offer", "unit": "portions", "at_least": 25}]
    listed = [address for one in told["councils"] for address in one["found"]]
    assert sorted(listed) == sorted(item["id"] for item in told["items"]) and len(listed) == 4
    assert {one["asked"] for one in told["councils"]} == {None}


async def test_what_is_not_there_at_that_time_or_of_whom_nothing_was_heard_lately_is_left_out(village: Village) -> None:
    harbour = village.meet(heard=START - timedelta(hours=3))
    later = {"starts_at": START + timedelta(days=5)}
    village.hears(harbour, note(harbour, "From Saturday on", **later))
    village.hears(harbour, note(harbour, "Until noon", ends_at=START + timedelta(hours=3)))
    village.hears(harbour, note(harbour, "All along"))

    tonight, week = await page(village, when="tonight"), await page(village, when="7-days")
    fresh, anything = await page(village, heard="lately"), await page(village, when="some day", heard="never")
    until = await data(village, until="2026-03-03T00:00:00Z")
    after = await data(village, **{"from": "2026-03-04T00:00:00Z", "heard": "lately"})

    assert ("All along" in tonight, "Until noon" in tonight, "From Saturday on" in tonight) == (True, False, False)
    assert "From Saturday on" in week and "Until noon" in week
    assert "All along" not in fresh and "All along" in anything and "Until noon" in anything
    assert [item["title"] for item in until["items"]] == ["Until noon", "All along"]
    assert after["items"] == []
    assert 'href="/around.csv?when=tonight"' in tonight


async def test_a_cell_is_a_place_and_what_makes_no_sense_is_refused_by_name(village: Village) -> None:
    harbour = village.meet()
    for title, at in (("Here", MILL_LANE), ("There", (43.0, 2.0)), ("Nowhere", None)):
        village.hears(harbour, note(harbour, title, at=at))

    async def titles(cell: str, **asked: Any) -> list[str]:
        return [item["title"] for item in (await data(village, cell=cell, **asked))["items"]]

    async def refused(**asked: Any) -> tuple[int, str]:
        async with village.program() as program:
            answer: httpx.Response = await program.get("/region/availability", params=asked)
        return answer.status_code, answer.json()["reason"]

    assert await titles(CELL) == await titles(h3.cell_to_parent(CELL, 4), text="here") == ["Here"]
    assert await titles(h3.latlng_to_cell(43.0, 2.0, 5)) == ["There"]
    assert await titles(h3.latlng_to_cell(10.0, 10.0, 5)) == []
    assert await refused(cell="nonsense") == (422, "place")
    assert await refused(cell=CELL, near="Mill Lane") == (422, "place")
    assert await refused(cell=CELL, within_km=3) == (422, "place")
    both = {"from": "2026-03-04T00:00:00Z", "until": "2026-03-04T00:00:00Z"}
    assert await refused(**both) == (422, "time")


async def test_where_nothing_is_found_it_says_who_has_it_further_away_and_who_had_it_this_month(
    village: Village,
) -> None:
    harbour = village.meet()
    village.hears(harbour, note(harbour, "Fans", at=(41.60, 2.40)))

    near, nowhere = (
        await page(village, near="Mill Lane", within_km="1", category="tools"),
        await page(village, text="zeppelin"),
    )

    assert "Nothing like that is known around us now." in near
    further = near.split("further away or at another time:")[1].split("</ul>")[0]
    assert "<bdi>Harbour</bdi>" in further and " km" in further and "10 or more fans" in further
    assert "further away" not in nowhere and "this month" not in nowhere and "Ask anyway" in nowhere


async def test_an_empty_board_says_how_many_nearby_councils_have_it(village: Village) -> None:
    harbour = village.meet()
    village.hears(harbour, note(harbour))
    village.hears(harbour, note(harbour, "Old fans"))

    async with village.browser() as browser:
        tools = (await browser.get("/board", params={"category": "tools"})).text
        food, all_of_it = (await browser.get("/board?category=food")).text, (await browser.get("/board")).text

    assert '<a href="/around?category=tools&amp;near=">1 nearby council has something like it</a>' in tools
    assert "something like it" not in food + all_of_it


@pytest.mark.parametrize(
    ("told", "days_ago", "asked", "shown"),
    [
        ({}, 20, {"category": "tools"}, True),
        ({}, 20, {"category": "food"}, False),
        ({}, 20, {"text": "FANS ten"}, True),
        ({}, 20, {"text": "chairs"}, False),
        ({}, 32, {"category": "tools"}, False),
        ({"direction": "need"}, 20, {"category": "tools"}, False),
        ({}, 20, {"category": "tools", "direction": "need"}, False),
        ({"audience": "neighbours"}, 20, {"category": "tools"}, False),
    ],
)
async def test_who_had_it_is_told_by_council_alone_within_a_month_of_offers_that_one_may_see(
    village: Village, told: dict[str, Any], days_ago: int, asked: dict[str, str], shown: bool
) -> None:
    harbour = village.meet()
    sent(village, harbour, note(harbour, at=BATHS, **told), days_ago=days_ago)

    found = await page(village, near="Mill Lane", **asked)

    assert ("These had something like it this month:" in found) is shown
    if shown:
        line = found.split("this month:")[1].split("</ul>")[0]
        assert HARBOUR in line and "last told of it 10 February" in line and " km" in line
        assert "Ten fans" not in line


@pytest.mark.parametrize("since", ["taken down", "narrowed", "said anew"])
async def test_what_was_taken_back_or_said_anew_is_found_by_none_of_its_old_words(village: Village, since: str) -> None:
    harbour = village.meet()
    first = note(harbour, "Ten fans of Quince", at=BATHS)
    sent(village, harbour, first, days_ago=3)
    later = {**first, "name": "Ten fans", "updated": "2026-03-01T10:00:00Z"}
    if since == "taken down":
        village.hears(harbour, first)
        end: dict[str, Any] = {"object_id": first["id"], "source": harbour.actor_id, "now": village.clock.now()}
        village.do(lambda c: replicas.end(c, village.council, audience="public", **end))
    elif since == "narrowed":
        other = note(harbour, audience="neighbours")
        told = orjson.dumps(other).replace(other["id"].encode(), first["id"].encode())
        village.hears(harbour, orjson.loads(told), audience="neighbours")
        village.do(lambda c: c.execute(text("DELETE FROM availability")))
    else:
        sent(village, harbour, later, days_ago=2)

    old, new = await page(village, text="quince"), await page(village, text="fans")

    assert "this month" not in old
    assert ("this month" in new) is (since == "said anew")
