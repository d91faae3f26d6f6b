"""The page *Our server* shows what the doctor finds: at once of this machine, and of the way in when asked."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from federation.feeds import muting
from node.accounts import actions
from node.doctor.here import planted
from node.identity import ED25519_FILE, FOLDER
from node.ports import SystemClock, SystemRandomness
from node.recovery import ROOT_FILE, put_away
from node.web import health
from schemas.refusal import Refusal
from tests.doctor.bad_proxy import Faults
from tests.doctor.standing import Standing, standing
from tests.sealed_browser import SealedBrowser

BANNED = re.compile(
    r"\b(user|admin|client|node|instance|peer|federation|token|dashboard|submit|delete)s?\b", re.IGNORECASE
)


def browser(at: Standing, *, keeper: bool | None) -> httpx.AsyncClient:
    """Somebody at a browser: whoever has the turn, a neighbour, or (None) a passer-by."""
    found = SealedBrowser(
        transport=httpx.ASGITransport(at.node), base_url=at.settings.url, headers={"origin": at.settings.url}
    )
    if keeper is not None:
        now, randomness = at.clock.now(), at.node.randomness

        def step(connection: Any) -> str:
            member = actions.add_member(connection, name="Amina", keeper=keeper, now=now)
            link = actions.make_sign_in_link(connection, member_id=member, now=now, randomness=randomness)
            return actions.sign_in(connection, token=link, now=now, randomness=randomness)

        found.cookies.set(at.node.site.cookie_name, at.write(step))
    return found


def words_of(page: str) -> str:
    main = page.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<(code|bdi)[^>]*>.*?</\1>", " ", main)))


async def test_opening_the_page_looks_at_this_machine_and_asks_nobody(tmp_path: Path) -> None:
    async with standing(tmp_path, plain=True, name="127.0.0.1") as at, browser(at, keeper=True) as keeper:
        page = await keeper.get("/server")

    assert page.status_code == 200
    assert "All is well, as far as can be seen from here." in page.text
    assert "Our server runs, and only once." in page.text
    assert "So far only this machine was looked at." in page.text
    assert "can be reached" not in words_of(page.text)
    assert at.proxy.asked == 0


async def test_the_button_looks_at_everything_and_the_page_keeps_it_with_its_time(tmp_path: Path) -> None:
    async with standing(tmp_path, plain=True, name="127.0.0.1") as at, browser(at, keeper=True) as keeper:
        at.sql("DELETE FROM peer")
        answer = await keeper.post("/server/look", data={"look": health.EVERYTHING})
        page = await keeper.get("/server")

    assert (answer.status_code, answer.headers["location"]) == (303, "/server")
    assert f"Our server can be reached as {at.settings.url}." in page.text
    assert "were last looked at" in page.text
    assert "All works. 1 thing is worth a look." in page.text
    assert "our address is http, not https" in page.text


async def test_a_fault_stands_on_the_page_in_plain_words_with_its_line(tmp_path: Path) -> None:
    faults = Faults(drop=frozenset({"accept"}))
    async with standing(tmp_path, faults, plain=True, name="127.0.0.1") as at, browser(at, keeper=True) as keeper:
        at.sql("DELETE FROM peer")
        await keeper.post("/server/look", data={"look": health.EVERYTHING})
        page = await keeper.get("/server")

    assert "1 thing is broken." in page.text
    assert "Other servers that look for us get a page for people." in page.text
    assert '<code lang="en" dir="ltr">proxy_set_header Accept $http_accept;</code>' in page.text
    assert not BANNED.search(words_of(page.text))


async def test_what_is_mended_on_the_machine_is_seen_without_the_button(tmp_path: Path) -> None:
    async with standing(tmp_path, plain=True, name="127.0.0.1") as at, browser(at, keeper=True) as keeper:
        at.sql("DELETE FROM peer")
        at.folder.chmod(0o755)
        await keeper.post("/server/look", data={"look": health.EVERYTHING})
        before = await keeper.get("/server")
        at.folder.chmod(0o700)
        after = await keeper.get("/server")

    assert "Others on this machine could look into" in before.text
    assert "Others on this machine could look into" not in after.text


async def test_what_waits_for_each_council_stands_in_a_table(tmp_path: Path) -> None:
    async with standing(tmp_path, plain=True, name="127.0.0.1") as at, browser(at, keeper=True) as keeper:
        page = await keeper.get("/server")

    row = re.search(r"<tr><th scope=\"row\"><bdi>Harbour</bdi></th>(.*?)</tr>", page.text, re.DOTALL)
    assert row is not None
    assert ">0</td>" in row[1]


def aged(at: Standing, name: str, days: int) -> None:
    """A file of the keys is as old as that."""
    when = (at.clock.now() - timedelta(days=days)).timestamp()
    os.utime(at.folder / FOLDER / name, (when, when))


async def test_of_what_wants_a_little_time_one_thing_is_asked_for_a_visit(tmp_path: Path) -> None:
    silent, paper, keys = "put back from an old copy", "The recovery words still lie", "are 100 days old"
    async with standing(tmp_path, plain=True, name="127.0.0.1") as at, browser(at, keeper=True) as keeper:
        aged(at, ROOT_FILE, 8)
        aged(at, ED25519_FILE, 100)
        at.write(lambda c: muting.mute(c, store_id="an old copy", now=at.clock.now()))
        first = await keeper.get("/server")
        at.sql("UPDATE store_mark SET muted_since = NULL")
        second = await keeper.get("/server")
        put_away(at.folder)
        third = await keeper.get("/server")
        aged(at, ED25519_FILE, 10)
        last = await keeper.get("/server")

    asked = [[words for words in (silent, paper, keys) if words in page.text] for page in (first, second, third, last)]
    assert asked == [[silent], [paper], [keys], []]
    assert all("All is well, as far as can be seen from here." in page.text for page in (first, second, third, last))
    assert f"comarca keys take-away {at.folder}</code>" in second.text
    assert f"comarca rotate-keys {at.folder}</code>" in third.text
    assert not any(BANNED.search(words_of(page.text)) for page in (first, second, third))


async def test_one_that_is_silent_since_days_stands_among_what_is_broken(tmp_path: Path) -> None:
    async with standing(tmp_path, plain=True, name="127.0.0.1") as at, browser(at, keeper=True) as keeper:
        at.write(lambda c: muting.mute(c, store_id="an old copy", now=at.clock.now() - timedelta(days=2)))
        page = await keeper.get("/server")

    assert "1 thing is broken." in page.text
    assert page.text.count("put back from an old copy") == 1
    assert "comarca keys new-epoch" in page.text


@pytest.mark.parametrize(("keeper", "status", "reason"), [(None, 401, "not-signed-in"), (False, 403, "not-keeper")])
async def test_the_page_and_the_button_are_for_whoever_has_the_turn(
    tmp_path: Path, keeper: bool | None, status: int, reason: str
) -> None:
    async with standing(tmp_path, plain=True, name="127.0.0.1") as at, browser(at, keeper=keeper) as somebody:
        somebody.headers["accept"] = "application/json"
        page = await somebody.get("/server")
        answer = await somebody.post("/server/look", data={"look": health.EVERYTHING})

    assert (page.status_code, page.json()["reason"]) == (status, reason)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert at.proxy.asked == 0


async def test_a_form_without_the_button_looks_at_nothing(tmp_path: Path) -> None:
    async with standing(tmp_path, plain=True, name="127.0.0.1") as at, browser(at, keeper=True) as keeper:
        answer = await keeper.post("/server/look", data={"something": "else"})

    assert answer.status_code == 422
    assert at.proxy.asked == 0


async def test_two_looks_at_once_are_one_too_many(tmp_path: Path) -> None:
    async with standing(tmp_path, plain=True, name="127.0.0.1") as at:
        looking = health.Looking(at.node.site)
        looking._under_way.acquire()

        with pytest.raises(Refusal) as refused:
            looking.everything()

    assert (refused.value.word, looking.last) == ("too-fast", None)


async def test_how_a_request_arrived_is_shown_for_a_word_in_the_folder_and_for_no_other(tmp_path: Path) -> None:
    async with standing(tmp_path, plain=True, name="127.0.0.1") as at, browser(at, keeper=None) as stranger:
        with planted(at.folder, at.look.randomness, now=at.clock.now()) as word:
            shown = await stranger.get(f"/api/here/{word}", headers={"x-made-up": "1", "cookie": "secret=1"})
            others = [await stranger.get(f"/api/here/{wrong}") for wrong in (word[::-1], "..", "a" * 26, "%2e%2e")]
        afterwards = await stranger.get(f"/api/here/{word}")

    assert shown.status_code == 200
    assert set(shown.json()["fields"]) <= {"host", "accept"}
    assert "secret" not in shown.text
    assert [other.status_code for other in others] == [404] * 4
    assert (afterwards.status_code, afterwards.json()["reason"]) == (404, "not-here")


@pytest.mark.parametrize(("after", "there"), [(timedelta(0), True), (timedelta(hours=2), False)])
def test_words_that_were_left_behind_are_swept_up_after_an_hour(tmp_path: Path, after: timedelta, there: bool) -> None:
    left = tmp_path / "look" / ("o" * 26)
    left.parent.mkdir()
    left.touch()

    with planted(tmp_path, SystemRandomness(), now=SystemClock().now() + after):
        assert left.exists() is there
