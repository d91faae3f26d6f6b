"""What every feature has to keep, whoever writes it: one test over `FEATURES`, without new test code for a new feature."""

import re
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi.routing import APIRoute

from federation.council import Council
from federation.kinds import Copy, Kind
from node.feature import ANYBODY, Feature
from node.installed import FEATURES
from protocol.verdict import Refused
from schemas.records.alert import Alert, AlertCategory, Certainty, MessageType, Severity, Status, Urgency, alert_note
from schemas.records.deciding import Method, Stage
from schemas.records.resolution import Resolution, resolution_note, text_digest
from tests import builders
from tests.features.village import HARBOUR, START, Village

KINDS = [(feature, kind) for feature in FEATURES for kind in feature.kinds]
FEDERATION = Path(__file__).parents[2] / "FEDERATION.md"
RECIPES = sorted(Path(__file__).parents[2].glob("node/features/*/recipes/*.toml"))
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def _alert(theirs: Council) -> dict[str, Any]:
    return alert_note(
        theirs.new_object_id(),
        theirs.base_url,
        name="Water",
        alert=Alert(
            status=Status("Actual"),
            msg_type=MessageType("Alert"),
            category=AlertCategory("Other"),
            event="Flood",
            urgency=Urgency("Immediate"),
            severity=Severity("Severe"),
            certainty=Certainty("Observed"),
            wanted="Pumps",
            instruction="",
        ),
        words="",
        language="en",
        place=None,
        published=START,
        updated=None,
        ends_at=START + timedelta(hours=5),
        audience="public",
    )


def _resolution(theirs: Council) -> dict[str, Any]:
    return resolution_note(
        theirs.new_object_id(),
        theirs.base_url,
        name="Quiet hours",
        resolution=Resolution(
            text="From noon to five.",
            number=3,
            method=Method("consent"),
            decided_at=START.date(),
            present=9,
            stand_asides=0,
            review_on=None,
            text_digest=text_digest("From noon to five."),
            stage=Stage.ADOPTED,
        ),
        language="en",
        published=START,
        updated=None,
        audience="public",
    )


NOTES: dict[str, Callable[[Council], dict[str, Any]]] = {
    "resource": builders.note,
    "alert": _alert,
    "resolution": _resolution,
}


def tables_with_rows(village: Village) -> set[str]:
    # A full text index is no table of its own, and keeps empty pages: what it finds is tested with the search.
    statement = "SELECT name FROM pragma_table_list WHERE type = 'table'"
    names = [row.name for row in village.rows(statement)]
    names = [name for name in names if name != "alembic_version" and not name.startswith("sqlite_")]
    return {name for name in names if village.rows(f'SELECT 1 FROM "{name}" LIMIT 1')}


def rows_of(village: Village, tables: set[str]) -> dict[str, list[Any]]:
    return {table: village.rows(f'SELECT * FROM "{table}"') for table in sorted(tables)}


def heard(village: Village, kind: Kind) -> tuple[dict[str, Any], int, set[str]]:
    """A note of this kind that Harbour published: the note, its replica and the feature's own tables."""
    harbour = village.meet()
    before = tables_with_rows(village)
    note = NOTES[kind.name](harbour)
    village.hears(harbour, note)
    (replica,) = village.rows("SELECT id FROM replica")
    return note, replica.id, tables_with_rows(village) - before - {"replica"}


@pytest.mark.parametrize(("feature", "kind"), KINDS, ids=lambda one: one.name)
def test_its_kind_survives_the_wire(feature: Feature, kind: Kind) -> None:
    theirs = builders.council("harbour", base_url=HARBOUR)
    note = NOTES[kind.name](theirs)

    model = kind.read(note)

    assert not isinstance(model, Refused)
    assert kind.read({**note, **model.wire()}) == model


@pytest.mark.parametrize(("feature", "kind"), KINDS, ids=lambda one: one.name)
def test_a_note_of_another_shape_is_refused(feature: Feature, kind: Kind) -> None:
    theirs = builders.council("harbour", base_url=HARBOUR)
    note = NOTES[kind.name](theirs)

    for missing in ("id", "name", "published", "attributedTo"):
        assert isinstance(kind.read({key: value for key, value in note.items() if key != missing}), Refused)


@pytest.mark.parametrize(("feature", "kind"), KINDS, ids=lambda one: one.name)
def test_the_same_note_twice_is_one_record(village: Village, feature: Feature, kind: Kind) -> None:
    note, replica_id, tables = heard(village, kind)
    once = rows_of(village, tables)
    model = kind.read(note)
    copy = Copy(replica_id, note["id"], f"{HARBOUR}/council", "public", False, START)

    village.do(lambda c: kind.put(c, copy, model))

    assert tables
    assert rows_of(village, tables) == once
    assert all(len(rows) == 1 for rows in once.values())


