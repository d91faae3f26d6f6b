"""What a council once published stands on its own wall again when an old copy of it comes back, and neighbours give it back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from federation.feeds import applying, kept, muting, taking
from node.accounts.actions import add_member
from node.app import kinds_of
from node.feature import ANYBODY, Acting, Viewer
from node.features.alerts import actions as calls
from node.features.resolutions import actions as resolutions
from node.features.resources import actions as resources
from node.features.resources.tables import Resource
from node.installed import FEATURES
from node.settings import Settings
from protocol.feeds.entry import Entry
from schemas.records.alert import AlertForm, Ended
from schemas.records.resolution_forms import ResolutionForm
from schemas.records.resource import ResourceForm
from tests import builders
from tests.features.village import offer, settings_of
from tests.feeds.carrying import Town, talk

AMINA = Viewer(member_id=1, name="Amina")
KEEPER = Viewer(member_id=2, name="Bo", keeper=True)


@dataclass
class Council(Town):
    """A council with every feature and two members, the second of whom has the server turn."""

    settings: Settings = field(default_factory=lambda: settings_of(Path("/nowhere")))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.council = builders.council(self.name, kinds=kinds_of(FEATURES))
        self.council.acts = tuple(act for feature in FEATURES for act in feature.acts)
        for name, keeper in (("Amina", False), ("Bo", True)):
            self.write(lambda c, name=name, keeper=keeper: add_member(c, name=name, keeper=keeper, now=self.now))

    def acting(self, viewer: Viewer = AMINA) -> Acting:
        self.now += timedelta(seconds=1)
        return Acting(now=self.now, council=self.council, settings=self.settings, viewer=viewer)

    def offer(self, title: str, **given: Any) -> Resource:
        form, acting = ResourceForm.model_validate(offer(title=title, **given)), self.acting()
        return self.write(lambda c: resources.put_up(c, form, acting))

    def change(self, row: Resource, **given: Any) -> Resource:
        form, acting = ResourceForm.model_validate(offer(title=row.title, **given)), self.acting()
        return self.write(lambda c: resources.change(c, row.public_id, form, acting))

    def left(self, row: Resource, left: str, viewer: Viewer = AMINA) -> Resource:
        acting = self.acting(viewer)
        return self.write(lambda c: resources.set_available(c, row.public_id, left, acting))

    def close(self, row: Resource, viewer: Viewer = AMINA) -> Resource:
        acting = self.acting(viewer)
        return self.write(lambda c: resources.close(c, row.public_id, "met", acting))

    def take_down(self, row: Resource) -> None:
        acting = self.acting()
        self.write(lambda c: resources.take_down(c, row.public_id, acting))

    def call(self, title: str) -> str:
        form = AlertForm.model_validate({"title": title, "event": "Flood", "near": "Mill Lane", "audience": "public"})
        acting = self.acting()
        return self.write(lambda c: calls.put_up(c, form, acting)).public_id

    def over(self, public_id: str, viewer: Viewer = AMINA) -> None:
        acting = self.acting(viewer)
        self.write(lambda c: calls.end(c, public_id, acting, how=Ended.OVER))

    def decide(self, title: str) -> None:
        form = ResolutionForm.model_validate(
            {"title": title, "text": f"{title}.", "decided_at": "2026-03-01", "present": 12, "audience": "neighbours"}
        )
        acting = self.acting()
        self.write(lambda c: resolutions.put_up(c, form, acting))

    def wall(self, viewer: Viewer = AMINA) -> set[str]:
        """The titles on the wall, as the features put them there."""
        found = (
            feature.wall(self.connection, viewer, self.now, self.council)
            for feature in FEATURES
            if feature.wall is not None
        )
        return {slip.title for slips in found for slip in slips}

    def left_of(self, row: Resource) -> str:
        found = self.connection.execute(
            text("SELECT available FROM resource WHERE public_id = :p"), {"p": row.public_id}
        )
        return str(found.scalar_one())

    def run(self, channel: str) -> list[Entry]:
        """Our own feed, whole."""
        rows = self.connection.execute(
            text(
                "SELECT e.* FROM feed_entry e JOIN feed f ON f.id = e.feed_id WHERE f.ours AND channel = :c ORDER BY seq"
            ),
            {"c": channel},
        )
        return [kept.entry_of(row) for row in rows.mappings()]

    def restore(self, content: bytes) -> None:
        """An old copy of the tables in place, silent as one that was put back is."""
        self.connection.close()
        self.connection = builders.open_database(content)
        self.write(lambda c: muting.mute(c, store_id=f"another store of {self.name}", now=self.now))


def region(*names: str) -> list[Council]:
    councils = [Council(name).begin() for name in names]
    for one in councils:
        one.knows(*(other for other in councils if other is not one))
    return councils  # type: ignore[return-value]


def test_an_old_copy_has_everything_on_its_wall_again_that_was_published_after_it_and_goes_on_from_there() -> None:
    riverside, hilltop, station = region("riverside", "hilltop", "station")
    chairs, stove, table = (riverside.offer(title) for title in ("Ten chairs", "A stove", "A table"))
    cellars = riverside.call("Water in the cellars")
    backup = builders.snapshot(riverside.connection)
    riverside.left(chairs, "4")
    riverside.close(stove)
    riverside.take_down(table)
    lamp = riverside.offer("A lamp", audience="neighbours", direction="need")
    riverside.over(cellars)
    mill = riverside.call("Water in the mill")
    riverside.decide("A bench at the pump")
    wanted = riverside.wall()
    for neighbour in (hilltop, station):
        talk(neighbour, riverside)

    riverside.restore(backup)
    before = riverside.wall()
    told = [talk(riverside, neighbour) for neighbour in (hilltop, station)]
    speaks = riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))

    assert before == {"Ten chairs", "A stove", "A table", "Water in the cellars"}
    assert all(outcome.agreed for outcome in told) and speaks and riverside.held() == []
    assert riverside.wall() - {"Water in the cellars"} == wanted - {"Water in the cellars"}
    assert {"Ten chairs", "A lamp", "Water in the mill", "A bench at the pump"} <= riverside.wall()
    assert "Water in the cellars" not in riverside.wall(ANYBODY)
    assert riverside.left_of(chairs) == "4"

    riverside.left(chairs, "2")
    riverside.left(lamp, "30", KEEPER)
    riverside.close(lamp, KEEPER)
    riverside.over(mill)
    after = [talk(neighbour, riverside) for neighbour in (hilltop, station)]

    assert riverside.wall() & {"A lamp", "Water in the mill"} == set()
    for neighbour, outcome in zip((hilltop, station), after, strict=True):
        assert outcome.agreed and not outcome.flaws
        assert neighbour.forks() == 0 and neighbour.held() == []
        assert neighbour.heads(of=riverside) == riverside.heads(of=riverside)
        assert "A bench at the pump" in neighbour.live().values()


def test_what_was_put_up_while_silent_stays_and_is_told_afterwards() -> None:
    riverside, hilltop = region("riverside", "hilltop")
    riverside.decide("A bench at the pump")
    backup = builders.snapshot(riverside.connection)
    riverside.decide("A lamp at the pump")
    riverside.decide("A roof at the pump")
    talk(hilltop, riverside)

    riverside.restore(backup)
    riverside.decide("A tree at the pump")
    riverside.offer("Ten chairs")
    talk(riverside, hilltop)
    riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))
    talk(hilltop, riverside)

    rows = riverside.connection.execute(text("SELECT title, number FROM resolution")).all()
    numbers = {row.title: row.number for row in rows}
    bench, tree, lamp, roof = (f"{what} at the pump" for what in ("A bench", "A tree", "A lamp", "A roof"))
    assert numbers == {bench: 1, tree: 2, lamp: 4, roof: 3}
    assert riverside.wall() == {*numbers, "Ten chairs"}
    assert {*numbers, "Ten chairs"} <= set(hilltop.live().values())


@pytest.mark.parametrize("order", [("public", "region"), ("region", "public")])
def test_what_was_narrowed_is_shown_to_no_stranger_however_little_has_come_back(order: Sequence[str]) -> None:
    riverside = Council("riverside").begin()
    chairs = riverside.offer("Ten chairs")
    backup = builders.snapshot(riverside.connection)
    riverside.change(chairs, audience="neighbours", words="In the shed.")
    feeds = {channel: riverside.run(channel) for channel in order}

    riverside.restore(backup)
    seen = []
    for channel in order:
        taken = riverside.write(lambda c, run=feeds[channel]: taking.take(c, riverside.council, run, now=riverside.now))
        seen.append((taken.flaw, taken.held, riverside.wall(ANYBODY), riverside.wall()))

    assert seen == [(None, (), set(), {"Ten chairs"})] * 2
    row = riverside.connection.execute(text("SELECT audience, words, by_member FROM resource")).one()
    assert tuple(row) == ("neighbours", "In the shed.", 1)


def test_what_was_taken_down_does_not_come_back_though_it_was_changed_while_silent() -> None:
    riverside, hilltop = region("riverside", "hilltop")
    chairs = riverside.offer("Ten chairs")
    backup = builders.snapshot(riverside.connection)
    riverside.take_down(chairs)
    talk(hilltop, riverside)

    riverside.restore(backup)
    riverside.left(chairs, "3")
    talk(riverside, hilltop)
    speaks = riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))
    talk(hilltop, riverside)

    assert speaks
    assert (riverside.wall(), hilltop.live()) == (set(), {})


def test_a_copy_whose_notes_are_there_without_their_records_gets_these_too() -> None:
    riverside = Council("riverside").begin()
    riverside.offer("Ten chairs")
    riverside.decide("A bench at the pump")
    said = [entry for channel in ("public", "region") for entry in riverside.run(channel) if entry.header.object]
    for table in ("resource", "resolution"):
        riverside.write(lambda c, table=table: c.exec_driver_sql(f"DELETE FROM {table}"))
    us, now = riverside.council, riverside.now

    def again(connection: Connection, one: Entry) -> str | None:
        known = applying.look_up(connection, us, [one], actor=us.actor_id)
        return applying.apply(connection, us, one, actor=us.actor_id, known=known, now=now)

    because = [riverside.write(partial(again, one=one)) for one in said * 2]

    assert because == [None] * 4
    assert riverside.wall() == {"Ten chairs", "A bench at the pump"}
