"""Accounts of the wider fediverse read what a council decides and calls for, whole, with its changes and its end; and new keys."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from node.accounts.actions import add_member
from node.features.alerts import actions as calls
from node.features.resolutions import actions as resolutions
from node.features.resolutions import afterwards, deciding
from node.identity import renew_keys
from protocol import keys
from schemas.markup import plain_text
from schemas.records.alert import AlertForm, Ended, Severity, Urgency
from schemas.records.calling import AlertChangeForm
from schemas.records.resolution_forms import GatheringForm, IdeaForm, OutcomeForm
from tests import builders
from tests.two_nodes.changing import change_keys
from tests.two_nodes.outsiders import Scene
from tests.two_nodes.readers import Reader, deliver, followed, is_signed_by_council, publish

CALL = {
    "title": "The lift stands still",
    "event": "Heat",
    "words": "Six floors, thirty-four degrees.",
    "wanted": "Two who carry water up.",
    "instruction": "Rest on every floor.",
    "near": "Mill Lane",
}
TEXT = "The assembly of Riverside keeps the pump house open."


def acting(at: Scene) -> Any:
    return at.town.acting()


def today(at: Scene) -> Any:
    return at.now.astimezone(acting(at).zone).date()


def a_text(at: Scene, audience: str) -> str:
    """A text that is being decided. Returns its public id."""
    form = IdeaForm.model_validate({"title": "The pump house", "text": TEXT, "audience": audience})
    public_id: str = at.town.write(lambda c: resolutions.put_idea(c, form, acting(at)).public_id)
    at.town.write(lambda c: deciding.open_it(c, public_id, acting(at)))
    return public_id


def agreed(at: Scene, public_id: str) -> None:
    outcome = {"decided_at": today(at), "present": 31, "review_on": today(at) + timedelta(days=90)}
    objections = [{"what": "Who has the key?", "met": "It hangs in the hall."}]
    form = OutcomeForm.model_validate({**outcome, "objections": objections})
    at.town.write(lambda c: deciding.write_outcome(c, public_id, form, acting(at)))


def a_call(at: Scene, audience: str, **changes: Any) -> str:
    form = AlertForm.model_validate({**CALL, "audience": audience, **changes})
    found: str = at.town.write(lambda c: calls.put_up(c, form, acting(at)).public_id)
    return found


async def test_a_reader_follows_a_text_from_its_opening_to_its_end(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        public_id = a_text(at, "public")
        await deliver(at)
        agreed(at, public_id)
        await deliver(at)
        ended = GatheringForm.model_validate({"decided_at": today(at), "present": 12})
        at.town.write(lambda c: afterwards.end(c, public_id, ended, acting(at)))
        await deliver(at)

        assert [a["type"] for a in ana.got()] == ["Accept", "Create", "Update", "Update"]
        opened, adopted, over = (plain_text(a["object"]["content"]) for a in ana.got("Create", "Update"))
        assert TEXT in opened and "Present" not in opened
        assert TEXT in adopted and "Present: 31" in adopted and "It hangs in the hall." in adopted
        assert "no longer in force" in over


async def test_a_reader_follows_a_call_from_its_first_word_to_its_end(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        public_id = a_call(at, "public")
        await deliver(at)
        news = AlertChangeForm(
            news="The lift runs again.",
            wanted="One who stays till evening.",
            urgency=Urgency.IMMEDIATE,
            severity=Severity.MODERATE,
            ends_at=at.now + timedelta(hours=24),
        )
        at.town.write(lambda c: calls.change(c, public_id, news, acting(at)))
        await deliver(at)
        at.town.write(lambda c: calls.end(c, public_id, acting(at), how=Ended.OVER, note="Thank you all."))
        await deliver(at)

        assert [a["type"] for a in ana.got()] == ["Accept", "Create", "Update", "Update"]
        called, told, over = (plain_text(a["object"]["content"]) for a in ana.got("Create", "Update"))
        assert all(words in called for words in (*CALL.values(),) if words not in ("Heat",))
        assert "The lift runs again." in told and "One who stays till evening." in told
        assert "Thank you all." in over and over.startswith("The lift stands still")
        assert ana.got("Update")[-1]["object"]["comarca:alert"]["ended"] == "over"


async def test_a_drill_says_so_first_to_readers_too(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        a_call(at, "public", exercise=True)
        await deliver(at)

        [created] = ana.got("Create")
        assert plain_text(created["object"]["content"]).startswith("EXERCISE")
        assert created["object"]["name"].startswith("EXERCISE")


@pytest.mark.parametrize("audience", ["neighbours", "council"])
async def test_what_is_not_for_everyone_reaches_no_reader(tmp_path: Path, audience: str) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        agreed(at, a_text(at, audience))
        public_id = a_call(at, audience)
        at.town.write(lambda c: calls.over(c, public_id, acting(at)))
        publish(at, title="And this is for everyone")

        await deliver(at)

        assert [a["object"]["name"] for a in ana.got("Create", "Update")] == ["And this is for everyone"]


async def test_a_draft_that_waits_for_a_second_person_reaches_no_reader(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        for name in ("Bo", "Noor", "Kim"):
            at.town.write(lambda c, name=name: add_member(c, name=name, keeper=False, now=at.now))
        a_call(at, "public", severity="Extreme")
        agreed(at, a_text(at, "public"))

        await deliver(at)

        assert [a["object"]["comarca:resolution"]["stage"] for a in ana.got("Create", "Update")] == ["open"]


async def test_new_keys_are_told_by_an_update_that_the_old_key_signs_and_later_words_by_the_new(tmp_path: Path) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        await deliver(at)
        old = orjson.loads((await at.town.get("/council", accept="application/activity+json")).body)

        change_keys(at.town)
        renew_keys(at.town.node.council, at.town.node.store, at.town.node.settings.directory)
        publish(at, title="Said with the new key")
        await deliver(at)

        new = orjson.loads((await at.town.get("/council", accept="application/activity+json")).body)
        told = [seen for seen in ana.server.posts if seen.activity["type"] in ("Update", "Create")]
        assert [seen.activity["type"] for seen in told] == ["Update", "Create"]
        assert told[0].activity["object"]["publicKey"] == new["publicKey"] != old["publicKey"]
        now, host = int(at.now.timestamp()), ana.server.council.authority
        assert is_signed_by_council(told[0], old, host=host, now=now)
        assert is_signed_by_council(told[1], new, host=host, now=now)


@pytest.mark.parametrize("verb", ["Delete", "Move"])
async def test_an_account_that_vanished_or_moved_is_let_go_without_noise(tmp_path: Path, verb: str) -> None:
    async with followed(tmp_path) as (at, ana):
        ben = Reader(ana.server, "ben", number=2)
        await ana.follows(at)
        await ben.follows(at)
        await deliver(at)
        before = len(ana.server.posts)

        said = await ana.says(at, verb, ana.id, target="https://elsewhere.example/users/ana")
        await at.town.node.engine.applier.run_once()
        publish(at)
        await deliver(at)

        assert said == "stored"
        assert at.town.count("follower") == 1
        assert [seen.activity["type"] for seen in ana.server.posts[before:]] == ["Create"], "one copy, for ben"


@pytest.mark.parametrize(("shown", "said", "left"), [(True, "stored", 0), (False, "bad-signature", 1)])
async def test_a_reader_whose_key_changed_under_the_same_id_is_asked_for_it_anew(
    tmp_path: Path, shown: bool, said: str, left: int
) -> None:
    async with followed(tmp_path) as (at, ana):
        await ana.follows(at)
        follow = {"id": f"{ana.id}/said/1", "type": "Follow", "actor": ana.id, "object": at.town.actor}
        ana.key = builders.rsa_key(3)
        if shown:
            ana.server.documents["/users/ana"]["publicKey"]["publicKeyPem"] = keys.encode_pem(ana.key.public_key())

        assert await ana.says(at, "Undo", follow) == said
        await at.town.node.engine.applier.run_once()

        assert at.town.count("follower") == left
