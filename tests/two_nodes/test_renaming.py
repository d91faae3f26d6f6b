"""A council changes its name: it says so everywhere at once, and those it is linked up with believe it, and only it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from federation import outbox, peers
from federation.council import Council, Profile
from federation.destinations import open_destination
from federation.directory import Known
from federation.ourselves import council_document
from federation.renaming import judge_renaming
from federation.signing import headers_for
from node.profile import keeping
from node.profile.keeping import ProfileForm
from protocol.verdict import Reason, Refused
from schemas import activity as activities
from schemas.refusal import Refusal
from tests import builders
from tests.two_nodes.region import Town, link_up, region, until


@pytest.fixture
async def towns(tmp_path: Path) -> AsyncIterator[list[Town]]:
    async with region(tmp_path, "riverside", "harbour") as two:
        await link_up(two[0], two[1])
        yield two


def rename(town: Town, name: str, **more: Any) -> None:
    form, acting = ProfileForm(name=name, language="en", **more), town.acting()
    town.write(lambda c: keeping.change(c, form, acting))
    keeping.renew(town.node.council, town.node.store)


def name_at(there: Town, of: Town) -> str:
    row = there.read(lambda c: peers.find(c, of.actor))
    return "" if row is None else str(row["name"])


async def test_a_linked_council_shows_the_new_name(towns: list[Town]) -> None:
    riverside, harbour = towns
    assert name_at(harbour, riverside) == "Riverside"

    rename(riverside, "The minga of the mill")

    await until(lambda: name_at(harbour, riverside) == "The minga of the mill")


async def test_actor_nodeinfo_and_pages_follow_without_a_restart(towns: list[Town]) -> None:
    riverside = towns[0]
    actor = "application/activity+json"
    before = orjson.loads((await riverside.get("/council", accept=actor)).body)

    rename(riverside, "The minga of the mill", near="Between the mill and the baths", point="41.39, 2.17")

    after = orjson.loads((await riverside.get("/council", accept=actor)).body)
    about = orjson.loads((await riverside.get("/nodeinfo/2.1")).body)
    wall = (await riverside.get("/", accept="text/html")).body.decode()
    assert (before["name"], after["name"]) == ("Riverside", "The minga of the mill")
    assert after["location"]["name"] == "Between the mill and the baths"
    assert after["location"]["comarca:cell"].startswith("87")
    assert about["metadata"]["nodeName"] == "The minga of the mill"
    assert "The minga of the mill" in wall
    assert "Riverside" not in wall
    assert {name: after[name] for name in ("id", "publicKey", "assertionMethod", "inbox")} == {
        name: before[name] for name in ("id", "publicKey", "assertionMethod", "inbox")
    }


async def test_a_restart_keeps_the_new_name_though_the_settings_say_the_old(towns: list[Town]) -> None:
    riverside = towns[0]
    rename(riverside, "The minga of the mill")

    again = riverside.read(keeping.held)

    assert riverside.node.settings.name == "Riverside"
    assert again is not None
    assert again.name == "The minga of the mill"


async def test_who_has_not_the_server_turn_may_not(towns: list[Town]) -> None:
    riverside = towns[0]
    form = ProfileForm(name="Ours now", language="en")
    from dataclasses import replace

    acting = replace(riverside.acting(), viewer=replace(riverside.acting().viewer, keeper=False))

    with pytest.raises(Refusal) as refusal:
        riverside.write(lambda c: keeping.change(c, form, acting))

    assert refusal.value.word == "not-keeper"
    assert riverside.node.council.name == "Riverside"


async def test_saying_the_same_tells_nobody(towns: list[Town]) -> None:
    riverside, harbour = towns
    rename(riverside, "The mill")
    await until(lambda: name_at(harbour, riverside) == "The mill")
    sent = len(riverside.network.log)
    bodies = riverside.count("body")

    rename(riverside, "The mill")

    assert riverside.count("body") == bodies
    assert sent <= len(riverside.network.log)


async def test_a_council_that_is_not_linked_any_more_is_not_told(towns: list[Town]) -> None:
    riverside, harbour = towns
    now, council = harbour.node.clock.now(), harbour.node.council
    harbour.write(lambda c: peers.remove(c, council, actor_id=riverside.actor, now=now))
    await harbour.node.engine.refresh()
    await until(lambda: riverside.read(lambda c: not peers.is_linked(c, harbour.actor)))

    rename(riverside, "The mill")

    assert riverside.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM delivery").scalar()) == 0
    assert name_at(harbour, riverside) == "Riverside"


# What is judged, said by hand.

RIVERSIDE = builders.council("riverside")
STRANGER = builders.council("stranger")


def said(council: Council = RIVERSIDE, *, name: str = "The mill", **changed: Any) -> dict[str, Any]:
    """An announcement as `council` would sign it, its actor changed by hand."""
    document = council_document(council, Profile(name)) | changed
    return activities.update_actor(
        council.actor_id, council.new_activity_id(), document=document, published=builders.START
    )


def judged(activity: dict[str, Any]) -> Refused | None:
    proven = outbox.sign(RIVERSIDE, activity, now=builders.START)[0]
    known = Known(RIVERSIDE.actor_id, "accepted", f"{RIVERSIDE.actor_id}/inbox", RIVERSIDE.ed25519_key_id)
    return judge_renaming(proven, known=known, pinned=RIVERSIDE.ed25519.public_key(), now=builders.START)


def test_an_honest_announcement_is_believed() -> None:
    assert judged(said()) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"type": "Person"}, Reason.WRONG_SHAPE),
        ({"name": "   "}, Reason.WRONG_SHAPE),
        ({"name": "\u2066\u200b\u00a0"}, Reason.WRONG_SHAPE),
        ({"name": "two\nlines"}, Reason.WRONG_SHAPE),
        ({"name": "x" * 301}, Reason.WRONG_SHAPE),
        ({"inbox": 7}, Reason.WRONG_SHAPE),
        ({"assertionMethod": []}, Reason.BAD_PROOF),
        ({"assertionMethod": council_document(STRANGER, Profile("x"))["assertionMethod"]}, Reason.BAD_PROOF),
        ({"assertionMethod": {"type": "Multikey"}}, Reason.BAD_PROOF),
    ],
)
def test_an_actor_that_says_more_or_less_than_a_name_is_refused(changed: dict[str, Any], reason: Reason) -> None:
    refused = judged(said(**changed))

    assert isinstance(refused, Refused)
    assert refused.reason is reason


def test_another_key_under_the_same_address_is_refused() -> None:
    other = builders.council("other").multibase
    method = [dict(council_document(RIVERSIDE, Profile("x"))["assertionMethod"][0], publicKeyMultibase=other)]

    refused = judged(said(assertionMethod=method))

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.BAD_PROOF


@pytest.mark.parametrize("to", [[], [f"{RIVERSIDE.base_url}/council/peers"], ["https://harbour.example/council"]])
def test_what_a_council_is_called_is_public(to: list[str]) -> None:
    refused = judged(said() | {"to": to, "cc": []})

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WRONG_AUDIENCE


async def _posted(to: Town, council: Council, activity: dict[str, Any]) -> httpx.Response | Any:
    now = to.node.clock.now()
    _, body = outbox.sign(council, activity, now=now)
    url = f"{to.url}/council/inbox"
    headers = headers_for(council, scheme="ed25519", method="POST", url=url, body=body, now=now)
    return await to.post("/council/inbox", body, headers)


async def test_nobody_renames_a_council_but_itself(towns: list[Town]) -> None:
    riverside, harbour = towns
    forged = said(riverside.node.council, name="Taken")

    answer = await _posted(harbour, STRANGER, forged)

    assert answer.status in (401, 403)
    assert name_at(harbour, riverside) == "Riverside"


@pytest.mark.parametrize("name", ["Harbour", "  hARBOUR ", "Har\u200bbour", "\u202eＨarbour"])
async def test_our_own_name_is_not_anothers_to_take(towns: list[Town], name: str) -> None:
    riverside, harbour = towns
    host = riverside.url.partition("://")[2]

    answer = await _posted(harbour, riverside.node.council, said(riverside.node.council, name=name))

    assert answer.status == 202
    await until(lambda: name_at(harbour, riverside) == f"{name.strip()} ({host})")


async def test_nor_is_that_of_another_council_that_we_are_linked_up_with(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", "old-town") as towns:
        riverside, harbour, old_town = towns
        await link_up(riverside, harbour)
        await link_up(old_town, harbour)
        before = name_at(harbour, old_town)

        await _posted(harbour, riverside.node.council, said(riverside.node.council, name=before))

        host = riverside.url.partition("://")[2]
        await until(lambda: name_at(harbour, riverside) == f"{before} ({host})")
        assert name_at(harbour, old_town) == before


async def test_an_announcement_that_was_overtaken_changes_nothing(towns: list[Town]) -> None:
    riverside, harbour = towns
    council, now = riverside.node.council, riverside.node.clock.now()
    announcements = [
        activities.update_actor(
            council.actor_id,
            council.new_activity_id(),
            document=council_document(council, Profile(name)),
            published=at,
        )
        for name, at in (("Newer", now), ("Older", now - timedelta(minutes=5)))
    ]

    answers = [(await _posted(harbour, council, one)).status for one in announcements]

    assert answers == [202, 202]
    await until(lambda: harbour.count("received_activity WHERE state = 'waiting'") == 0)
    assert name_at(harbour, riverside) == "Newer"


async def test_followers_are_told_too(towns: list[Town]) -> None:
    riverside = towns[0]
    inbox, now = "https://social.example/inbox", riverside.node.clock.now()
    riverside.network.down.add("https://social.example")
    riverside.write(lambda c: open_destination(c, inbox=inbox, serves="follower", scheme="cavage", now=now))

    rename(riverside, "The mill")

    statement = (
        "SELECT b.document FROM delivery x JOIN destination d ON d.id = x.destination_id JOIN body b ON b.id = x.body_id"
        " WHERE d.serves = 'follower'"
    )
    [waiting] = riverside.read(lambda c: c.exec_driver_sql(statement).scalars().all())
    told = orjson.loads(waiting)
    assert (told["type"], told["object"]["id"], told["object"]["name"]) == ("Update", riverside.actor, "The mill")


async def test_a_second_change_takes_the_place_of_one_that_still_waits(towns: list[Town]) -> None:
    riverside, harbour = towns
    riverside.network.down.add(harbour.url)

    rename(riverside, "The mill")
    rename(riverside, "The mill and the baths")

    waiting = riverside.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM delivery").scalar())
    assert waiting == 1
    riverside.network.down.clear()
    await until(lambda: name_at(harbour, riverside) == "The mill and the baths")
