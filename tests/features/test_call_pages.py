"""The pages of calls for help: each call once on a page, and an end that is the one its form says."""

import re
from datetime import timedelta
from typing import Any

import pytest

from federation.council import Council
from schemas.records.alert import Alert, AlertCategory, Certainty, MessageType, Severity, Status, Urgency, alert_note
from tests.features.village import START, Village


def alert_of(theirs: Council) -> dict[str, Any]:
    return alert_note(
        theirs.new_object_id(),
        theirs.base_url,
        name="Water in the mill race",
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


def without_pictures(page: str) -> str:
    return re.sub(r"<figure.*?</figure>", "", page, flags=re.DOTALL)


async def test_a_call_stands_once_on_the_page_of_calls_and_in_the_strip_of_every_other(village: Village) -> None:
    harbour = village.meet()
    village.hears(harbour, alert_of(harbour), audience="public")

    async with village.browser(village.member()) as browser:
        pages = {path: without_pictures((await browser.get(path)).text) for path in ("/alerts", "/board", "/")}
        called = await browser.post("/put-up/alert", data={"title": "x" * 201, "event": "Flood"})

    assert {path: page.count("Water in the mill race") for path, page in pages.items()} == dict.fromkeys(pages, 1)
    assert {path: 'class="strip"' in page for path, page in pages.items()} == {
        "/alerts": False,
        "/board": True,
        "/": True,
    }
    assert (called.status_code, 'class="strip"' in called.text) == (422, True)


async def test_what_is_over_says_no_end(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        called = await browser.post("/put-up/alert", data={"title": "Water", "event": "Flood", "until": "18:00"})
        during = (await browser.get("/alerts")).text
        await browser.post(f"{called.headers['location']}/over")
        after = (await browser.get("/alerts")).text

    assert ("until 18:00" in during, "until" in after) == (True, False)


@pytest.mark.parametrize("way", ["alert", "drill"])
@pytest.mark.parametrize(
    ("until", "ends_at"),
    [
        # It is ten in the morning here.
        (None, "2026-03-03T09:00:00Z"),
        ("08:00", "2026-03-03T07:00:00Z"),
        ("18:00", "2026-03-02T17:00:00Z"),
        ("10:00", "2026-03-03T09:00:00Z"),
        ("2026-03-03T08:00", "2026-03-03T07:00:00Z"),
        ("tonight", "2026-03-02T22:59:00Z"),
    ],
)
async def test_a_call_ends_when_its_form_says(village: Village, way: str, until: str | None, ends_at: str) -> None:
    typed = {"title": "Water", "event": "Flood"} | ({} if until is None else {"until": until})

    async with village.browser(village.member()) as browser:
        answer = await browser.post(f"/put-up/{way}", data=typed)
        (listed,) = (await browser.get("/alerts.json")).json()["items"]

    assert answer.status_code == 303
    assert listed["ends_at"] == ends_at


@pytest.mark.parametrize(
    "until",
    ["8:00", "24:00", "08:61", "noon", "tomorrow", "2026-03-02T08:00", "2026-03-04T08:00", "2026-02-31", "week"],
)
async def test_a_call_whose_end_cannot_be_is_refused_beside_its_field(village: Village, until: str) -> None:
    async with village.browser(village.member()) as browser:
        answer = await browser.post("/put-up/alert", data={"title": "Water", "event": "Flood", "until": until})

    assert answer.status_code == 422
    assert 'href="#f-until"' in answer.text
    assert f'value="{until}"' in answer.text
    assert village.rows("SELECT * FROM alert") == []


async def test_a_blank_call_is_filled_with_the_latest_end_and_goes_out_as_it_is(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        page = (await browser.get("/put-up/alert")).text
        answer = await browser.post(
            "/put-up/alert", data={"title": "Water", "event": "Flood", "until": "2026-03-03T10:00"}
        )

    assert 'value="2026-03-03T10:00"' in page
    assert answer.status_code == 303
