"""Nothing in a bundle is taken on trust: each thing that may be wrong with it has its word, beside a twin that is taken."""

import orjson
import pytest

from federation.feeds.bundle_file import MANIFEST, README, RECEIPTS
from protocol.canonical import canonical
from protocol.feeds import bundle
from protocol.feeds.unfit import Fault, Unfit
from tests import builders
from tests.feeds.carrying import Town, all_linked, talk
from tests.feeds.sticks import (
    brought,
    everything_in,
    fault,
    feeds_of,
    judged,
    lines_of,
    packed,
    parts_of,
    resigned,
    sums_of,
    twin,
    with_lines,
    written,
)


def test_a_file_for_one_council_is_taken_by_no_other() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    riverside.publish("Ten chairs")
    raw, before = written(riverside, reader=hilltop), everything_in(station)

    assert fault(hilltop, raw) is None
    assert fault(station, raw) is Fault.NOT_FOR_US
    assert everything_in(station) == before


def test_feeds_of_councils_that_we_are_not_linked_up_with_are_set_aside_with_words_to_compare() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    apart = Town("apart").begin()
    apart.knows(hilltop)
    hilltop.knows(apart)
    chairs = riverside.publish("Ten chairs")
    talk(hilltop, riverside)

    told = brought(apart, written(hilltop, reader=apart))

    assert {one.actor for one in told.set_aside} == {riverside.council.actor_id}
    assert all(one.words == bundle.root_words(one.feed) and len(one.words) == 8 for one in told.set_aside)
    assert chairs not in apart.live()
    assert told.refused == () and told.taken > 0
    assert feeds_of(apart, riverside.council.actor_id) == []
    assert station.live() == {}


def test_a_changed_word_is_refused_and_the_rest_is_taken() -> None:
    riverside, hilltop, station = all_linked("riverside", "hilltop", "station")
    riverside.publish("Ten chairs")
    bread = station.publish("Bread")
    talk(riverside, station)
    raw = written(riverside, reader=hilltop)
    lines = [line.replace(b"Ten chairs", b"Two chairs") for line in lines_of(raw)]

    told = brought(hilltop, resigned(with_lines(raw, lines), riverside.council))

    assert ("?", "bad-digest") in told.refused
    assert hilltop.live() == {bread: "Bread"}


def test_a_line_that_is_left_out_is_noticed_and_what_lies_before_it_is_taken() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    chairs = riverside.publish("Ten chairs")
    lamp = riverside.publish("A lamp")
    riverside.publish("A table")
    raw = written(riverside, reader=hilltop)
    lines = [line for line in lines_of(raw) if orjson.loads(line)["header"]["object"] != lamp]

    told = brought(hilltop, resigned(with_lines(raw, lines), riverside.council))

    assert [word for _, word in told.refused] == ["gap"]
    assert hilltop.live() == {chairs: "Ten chairs"}


def test_entries_that_are_not_listed_or_not_in_their_order_are_refused() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("Ten chairs")
    riverside.publish("A lamp")
    raw, signer = written(riverside), riverside.council
    said, lines = orjson.loads(parts_of(raw)[MANIFEST]), lines_of(raw)
    ours = said["heads"][0][0]
    unlisted = [row for row in said["heads"] if row[0] != ours]
    shorter = [[*row[:3], 1, row[4]] if row[0] == ours else row for row in said["heads"]]

    found = [
        brought(twin(hilltop), made).refused
        for made in (
            resigned(with_lines(raw, lines), signer),
            resigned(with_lines(raw, lines), signer, heads=unlisted),
            resigned(with_lines(raw, lines), signer, heads=shorter),
            resigned(with_lines(raw, [*lines, lines[0]]), signer),
        )
    ]

    assert found == [(), (("?", "not-listed"),), ((ours, "not-listed"),), ((ours, "wrong-order"),)]


def test_whoever_begins_a_feed_in_the_name_of_a_council_that_we_know_is_refused() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    impostor = Town("impostor")
    impostor.council = builders.council("impostor", base_url="https://riverside.example")
    impostor.begin()
    impostor.publish("Ten chairs")

    told = brought(hilltop, written(impostor))

    assert impostor.council.actor_id == riverside.council.actor_id
    assert [word for _, word in told.refused] == ["bad-root"]
    assert (told.taken, hilltop.live()) == (0, {})


