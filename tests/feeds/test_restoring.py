"""An old copy of a council says nothing until neighbours have given it back what it once said. Then nothing is lost or forked."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text

from federation import arrivals, introductions, peers
from federation.feeds import muting, only_told, own, questions
from federation.introductions import Introduction
from federation.keeping import Arrival, keep
from federation.ourselves import council_document
from protocol.feeds import chain, entry
from protocol.feeds.coding import b64
from protocol.feeds.entry import Kind
from schemas.actor import TheirActor
from tests import builders
from tests.builders import SeededRandomness
from tests.feeds.carrying import Town, all_linked, talk


def _old_copy(town: Town, content: bytes, *, muted: bool = True) -> None:
    """Put an old copy of its tables in place, as a backup is put back."""
    town.connection.close()
    town.connection = builders.open_database(content)
    if muted:
        town.write(lambda c: muting.mute(c, store_id=f"another store of {town.name}", now=town.now))


def test_what_was_said_after_the_backup_comes_back_and_then_it_speaks_again() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    chairs = riverside.publish("Ten chairs")
    backup = builders.snapshot(riverside.connection)
    lamp = riverside.publish("A lamp")
    soup = riverside.publish("Soup on Sunday", audience="neighbours")
    for neighbour in (hilltop, station):
        talk(neighbour, riverside)

    _old_copy(riverside, backup)
    table = riverside.publish("A table")
    before = riverside.heads(of=riverside)
    told = [talk(riverside, neighbour) for neighbour in (hilltop, station)]
    speaks = riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))
    after = [talk(neighbour, riverside) for neighbour in (hilltop, station)]

    assert all(outcome.agreed for outcome in told) and speaks
    assert before != riverside.heads(of=riverside)
    assert all(outcome.agreed and not outcome.flaws for outcome in after)
    for neighbour in (hilltop, station):
        assert {chairs, lamp, soup, table} <= set(neighbour.live())
        assert neighbour.heads(of=riverside) == riverside.heads(of=riverside)
        assert neighbour.forks() == 0
    ours = riverside.connection.execute(
        text("SELECT object_id FROM replica WHERE source = :us AND gone_at IS NULL"), {"us": riverside.council.actor_id}
    ).scalars()
    assert set(ours) == {chairs, lamp, soup, table}


def test_many_old_copies_and_no_fork(scale: int) -> None:
    for number in range(20 * scale):
        dice = SeededRandomness(f"copies {number}")
        riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
        said = {riverside.publish(f"Before {n}") for n in range(1 + dice.below(4))}
        backup = builders.snapshot(riverside.connection)
        said |= {riverside.publish(f"After {n}") for n in range(1 + dice.below(6))}
        for neighbour in dice.shuffled([hilltop, station])[: 1 + dice.below(2)]:
            talk(neighbour, riverside)
        known = set(hilltop.live()) | set(station.live())
        _old_copy(riverside, backup)
        said.add(riverside.publish("While silent"))

        for neighbour in (hilltop, station):
            talk(riverside, neighbour)
        assert riverside.write(lambda c, one=riverside: muting.speak_again(c, one.council, now=one.now))
        for neighbour in (hilltop, station):
            assert talk(neighbour, riverside).agreed

        for neighbour in (hilltop, station):
            assert neighbour.forks() == 0 and known <= set(neighbour.live()) <= said
            assert neighbour.heads(of=riverside) == riverside.heads(of=riverside)
        for town in (riverside, hilltop, station):
            town.connection.close()


def test_one_neighbour_of_two_is_not_enough_and_one_of_one_is() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    riverside.publish("Ten chairs")
    for neighbour in (hilltop, station):
        talk(neighbour, riverside)
    riverside.write(lambda c: muting.mute(c, store_id="another", now=riverside.now))

    talk(riverside, hilltop)
    with_one = riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))
    talk(riverside, station)
    with_both = riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))

    assert (with_one, with_both) == (False, True)


def test_the_one_neighbour_that_has_read_the_last_word_is_waited_for() -> None:
    riverside, hilltop, station, mill = all_linked("riverside", "hilltop", "station", "mill")
    backup = builders.snapshot(riverside.connection)
    chairs = riverside.publish("Ten chairs")
    talk(mill, riverside)

    _old_copy(riverside, backup)
    lamp = riverside.publish("A lamp")
    speaks = []
    for neighbour in (hilltop, station, mill):
        talk(riverside, neighbour)
        speaks.append(riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now)))

    assert speaks == [False, False, True]
    for neighbour in (hilltop, station, mill):
        assert talk(neighbour, riverside).agreed
        assert {chairs, lamp} <= set(neighbour.live()) and neighbour.forks() == 0


def test_a_neighbour_that_does_not_answer_is_waited_for_ten_minutes_and_no_longer() -> None:
    riverside, hilltop, station, _ = all_linked("riverside", "hilltop", "station", "mill")
    riverside.write(lambda c: muting.mute(c, store_id="another", now=riverside.now))
    for neighbour in (hilltop, station):
        talk(riverside, neighbour)
    before = riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))

    riverside.now += muting.WAITED_FOR

    after = riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))
    assert (before, after) == (False, True)


def test_a_council_without_neighbours_speaks_at_once() -> None:
    alone = Town("riverside").begin()
    alone.publish("Ten chairs")
    alone.write(lambda c: muting.mute(c, store_id="another", now=alone.now))

    assert alone.write(lambda c: muting.speak_again(c, alone.council, now=alone.now))


def test_what_neighbours_were_only_told_of_comes_back_too() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    backup = builders.snapshot(riverside.connection)
    chairs = riverside.publish("Ten chairs")
    _deliver(chairs, riverside, to=hilltop)

    _old_copy(riverside, backup)
    talk(riverside, hilltop)
    speaks = riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))

    assert speaks and chairs in hilltop.live()
    assert riverside.replica(chairs) is not None


def test_what_was_taken_back_by_a_message_alone_does_not_rise_again() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    backup = builders.snapshot(riverside.connection)
    riverside.withdraw(chairs)
    _deliver_end(chairs, riverside, to=hilltop)

    _old_copy(riverside, backup)
    talk(riverside, hilltop)
    speaks = riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))
    talk(hilltop, riverside)

    assert speaks and chairs not in hilltop.live()
    assert riverside.replica(chairs)["gone_at"] is not None


@pytest.mark.parametrize("change", ["words", "signature", "actor"])
def test_what_is_handed_back_counts_by_our_own_proof_alone(change: str) -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    backup = builders.snapshot(riverside.connection)
    chairs = riverside.publish("Ten chairs")
    activity = orjson.loads(riverside.replica(chairs)["document"])
    _old_copy(riverside, backup)
    if change == "words":
        activity["object"]["name"] = "A trap"
    elif change == "signature":
        activity["proof"]["proofValue"] = "z" + "2" * 86
    else:
        activity["actor"] = hilltop.council.actor_id

    taken = riverside.write(
        lambda c: only_told.take(c, riverside.council, [activity, {}, {"type": "Create"}], now=riverside.now)
    )

    assert taken == 0 and riverside.replica(chairs) is None


def test_it_is_handed_back_to_its_author_alone() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    chairs = riverside.publish("Ten chairs", audience="neighbours")
    _deliver(chairs, riverside, to=hilltop)

    answer = hilltop.answer(questions.HELLO, b'{"lost": true}', asker=station.council.actor_id)
    ours = hilltop.answer(questions.HELLO, b'{"lost": true}', asker=riverside.council.actor_id)

    assert chairs.encode() not in answer.body.split(b"\n")[0]
    assert chairs.encode() in ours.body.split(b"\n")[0]


def _deliver_end(object_id: str, sender: Town, *, to: Town) -> None:
    """Push the taking back of an object."""
    document = sender.connection.execute(text("SELECT document FROM body ORDER BY id DESC LIMIT 1")).scalar_one()
    activity = orjson.loads(document)
    assert activity["type"] == "Delete" and object_id in str(activity["object"])
    came = Arrival(activity["id"], b"", activity["actor"], activity["type"], document, to.now)
    to.write(lambda c: keep(c, [came]))
    to.write(lambda c: arrivals.apply(c, to.council, activity=activity, document=document, now=to.now))


def _deliver(object_id: str, sender: Town, *, to: Town) -> None:
    """Push the newest word on an object, as a delivery does that was answered 202."""
    document = sender.replica(object_id)["document"]
    activity = orjson.loads(document)
    came = Arrival(activity["id"], b"", activity["actor"], activity["type"], document, to.now)
    to.write(lambda c: keep(c, [came]))
    to.write(lambda c: arrivals.apply(c, to.council, activity=activity, document=document, now=to.now))


def test_while_mute_nothing_is_appended() -> None:
    riverside, _ = all_linked("riverside", "hilltop")
    riverside.write(lambda c: muting.mute(c, store_id="another", now=riverside.now))
    before = riverside.heads(of=riverside)

    chairs = riverside.publish("Ten chairs")
    riverside.withdraw(chairs)
    riverside.snapshot()

    assert riverside.heads(of=riverside) == before


def test_what_was_taken_back_while_mute_is_taken_back_everywhere_afterwards() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    riverside.write(lambda c: muting.mute(c, store_id="another", now=riverside.now))
    riverside.withdraw(chairs)

    talk(riverside, hilltop)
    riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))
    talk(hilltop, riverside)

    assert hilltop.live() == {}


def test_an_old_copy_that_does_not_know_it_is_one_is_told_by_a_neighbour() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    backup = builders.snapshot(riverside.connection)
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)

    _old_copy(riverside, backup, muted=False)
    told = talk(riverside, hilltop)

    assert told.behind and not told.agreed


@pytest.mark.parametrize("lie", ["heads alone", "a chain of its own", "a snapshot of its own"])
def test_a_neighbour_that_only_claims_to_hold_more_of_ours_silences_nobody(lie: str) -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    [(_, _, seq, head), _] = riverside.heads(of=riverside)
    name = riverside.connection.execute(text("SELECT name FROM feed WHERE ours AND channel = 'public'")).scalar_one()
    kind = Kind.SNAPSHOT if lie.startswith("a snapshot") else Kind.PUT
    forged = entry.make(
        feed=name,
        epoch=1,
        seq=seq + 1,
        prev=head,
        kind=kind,
        key=hilltop.council.ed25519,
        payload=chain.snapshot_payload({}) if kind is Kind.SNAPSHOT else {"id": "a rumour"},
        salt=bytes(16),
        **({} if kind is Kind.SNAPSHOT else {"object": "a rumour", "expires": riverside.now + timedelta(days=9)}),
    )

    def change(path: str, body: bytes) -> bytes:
        about, *lines = body.split(b"\n")
        said = orjson.loads(about)
        if path == questions.HELLO:
            return orjson.dumps({"store": "a liar", "after": 1, "sums": "AAAA"})
        if path == questions.HEADS and "heads" in said:
            said["heads"] = [{"feed": name, "actor": riverside.council.actor_id, "epoch": 1, "seq": 99, "id": head}]
        if path == questions.HEADS and said.get("same"):
            said = {"sums": b64(bytes(2_048))}
        if path == questions.RANGES and lie == "a snapshot of its own":
            said["gone"] = [name]
        if path == questions.SNAPSHOTS or (path == questions.RANGES and lie == "a chain of its own"):
            lines = [orjson.dumps(forged.wire())]
        return b"\n".join([orjson.dumps(said), *lines])

    told = talk(riverside, hilltop, change=change)

    assert not told.behind and not told.agreed
    assert riverside.write(muting.muted_since) is None


def test_two_copies_that_both_speak_are_found_out_and_take_nobody_along() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    backup = builders.snapshot(riverside.connection)
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    _old_copy(riverside, backup, muted=False)
    lamp = riverside.publish("A lamp")
    talk(station, riverside)

    told = talk(station, hilltop)

    assert told.flaws
    assert station.forks() == 1
    assert lamp in station.live() and chairs not in station.live()


def test_after_a_fork_nothing_more_is_taken_from_either_copy() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    backup = builders.snapshot(riverside.connection)
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    _old_copy(riverside, backup, muted=False)
    lamp = riverside.publish("A lamp")
    talk(station, riverside)
    talk(station, hilltop)
    held = station.heads(of=riverside)

    late = riverside.publish("Said after the fork")
    told = talk(station, riverside)

    assert told.flaws == (), "it is known, and no news"
    assert station.heads(of=riverside) == held
    assert lamp in station.live() and late not in station.live()


def test_a_new_epoch_of_the_roots_ends_a_fork() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    backup = builders.snapshot(riverside.connection)
    riverside.publish("Ten chairs")
    talk(hilltop, riverside)
    _old_copy(riverside, backup, muted=False)
    lamp = riverside.publish("A lamp")
    riverside.publish("A second lamp")
    talk(hilltop, riverside)

    riverside.begin(epoch=2)
    told = talk(hilltop, riverside)

    assert told.agreed, told
    assert lamp in hilltop.live()
    assert hilltop.heads(of=riverside) == riverside.heads(of=riverside)


@pytest.mark.parametrize("epoch", [1, 2])
def test_an_epoch_that_was_not_later_is_refused(epoch: int) -> None:
    riverside = Town("riverside").begin(epoch=2)

    with pytest.raises(ValueError):
        riverside.begin(epoch=epoch)

    assert own.begun(riverside.connection)


def test_an_old_copy_that_takes_its_own_feed_up_at_a_snapshot_loses_nothing_and_brings_nothing_back() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    lasting = {"ends_at": riverside.now + timedelta(days=80)}
    chairs, lamp = riverside.publish("Ten chairs", **lasting), riverside.publish("A lamp", **lasting)
    backup = builders.snapshot(riverside.connection)
    riverside.withdraw(lamp)
    table = riverside.publish("A table", **lasting)
    riverside.snapshot()
    talk(hilltop, riverside)
    for town in (riverside, hilltop):
        town.now += timedelta(days=40)
    hilltop.forget()
    _old_copy(riverside, backup)
    bench = riverside.publish("A bench", **lasting)

    told = talk(riverside, hilltop)
    spoke = riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))
    talk(hilltop, riverside)

    assert told.agreed and spoke
    assert set(hilltop.live()) == {chairs, table, bench}
    assert hilltop.forks() == 0


def test_whom_it_has_accepted_while_silent_and_cannot_tell_is_no_witness() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    mill = Town("mill").begin()
    riverside.write(lambda c: c.execute(text("DELETE FROM peer WHERE actor_id = :a"), {"a": station.council.actor_id}))
    riverside.write(lambda c: muting.mute(c, store_id="another", now=riverside.now))
    theirs = TheirActor.read(council_document(mill.council, mill.council.profile))
    assert isinstance(theirs, TheirActor)
    introduction = Introduction.of(theirs)
    riverside.write(lambda c: introductions.meet(c, introduction=introduction, now=riverside.now))
    riverside.write(
        lambda c: peers.they_asked(
            c, riverside.council, actor_id=mill.council.actor_id, offer_id="an offer", now=riverside.now
        )
    )
    riverside.write(lambda c: peers.accept(c, riverside.council, actor_id=mill.council.actor_id, now=riverside.now))

    talk(riverside, hilltop)

    assert riverside.write(lambda c: muting.speak_again(c, riverside.council, now=riverside.now))


def test_a_neighbour_that_tells_two_stories_keeps_nobody_silent() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    copy = builders.snapshot(station.connection)
    station.publish("One story")
    talk(riverside, station)
    _old_copy(station, copy, muted=False)
    station.publish("Another story")
    talk(hilltop, station)
    talk(riverside, hilltop)
    talk(hilltop, riverside)
    riverside.write(lambda c: muting.mute(c, store_id="another", now=riverside.now))

    told = talk(riverside, hilltop)

    assert riverside.forks() == hilltop.forks() == 1
    assert told.agreed and not told.behind
