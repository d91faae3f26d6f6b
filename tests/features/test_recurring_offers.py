"""What comes back, from the form to the slip, to the calendar and to others: one record with one end and one quantity."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from icalendar import Calendar

from node.features.resources import actions, recurring, recurring_form
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceForm
from tests import builders
from tests.features.coming_back import bring_back, but, lose, note_of, row_of
from tests.features.promising import refused
from tests.features.village import HARBOUR, START, Village, offer
from tests.web.reading import Page

MADRID = ZoneInfo("Europe/Madrid")
THURSDAY = datetime(2026, 3, 5, 17, 0, tzinfo=UTC)  # 18:00 in Madrid
WEEKLY = {"repeats": "FREQ=WEEKLY;BYDAY=TH", "starts_at": "2026-03-05T17:00:00Z", "ends_at": "2026-05-01T12:00:00Z"}
TYPED = {
    "title": "Bicycle repair",
    "category": "skills",
    "audience": "public",
    "until": "2026-05-01T12:00",
    "from": "2026-03-05T18:00",
    "often": "weekly",
    "on_th": "yes",
}


def form_of(**given: Any) -> ResourceForm:
    return ResourceForm.model_validate(offer(until=None, **{**WEEKLY, **given}))


def put_up(village: Village, **given: Any) -> Resource:
    acting = village.acting(village.member())
    return village.do(lambda c: actions.put_up(c, form_of(**given), acting))


def times(row: Resource) -> tuple[datetime | None, str, str]:
    return row.starts_at, row.repeats, row.zone


@pytest.mark.parametrize(
    ("typed", "rule", "first"),
    [
        ({}, "FREQ=WEEKLY;BYDAY=TH", "2026-03-05"),
        ({"on_mo": "yes"}, "FREQ=WEEKLY;BYDAY=MO,TH", "2026-03-05"),
        ({"often": "second", "from": "2026-03-06T18:00"}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "2026-03-19"),
        ({"often": "daily"}, "FREQ=DAILY", "2026-03-05"),
        ({"often": "monthly", "nth": "-1"}, "FREQ=MONTHLY;BYDAY=-1TH", "2026-03-26"),
        ({"often": "monthly"}, "FREQ=MONTHLY;BYDAY=1TH", "2026-03-05"),
    ],
)
async def test_the_choices_of_the_form_are_rules_and_come_back_as_they_were_chosen(
    village: Village, typed: dict[str, str], rule: str, first: str
) -> None:
    async with village.browser(village.member()) as browser:
        answer = await browser.post("/put-up/offer", data=TYPED | typed)
        assert answer.status_code == 303, answer.text
        path = answer.headers["location"]
        (row,) = village.rows("SELECT * FROM resource")
        change = await browser.get(f"{path}/change")
        again = await browser.post(f"{path}/change", data=fields_of(change.text))
        (after,) = village.rows("SELECT * FROM resource")

    assert (row.repeats, row.zone) == (rule, "Europe/Madrid")
    started = datetime.fromtimestamp(row.starts_at / 1e6, UTC).astimezone(MADRID)
    assert f"{started:%Y-%m-%d %H:%M}" == f"{first} 18:00", "the first time is the first that fits"
    assert again.status_code == 303, again.text
    assert (after.repeats, after.starts_at, after.ends_at) == (row.repeats, row.starts_at, row.ends_at)


def fields_of(text: str) -> dict[str, str]:
    """The form of a page as it would be sent untouched."""
    page, found = Page.read(text), {}
    for tag, given in page.all("input", "select", "option"):
        if tag == "select":
            name, first = given["name"], True
        elif tag == "option":
            if first or "selected" in given:
                found[name], first = given.get("value", ""), False
        elif given.get("type") not in ("checkbox", "radio") or "checked" in given:
            found[given.get("name", "")] = given.get("value", "")
    return {name: value for name, value in found.items() if name and name != "outcome"}


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"from": ""}, "from", "when the first time is"),
        ({"from": "on Thursday"}, "from", "as a date and a time"),
        ({"from": "2026-02-30T10:00"}, "from", "There is no such date"),
        ({"on_th": ""}, "often", "at least one day"),
        ({"often": "FREQ=YEARLY"}, "often", "how often it comes back"),
        ({"until": "2026-03-05T09:00"}, "often", "over before its first time"),
    ],
)
async def test_what_the_form_leaves_open_is_said_beside_its_field_and_nothing_is_kept(
    village: Village, typed: dict[str, str], field: str, sentence: str
) -> None:
    given = {name: value for name, value in (TYPED | typed).items() if value}
    async with village.browser(village.member()) as browser:
        answer = await browser.post("/put-up/offer", data=given)

    assert answer.status_code == 422 and sentence in answer.text and f"#f-{field}" in answer.text
    assert "<details open>" in answer.text, "nobody looks for a mistake in what is folded up"
    assert village.rows("SELECT id FROM resource") == []


async def test_once_is_what_is_not_said_and_a_form_may_go_back_to_it(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        path = (await browser.post("/put-up/offer", data=TYPED)).headers["location"]
        await browser.post(f"{path}/change", data={**TYPED, "often": "once", "from": ""})

    (row,) = village.rows("SELECT * FROM resource")
    assert (row.repeats, row.zone, row.starts_at) == ("", "", None)
    once = village.do(lambda c: actions.put_up(c, ResourceForm.model_validate(offer()), village.acting(1)))
    assert times(once) == (None, "", "")


def test_what_a_change_leaves_out_stays_and_a_rule_that_no_form_asks_for_too(village: Village) -> None:
    row = put_up(village, repeats="FREQ=WEEKLY;INTERVAL=3;BYDAY=TH;COUNT=4")
    acting = village.acting(row.by_member)

    bare = ResourceForm.model_validate(offer(until=None, ends_at="2026-05-20T12:00:00Z", quantity="50"))
    changed = village.do(lambda c: actions.change(c, row.public_id, bare, acting))
    moved = form_of(repeats=None, starts_at="2026-03-11T17:00:00Z")
    later = village.do(lambda c: actions.change(c, row.public_id, moved, acting))

    assert times(changed) == times(row) == (THURSDAY, "FREQ=WEEKLY;INTERVAL=3;BYDAY=TH;COUNT=4", "Europe/Madrid")
    assert times(later) == (THURSDAY + timedelta(weeks=1), row.repeats, row.zone)
    typed = recurring_form.typed_of(row, zone=MADRID)
    assert typed["often"] == row.repeats and recurring_form.choices_for(row, typed).choices[0][0] == row.repeats
    assert recurring_form.asked_in(typed, START, zone=MADRID)["repeats"] == row.repeats


def test_every_refusal_has_its_word(village: Village) -> None:
    acting = village.acting(village.member())

    def word(**given: Any) -> tuple[str, str | None]:
        return refused(village, lambda c: actions.put_up(c, form_of(**given), acting))

    assert word(repeats="FREQ=YEARLY") == ("repeats", "repeats")
    assert word(repeats="FREQ=MONTHLY;BYDAY=1MO", ends_at="2026-03-30T12:00:00Z") == ("repeats", "repeats")
    assert word(starts_at=None) == ("starts-at", "starts_at")
    assert village.do(lambda c: actions.put_up(c, form_of(), acting)).repeats


async def test_a_slip_says_how_often_and_the_next_time_in_the_language_of_the_page(village: Village) -> None:
    row = put_up(village, repeats="FREQ=WEEKLY;INTERVAL=2;BYDAY=TH")

    async with village.browser() as passer_by:
        board = (await passer_by.get("/board")).text
        page = (await passer_by.get(f"/o/{row.public_id}")).text
        village.clock.advance(8 * 86400)
        later = (await passer_by.get("/board")).text
        (item,) = (await passer_by.get("/board.json")).json()["items"]

    often = "every second week on Thursdays at 18:00"
    assert f"{often}; next time: Thursday" in board and "How often" in page and often in page
    assert f"{often}; next time: 19 March" in later
    assert (item["repeats"], item["zone"]) == ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "Europe/Madrid")


async def test_what_is_over_has_no_next_time_and_the_quantity_is_as_it_stands(village: Village) -> None:
    row = put_up(village, repeats="FREQ=DAILY;COUNT=2")
    village.do(lambda c: actions.set_available(c, row.public_id, "12", village.acting(row.by_member)))

    async with village.browser() as passer_by:
        village.clock.advance(6 * 86400)
        board = (await passer_by.get("/board")).text

    assert "2 times" in board and "next time" not in board
    assert "12 of 40 portions left" in board, "nothing is counted anew each time"


async def test_a_nearby_council_shows_it_by_the_clocks_it_was_said_for(village: Village) -> None:
    harbour = village.meet()
    note = builders.note(harbour) | {
        "startTime": "2026-03-05T17:00:00Z",
        "endTime": "2026-05-01T12:00:00Z",
        "comarca:repeats": "FREQ=WEEKLY;BYDAY=TH",
        "comarca:zone": "Europe/London",
    }
    village.hears(harbour, note)

    async with village.browser() as passer_by:
        page = (await passer_by.get("/slip", params={"id": note["id"]})).text

    assert "every week on Thursdays at 17:00" in page and HARBOUR in note["id"]


def test_it_is_told_and_comes_back_after_a_loss(village: Village) -> None:
    row = put_up(village)
    address = str(row.object_id)
    said, before = note_of(village, address), row_of(village, "resource", address)

    lose(village, "resource")
    bring_back(village, address)

    after = row_of(village, "resource", address)
    assert (said["comarca:repeats"], said["comarca:zone"]) == (row.repeats, row.zone)
    assert "How often: every week on Thursdays at 18:00" in said["content"]
    different = ("id", "by_member", "code", "because", "outcome")
    assert but(after, *different) == but(before, *different)


@pytest.mark.parametrize(
    "rule",
    ["FREQ=WEEKLY;BYDAY=TH", "FREQ=DAILY;INTERVAL=3;COUNT=200", "FREQ=MONTHLY;BYDAY=1TH,-1SU", "FREQ=DAILY;UNTIL=20260401T120000Z"],
)  # fmt: skip
async def test_the_calendar_means_the_same_days_to_another_reader(village: Village, rule: str) -> None:
    row = put_up(village, repeats=rule, title="Repair; café, day")
    put_up(village, repeats="once", starts_at=None, title="Only once")
    put_up(village, audience="council", title="For neighbours")

    async with village.browser() as passer_by:
        answer = await passer_by.get("/board.ics")

    calendar = Calendar.from_ical(answer.content)
    (event,), (zone,) = calendar.walk("VEVENT"), calendar.walk("VTIMEZONE")
    there, ours = event["dtstart"].dt, times_of(row)
    read = rrulestr(event["rrule"].to_ical().decode(), dtstart=there)
    assert [at.astimezone(UTC) for at in islice(read, 300)] == ours, (
        "to the same end as the notice, across the change of clocks"
    )
    assert (event["dtstart"].params["tzid"], str(zone["tzid"])) == ("Europe/Madrid", "Europe/Madrid")
    assert (str(event["summary"]), str(event["uid"])) == ("Repair; café, day", f"{row.object_id}#comes_back")
    assert "dtend" not in event and "duration" not in event
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n")) and answer.content.endswith(b"\r\n")


def times_of(row: Resource) -> list[datetime]:
    one = recurring.of_row(row)
    assert one is not None
    return list(one.times())
