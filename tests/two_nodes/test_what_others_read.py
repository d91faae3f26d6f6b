"""The documents that other servers ask for: collections, WebFinger, NodeInfo, actors and objects, for programs and for people."""

import re
from pathlib import Path

import orjson
import pytest

from federation import outbox
from federation.ports import OutgoingResponse
from tests.two_nodes.outsiders import Scene, scene
from tests.two_nodes.readers import AS2
from tests.two_nodes.reading import publish, read, reader_headers

ACTIVITY = "application/activity+json"
LINKED_DATA = f'application/ld+json; profile="{AS2}"'


async def test_collections_tell_totals_and_nobody_by_name(tmp_path: Path) -> None:
    async with scene(tmp_path, followers="auto") as at:
        await reader_headers(at, "/council")

        for name, total in (("followers", 1), ("following", 0), ("peers", 1)):
            answer = await read(at.town, f"/council/{name}")
            assert answer.headers["content-type"] == ACTIVITY
            found = orjson.loads(answer.body)
            assert found["id"] == f"{at.town.actor}/{name}"
            assert (found["type"], found["totalItems"]) == ("OrderedCollection", total)
            assert not {"items", "orderedItems", "first"} & set(found)
            assert b"masto" not in answer.body and b"harbour" not in answer.body


async def test_the_outbox_is_read_page_by_page_newest_first_and_holds_what_is_public(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        wide = []
        for number in range(32):
            at.clock.advance(1)
            wide.append(at.town.url + publish(at.town, title=f"Chair {number}"))
            narrow = publish(at.town, audience="neighbours")

        outside = orjson.loads((await read(at.town, "/council/outbox")).body)
        found, address = [], outside["first"]
        while address is not None:
            page = orjson.loads((await read(at.town, address.removeprefix(at.town.url))).body)
            assert (page["id"], page["partOf"]) == (address, outside["id"])
            found.append([item["object"]["id"] for item in page["orderedItems"]])
            address = page.get("next")

        assert outside["totalItems"] == 32
        assert [len(page) for page in found] == [30, 2]
        assert found[0] + found[1] == wide[::-1]
        for cursor in (narrow.removeprefix("/o/"), "x", "newest/x", ""):
            assert (await read(at.town, f"/council/outbox/p/{cursor}")).status == 404


@pytest.mark.parametrize(
    ("resource", "actor"),
    [
        ("acct:council@riverside.example", "council"),
        ("acct%3ACouncil%40Riverside.example", "council"),
        ("https://riverside.example/council", "council"),
        ("acct:riverside.example@riverside.example", "actor"),
        ("https://riverside.example/", "actor"),
        ("https://riverside.example/actor", "actor"),
    ],
)
async def test_webfinger_knows_our_two_actors(tmp_path: Path, resource: str, actor: str) -> None:
    async with scene(tmp_path) as at:
        answer = await read(at.town, f"/.well-known/webfinger?resource={resource}")

        assert answer.status == 200
        assert answer.headers["content-type"] == "application/jrd+json"
        assert answer.headers["access-control-allow-origin"] == "*"
        links = {link["rel"]: link for link in orjson.loads(answer.body)["links"]}
        assert links["self"]["href"] == f"https://riverside.example/{actor}"
        document = await read(at.town, f"/{actor}", accept=links["self"]["type"])
        assert orjson.loads(document.body)["id"] == links["self"]["href"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?resource=", 400),
        ("?rel=self", 400),
        ("?resource=acct:amina@riverside.example", 404),
        ("?resource=acct:council@harbour.example", 404),
        ("?resource=https://riverside.example/o/x", 404),
        ("?resource=%ff%00", 404),
    ],
)
async def test_webfinger_knows_nobody_else(tmp_path: Path, query: str, status: int) -> None:
    async with scene(tmp_path) as at:
        answer = await read(at.town, f"/.well-known/webfinger{query}")

        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"


async def test_nodeinfo_is_found_and_counts_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        [link] = orjson.loads((await read(at.town, "/.well-known/nodeinfo")).body)["links"]
        answer = await read(at.town, link["href"].removeprefix(at.town.url))

        assert link["rel"] == "http://nodeinfo.diaspora.software/ns/schema/2.1"
        assert answer.headers["content-type"].startswith("application/json; profile=")
        assert orjson.loads(answer.body)["usage"] == {"users": {}}


@pytest.mark.parametrize(
    ("accept", "activity"),
    [
        (ACTIVITY, True),
        (LINKED_DATA, True),
        (ACTIVITY.upper(), True),
        (f"{ACTIVITY}, text/html;q=0.1", True),
        (f"text/html, {ACTIVITY}", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("*/*", False),
        ("", False),
    ],
)
async def test_programs_get_activities_and_people_get_pages(tmp_path: Path, accept: str, activity: bool) -> None:
    async with scene(tmp_path) as at:
        path = publish(at.town, title="Ten folding chairs")

        council = await read(at.town, "/council", accept=accept)
        thing = await read(at.town, path, accept=accept)

        assert council.status == (200 if activity else 303)
        assert thing.headers["content-type"].startswith(ACTIVITY if activity else "text/html")
        assert b"Ten folding chairs" in thing.body
        if activity:
            assert orjson.loads(council.body)["publicKey"]["id"] == f"{at.town.actor}#main-key"
            assert orjson.loads(thing.body)["id"] == at.town.url + path
        else:
            assert council.headers["location"] == "https://riverside.example/"
        assert council.headers["vary"] == "Accept, Signature"


async def everything(at: Scene) -> dict[str, OutgoingResponse]:
    """Every document that other servers may ask for, by its path."""
    for number in range(31):
        at.clock.advance(1)
        path = publish(at.town, title=f"Chair {number}")
    gone, council, now = publish(at.town), at.town.node.council, at.now
    at.town.write(lambda c: outbox.withdraw(c, council, object_id=at.town.url + gone, now=now))
    activity = at.town.read(
        lambda c: c.exec_driver_sql("SELECT activity_id FROM body WHERE audience = 'public'").scalar()
    )
    paths = ["/council", "/actor", "/.well-known/nodeinfo", "/nodeinfo/2.1", "/.well-known/comarca", path, gone]
    paths += [f"/council/{name}" for name in ("outbox", "outbox/p/newest", "followers", "following", "peers")]
    paths += ["/.well-known/webfinger?resource=acct:council@riverside.example", activity.removeprefix(at.town.url)]
    return {path: await read(at.town, path, accept=ACTIVITY) for path in paths}


async def test_no_address_in_any_document_has_a_query_string(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        for path, answer in (await everything(at)).items():
            assert answer.status in (200, 410), path
            addresses = re.findall(rb"https?://[^\s\"'<>\\]+", answer.body)
            assert addresses or path in {"/.well-known/comarca", "/nodeinfo/2.1"}
            assert not [address for address in addresses if b"?" in address], path


async def test_a_head_is_a_get_without_its_body(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        for path, answer in (await everything(at)).items():
            head = await read(at.town, path, method="HEAD", accept=ACTIVITY)
            assert (head.status, head.headers, head.body) == (answer.status, answer.headers, b""), path
            assert int(head.headers["content-length"]) == len(answer.body)