MANIFEST_CHANGES: list[tuple[dict[str, object], Fault]] = [
    ({"v": 2}, Fault.MANIFEST),
    ({"v": True}, Fault.MANIFEST),
    ({"id": "short"}, Fault.MANIFEST),
    ({"made": "2026-03-02T09:00:00"}, Fault.MANIFEST),
    ({"made": "2026-13-02T09:00:00Z"}, Fault.MANIFEST),
    ({"maker": "riverside"}, Fault.MANIFEST),
    ({"maker": "https://riverside.example/council\n"}, Fault.MANIFEST),
    ({"audience": "everyone"}, Fault.MANIFEST),
    ({"heads": {}}, Fault.MANIFEST),
    ({"heads": [["x", 1, 1, 1, "y"]]}, Fault.MANIFEST),
    ({"wants": [["A" * 43 + "/public", 1, 0]]}, Fault.MANIFEST),
    ({"wants": [["A" * 43 + "/public", 1, 1]] * 2}, Fault.MANIFEST),
    ({"files": {"../x": {"size": 1, "sha256": "A" * 43}}}, Fault.MANIFEST),
    ({"more": 1}, Fault.MANIFEST),
    ({"key": "z6MkgarbageA"}, Fault.SIGNATURE),
    ({"wants": [["A" * 43 + "/region", 1, 1]]}, Fault.AUDIENCE),
    ({"files": {}}, Fault.SUM),
]


@pytest.mark.parametrize(("changes", "word"), MANIFEST_CHANGES)
def test_a_list_of_contents_of_another_shape_is_refused(changes: dict[str, object], word: Fault) -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    raw, before = written(riverside), everything_in(hilltop)

    assert fault(hilltop, resigned(parts_of(raw), riverside.council, **changes)) is word
    assert everything_in(hilltop) == before
    assert fault(hilltop, resigned(parts_of(raw), riverside.council)) is None


def test_what_the_maker_did_not_sign_is_refused() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    riverside.publish("Ten chairs")
    raw = written(riverside)
    parts, said = parts_of(raw), orjson.loads(parts_of(raw)[MANIFEST])
    other_words = {**parts, README: parts[README].replace(b"hand", b"foot")}
    fitting = canonical({**said, "files": sums_of(other_words)})

    assert fault(hilltop, packed(parts.items())) is None
    assert fault(hilltop, packed(other_words.items())) is Fault.SUM
    assert fault(hilltop, packed({**other_words, MANIFEST: fitting}.items())) is Fault.SIGNATURE
    assert fault(hilltop, packed({**parts, MANIFEST: orjson.dumps(said, option=orjson.OPT_INDENT_2)}.items())) is (
        Fault.MANIFEST
    )


def test_receipts_travel_along_and_are_judged() -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    receipt = brought(hilltop, written(riverside, reader=hilltop)).receipt
    raw = written(hilltop, reader=riverside, receipts=[receipt])
    forged = {**receipt, "counts": {"taken": 99}}

    carried = judged(raw).receipts
    bad = [
        resigned({**parts_of(raw), RECEIPTS: orjson.dumps(receipts)}, hilltop.council)
        for receipts in (
            [forged],
            [{**receipt, "more": 1}],
            receipt,
            [receipt] * 21,
            [{**receipt, "refused": [["x", "y"]]}],
        )
    ]

    assert [one.by for one in carried] == [hilltop.council.actor_id]
    assert [fault(riverside, one) for one in bad] == [Fault.SIGNATURE, *[Fault.RECEIPT] * 4]
    with pytest.raises(ValueError):
        written(hilltop, reader=riverside, receipts=[forged])


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"\xff", b'{"v":1}', b"1" * 4_000_001])
def test_what_is_no_receipt_is_said_to_be_none(raw: bytes) -> None:
    found = bundle.read_receipt(raw)

    assert isinstance(found, Unfit)
    assert found.fault in (Fault.RECEIPT, Fault.TOO_LARGE)
