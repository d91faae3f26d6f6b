"""The board as others read it: on a map, in a directory, in a frame on another site. Public, coarse, and valid by others' rules."""

from datetime import timedelta
from functools import cache
from typing import Any

import h3
import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from node.features.resources import actions, directory, embedding
from node.features.resources.tables import Resource as Row
from node.web.guard import CONTENT_POLICY
from schemas.records.resource import ResourceForm
from tests import builders
from tests.features.promising import promise
from tests.features.village import MILL_LANE, START, Village, offer
from tests.protocol.samples import vectors
from tests.web.reading import Page

WEEKLY = {"repeats": "FREQ=WEEKLY;BYDAY=TH", "starts_at": "2026-03-05T17:00:00Z", "until": "month"}
IN_TWO_MONTHS = (START + timedelta(days=60)).isoformat()
SHAPES: dict[str, dict[str, Any]] = {
    "every week": {},
    "every day": {"repeats": "FREQ=DAILY"},
    "every third day": {"repeats": "FREQ=DAILY;INTERVAL=3"},
    "each month": {"repeats": "FREQ=MONTHLY;BYDAY=1TH,-1SU", "ends_at": IN_TWO_MONTHS, "until": None},
    "so many times": {"repeats": "FREQ=DAILY;COUNT=3"},
    "without a place": {"near": ""},
    "not counted": {"quantity": None, "unit": None},
    "without words": {"words": ""},
    "in another language": {"language": "ca"},
}


def put_up(village: Village, **given: Any) -> Row:
    acting = village.acting(village.member())
    form = ResourceForm.model_validate(offer(**{"until": "week", **given}))
    return village.do(lambda c: actions.put_up(c, form, acting))


def standing(village: Village, **given: Any) -> Row:
    """A standing place, as the page that makes one puts it up."""
    place = {"standing": True, "hours": "Day and night", "access": "One step, ask for the ramp", "until": None}
    return put_up(village, **{"title": "Fridge at the baths", "quantity": None, "unit": None, **place, **given})


async def read(village: Village, path: str, *, member: int | None = None, status: int = 200) -> Any:
    async with village.browser(member) as browser:
        answer = await browser.get(path)
    assert answer.status_code == status, answer.text
    return orjson.loads(answer.content)


async def test_the_board_on_a_map_is_as_coarse_as_a_cell(village: Village) -> None:
    there, nowhere = put_up(village), put_up(village, direction="need", title="A lift", near="")
    put_up(village, title="For neighbours", audience="council")

    found = await read(village, "/board.geojson")

    places = {one["id"]: one["geometry"] for one in found["features"]}
    latitude, longitude = h3.cell_to_latlng(h3.latlng_to_cell(*MILL_LANE, 7))
    assert found["type"] == "FeatureCollection" and {one["type"] for one in found["features"]} == {"Feature"}
    assert places == {
        there.object_id: {"type": "Point", "coordinates": [round(longitude, 4), round(latitude, 4)]},
        nowhere.object_id: None,
    }
    assert places[there.object_id]["coordinates"] != [round(MILL_LANE[1], 4), round(MILL_LANE[0], 4)]
    assert found["features"][0]["properties"].keys() >= {"kind", "title", "near", "ends_at", "category", "quantity"}


async def test_around_us_on_a_map_shows_each_viewer_what_the_page_does(village: Village) -> None:
    harbour = village.meet()
    public = village.hears(harbour, builders.note(harbour, title="Public chairs"))
    ours = put_up(village, near="")
    hidden = builders.note(harbour, title="Chairs for neighbours", audience="neighbours")
    village.hears(harbour, hidden, audience="neighbours")

    stranger = await read(village, "/around.geojson?near=")
    member = await read(village, "/around.geojson?near=", member=village.member())

    assert {one["id"] for one in stranger["features"]} == {public, ours.object_id}
    assert {one["id"] for one in member["features"]} == {public, ours.object_id, hidden["id"]}
    geometries = {one["id"]: one["geometry"] for one in stranger["features"]}
    assert geometries[ours.object_id] is None
    location = builders.note(harbour).get("location")
    assert (geometries[public] is None) == (location is None or "comarca:cell" not in location)


@cache
def schemas() -> dict[str, Any]:
    """HSDS 3.0 by the names under which its files refer to each other."""
    return {
        path.name: orjson.loads(path.read_bytes())
        for path in vectors("hsds").glob("*.json")
        if path.name != "openapi.json"
    }


def faults(name: str, document: Any) -> list[str]:
    """What Open Referral's own schemas say of it, to the bottom of what is nested."""
    registry: Registry[Any] = Registry().with_resources(
        [
            (file, Resource.from_contents(schema, default_specification=DRAFT202012))
            for file, schema in schemas().items()
        ]
    )
    judge = Draft202012Validator({"$ref": name}, registry=registry, format_checker=FormatChecker())
    return [f"{list(error.path)}: {error.message}" for error in judge.iter_errors(document)]


@pytest.fixture
def published() -> None:
    vectors("hsds")


@pytest.mark.parametrize("given", SHAPES.values(), ids=SHAPES.keys())
async def test_what_comes_back_is_a_service_by_the_published_schemas(
    village: Village, published: None, given: dict[str, Any]
) -> None:
    row = put_up(village, **{**WEEKLY, **given})

    (one,) = (await read(village, "/api/hsds/services?full=true"))["contents"]
    again = await read(village, f"/api/hsds/services/{one['id']}")

    assert faults("service.json", one) == [] and again == one
    assert one["id"] == directory.id_of(str(row.object_id)) and one["organization"]["name"] == "Riverside"
    assert "service_at_locations" not in one, "somebody's offer is at nobody's door"


