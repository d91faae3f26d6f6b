"""A council changes its keys: it says so with the old ones, whoever is linked up with it believes that, and nothing is lost."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from federation import outbox, peers, replicas
from federation.rotation import keys_of
from federation.signing import headers_for
from protocol import proof
from protocol.verdict import ACCEPTED
from schemas import activity as activities
from schemas.actor import TheirActor
from tests import builders
from tests.two_nodes.changing import change_keys, key_ids, pinned, said, to_inboxes
from tests.two_nodes.reading import publish
from tests.two_nodes.region import Town, link_up, make_town, region, until
from tests.two_nodes.test_renaming import name_at, rename

AS2 = "application/activity+json"


@pytest.fixture
async def towns(tmp_path: Path) -> AsyncIterator[list[Town]]:
    async with region(tmp_path, "riverside", "harbour") as two:
        await link_up(two[0], two[1])
        yield two


async def shown(town: Town) -> TheirActor:
    actor = TheirActor.read(orjson.loads((await town.get("/council", accept=AS2)).body))
    assert isinstance(actor, TheirActor)
    return actor


def holds(there: Town, path: str, of: Town) -> bool:
    row = there.read(lambda c: replicas.find(c, of.url + path))
    return row is not None and row["gone_at"] is None


def words_at(there: Town, of: Town) -> tuple[str, ...]:
    views = there.read(lambda c: peers.listing(c, there.node.council))
    return next(view.words for view in views if view.actor_id == of.actor)


async def test_a_linked_council_takes_the_new_keys_and_both_see_the_same_new_words(towns: list[Town]) -> None:
    riverside, harbour = towns
    before, words = pinned(harbour, riverside), words_at(harbour, riverside)
    assert words == words_at(riverside, harbour)

    change_keys(riverside)

    await until(lambda: pinned(harbour, riverside) != before)
    await until(lambda: riverside.node.council.keyring.number == 2)
    assert pinned(harbour, riverside) == riverside.node.council.multibase
    assert words_at(harbour, riverside) == words_at(riverside, harbour) != words
    [view] = harbour.read(lambda c: peers.listing(c, harbour.node.council))
    assert view.keys_changed_at is not None


async def test_the_word_on_it_is_signed_by_the_old_keys_twice_over(towns: list[Town]) -> None:
    riverside, harbour = towns
    old = riverside.node.council.ed25519.public_key()
    riverside.network.log.clear()

    change_keys(riverside)

    await until(lambda: to_inboxes(riverside, harbour))
    [sent] = to_inboxes(riverside, harbour)
    assert key_ids([sent]) == [f"{riverside.actor}#ed25519-key"]
    assert said(sent)["proof"]["verificationMethod"] == f"{riverside.actor}#ed25519-key"
    assert proof.judge_proof(said(sent), old, now=riverside.node.clock.now()) == ACCEPTED
    named = [key["id"] for key in said(sent)["object"]["assertionMethod"]]
    assert named == [f"{riverside.actor}#ed25519-key-2", f"{riverside.actor}#ed25519-key"]
    assert said(sent)["object"]["publicKey"]["id"] == f"{riverside.actor}#main-key-2"


async def test_the_actor_shows_the_new_keys_and_when_the_old_one_ended_without_a_restart(towns: list[Town]) -> None:
    riverside = towns[0]
    old = await shown(riverside)

    changed = change_keys(riverside)

    await until(lambda: riverside.node.council.keyring.number == 2)
    new = await shown(riverside)
    assert new.ed25519_key() == (f"{riverside.actor}#ed25519-key-2", riverside.node.council.multibase)
    assert new.retired_keys() == [(*(old.ed25519_key() or ("", "")), changed.since)]
    assert new.rsa_key() == (f"{riverside.actor}#main-key-2", riverside.node.council.rsa_pem)
    assert new.rsa_key() != old.rsa_key()
    node = orjson.loads((await riverside.get("/actor", accept=AS2)).body)
    assert node["publicKey"]["id"] == f"{riverside.url}/actor#main-key-2"


async def test_records_go_on_before_and_after(towns: list[Town]) -> None:
    riverside, harbour = towns
    first = publish(riverside, title="Before")
    await until(lambda: holds(harbour, first, riverside))

    change_keys(riverside)
    await until(lambda: riverside.node.council.keyring.number == 2)
    second = publish(riverside, title="After")

    await until(lambda: holds(harbour, second, riverside))
    statement = "SELECT key_number FROM destination WHERE serves = 'peer'"
    await until(lambda: riverside.read(lambda c: c.exec_driver_sql(statement).scalar()) == 2)
    methods = harbour.read(lambda c: [replicas.find(c, riverside.url + path)["method"] for path in (first, second)])  # type: ignore[index]
    assert methods == [f"{riverside.actor}#ed25519-key", f"{riverside.actor}#ed25519-key-2"]


async def test_whoever_was_away_gets_everything_in_an_order_that_it_can_verify(towns: list[Town]) -> None:
    riverside, harbour = towns
    riverside.network.down.add(harbour.url)
    paths = [publish(riverside, title="With the first keys")]
    for number in (2, 3):
        change_keys(riverside, at=riverside.node.clock.now() + timedelta(seconds=number))
        await until(lambda number=number: riverside.node.council.keyring.number == number)
        paths.append(publish(riverside, title=f"With keys {number}"))
    riverside.network.log.clear()

    riverside.network.down.clear()

    await until(lambda: all(holds(harbour, path, riverside) for path in paths))
    assert pinned(harbour, riverside) == riverside.node.council.multibase
    taken = to_inboxes(riverside, harbour)
    told = [one for one in taken if said(one)["type"] == "Update"]
    assert [name.partition("#")[2] for name in key_ids(told)[-2:]] == ["ed25519-key", "ed25519-key-2"]
    assert taken.index(told[-1]) < min(taken.index(one) for one in taken if said(one)["type"] == "Create")


async def test_an_answer_that_was_lost_stops_nothing(towns: list[Town]) -> None:
    riverside, harbour = towns
    node, lost = harbour.node, []

    async def answers_are_lost(scope: object, receive: object, send: object) -> None:
        if not lost and scope["method"] == "POST":  # type: ignore[index]
            lost.append(True)

            async def nowhere(message: object) -> None:
                return None

            await node(scope, receive, nowhere)  # type: ignore[arg-type]
            scope = {**scope, "method": "DELETE", "path": "/nowhere"}  # type: ignore[dict-item]
        await node(scope, receive, send)  # type: ignore[arg-type]

    riverside.network.applications[harbour.url] = answers_are_lost
    change_keys(riverside)
    await until(lambda: lost and pinned(harbour, riverside) == riverside.node.council.multibase)

    path = publish(riverside, title="After")

    await until(lambda: holds(harbour, path, riverside))
    await until(lambda: riverside.count("delivery") == 0)


async def test_a_new_neighbour_can_verify_what_the_old_keys_proved(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as [riverside, harbour]:
        first = publish(riverside, title="Proved long ago")
        change_keys(riverside)
        await until(lambda: riverside.node.council.keyring.number == 2)

        await link_up(riverside, harbour)

        await until(lambda: holds(harbour, first, riverside))
        assert len(harbour.read(lambda c: keys_of(c, harbour.node.council, riverside.actor))) == 2
        assert harbour.read(lambda c: peers.listing(c, harbour.node.council))[0].keys_changed_at is None


@pytest.mark.parametrize("who_changes", [0, 1])
async def test_a_change_while_linking_up_does_not_break_it(tmp_path: Path, who_changes: int) -> None:
    async with region(tmp_path, "riverside", "harbour") as [riverside, harbour]:
        council, now = riverside.node.council, riverside.node.clock.now()
        introduction = harbour.introduction()
        riverside.write(lambda c: peers.ask(c, council, introduction=introduction, now=now))
        await until(lambda: harbour.read(lambda c: peers.find(c, riverside.actor)))
        changing, other = (riverside, harbour) if who_changes == 0 else (harbour, riverside)
        if who_changes == 1:
            # Whoever was asked has not answered, so it has nobody to tell; the words are not the same any more.
            assert change_keys(changing).told == 0
            return
        change_keys(changing)
        await until(
            lambda: (
                pinned(other, changing) == changing.node.council.multibase and changing.node.council.keyring.number == 2
            )
        )

        ours = harbour.node.council
        harbour.write(lambda c: peers.accept(c, ours, actor_id=riverside.actor, now=now))
        path = publish(riverside, title="After")

        await until(lambda: holds(harbour, path, riverside))


async def test_what_the_council_was_called_before_is_not_told_after_its_keys(towns: list[Town]) -> None:
    riverside, harbour = towns
    riverside.network.down.add(harbour.url)
    rename(riverside, "The mill")
    change_keys(riverside)
    assert riverside.count("delivery") == 1

    riverside.network.down.clear()

    await until(lambda: name_at(harbour, riverside) == "The mill")
    await until(lambda: pinned(harbour, riverside) == riverside.node.council.multibase)


async def test_a_copy_of_a_node_from_before_is_not_believed_any_more(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as [riverside, harbour]:
        await link_up(riverside, harbour)
        thief = make_town(tmp_path / "copy" / "riverside", riverside.network, name="riverside").node.council
        riverside.network.applications[riverside.url] = riverside.node
        change_keys(riverside)
        await until(
            lambda: (
                riverside.node.council.keyring.number == 2
                and riverside.node.council.ed25519_key_id in harbour.node.engine.directory.keys
            )
        )
        for backdated in (timedelta(0), timedelta(days=1)):
            now = harbour.node.clock.now()
            note = builders.note(thief, published=now - backdated)
            create = activities.create(
                thief.actor_id, thief.new_activity_id(), note=note, audience="public", published=now - backdated
            )
            _, body = outbox.sign(thief, create, now=now - backdated)
            url = f"{harbour.url}/inbox"
            headers = headers_for(thief, scheme="ed25519", method="POST", url=url, body=body, now=now)
            answer = await harbour.post("/inbox", body, headers)

            assert (answer.status, orjson.loads(answer.body)["reason"]) == (401, "unknown-key")
