"""Until somebody has set it up, a server says that it waits, and nothing else to anybody."""

from pathlib import Path

import pytest

from node.app import open_store
from node.profile.claiming import make_claimable
from tests.claim.conftest import NewServer
from tests.two_nodes.region import Network, make_town

PAGES = (
    "/",
    "/wall.json",
    "/board",
    "/around",
    "/resolutions",
    "/alerts",
    "/councils",
    "/help",
    "/in",
    "/nowhere",
    "/poster",
)
FOR_SERVERS = (
    "/council",
    "/actor",
    "/nodeinfo/2.1",
    "/.well-known/nodeinfo",
    "/.well-known/comarca",
    "/council/outbox",
)


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_says_that_it_waits(new_server: NewServer, path: str) -> None:
    new_server.link()

    async with new_server.browser() as browser:
        answer = await browser.get(path)

    assert answer.status_code == 503
    assert "This server waits to be set up by those who started it." in answer.text
    assert "retry-after" in answer.headers
    assert "claim" not in answer.text


async def test_forms_do_nothing_either(new_server: NewServer) -> None:
    async with new_server.browser() as browser:
        answers = [
            (await browser.post(path, data={"code": "x"})).status_code for path in ("/in", "/put-up/need", "/out")
        ]

    assert answers == [503, 503, 503]


async def test_programs_are_told_in_their_own_way(new_server: NewServer) -> None:
    async with new_server.browser() as browser:
        answer = await browser.get("/wall.json", headers={"accept": "application/json"})

    assert (answer.status_code, answer.json()["reason"]) == (503, "not-set-up")


async def test_the_form_its_style_and_the_switch_of_language_are_there(new_server: NewServer) -> None:
    async with new_server.browser() as browser:
        form = await browser.get("/claim")
        style = await browser.get(new_server.village.site.shelf.address("app.css"))
        script = await browser.get(new_server.village.site.shelf.address("claim.js"))
        switched = await browser.post("/language", data={"language": "es", "back": "/claim"})

    assert (form.status_code, style.status_code, script.status_code) == (200, 200, 200)
    assert form.headers["cache-control"] == "private, no-store"
    assert (switched.status_code, switched.headers["location"]) == (303, "/claim")


async def test_other_servers_find_nobody(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_now(make_claimable)
    store.close()
    town = make_town(tmp_path, Network(), name="riverside")
    try:
        actor = "application/activity+json"
        answers = {path: (await town.get(path, accept=actor)).status for path in FOR_SERVERS}
        finger = await town.get("/.well-known/webfinger?resource=acct:council@riverside.example")
        inboxes = [await town.post(path, b"{}", {"content-type": actor}) for path in ("/inbox", "/council/inbox")]
    finally:
        await town.node.stop()

    assert set(answers.values()) == {404}
    assert finger.status == 404
    assert [(one.status, b'"busy"' in one.body) for one in inboxes] == [(503, True), (503, True)]
    assert town.node.council.name == "Riverside"


async def test_a_claimed_one_is_found(tmp_path: Path) -> None:
    town = make_town(tmp_path, Network(), name="riverside")
    try:
        answer = await town.get("/council", accept="application/activity+json")
    finally:
        await town.node.stop()

    assert answer.status == 200
