"""A bundle that was damaged on its way, or by somebody, is refused as a whole: nothing of it is written, and nothing breaks."""

from collections.abc import Callable

import orjson
import pytest

from federation.feeds.bundle_file import ENTRIES, MANIFEST, NAMES
from protocol.canonical import canonical
from protocol.feeds.unfit import Unfit
from tests.builders import SeededRandomness
from tests.feeds.carrying import Town, all_linked
from tests.feeds.sticks import (
    brought,
    everything_in,
    lines_of,
    packed,
    parts_of,
    resigned,
    sums_of,
    taken_in,
    twin,
    with_lines,
    written,
)

RUNS = 150
LENGTHS = (1, 2, 16, 300)

Damage = Callable[[bytes, SeededRandomness], bytes]


def _flipped(raw: bytes, chance: SeededRandomness) -> bytes:
    damaged = bytearray(raw)
    for _ in range(1 + chance.below(4)):
        damaged[chance.below(len(raw))] ^= 1 + chance.below(255)
    return bytes(damaged)


def _cut(raw: bytes, chance: SeededRandomness) -> bytes:
    return raw[: chance.below(len(raw))]


def _hole(raw: bytes, chance: SeededRandomness) -> bytes:
    at, length = chance.below(len(raw)), chance.pick(LENGTHS)
    return raw[:at] + (b"" if chance.chance(0.5) else b"\0" * length) + raw[at + length :]


def _grown(raw: bytes, chance: SeededRandomness) -> bytes:
    at = chance.below(len(raw) + 1)
    return raw[:at] + chance.bytes(chance.pick(LENGTHS)) + raw[at:]


def _copied_within(raw: bytes, chance: SeededRandomness) -> bytes:
    source, target, length = chance.below(len(raw)), chance.below(len(raw)), chance.pick(LENGTHS)
    piece = raw[source : source + length]
    return raw[:target] + piece + raw[target + len(piece) :]


def _members_swapped(raw: bytes, chance: SeededRandomness) -> bytes:
    parts = parts_of(raw)
    one, other = chance.shuffled(NAMES)[:2]
    if chance.chance(0.5):
        return packed((name, parts[{one: other, other: one}.get(name, name)]) for name in NAMES)
    return packed((name, parts[name]) for name in ({one: other, other: one}.get(name, name) for name in NAMES))


def _lines_edited(raw: bytes, chance: SeededRandomness) -> bytes:
    """With sums that fit again, and the signature of before."""
    parts = parts_of(raw)
    lines = parts[ENTRIES].splitlines(keepends=True)
    at = chance.below(len(lines))
    match chance.below(4):
        case 0:
            lines[at] = _flipped(lines[at], chance)
        case 1:
            del lines[at]
        case 2:
            lines.insert(chance.below(len(lines)), lines[at])
        case _:
            lines[at] = lines[at].replace(b"Thing", b"Thong").replace(b'"put"', b'"end"')
    parts[ENTRIES] = b"".join(lines)
    said = {**orjson.loads(parts[MANIFEST]), "files": sums_of(parts)}
    return packed({**parts, MANIFEST: canonical(said)}.items())


DAMAGES: tuple[Damage, ...] = (_flipped, _cut, _hole, _grown, _copied_within, _members_swapped, _lines_edited)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_nothing_of_a_damaged_bundle_is_taken(damage: Damage, scale: int) -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    for number in range(8):
        riverside.publish(f"Thing {number}", audience="public" if number % 2 else "neighbours")
    raw, before = written(riverside, reader=hilltop), everything_in(hilltop)

    for seed in range(scale * (RUNS // len(DAMAGES) + 1)):
        damaged = damage(raw, SeededRandomness(f"{damage.__name__} {seed}"))
        if damaged != raw:
            assert isinstance(taken_in(hilltop, damaged), Unfit), f"seed {seed}"

    assert everything_in(hilltop) == before
    assert brought(hilltop, raw).taken == _entries_in(raw)


def _entries_in(raw: bytes) -> int:
    return parts_of(raw)[ENTRIES].count(b"\n")


def test_what_is_damaged_beneath_an_honest_signature_is_told_entry_by_entry(scale: int) -> None:
    """A maker may sign anything: what is not by its council is refused there, by its own chain."""
    riverside, hilltop = all_linked("riverside", "hilltop")
    for number in range(8):
        riverside.publish(f"Thing {number}")
    raw = written(riverside, reader=hilltop)

    for seed in range(20 * scale):
        reader, chance = twin(hilltop), SeededRandomness(f"signed {seed}")
        told = brought(reader, _signed_again(raw, riverside, chance))

        assert set(reader.live().values()) <= {f"Thing {number}" for number in range(8)}
        assert told.refused


def _signed_again(raw: bytes, by: Town, chance: SeededRandomness) -> bytes:
    lines = lines_of(raw)
    at = chance.below(len(lines))
    lines[at] = _flipped(lines[at], chance).replace(b"\n", b" ")
    return resigned(with_lines(raw, lines), by.council)
