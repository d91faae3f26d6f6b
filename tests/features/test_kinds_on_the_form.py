"""Kinds on forms, what they ask for, and what must stay home: chosen, kept, told and found again."""

from typing import Any

import pytest

from node.features.resources import actions, beside, queries
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceForm, read_resource
from tests.features.coming_back import bring_back, lose, note_of
from tests.features.promising import now, put_up, refused
from tests.features.test_kinds_of_our_own import add_kind
from tests.features.village import Village, offer

CANARY = "Quincewater"
TYPED = {"title": "Six places at table", "words": "Tonight.", "until": "2026-03-08T18:00", "audience": "public"}


async def test_a_form_offers_kinds_by_category_and_asks_what_the_chosen_one_asks(village: Village) -> None:
    add_kind(village, name_en="", name_es="Trueque de semillas", questions="How many rows?")
    async with village.browser(village.member()) as browser:
        blank = (await browser.get("/put-up/offer")).text
        begun = (await browser.get("/put-up/offer?start=meal")).text
        spanish = (await browser.get("/put-up/offer", headers={"accept-language": "es"})).text

    assert '<optgroup label="Food">' in blank and '<option value="meal">A cooked meal</option>' in blank
    assert '<option value="own-trueque-de-semillas">Trueque de semillas</option>' in blank
    assert "Harm reduction (stays among us)" in blank
    assert "note_allergens" in begun and "note_" not in blank
    assert '<option value="meal">Una comida hecha</option>' in spanish


@pytest.mark.parametrize(
    ("kind", "category", "kept"), [("meal", "food", "meal"), ("food", "food", ""), ("", "other", "")]
)
async def test_the_category_follows_from_the_kind_and_none_is_something_else(
    village: Village, kind: str, category: str, kept: str
) -> None:
    async with village.browser(village.member()) as browser:
        answer = await browser.post("/put-up/offer", data={**TYPED, "kind": kind, "note_allergens": "Nuts"})
        page = (await browser.get(answer.headers["location"])).text
        found = [
            "Six places" in (await browser.get(f"/board?kind={one}")).text
            for one in ("meal", "food", "tent", "zeppelin")
        ]

    [row] = village.rows("SELECT category, kind, notes FROM resource")
    assert (row.category, row.kind) == (category, kept)
    # Bread and meals say what is in them; something else is not asked.
    assert ("Nuts" in page, row.notes) == ((True, '{"allergens":"Nuts"}') if category == "food" else (False, ""))
    assert found == [kept == "meal", category == "food", False, False]


