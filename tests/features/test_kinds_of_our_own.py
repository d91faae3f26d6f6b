"""Kinds that a council adds without code, and kinds that stay home: by no way in and through no door do they leave."""

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from node.features.resources import actions, kinds, kinds_here, reckoning
from node.features.resources.kinds_here import Said
from node.features.resources.kinds_pages import move
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal
from tests.features.promising import now, put_up, refused
from tests.features.village import Village, offer

CANARY = "Quincewater"
TYPED = {"title": "Six places at table", "words": "Tonight.", "until": "2026-03-08T18:00", "audience": "public"}


def add_kind(village: Village, **said: Any) -> kinds_here.OwnKind:
    keeper = village.acting(village.member("Cem", keeper=True), keeper=True)
    return village.do(lambda c: kinds_here.add(c, Said(**{"name_en": "Seed swap", "category": "food", **said}), keeper))


async def test_whoever_has_the_turn_adds_renames_and_retires_a_kind_in_the_browser(village: Village) -> None:
    resolution = f"{village.council.base_url}/o/{'a' * 26}"
    member, keeper = village.member(), village.member("Cem", keeper=True)
    said = {
        "name_en": "Seed swap",
        "category": "food",
        "questions": "How many rows?\nSince when?",
        "because": resolution,
    }
    async with village.browser(keeper) as browser, village.browser(member) as other:
        added = await browser.post("/server/kinds", data=said)
        listed = (await browser.get("/server/kinds?kind=own-seed-swap")).text
        put = await other.post("/put-up/offer", data={**TYPED, "kind": "own-seed-swap"})
        form = (await other.get(f"{put.headers['location']}/change")).text
        renamed = await browser.post("/server/kinds", data={**said, "id": "own-seed-swap", "name_en": "Seed circle"})
        await browser.post("/server/kinds/retire", data={"id": "own-seed-swap"})
        after = [(await other.get(path)).text for path in ("/put-up/offer", put.headers["location"])]
        found = "Six places" in (await other.get("/board?kind=own-seed-swap")).text
        retired = await other.post("/put-up/offer", data={**TYPED, "kind": "own-seed-swap"})
        kept = await other.post(f"{put.headers['location']}/change", data={**TYPED, "kind": "own-seed-swap"})
        turned_away = await other.post("/server/kinds", data=said)
        lost = await browser.post("/server/kinds/retire", data={"id": "own-moon"})

    assert (added.status_code, renamed.status_code, turned_away.status_code, lost.status_code) == (303, 303, 403, 404)
    assert (retired.status_code, kept.status_code) == (422, 303)
    assert resolution in listed and "How many rows?" in listed
    assert "How many rows?" in form and "own-since-when" in form
    assert ["Seed circle" in page for page in after] == [False, True]
    assert found
    told = village.rows("SELECT document FROM body")
    assert told and all(b"seed" not in one.document.lower() and b"#food" in one.document for one in told)


@pytest.mark.parametrize(
    ("said", "word", "field"),
    [
        ({"name_en": ""}, "name", "name_en"),
        ({"name_en": "x" * 61}, "name", "name_en"),
        ({"name_en": "a cooked MEAL"}, "name", "name_en"),
        ({"name_en": "Dish", "name_es": "Pan"}, "name", "name_es"),
        ({"category": "moon"}, "category", "category"),
        ({"questions": "\n".join(f"Which, {n}?" for n in range(6))}, "questions", "questions"),
        ({"because": "https://elsewhere.example/o/" + "a" * 26}, "because", "because"),
    ],
)
def test_a_kind_that_cannot_be_is_refused(village: Village, said: dict[str, str], word: str, field: str) -> None:
    keeper = village.acting(village.member(keeper=True), keeper=True)
    given = Said(**{"name_en": "Seed swap", "category": "food", **said})

    assert refused(village, lambda c: kinds_here.add(c, given, keeper)) == (word, field)
    assert village.see(kinds_here.own) == ()


def test_a_kind_that_comes_to_stay_home_takes_its_notes_back_and_never_leaves_again(village: Village) -> None:
    kind = add_kind(village)
    row = put_up(village, village.member(), kind=kind.id, may_pass_on=True)
    keeper = village.acting(village.member(keeper=True), keeper=True)
    said = Said(name_en="Seed swap", sensitive=True)

    def step(c: Connection) -> None:
        move(c, *kinds_here.change(c, kind.id, said, keeper), keeper)

    village.do(step)
    after = now(village, row)

    assert (after.kind, after.audience, after.object_id) == ("home-seed-swap", "council", None)
    assert not after.may_pass_on
    assert [told["type"] for told in village.told(str(row.object_id))] == ["Delete"]
    back = Said(name_en="Seed swap")
    assert refused(village, lambda c: kinds_here.change(c, "home-seed-swap", back, keeper)) == (
        "stays-home",
        "sensitive",
    )


