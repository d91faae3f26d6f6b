"""Leaving: what was one's own goes everywhere, what was decided stays without a name, and the server turn is handed over first."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import orjson
import pytest

from node.accounts import handing_over, invites
from node.accounts.leaving import leave
from node.features.alerts import actions as alert_actions
from node.features.resolutions import actions as resolution_actions
from node.features.resources import actions as resource_actions
from node.installed import FEATURES
from schemas.records.alert import AlertForm
from schemas.records.resolution_forms import ResolutionForm
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal
from tests.features.village import Village


def put_all_up(village: Village, number: int) -> dict[str, Any]:
    """One of each kind, all public, by this member."""
    acting = village.acting(number)
    today = acting.now.date().isoformat()
    offer = {"direction": "offer", "title": "=Ten chairs", "until": "week", "audience": "public"}
    call = {
        "title": "Fans wanted",
        "event": "heat",
        "urgency": "Immediate",
        "severity": "Moderate",
        "audience": "public",
    }
    decided = {
        "title": "The hall stays open",
        "text": "The assembly of Riverside keeps it open.",
        "decided_at": today,
        "present": 12,
    }
    end = (acting.now + timedelta(hours=5)).isoformat()
    return {
        "offer": village.do(lambda c: resource_actions.put_up(c, ResourceForm.model_validate(offer), acting)),
        "call": village.do(
            lambda c: alert_actions.put_up(c, AlertForm.model_validate({**call, "ends_at": end}), acting)
        ),
        "resolution": village.do(
            lambda c: resolution_actions.put_up(c, ResolutionForm.model_validate(decided), acting)
        ),
    }


def said(village: Village) -> list[tuple[str, str]]:
    """What has been said to others, signed, and not overtaken since: (verb, about), oldest first."""
    activities = [orjson.loads(row.document) for row in village.rows("SELECT document FROM body ORDER BY id")]
    assert all("proof" in one for one in activities)
    return [
        (one["type"], one["object"]["id"] if isinstance(one["object"], dict) else one["object"]) for one in activities
    ]


def go(village: Village, number: int, *, meant: bool = True, keeper: bool = False) -> None:
    acting = village.acting(number, keeper=keeper)
    village.do(lambda c: leave(c, acting, member_id=number, features=FEATURES, alone_is_meant=meant))


def test_needs_and_offers_are_taken_down_calls_end_and_decisions_stay_without_who_wrote_them(village: Village) -> None:
    village.member(keeper=True)
    bo = village.member("Bo")
    records = put_all_up(village, bo)

    go(village, bo)

    assert village.rows("SELECT id FROM resource") == []
    [held] = village.rows("SELECT gone_at FROM replica WHERE object_id = :id", id=records["offer"].object_id)
    assert held.gone_at is not None
    assert [tuple(row) for row in village.rows("SELECT message_type, by_member FROM alert")] == [("Cancel", 0)]
    assert [tuple(row) for row in village.rows("SELECT title, by_member FROM resolution")] == [
        ("The hall stays open", 0)
    ]


def test_nearby_councils_are_told_by_signed_words_what_to_take_down_and_what_is_over(village: Village) -> None:
    village.member(keeper=True)
    bo = village.member("Bo")
    records = put_all_up(village, bo)

    go(village, bo)

    told = said(village)
    assert ("Delete", records["offer"].object_id) in told
    assert ("Update", records["call"].object_id) in told
    assert not [one for one in told if one == ("Delete", records["resolution"].object_id)]


def test_the_name_and_every_way_of_signing_in_go(village: Village) -> None:
    village.member(keeper=True)
    bo = village.member("Bo")
    session = village.session(bo)

    go(village, bo)

    [row] = village.rows("SELECT name, language, introduced_by, ended_at FROM member WHERE id = :id", id=bo)
    assert (row.name, row.language, row.introduced_by) == ("", None, None)
    assert row.ended_at is not None
    for table in ("session", "sign_in_link", "recovery_code", "password", "passkey"):
        assert village.rows(f"SELECT id FROM {table} WHERE member_id = :id", id=bo) == []
    assert session


def test_of_a_step_that_fails_nothing_is_left(village: Village) -> None:
    keeper, bo = village.member(keeper=True), village.member("Bo")
    put_all_up(village, keeper)

    with pytest.raises(Refusal) as caught:
        go(village, keeper, keeper=True)

    assert caught.value.word == "hand-over-first"
    assert len(village.rows("SELECT id FROM resource")) == 1
    assert village.rows("SELECT name FROM member WHERE id = :id", id=keeper)[0].name == "Amina"
    assert bo


def test_a_keeper_leaves_once_the_turn_is_handed_over(village: Village) -> None:
    keeper, bo = village.member(keeper=True), village.member("Bo")
    acting = village.acting(keeper, keeper=True)
    village.do(lambda c: handing_over.hand_over(c, acting, to=bo, overlap=True, unticked=True))

    go(village, keeper)

    assert [row.id for row in village.rows("SELECT id FROM member WHERE ended_at IS NULL")] == [bo]


def test_who_is_alone_leaves_only_when_they_say_so_and_takes_open_invites_along(village: Village) -> None:
    keeper = village.member(keeper=True)
    acting = village.acting(keeper, keeper=True)
    code = village.do(lambda c: invites.make(c, acting, randomness=village.site.randomness, uses=5, days=9))

    with pytest.raises(Refusal) as caught:
        go(village, keeper, meant=False)
    go(village, keeper)

    assert caught.value.word == "alone"
    assert village.see(lambda c: invites.look(c, code=code, now=village.clock.now())) is None


async def test_the_page_of_leaving_asks_for_one_tick_and_clears_the_browser(village: Village) -> None:
    village.member("Kim", keeper=True)
    bo = village.member("Bo")

    async with village.browser(bo) as browser:
        page = await browser.get("/account/leave")
        unsure = await browser.post("/account/leave")
        still = await browser.get("/account")
        gone = await browser.post("/account/leave", data={"sure": "yes"})
        after = await browser.get("/account")

    assert page.status_code == 200
    assert (unsure.status_code, still.status_code) == (422, 200)
    assert gone.status_code == 303
    assert gone.headers["clear-site-data"] == '"cache", "storage"'
    assert after.status_code == 401


async def test_a_keeper_who_is_needed_is_told_to_hand_over_first(village: Village) -> None:
    keeper = village.member(keeper=True)
    village.member("Bo")

    async with village.browser(keeper) as browser:
        answer = await browser.post("/account/leave", data={"sure": "yes"})

    assert answer.status_code == 422 and "Hand it over first" in answer.text


async def test_all_that_is_ones_own_is_taken_along_in_one_file_and_nothing_of_others(village: Village) -> None:
    amina, bo = village.member("Amina", keeper=True), village.member("Bo")
    put_all_up(village, amina)
    other = {"direction": "offer", "title": "Somebody else's ladder", "until": "week"}
    village.do(lambda c: resource_actions.put_up(c, ResourceForm.model_validate(other), village.acting(bo)))

    async with village.browser(amina) as browser:
        answer = await browser.post("/account/data")

    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    records = json.loads(archive.read("everything.json"))
    page = archive.read("index.html").decode()
    rows = list(csv.DictReader(io.StringIO(archive.read("offer.csv").decode("utf-8-sig"))))
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "private, no-store"
    assert {record["kind"] for record in records} == {
        "account", "signed in", "turn", "offer", "call for help", "resolution"
    }  # fmt: skip
    assert "Fans wanted" in page and "The hall stays open" in page
    assert "ladder" not in page + json.dumps(records)
    assert rows[0]["title"] == "'=Ten chairs", "a spreadsheet must not take it for a formula"
    assert archive.testzip() is None


async def test_a_stranger_takes_nothing_along(village: Village) -> None:
    async with village.browser() as stranger:
        answers = [await stranger.post("/account/data"), await stranger.post("/account/leave", data={"sure": "yes"})]

    assert [answer.status_code for answer in answers] == [401, 401]
