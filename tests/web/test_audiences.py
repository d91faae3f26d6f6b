"""What is not for everyone is shown to nobody who did not sign in: every audience, every viewer, every route that shows slips."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from federation.council import Council
from node.feature import Slip, Viewer
from tests.web.town import HARBOUR, NOON, NOTES, Town, build_town, slip_of

LISTS = ("/", "/wall.json")
MAY_SEE = {
    ("public", False): True,
    ("public", True): True,
    ("neighbours", False): False,
    ("neighbours", True): True,
    ("council", False): False,
    ("council", True): True,
    ("circle", True): False,
    ("circle", False): False,
}


@pytest.mark.parametrize("kind", ["resource", "alert"])
@pytest.mark.parametrize("origin", [None, HARBOUR])
@pytest.mark.parametrize(("audience", "signed_in"), MAY_SEE)
async def test_a_slip_is_seen_by_those_it_is_for_on_every_route(
    town: Town, audience: str, signed_in: bool, origin: str | None, kind: str
) -> None:
    title = "Forty lanterns"
    town.meet()
    address = town.hold(
        title, audience=audience, origin=origin, kind=kind, shown_as="alert" if kind == "alert" else "offer"
    )
    page = address.removeprefix(town.url) if origin is None else f"/slip?id={address}"

    async with town.signed_in() if signed_in else town.browser() as browser:
        lists = {
            path: title in (await browser.get(path)).text for path in (*LISTS, "/help" if kind == "alert" else "/")
        }
        slip = await browser.get(page)
        data = await browser.get("/api/objects", params={"id": address})

    expected = MAY_SEE[audience, signed_in]
    assert set(lists.values()) == {expected}
    assert (slip.status_code, data.status_code) == ((200, 200) if expected else (404, 404))
    assert (title in slip.text, title in data.text) == (expected, expected)


@pytest.mark.parametrize("audience", ["public", "neighbours"])
@pytest.mark.parametrize("signed_in", [True, False])
async def test_the_mark_of_what_was_taken_down_is_shown_to_those_it_was_for(
    town: Town, audience: str, signed_in: bool
) -> None:
    address = town.hold("", audience=audience, document=b"", gone_at=NOON)

    async with town.signed_in() if signed_in else town.browser() as browser:
        page = await browser.get(address.removeprefix(town.url))
        data = await browser.get("/api/objects", params={"id": address})

    expected = 410 if MAY_SEE[audience, signed_in] else 404
    assert (page.status_code, data.status_code) == (expected, expected)
    assert "<h1>" in page.text
    assert data.headers["content-type"] == "application/problem+json"
    assert data.json()["reason"] == ("gone" if expected == 410 else "not-found")


async def test_a_stranger_gets_the_same_answer_for_what_is_hidden_and_for_what_never_was(town: Town) -> None:
    hidden = town.hold("Hidden", audience="neighbours")
    hidden_and_gone = town.hold("", audience="neighbours", document=b"", gone_at=NOON)

    async with town.browser() as browser:
        pages = [(await browser.get(path)) for path in (hidden, hidden_and_gone, f"{town.url}/o/never")]
        data = [(await browser.get("/api/objects", params={"id": one})) for one in (hidden, hidden_and_gone, "never")]

    assert {page.status_code for page in pages} == {404} and len({page.text for page in pages}) == 1
    assert {one.status_code for one in data} == {404} and len({one.text for one in data}) == 1


async def test_the_copy_as_data_names_record_source_and_proof(town: Town) -> None:
    actor = town.meet()
    theirs = town.hold("Forty lanterns", origin=HARBOUR)
    ours = town.hold("A ladder")

    async with town.program() as program:
        their_copy = (await program.get("/api/objects", params={"id": theirs})).json()
        our_copy = (await program.get("/api/objects", params={"id": ours})).json()

    assert their_copy == {
        "id": theirs,
        "kind": "resource",
        "audience": "public",
        "source": actor,
        "document": their_copy["document"],
        "proof": {"state": "verified", "method": f"{HARBOUR}/council#ed25519-key"},
        "received_at": "2026-11-18T11:00:00Z",
        "updated": "2026-11-18T11:00:00Z",
        "ends_at": "2026-11-20T11:00:00Z",
        "gone": False,
    }
    assert their_copy["document"]["object"]["name"] == "Forty lanterns"
    assert our_copy["proof"]["state"] == "ours"


async def test_the_page_of_a_copy_says_where_it_comes_from_and_how_old_that_is(town: Town) -> None:
    town.meet(heard=NOON - timedelta(minutes=2))
    address = town.hold("Forty lanterns", origin=HARBOUR)

    async with town.browser() as browser:
        fresh = (await browser.get("/slip", params={"id": address})).text
        town.clock.pass_by(timedelta(hours=3))
        old = (await browser.get("/slip", params={"id": address})).text

    assert "told us 2 min ago" in fresh and "They signed it. We checked the signature" in fresh
    assert "silent since 11:58; this is as of 11:58" in old
    assert "Change it" not in fresh


async def test_our_own_slip_asked_for_as_a_copy_leads_to_its_own_page(town: Town) -> None:
    address = town.hold("A ladder")

    async with town.browser() as browser:
        answer = await browser.get("/slip", params={"id": address})

    assert answer.status_code == 303
    assert answer.headers["location"] == address.removeprefix(town.url)


async def test_only_those_who_are_signed_in_are_offered_to_change_our_own_slip(town: Town) -> None:
    path = town.hold("A ladder").removeprefix(town.url)

    async with town.signed_in() as neighbour, town.browser() as passer_by:
        theirs = (await neighbour.get(path)).text
        anybodys = (await passer_by.get(path)).text

    assert f'href="{path}/change"' in theirs and f'href="{path}/take-down"' in theirs
    assert "/change" not in anybodys and "/take-down" not in anybodys


@pytest.mark.parametrize(
    ("details", "offered"), [({"changeable": False}, False), ({"changeable": True}, True), ({}, True)]
)
async def test_a_feature_says_who_may_change_its_slip(tmp_path: Path, details: dict[str, bool], offered: bool) -> None:
    def slip(connection: Connection, replica: Any, viewer: Viewer, now: datetime) -> Slip:
        return replace(slip_of(replica), details=details)

    town = build_town(tmp_path, features=(replace(NOTES, slip=slip),))
    path = town.hold("A ladder").removeprefix(town.url)

    async with town.signed_in() as browser:
        page = (await browser.get(path)).text
    town.store.close()

    assert (f'href="{path}/change"' in page) is offered


async def test_what_never_left_this_server_has_its_page_for_those_who_are_signed_in(tmp_path: Path) -> None:
    path = "/o/" + "k" * 26

    def wall(connection: Connection, viewer: Viewer, now: datetime, council: Council) -> list[Slip]:
        slip = Slip("need", "A spare key", "For the hall.", (), path, "en", NOON, None)
        return [slip] if viewer.signed_in else []

    town = build_town(tmp_path, features=(replace(NOTES, wall=wall),))

    async with town.signed_in() as neighbour, town.browser() as passer_by:
        theirs = await neighbour.get(path)
        anybodys = await passer_by.get(path)
        data = await neighbour.get("/api/objects", params={"id": f"{town.url}{path}"})
    town.store.close()

    assert theirs.status_code == 200 and "A spare key" in theirs.text and "Only our own neighbours" in theirs.text
    assert anybodys.status_code == 404 and data.status_code == 404


async def test_a_slip_that_was_narrowed_still_stands_here_and_is_gone_for_everyone_else(tmp_path: Path) -> None:
    path = ""

    def wall(connection: Connection, viewer: Viewer, now: datetime, council: Council) -> list[Slip]:
        slip = Slip("need", "A spare key", "For the hall.", (), path, "en", NOON, None)
        return [slip] if viewer.signed_in else []

    town = build_town(tmp_path, features=(replace(NOTES, wall=wall),))
    path = town.hold("", gone_at=NOON, document=b"").removeprefix(town.url)

    async with town.signed_in() as neighbour, town.browser() as passer_by:
        theirs = await neighbour.get(path)
        anybodys = await passer_by.get(path)
        data = await neighbour.get("/api/objects", params={"id": f"{town.url}{path}"})
    town.store.close()

    assert theirs.status_code == 200 and "Only our own neighbours" in theirs.text
    assert anybodys.status_code == 410 and "A spare key" not in anybodys.text
    assert data.status_code == 410