SENSITIVE = [kind.id for kind in kinds.shipped() if kind.sensitive]
DOORS = ("/o/{public_id}", "/o/{public_id}/poster", "/slip?id={address}", "/api/objects?id={address}")


@given(
    kind=st.sampled_from([*SENSITIVE, "home-night-watch"]),
    direction=st.sampled_from(["need", "offer"]),
    audience=st.sampled_from([None, "council", "neighbours", "public"]),
    way=st.sampled_from(["put up", "without an account", "held", "changed", "said anew"]),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_stays_home_is_in_no_row_that_others_are_served_from(
    village: Village, kind: str, direction: str, audience: str | None, way: str
) -> None:
    if not village.see(kinds_here.own):
        add_kind(village, name_en="Night watch", sensitive=True)
    # What is sent, fed, bundled, searched or listed for others is made from these: all tables but the record's own.
    listed = village.rows("SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'")
    others = [row.name for row in listed if row.name != "resource"]
    given_ = offer(direction=direction, title=CANARY, kind=kind, audience=audience)
    form, acting = ResourceForm.model_validate(given_), village.acting(1)

    def step(c: Connection) -> None:
        if way == "put up":
            actions.put_up(c, form, acting)
        elif way in ("without an account", "held"):
            actions.keep_asked(c, form, acting, told_by="paper", shown="held" if way == "held" else "shown")
        else:
            plain = {**given_, "title": "A lamp", "kind": "fans", "audience": "public"}
            row = actions.put_up(c, ResourceForm.model_validate(plain), acting)
            if way == "changed":
                actions.change(c, row.public_id, form, acting)
            else:
                # Whatever wrote it there: the door itself is shut.
                reckoning.say_anew(c, row, acting, title=CANARY, kind=kind)

    try:
        village.do(step)
    except Refusal as refusal:
        assert (refusal.word, audience in ("neighbours", "public")) == ("sensitive", True)

    assert [
        table for table in others if any(CANARY in str(tuple(row)) for row in village.rows(f'SELECT * FROM "{table}"'))
    ] == []


async def test_a_note_that_stays_home_goes_out_by_no_door(village: Village) -> None:
    add_kind(village, name_en="Night watch", sensitive=True)
    member = village.member()
    rows = [
        put_up(village, member, direction=direction, kind=kind, title=CANARY, audience=None, may_pass_on=True)
        for kind in ("custody", "home-night-watch")
        for direction in ("need", "offer")
    ]
    plain = put_up(village, member, title="A lamp")
    lists = sorted({route.path for route in village.app.routes if "GET" in (getattr(route, "methods", None) or ())})  # type: ignore[attr-defined]
    doors = [path for path in lists if "{" not in path and path != "/wall/live"]
    for row in rows:
        address = f"{village.council.base_url}/o/{row.public_id}"
        doors += [door.format(public_id=row.public_id, address=address) for door in DOORS]
    doors += [
        f"/board?text={CANARY}",
        f"/around?text={CANARY}",
        f"/region/availability?text={CANARY}",
        "/board?kind=custody",
    ]

    async with village.browser() as stranger, village.program() as program, village.browser(member) as neighbour:
        texts = {door: (await stranger.get(door)).text for door in doors}
        texts |= {f"program {door}": (await program.get(door)).text for door in doors}
        shown = (await neighbour.get("/board")).text
        # Around us is the region, also for those who sign in.
        texts["around, signed in"] = (await neighbour.get("/around")).text

    # What was typed is said back; nothing else of it stands there.
    leaks = {
        door
        for door, text in texts.items()
        if CANARY in text.replace(f'value="{CANARY}"', "").replace(f"text={CANARY}", "")
    }
    assert leaks == set()
    assert not any(row.may_pass_on for row in rows)
    assert shown.count(CANARY) == len(rows)
    assert "A lamp" in texts["/board"] and "A lamp" in texts["around, signed in"] and plain.object_id
    assert {"/board.atom", "/board.csv", "/board.json", "/wall.atom", "/region/availability", "/around"} <= set(doors)
    assert "Night watch" not in texts["/board"]
    assert not any(
        CANARY in orjson.dumps(told).decode()
        for row in rows
        for told in village.told(f"{village.council.base_url}/o/{row.public_id}")
    )
