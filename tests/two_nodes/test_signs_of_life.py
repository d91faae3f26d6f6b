"""Who is up, and who may read what: greetings that end a wait, and signed reading of what is for neighbours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from federation import blocks, introductions, replicas
from federation.signing import headers_for
from tests import builders
from tests.two_nodes.outsiders import scene
from tests.two_nodes.reading import publish, read, reader_headers
from tests.two_nodes.region import Town, link_up, region, until

ACTIVITY = "application/activity+json"
PATIENT = {"federation": {"backoff_first": 600.0, "backoff_cap": 3_600.0, "contact_every": 3_600.0}}
STUBBORN = {"federation": {"backoff_first": 0.02, "backoff_cap": 0.05, "contact_every": 3_600.0}}


def signed_by(who: Any, town: Town, path: str, *, now: Any, scheme: str = "ed25519") -> dict[str, str]:
    return headers_for(who, scheme=scheme, method="GET", url=town.url + path, body=None, now=now)


def heard_at(town: Town, other: Town) -> Any:
    row = town.read(lambda c: introductions.find(c, other.actor))
    return None if row is None else row["last_heard_at"]


async def test_a_greeting_is_a_sign_of_life_on_both_sides(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        await until(lambda: riverside.count("delivery") == harbour.count("delivery") == 0)
        forget = "UPDATE peer SET last_heard_at = NULL"
        for town in (riverside, harbour):
            town.write(lambda c: c.exec_driver_sql(forget))

        await until(lambda: heard_at(riverside, harbour) and heard_at(harbour, riverside))


@pytest.mark.parametrize(
    ("settings", "attempts"), [(PATIENT, 1), (STUBBORN, 5)], ids=["waiting for ten minutes", "given a rest"]
)
async def test_a_council_that_returns_gets_at_once_what_waited(
    tmp_path: Path, settings: Mapping[str, Any], attempts: int
) -> None:
    async with region(tmp_path, "riverside", "harbour", **settings) as (riverside, harbour):
        await link_up(riverside, harbour)
        await until(lambda: riverside.count("delivery") == harbour.count("delivery") == 0)
        riverside.network.down.add(harbour.url)
        offer = riverside.url + publish(riverside)
        tried = "SELECT max(attempts) FROM destination"
        await until(lambda: riverside.read(lambda c: c.exec_driver_sql(tried).scalar()) >= attempts)
        riverside.network.down.clear()
        assert harbour.read(lambda c: replicas.find(c, offer)) is None

        path, council, now = "/.well-known/comarca", harbour.node.council, harbour.node.clock.now()
        answer = await read(riverside, path, **signed_by(council, riverside, path, now=now))

        assert answer.status == 200
        await until(lambda: harbour.read(lambda c: replicas.find(c, offer)))


@pytest.mark.parametrize("who", ["nobody", "a stranger", "another key"])
async def test_a_greeting_of_anybody_else_is_answered_and_not_noted(tmp_path: Path, who: str) -> None:
    async with scene(tmp_path) as at:
        path, rows = "/.well-known/comarca", at.rows()
        headers = {
            "nobody": {},
            "a stranger": signed_by(at.hillside.council, at.town, path, now=at.now),
            "another key": signed_by(
                builders.council("thief", base_url="https://harbour.example"), at.town, path, now=at.now
            ),
        }[who]

        answer = await read(at.town, path, **headers)

        assert answer.status == 200
        assert orjson.loads(answer.body)["protocol"] == [1]
        assert at.rows() == rows
        assert at.town.network.log == []


@pytest.mark.parametrize("kind", ["/o/", "/a/"])
async def test_what_is_for_neighbours_is_read_by_linked_councils_and_nobody_else(tmp_path: Path, kind: str) -> None:
    async with scene(tmp_path, followers="auto") as at:
        path = publish(at.town, audience="neighbours", title="For neighbours")
        if kind == "/a/":
            stored = "SELECT activity_id FROM body WHERE object_id IS NOT NULL"
            path = at.town.read(lambda c: c.exec_driver_sql(stored).scalar()).removeprefix(at.town.url)
        await at.asked_by(at.millbrook)
        captured = headers_for(
            at.harbour.council,
            scheme="ed25519",
            method="GET",
            url=at.hillside.council.base_url + path,
            body=None,
            now=at.now,
        )
        refused = {
            "nobody": {},
            "a stranger": signed_by(at.hillside.council, at.town, path, now=at.now),
            "a council that has asked": signed_by(at.millbrook.council, at.town, path, now=at.now),
            "a follower": await reader_headers(at, path),
            "a liar": signed_by(
                builders.council("thief", base_url="https://harbour.example"), at.town, path, now=at.now
            ),
            "a request for another path": signed_by(at.harbour.council, at.town, "/o/x", now=at.now),
            "a request to another node": captured,
            "a request to another node, readdressed": captured | {"Host": "riverside.example"},
        }

        for whose, headers in refused.items():
            answer = await read(at.town, path, accept=ACTIVITY, **headers)
            assert answer.status == 404, whose
            assert b"For neighbours" not in answer.body

        for scheme in ("ed25519", "rfc9421", "cavage"):
            headers = signed_by(at.harbour.council, at.town, path, now=at.now, scheme=scheme)
            answer = await read(at.town, path, accept=ACTIVITY, **headers)
            assert answer.status == 200
            assert b"For neighbours" in answer.body
            assert answer.headers["cache-control"] == "private, no-store"
            assert answer.headers["vary"] == "Accept, Signature"

        at.clock.advance(3_600 + 301)
        assert (await read(at.town, path, accept=ACTIVITY, **headers)).status == 404


async def test_a_blocked_council_reads_what_everybody_reads(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        narrow, wide = publish(at.town, audience="neighbours"), publish(at.town)
        council, now = at.town.node.council, at.now
        at.town.write(lambda c: blocks.block(c, council, host="harbour.example", now=now))
        await at.town.node.engine.refresh()

        for path, status in ((narrow, 404), (wide, 200)):
            headers = signed_by(at.harbour.council, at.town, path, now=now)
            assert (await read(at.town, path, accept=ACTIVITY, **headers)).status == status