async def test_a_kind_that_stays_home_offers_no_other_choice_and_says_why(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        refused_page = await browser.post("/put-up/need", data={**TYPED, "kind": "custody"})
        kept = await browser.post("/put-up/need", data={**TYPED, "kind": "custody", "audience": "council"})
        change = (await browser.get(f"{kept.headers['location']}/change")).text

    assert (refused_page.status_code, kept.status_code) == (422, 303)
    for page in (refused_page.text, change):
        assert "being known for it could harm somebody" in page
        assert 'value="council" checked' in page and 'value="public"' not in page


async def test_what_cannot_wait_and_what_may_be_passed_on_are_ticked_and_unticked(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        usual = (await browser.get("/put-up/need")).text
        said = {**TYPED, "audience": "neighbours", "can_wait": "no", "may_pass_on": ["no", "yes"]}
        answer = await browser.post("/put-up/need", data=said)
        address = answer.headers["location"]
        page, form = (await browser.get(address)).text, (await browser.get(f"{address}/change")).text
        silent = await browser.post("/put-up/need", data=TYPED)
    rows = village.rows("SELECT can_wait, may_pass_on, object_id FROM resource ORDER BY id")

    assert silent.status_code == 303
    assert 'name="can_wait" value="yes" checked' in usual and 'name="may_pass_on" value="yes" checked' not in usual
    assert [(bool(row.can_wait), bool(row.may_pass_on)) for row in rows] == [(False, True), (True, False)]
    assert "Can it wait" in page and 'name="may_pass_on" value="yes" checked' in form
    assert [note_of(village, row.object_id).get("comarca:canWait") for row in rows] == [False, None]


def test_what_a_kind_asks_for_is_told_in_the_words_and_not_said_twice_when_it_comes_back(village: Village) -> None:
    row = put_up(
        village, village.member(), kind="meal", notes={"allergens": "Nuts", "two-adults": "yes", "dose": "3 a day"}
    )
    address = str(row.object_id)
    told = note_of(village, address)
    model = read_resource(told)

    assert beside.notes_of(row) == {"allergens": "Nuts"}
    assert told["source"]["content"] == "Vegan, no nuts. Bring a bowl.\nWhat is in it: Nuts"
    assert (model.kind, model.category) == ("meal", "food")  # type: ignore[union-attr]

    village.clock.advance(60)
    village.do(lambda c: actions.set_available(c, row.public_id, "7", village.acting(row.by_member)))
    lose(village, "resource")
    bring_back(village, address)
    back = village.see(lambda c: queries.ours_at(c, address))

    assert back is not None
    assert (back.kind, back.notes, back.words) == ("meal", "", told["source"]["content"])


def test_an_older_copy_keeps_what_stands_beside_the_words(village: Village) -> None:
    row = put_up(village, village.member(), kind="childcare", notes={"two-adults": "yes"}, words="")
    address = str(row.object_id)
    village.clock.advance(60)
    village.do(lambda c: actions.set_available(c, row.public_id, "7", village.acting(row.by_member)))
    village.do(lambda c: c.exec_driver_sql("UPDATE resource SET updated_at = updated_at - 30000000, available = '40'"))

    bring_back(village, address)
    back = now(village, row)

    assert (back.available, back.kind, back.words, back.notes) == ("7", "childcare", "", '{"two-adults":"yes"}')
    assert note_of(village, address)["source"]["content"] == "Two adults are there the whole time."


async def test_what_nobody_said_yet_is_asked_of_whoever_put_it_up_and_of_nobody_else(village: Village) -> None:
    member, bo = village.member(), village.member("Bo")
    row = put_up(village, member, kind="meal", title="Lentils")
    path, words = f"/o/{row.public_id}", "Somebody may want to know"
    async with village.browser(member) as browser, village.browser(bo) as other:
        asked = [words in (await one.get(path)).text for one in (browser, other)]
        said = await browser.post(f"{path}/notes", data={"note_allergens": "Mustard", "note_dose": "3"})
        refused_ones = [
            await one.post(f"{path}/notes", data={"note_allergens": "5 Mill Street"}) for one in (browser, other)
        ]
        after = (await other.get(path)).text, (await browser.get(path)).text

    assert (asked, said.status_code, [one.status_code for one in refused_ones]) == ([True, False], 303, [422, 403])
    assert all("Mustard" in page and words not in page for page in after)
    assert note_of(village, str(row.object_id))["name"] == "Lentils"
    assert note_of(village, str(row.object_id))["source"]["content"].endswith("What is in it: Mustard")


@pytest.mark.parametrize("notes", [{"allergens": "From 5 Mill Street"}, {"allergens": "For somebody with diabetes"}])
def test_notes_are_judged_as_the_words_are(village: Village, notes: dict[str, str]) -> None:
    member = village.member()

    def step(audience: str) -> Any:
        form = ResourceForm.model_validate(offer(kind="meal", notes=notes, audience=audience))
        return lambda c: actions.put_up(c, form, village.acting(member))

    assert refused(village, step("public"))[1] == "note_allergens"
    assert village.do(step("council")).object_id is None


def test_a_change_that_says_nothing_of_them_keeps_notes_and_another_kind_drops_them(village: Village) -> None:
    row = put_up(village, village.member(), kind="medicine", notes={"unopened": "yes", "good-until": "May"})

    def change(**given: Any) -> Resource:
        form, acting = ResourceForm.model_validate(offer(until="week", **given)), village.acting(row.by_member)
        return village.do(lambda c: actions.change(c, row.public_id, form, acting))

    same, fewer = change(category="medical"), change(category="medical", notes={"good-until": "June"})
    other = change(kind="tent")

    assert beside.notes_of(same) == {"unopened": "yes", "good-until": "May"}
    assert (beside.notes_of(fewer), other.notes, other.category) == ({"good-until": "June"}, "", "shelter")


def test_whoever_does_not_know_a_kind_keeps_the_category(village: Village) -> None:
    row = put_up(village, village.member(), kind="meal")
    told = note_of(village, str(row.object_id))
    for said in ("urn:uuid:59f4ea55-3402-4200-9af7-797d6ad9fa27#moon-cake", "https://other.example/kind#meal", "meal"):
        lose(village, "resource")
        bring_back(village, str(row.object_id), note={**told, "comarca:kind": said})

        back = village.see(lambda c: queries.ours_at(c, str(row.object_id)))
        assert back is not None and (back.kind, back.category) == ("", "food")
