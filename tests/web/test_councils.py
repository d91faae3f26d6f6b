"""Nearby councils: strangers are told of linked ones, neighbours of all, and only keepers act."""

import re

import pytest
from sqlalchemy import select

from federation.tables import Follower, Peer, table_of
from tests.web.furnishing import browser_of, follower, furnish
from tests.web.town import PLAIN, Town


async def test_strangers_are_told_of_linked_councils_only(town: Town) -> None:
    furnish(town)

    async with town.browser() as browser:
        page = (await browser.get("/councils")).text
        data = (await browser.get("/councils.json")).json()["councils"]

    assert [one["name"] for one in data] == ["Harbour", "Mill"]
    assert [one["freshness"] for one in data] == ["current", "silent"]
    assert data[1]["age_seconds"] == 2 * 86400
    assert all(name not in page for name in ("Tannery", "Quay", "Dock", "fedi.example"))
    assert "Told us just now" in page and "Silent since 16 November" in page


async def test_only_keepers_see_the_six_words_and_who_asks(town: Town) -> None:
    furnish(town)

    async with town.signed_in() as neighbour, town.signed_in(keeper=True) as keeper:
        theirs = (await neighbour.get("/councils")).text
        keepers = (await keeper.get("/councils")).text

    assert "Tannery" in theirs and 'class="six"' not in theirs and '<form method="post" action="/councils' not in theirs
    assert len(re.findall(r'<ol class="six"[^>]*>(?:<li>[a-z]+</li>){6}</ol>', keepers)) == 4
    assert "fedi.example" in keepers and "fedi.example" not in theirs


async def test_a_council_that_has_said_two_things_is_told_of_to_neighbours_and_not_to_passers_by(town: Town) -> None:
    furnish(town)
    said = "It has said two different things in one place. We follow neither until its recovery words speak."
    frozen = (
        "INSERT INTO feed (name, actor_id, channel, ours, epoch, seq, head, key, roots, frozen_seq, lacks, opened, head_at)"
        " VALUES ('r/public', 'https://mill.example/council', 'public', 0, 1, 8, '', '', x'', 6, 0, 0, 0)"
    )

    async with town.browser() as stranger, town.signed_in() as neighbour:
        before = (await neighbour.get("/councils")).text
        town.store.write_now(lambda c: c.exec_driver_sql(frozen))
        after = (await neighbour.get("/councils")).text
        passing = (await stranger.get("/councils")).text

    assert [said in page for page in (before, after, passing)] == [False, True, False]
    [slip] = [part for part in after.split('<li class="slip') if said in part.partition("</li>")[0]]
    assert "mill.example" in slip.partition("</li>")[0]


@pytest.mark.parametrize("action", ["look", "ask"])
async def test_an_address_is_asked_for_once_more_beside_its_field(town: Town, action: str) -> None:
    wrong = {"": "Write the address of their wall", "not an address": "is no address", PLAIN: "could not be read"}

    async with town.signed_in(keeper=True) as keeper:
        answers = {text: await keeper.post(f"/councils/{action}", data={"address": text}) for text in wrong}

    for text, said in wrong.items():
        assert answers[text].status_code == 422
        assert said in answers[text].text and 'aria-invalid="true"' in answers[text].text
        assert f'value="{text}"' in answers[text].text


@pytest.mark.parametrize("action", ["look", "ask", "accept", "decline", "remove", "readers/accept", "readers/remove"])
@pytest.mark.parametrize("viewer", ["anybody", "neighbour"])
async def test_nobody_but_a_keeper_links_up_or_ends_a_link(town: Town, action: str, viewer: str) -> None:
    actor = town.meet("https://tannery.example", name="Tannery", state="they-asked", heard=None)

    async with browser_of(town, viewer) as browser:
        answer = await browser.post(f"/councils/{action}", data={"actor_id": actor})

    assert answer.status_code == (401 if viewer == "anybody" else 403)
    assert _state(town, actor) == "they-asked"


@pytest.mark.parametrize(
    ("action", "before", "after"), [("accept", "they-asked", "accepted"), ("decline", "they-asked", "declined")]
)
async def test_a_keeper_answers_a_council_that_asks(town: Town, action: str, before: str, after: str) -> None:
    actor = town.meet("https://tannery.example", name="Tannery", state=before, heard=None)

    async with town.signed_in(keeper=True) as keeper:
        answer = await keeper.post(f"/councils/{action}", data={"actor_id": actor})

    assert answer.status_code == 303 and answer.headers["location"] == "/councils"
    assert _state(town, actor) == after


async def test_a_keeper_lets_a_reader_in(town: Town) -> None:
    actor = follower(town, "asked")

    async with town.signed_in(keeper=True) as keeper:
        answer = await keeper.post("/councils/readers/accept", data={"actor_id": actor})

    with town.store.reading() as connection:
        state = connection.execute(select(table_of(Follower).c.state)).scalar_one()
    assert answer.status_code == 303 and state == "accepted"


def _state(town: Town, actor: str) -> str:
    peers = table_of(Peer)
    with town.store.reading() as connection:
        return str(connection.execute(select(peers.c.state).where(peers.c.actor_id == actor)).scalar_one())