@pytest.mark.parametrize(("feature", "kind"), KINDS, ids=lambda one: one.name)
def test_its_end_removes_it_and_may_come_twice(village: Village, feature: Feature, kind: Kind) -> None:
    _, replica_id, tables = heard(village, kind)

    village.do(lambda c: kind.end(c, replica_id))
    village.do(lambda c: kind.end(c, replica_id))

    assert tables
    assert rows_of(village, tables) == {table: [] for table in tables}


@pytest.mark.parametrize(("feature", "kind"), KINDS, ids=lambda one: one.name)
def test_its_index_goes_with_the_replica(village: Village, feature: Feature, kind: Kind) -> None:
    _, _, tables = heard(village, kind)

    village.do(lambda c: c.exec_driver_sql("DELETE FROM replica"))

    assert rows_of(village, tables) == {table: [] for table in tables}


@pytest.mark.parametrize(("feature", "kind"), KINDS, ids=lambda one: one.name)
async def test_its_slip_has_a_page(village: Village, feature: Feature, kind: Kind) -> None:
    note, _, _ = heard(village, kind)

    async with village.browser() as browser:
        page = await browser.get("/slip", params={"id": note["id"]})

    assert page.status_code == 200
    assert note["name"] in page.text
    assert "Harbour" in page.text


OF_STRANGERS = {
    # Who is on the way to a call is asked of everybody who can read it, and nobody can read this one.
    "/alerts/coming": 404,
    # Whoever looks around us may have nearby councils asked. Nothing of it is kept.
    "/around/ask": 303,
    "/region/availability": 200,
    # A letter's link is its own proof.
    "/letters/{token}": 404,
    # Whoever asks without an account has written nothing here, and has no note open; what nobody can read is reported by nobody.
    "/report": 404,
    "/ask": 422,
    "/note": 422,
    "/note/away": 303,
    **{f"/note/{what}": 422 for what in ("words", "reach", "say", "still", "done", "take-down", "promise")},
}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda one: one.name)
async def test_an_anonymous_visitor_writes_on_none_of_its_routes(village: Village, feature: Feature) -> None:
    assert feature.router is not None
    routes = [route for route in feature.router(village.site).routes if isinstance(route, APIRoute)]
    unsafe = sorted((method, route.path) for route in routes for method in route.methods & UNSAFE)
    filled = {"title": "x", "text": "x", "event": "x", "until": "tonight", "decided_at": "2026-03-01", "present": "1"}
    body = {"direction": "offer", "title": "x", "until": "tonight"}

    async with village.browser() as browser:
        for method, path in unsafe:
            address = path.replace("{public_id}", "a" * 26).replace("{step_id}", "1")
            given = (
                {"json": {"title": "x"} if method == "PATCH" else body} if path.startswith("/api") else {"data": filled}
            )
            answer = await browser.request(method, address, **given)
            assert answer.status_code == OF_STRANGERS.get(path, 401), (method, path, answer.text)

    assert unsafe
    assert tables_with_rows(village) == set()


@pytest.mark.parametrize("feature", FEATURES, ids=lambda one: one.name)
async def test_its_menu_entries_lead_somewhere(village: Village, feature: Feature) -> None:
    async with village.browser() as browser:
        for entry in feature.menu:
            page = await browser.get(entry.href)

            assert page.status_code == 200
            assert entry.label in page.text


@pytest.mark.parametrize("feature", FEATURES, ids=lambda one: one.name)
def test_an_empty_council_has_an_empty_wall(village: Village, feature: Feature) -> None:
    wall = feature.wall
    assert wall is not None

    assert village.see(lambda c: wall(c, ANYBODY, START, village.council)) == []


@pytest.mark.parametrize(("feature", "kind"), KINDS, ids=lambda one: one.name)
def test_its_kind_is_listed_for_other_implementers(feature: Feature, kind: Kind) -> None:
    words = FEDERATION.read_text(encoding="utf-8").lower() if FEDERATION.exists() else ""
    if not words.strip():
        pytest.skip("FEDERATION.md has no content yet")

    assert re.search(rf"\b{kind.name}s?\b", words)


def test_no_two_features_share_a_name_or_a_kind() -> None:
    names = [feature.name for feature in FEATURES]
    kinds = [kind.name for _, kind in KINDS]

    assert sorted(set(names)) == sorted(names)
    assert sorted(set(kinds)) == sorted(kinds)


def recipe_files_of(path: Path) -> ModuleType:
    """The module of the feature in whose folder a recipe lies."""
    return import_module(f"node.features.{path.parents[1].name}.recipe_files")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_recipe_loads_in_both_languages(path: Path, language: str) -> None:
    recipe = recipe_files_of(path).load(path, language)

    assert recipe.id == path.stem
    assert recipe.name
    assert recipe.prompt


def test_there_are_recipes_and_each_is_found_by_its_id() -> None:
    assert RECIPES
    assert all(recipe_files_of(path).find(path.stem, "en") is not None for path in RECIPES)
    assert all(recipe_files_of(path).find("nothing-of-the-kind", "en") is None for path in RECIPES)
