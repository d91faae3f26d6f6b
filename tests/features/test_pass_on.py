"""The ways on which a call leaves by other means: for whom they are there, and that they say the same as the call."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from federation import outbox
from federation.council import Council
from node.features.alerts.line import LONGEST, code_of
from schemas.records.alert import Alert, alert_note
from tests.features.village import BASE, START, Village

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def note_of(council: Council, address: str | None = None, **changes: Any) -> dict[str, Any]:
    payload = {
        "status": "Actual",
        "msg_type": "Alert",
        "category": "Met",
        "event": "Flood",
        "urgency": "Immediate",
        "severity": "Moderate",
        "certainty": "Observed",
        "wanted": "Pumps",
        **{name: changes.pop(name) for name in list(changes) if name in Alert.model_fields},
    }
    usual = {
        "name": "Water in the mill race",
        "words": "",
        "language": "en",
        "place": None,
        "published": START,
        "updated": None,
        "ends_at": START + timedelta(hours=5),
        "audience": "neighbours",
    }
    address = address or council.new_object_id()
    return alert_note(address, council.base_url, alert=Alert.model_validate(payload), **{**usual, **changes})


def say(village: Village, address: str | None = None, **changes: Any) -> str:
    """A call of ours, or newer words on it; returns its path."""
    note, now = note_of(village.council, address, **changes), village.clock.now()
    audience = changes.get("audience", "neighbours")
    village.do(lambda c: outbox.publish(c, village.council, note=note, audience=audience, now=now))
    return str(note["id"]).removeprefix(BASE)


def end(village: Village, path: str, **changes: Any) -> None:
    village.clock.advance(60)
    changed = village.clock.now()
    say(village, f"{BASE}{path}", updated=changed, msg_type="Cancel", ended="over", **changes)


def forms_of(path: str) -> list[str]:
    return [f"{path}/cap.xml", f"{path}/pass-on", f"/c/{code_of(BASE + path)}"]


async def test_what_everyone_may_see_leaves_in_every_form_for_everyone(village: Village) -> None:
    path = say(village, audience="public")

    async with village.browser() as browser:
        answers = {form: await browser.get(form) for form in forms_of(path)}

    assert [answer.status_code for answer in answers.values()] == [200, 200, 303]
    assert answers[f"{path}/cap.xml"].headers["content-type"] == "application/cap+xml"
    assert answers[f"/c/{code_of(BASE + path)}"].headers["location"] == path


async def test_what_is_for_neighbours_leaves_for_who_is_signed_in_and_is_not_there_for_others(village: Village) -> None:
    path, member = say(village), village.member()

    async with village.browser() as stranger, village.browser(member) as neighbour:
        refused = [(await stranger.get(form)).status_code for form in forms_of(path)]
        given_ = [(await neighbour.get(form)).status_code for form in forms_of(path)]
        feeds = [(await browser.get("/alerts.cap.atom")).text for browser in (stranger, neighbour)]
        document = await neighbour.get(f"{path}/cap.xml")

    assert refused == [404, 404, 404]
    assert given_ == [200, 200, 303]
    assert ["Water" in feed for feed in feeds] == [False, True]
    assert etree.fromstring(document.content).findtext(f"{CAP}scope") == "Restricted"


async def test_a_call_of_a_nearby_council_leaves_here_too_under_its_name(village: Village) -> None:
    harbour = village.meet()
    theirs = village.hears(harbour, note_of(harbour, audience="public"))

    async with village.browser() as browser:
        document = await browser.get("/slip/cap.xml", params={"id": theirs})
        page = await browser.get("/slip/pass-on", params={"id": theirs})
        found = await browser.get(f"/c/{code_of(theirs)}")
        feed = await browser.get("/alerts.cap.atom")

    read = etree.fromstring(document.content)
    assert (read.findtext(f"{CAP}sender"), read.findtext(f"{CAP}info/{CAP}senderName")) == (
        harbour.actor_id,
        "Harbour",
    )
    assert "HELP: Flood; Water in the mill race" in page.text
    assert "Who has it" not in page.text
    assert found.headers["location"].startswith("/slip?id=")
    (link,) = etree.fromstring(feed.content).findall("a:entry/a:link[@type='application/cap+xml']", ATOM)
    async with village.browser() as browser:
        assert (await browser.get(link.get("href"))).content == document.content


async def test_what_was_taken_down_or_never_was_or_is_no_call_leaves_in_no_form(village: Village) -> None:
    path, now = say(village, audience="public"), village.clock.now()
    village.do(lambda c: outbox.withdraw(c, village.council, object_id=f"{BASE}{path}", now=now))

    async with village.browser() as browser:
        gone = [(await browser.get(form)).status_code for form in forms_of(path)]
        never = [(await browser.get(form)).status_code for form in forms_of(f"/o/{'z' * 26}")]
        theirs = [
            (await browser.get(form, params={"id": "x"})).status_code for form in ("/slip/cap.xml", "/slip/pass-on")
        ]

    assert gone == [410, 410, 404]
    assert never == [404, 404, 404]
    assert theirs == [404, 404]


async def test_the_index_has_an_entry_for_each_version_and_leads_to_the_newest(village: Village) -> None:
    path = say(village, audience="public")
    say(village, status="Exercise", name="A drill", audience="public")

    async with village.browser() as browser:
        before = etree.fromstring((await browser.get("/alerts.cap.atom")).content)
        end(village, path, audience="public")
        after = etree.fromstring((await browser.get("/alerts.cap.atom")).content)

    ids = [[found.text for found in feed.findall("a:entry/a:id", ATOM)] for feed in (before, after)]
    assert len({*ids[0], *ids[1]}) == 3
    assert ids[1][0] == f"{BASE}{path}#20260302T090100Z-end"
    assert after.findtext("a:updated", None, ATOM) == "2026-03-02T09:01:00Z"
    terms = [found.get("term") for found in after.findall("a:entry[1]/a:category", ATOM)]
    assert terms == ["Actual", "Cancel", "Met"]
    assert [found.text for found in after.findall("a:entry/a:title", ATOM)][1].startswith("EXERCISE")


async def test_programs_find_the_forms_from_the_pages(village: Village) -> None:
    path = say(village, audience="public")

    async with village.browser() as browser:
        page = (await browser.get(f"{path}/pass-on")).text

    assert f'<link rel="alternate" type="application/cap+xml" href="{path}/cap.xml">' in page
    assert '<link rel="alternate" type="application/atom+xml" href="/alerts.cap.atom">' in page


@pytest.mark.parametrize(
    ("changes", "first"), [({}, "HELP"), ({"status": "Exercise"}, "DRILL"), ({"language": "es"}, "AYUDA")]
)
async def test_the_line_of_a_call_is_on_its_page_and_on_every_slip_of_paper(
    village: Village, changes: dict[str, Any], first: str
) -> None:
    path = say(village, audience="public", **changes)

    async with village.browser() as browser:
        page = (await browser.get(f"{path}/pass-on")).text

    assert page.count(f"{first}: Flood; Water in the mill race") == 7
    assert page.count(f"riverside.example/c/{code_of(BASE + path)}") == 8


async def test_a_call_whose_time_has_passed_says_so_first_even_if_nobody_ended_it(village: Village) -> None:
    path = say(village, audience="public")

    village.clock.advance(6 * 3600)
    async with village.browser() as browser:
        page = (await browser.get(f"{path}/pass-on")).text

    assert "OVER: Flood; Water in the mill race" in page
    assert "HELP:" not in page


async def test_everybody_sees_how_many_have_it_and_only_neighbours_see_who_has_not(village: Village) -> None:
    village.meet(heard=START - timedelta(days=4))
    village.do(lambda c: c.exec_driver_sql("UPDATE peer SET accepted_at = created_at"))
    from federation.destinations import open_destination

    inbox = "https://harbour.example/council/inbox"
    village.do(lambda c: open_destination(c, inbox=inbox, serves="peer", scheme="ed25519", now=START))
    path = say(village, audience="public")
    village.do(lambda c: c.exec_driver_sql("UPDATE destination SET attempts = 3"))

    async with village.browser() as stranger, village.browser(village.member()) as neighbour:
        pages = [(await browser.get(f"{path}/pass-on")).text for browser in (stranger, neighbour)]
        end(village, path, audience="public")
        ended = (await neighbour.get(f"{path}/pass-on")).text

    assert all("0 of 1 nearby council has it, one silent since Thursday." in page for page in pages)
    assert ["<bdi>Harbour</bdi>" in page for page in pages] == [False, True]
    assert "0 of 1 nearby council knows that it is over, one silent since Thursday." in ended


async def test_alone_nobody_is_said_to_have_it(village: Village) -> None:
    path = say(village, audience="public")

    async with village.browser() as browser:
        page = (await browser.get(f"{path}/pass-on")).text

    assert "not linked up with any nearby council" in page


async def test_two_calls_with_one_code_stand_in_nobodys_way(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    say(village, audience="public")
    say(village, audience="public")
    monkeypatch.setattr("node.features.alerts.published.code_of", lambda object_id: "bcdfgh")

    async with village.browser() as browser:
        answer = await browser.get("/c/BCDFGH")

    assert answer.headers["location"] == "/alerts"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=200), wanted=st.text(max_size=300))
async def test_whatever_is_called_the_page_holds_a_line_that_fits(village: Village, name: str, wanted: str) -> None:
    try:
        path = say(village, name=name, wanted=wanted, audience="public")
    except ValueError:
        return  # what no node would take
    from lxml import html

    async with village.browser() as browser:
        page = html.fromstring((await browser.get(f"{path}/pass-on")).text)

    line = page.get_element_by_id("line").text.strip("\n")
    assert line.startswith("HELP: ")
    assert len(line.encode()) <= LONGEST