async def test_a_standing_place_is_a_service_with_its_place_hours_and_access_and_no_address(
    village: Village, published: None
) -> None:
    standing(village)

    (one,) = (await read(village, "/api/hsds/services?full=true"))["contents"]

    location = one["service_at_locations"][0]["location"]
    assert faults("service.json", one) == []
    assert (location["name"], location["accessibility"][0]["description"]) == (
        "Mill Lane",
        "One step, ask for the ramp",
    )
    assert [schedule["description"] for schedule in one["schedules"]] == ["Day and night"]
    assert "addresses" not in location and "address" not in str(one)


async def test_a_schedule_is_in_the_columns_of_the_standard_and_the_capacity_is_what_is_left(village: Village) -> None:
    row = put_up(village, **WEEKLY)
    promise(village, village.member("Bo"), resource_id=row.id, amount="6")
    village.do(lambda c: actions.set_available(c, row.public_id, "12.5", village.acting(row.by_member)))

    (one,) = (await read(village, "/api/hsds/services?full=true"))["contents"]

    (schedule,), (capacity,) = one["schedules"], one["capacities"]
    assert (schedule["freq"], schedule["byday"], schedule["interval"]) == ("WEEKLY", "TH", 1)
    assert (schedule["dtstart"], schedule["opens_at"], schedule["until"]) == ("2026-03-05", "18:00", "2026-04-01")
    assert (capacity["available"], capacity["maximum"], capacity["unit"]["name"]) == (12.5, 40.0, "portions")
    assert capacity["updated"] == one["last_modified"]


async def test_nothing_else_is_listed_whoever_asks(village: Village) -> None:
    put_up(village, title="One thing once")
    put_up(village, **WEEKLY, direction="need", title="A need that comes back")
    put_up(village, **WEEKLY, audience="neighbours", title="For nearby councils")
    standing(village, audience="council")
    listed = put_up(village, **WEEKLY)
    ended = put_up(village, **{**WEEKLY, "until": "2026-03-06"})
    village.do(lambda c: actions.close(c, ended.public_id, "met", village.acting(ended.by_member)))

    for member in (None, village.member()):
        found = await read(village, "/api/hsds/services", member=member)
        assert [one["url"] for one in found["contents"]] == [listed.object_id]
    assert "schedules" not in found["contents"][0], "a list has only what there is one of"


async def test_the_lists_are_paged_as_the_standard_pages_them(village: Village, published: None) -> None:
    for title in ("One", "Two", "Three"):
        put_up(village, **WEEKLY, title=title)

    first = await read(village, "/api/hsds/services?per_page=2")
    last = await read(village, "/api/hsds/services?per_page=2&page=2")
    beyond = await read(village, "/api/hsds/services?page=9")
    councils = await read(village, "/api/hsds/organizations")
    whole = await read(village, f"/api/hsds/organizations/{councils['contents'][0]['id']}")
    about = await read(village, "/api/hsds")

    assert (first["total_items"], first["total_pages"], first["size"]) == (3, 2, 2)
    assert (first["first_page"], first["last_page"], last["last_page"], last["size"]) == (True, False, True, 1)
    assert beyond["empty"] and beyond["contents"] == []
    assert faults("organization.json", whole) == [] and about["version"] == "3.0"
    for path in ("services/none-such", "organizations/none-such"):
        assert (await read(village, f"/api/hsds/{path}", status=404))["reason"] == "not-found"


def test_a_service_that_breaks_the_rules_would_be_noticed(published: None) -> None:
    assert faults("service.json", {"id": "1", "name": "x", "status": "open", "schedules": [{"freq": "DAILY"}]})


async def test_the_board_may_stand_in_a_frame_elsewhere_and_nothing_else_may(village: Village) -> None:
    put_up(village, title="Chairs for everyone")
    put_up(village, direction="need", title="A lift for everyone")
    put_up(village, title="For neighbours", audience="council")
    member = village.member()

    async with village.browser(member) as browser:
        framed = await browser.get("/embed/board")
        needs = await browser.get("/embed/board?direction=need&category=nonsense")
        board = await browser.get("/board")

    policy = dict(rule.split(" ", 1) for rule in framed.headers["content-security-policy"].split("; "))
    assert policy == {**policy, "frame-ancestors": "*", "form-action": "'none'", "default-src": "'none'"}
    assert "script-src" not in policy and embedding.POLICY != CONTENT_POLICY
    assert board.headers["content-security-policy"] == CONTENT_POLICY
    assert "set-cookie" not in framed.headers
    page = Page.read(framed.text)
    assert page.weak_points() == [] and not list(page.all("form", "button", "input", "script"))
    assert "Chairs for everyone" in framed.text and "For neighbours" not in framed.text, "signed in or not"
    assert {given.get("target") for _, given in page.all("a") if given["href"] != "#main"} == {"_blank"}
    assert "A lift" in needs.text and "Chairs" not in needs.text
    assert "&lt;iframe src=&#34;https://riverside.example/embed/board" in board.text.replace('"', "&#34;")
