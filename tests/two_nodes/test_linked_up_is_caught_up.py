"""Two real servers that have just linked up tell each other everything at once, long before the next regular talk."""

from pathlib import Path
from typing import Any

import pytest

from federation import peers
from federation.feeds import cursors, questions
from tests.two_nodes.reading import publish
from tests.two_nodes.region import Town, link_up, region, until
from tests.two_nodes.test_catching_up import _lose_every_push, live
from tests.two_nodes.test_linking_up import link_anew


def agreed(at: Town, other: Town) -> Any:
    return at.read(cursors.agreed).get(other.actor)


def talks(town: Town, to: Town) -> int:
    """How often one has asked the other for its news."""
    return sum(1 for request in town.network.log if request.url == to.url + questions.HELLO)


async def test_both_hold_all_of_each_other_as_soon_as_the_link_is_agreed(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        chairs, lamp = publish(riverside, audience="neighbours"), publish(harbour, title="A lamp")

        await link_up(riverside, harbour)

        for one, other in ((riverside, harbour), (harbour, riverside)):
            await until(lambda one=one, other=other: agreed(one, other))
        assert live(harbour, chairs, of=riverside) and live(riverside, lamp, of=harbour)
        assert riverside.read(cursors.failing) == harbour.read(cursors.failing) == []


async def test_a_link_that_ended_and_is_agreed_again_is_caught_up_again(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        now, council = riverside.node.clock.now(), riverside.node.council
        riverside.write(lambda c: peers.remove(c, council, actor_id=harbour.actor, now=now))
        await riverside.node.engine.refresh()
        await until(lambda: not harbour.node.engine.directory.known[riverside.actor].accepted)
        lamp = publish(harbour, title="A lamp")
        again = harbour.node.clock.now()

        await link_anew(riverside, harbour)

        for one, other in ((riverside, harbour), (harbour, riverside)):
            await until(lambda one=one, other=other: agreed(one, other) >= again)
        assert live(riverside, lamp, of=harbour)


async def test_what_else_changes_among_those_we_know_starts_no_talk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        _lose_every_push(riverside, harbour, monkeypatch)
        before = talks(riverside, harbour)

        for _ in range(3):
            await riverside.node.engine.refresh()
        publish(harbour, title="A lamp")
        await harbour.node.engine.catching_up.catch_up(riverside.actor)

        assert not riverside.node.engine.catching_up._wanted
        assert talks(riverside, harbour) == before
