"""The file that a bundle is: what somebody made otherwise is refused with its own word, beside a twin that is read."""

import hashlib
import io
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from federation.feeds import bundle_file
from federation.feeds.bundle_file import ALERTS, ENTRIES, NAMES, README, BundleFile, NotFit, open_bundle
from protocol.feeds.unfit import Fault, Unfit
from tests.feeds.sticks import packed

WORDS = b"one line of words\n" * 20
PARTS = [(name, WORDS + name.encode() + b"\n") for name in NAMES]
GOOD = packed(PARTS)


def _fault(raw: bytes) -> Fault | None:
    opened = open_bundle(io.BytesIO(raw))
    if isinstance(opened, Unfit):
        return opened.fault
    try:
        opened.sums()
        for name in NAMES:
            opened.whole(name)
    except NotFit as error:
        return error.unfit.fault
    return None


def _opened(raw: bytes) -> BundleFile:
    opened = open_bundle(io.BytesIO(raw))
    assert isinstance(opened, BundleFile)
    return opened


def _central(raw: bytes, name: str) -> int:
    """Where the row of a name stands in the directory at the end."""
    at = raw.rindex(b"PK\x05\x06")
    at = int(struct.unpack_from("<L", raw, at + 16)[0])
    while raw[at + 46 : at + 46 + len(name)] != name.encode():
        at += 46 + sum(struct.unpack_from("<3H", raw, at + 28))
    return at


def _local(raw: bytes, name: str) -> int:
    found: int = struct.unpack_from("<L", raw, _central(raw, name) + 42)[0]
    return found


def _changed(raw: bytes, at: int, form: str, value: int) -> bytes:
    return raw[:at] + struct.pack(form, value) + raw[at + struct.calcsize(form) :]


def _both(raw: bytes, name: str, place: int, form: str, value: int) -> bytes:
    """Change a member of a header in both directories; `place` is that in the local one, two less than in the other."""
    raw = _changed(raw, _local(raw, name) + place, form, value)
    return _changed(raw, _central(raw, name) + place + 2, form, value)


def _replaced(name: str, data: bytes) -> list[tuple[str, bytes]]:
    return [(one, data if one == name else words) for one, words in PARTS]


def test_a_file_as_it_is_written_is_read() -> None:
    file = io.BytesIO()

    bundle_file.write_bundle(file, lambda sums: iter([(name, [words]) for name, words in PARTS]))

    assert file.getvalue() == GOOD
    assert _fault(GOOD) is None


def test_any_program_opens_it() -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        assert (archive.testzip(), archive.namelist()) == (None, list(NAMES))


@pytest.mark.parametrize("raw", [b"", b"P", b"hello" * 100, GOOD[:-1], GOOD[: len(GOOD) // 2], b"\0" * 22, GOOD[1:]])
def test_what_is_no_bundle_or_was_cut_off_is_said_to_be_none(raw: bytes) -> None:
    assert _fault(raw) is Fault.NOT_A_BUNDLE


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (GOOD + GOOD, Fault.EXTRA),
        (GOOD[:-2] + b"\5\0hello", Fault.NOT_A_BUNDLE),
        (packed([*PARTS, (README, WORDS)]), Fault.TWICE),
        (packed(PARTS[:-1]), Fault.MISSING),
        (packed([PARTS[1], PARTS[0], *PARTS[2:]]), Fault.ORDER),
        (packed(PARTS, external_attr=(stat.S_IFLNK | 0o777) << 16), Fault.NOT_A_FILE),
        (packed(PARTS, external_attr=(stat.S_IFDIR | 0o755) << 16), Fault.NOT_A_FILE),
        (packed(PARTS, create_system=0), Fault.NOT_A_FILE),
        (packed(PARTS, compress_type=zipfile.ZIP_BZIP2), Fault.METHOD),
        (packed(PARTS, extra=b"\1\0\2\0ab"), Fault.EXTRA),
        (packed(PARTS, comment=b"hello"), Fault.EXTRA),
        (packed(PARTS, date_time=(2026, 3, 2, 9, 0, 0)), Fault.HEADERS),
    ],
)
def test_a_file_of_another_make_is_refused(raw: bytes, fault: Fault) -> None:
    assert _fault(raw) is fault


@pytest.mark.parametrize(
    "name",
    ["../alerts.html", "/alerts.html", "alerts.htm", "Alerts.html", "a/alerts.html", "alerts.html/", "C:\\alerts"],
)
def test_a_name_that_is_not_on_the_list_is_refused(name: str) -> None:
    assert _fault(packed([(name if one == ALERTS else one, words) for one, words in PARTS])) is Fault.NAME
    assert _fault(packed([*PARTS, (name, WORDS)])) is Fault.NAME


@pytest.mark.parametrize(
    ("place", "form", "value", "fault"),
    [
        (6, "<H", 0x1, Fault.ENCRYPTED),
        (6, "<H", 0x40, Fault.ENCRYPTED),
        (6, "<H", 0x8, Fault.METHOD),
        (6, "<H", 0x800, Fault.METHOD),
        (8, "<H", 99, Fault.METHOD),
        (14, "<L", 12345, Fault.BROKEN),
        (18, "<L", 0xFFFFFFFF, Fault.ZIP64),
        (22, "<L", 0xFFFFFFFF, Fault.ZIP64),
        (22, "<L", 300_000_000, Fault.TOO_LARGE),
        (22, "<L", 9_000, Fault.TOO_TIGHT),
        (22, "<L", 5, Fault.BROKEN),
        (22, "<L", 1_000, Fault.BROKEN),
        (18, "<L", 20, Fault.EXTRA),
    ],
)
def test_headers_that_agree_on_something_else_are_refused(place: int, form: str, value: int, fault: Fault) -> None:
    assert _fault(_both(GOOD, ENTRIES, place, form, value)) is fault


@pytest.mark.parametrize(
    ("place", "form", "value"),
    [(4, "<H", 45), (8, "<H", 0), (10, "<H", 1), (14, "<L", 1), (18, "<L", 7), (22, "<L", 7), (30, "<B", 0x45)],
)
def test_two_directories_that_do_not_agree_are_refused(place: int, form: str, value: int) -> None:
    assert _fault(_changed(GOOD, _local(GOOD, ENTRIES) + place, form, value)) is Fault.HEADERS


def test_a_name_that_is_another_in_the_header_before_it_is_refused() -> None:
    assert _fault(_changed(GOOD, _local(GOOD, ALERTS) + 30, "<L", 0x61616161)) is Fault.HEADERS


def _moved(raw: bytes, by: int) -> bytes:
    """As if so many bytes had been put before the directory: its place, and nothing else."""
    at = raw.rindex(b"PK\x05\x06") + 16
    return _changed(raw, at, "<L", struct.unpack_from("<L", raw, at)[0] + by)


def test_bytes_that_belong_to_nothing_are_refused_wherever_they_lie() -> None:
    start = struct.unpack_from("<L", GOOD, GOOD.rindex(b"PK\x05\x06") + 16)[0]

    before_the_directory = _moved(GOOD[:start] + b"hello" + GOOD[start:], 5)
    in_front = packed(PARTS)
    for name in NAMES:
        at = _central(in_front, name) + 42
        in_front = _changed(in_front, at, "<L", struct.unpack_from("<L", in_front, at)[0] + 5)
    in_front = _moved(b"PK\x03\x04X" + in_front, 5)

    assert _fault(before_the_directory) is Fault.EXTRA
    assert _fault(in_front) is Fault.EXTRA
    assert _fault(GOOD + b"\0") is Fault.NOT_A_BUNDLE


def test_two_parts_that_share_their_bytes_are_refused() -> None:
    assert _fault(_changed(GOOD, _central(GOOD, ENTRIES) + 42, "<L", _local(GOOD, README))) is Fault.EXTRA


def _with_stream(stream: bytes, size: int, crc: int) -> bytes:
    """A file in which the entries are these packed bytes, with all headers as they must be."""
    made = packed(_replaced(ENTRIES, b""))
    at, packed_size = _local(made, ENTRIES) + 30 + len(ENTRIES), 2
    more = len(stream) - packed_size
    for name in NAMES[NAMES.index(ENTRIES) + 1 :]:
        place = _central(made, name) + 42
        made = _changed(made, place, "<L", struct.unpack_from("<L", made, place)[0] + more)
    for place, value in ((14, crc), (18, len(stream)), (22, size)):
        made = _both(made, ENTRIES, place, "<L", value)
    return _moved(made[:at] + stream + made[at + packed_size :], more)


def _deflated(data: bytes) -> bytes:
    squeezing = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezing.compress(data) + squeezing.flush()


def test_what_follows_the_end_of_packed_words_is_refused() -> None:
    good, crc = _deflated(WORDS), zlib.crc32(WORDS)

    assert _fault(_with_stream(good, len(WORDS), crc)) is None
    assert _fault(_with_stream(good + b"hidden", len(WORDS), crc)) is Fault.EXTRA
    assert _fault(_with_stream(good[:-1], len(WORDS), crc)) is Fault.BROKEN
    assert _fault(_with_stream(good + good, 2 * len(WORDS), zlib.crc32(WORDS * 2))) is Fault.EXTRA
    assert _fault(_with_stream(b"\xff" * 20, len(WORDS), crc)) is Fault.BROKEN


def test_more_than_the_headers_say_is_not_unpacked() -> None:
    bomb = _deflated(b"\0" * 50_000_000)

    tracemalloc.start()
    found = _fault(_with_stream(bomb, 1_000, zlib.crc32(b"\0" * 1_000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found is Fault.BROKEN
    assert peak < 2_000_000


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        (README, b"\0" * 60_000, Fault.TOO_TIGHT),
        (README, bytes(range(256)) * 300, Fault.TOO_LARGE),
        (README, bytes(range(256)) * 40, None),
    ],
)
def test_a_part_has_a_size_and_a_tightness_that_words_have(name: str, data: bytes, fault: Fault | None) -> None:
    assert _fault(packed(_replaced(name, data))) is fault


def test_a_file_that_is_larger_than_any_is_not_even_looked_into(tmp_path: Path) -> None:
    with (tmp_path / "large.comarca").open("w+b") as file:
        file.truncate(bundle_file.MOST_BYTES + 1)
        found = open_bundle(file)

    assert isinstance(found, Unfit) and found.fault is Fault.TOO_LARGE


def test_there_is_an_end_to_how_many_entries_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_file, "MOST_ENTRIES", 21)
    enough = _fault(GOOD)
    monkeypatch.setattr(bundle_file, "MOST_ENTRIES", 20)

    assert (enough, _fault(GOOD)) == (None, Fault.TOO_MANY)


@pytest.mark.parametrize(("length", "refused"), [(1_390_000, False), (1_500_000, True)])
def test_a_line_has_an_end(length: int, refused: bool) -> None:
    noise = hashlib.shake_128(b"noise").digest(length).replace(b"\n", b" ")
    opened = _opened(packed(_replaced(ENTRIES, b"first\n" + noise + b"\nlast")))

    if refused:
        with pytest.raises(NotFit) as told:
            list(opened.lines())
        assert told.value.unfit.fault is Fault.TOO_LARGE
    else:
        assert list(opened.lines()) == [b"first", noise, b"last"]


def test_words_that_repeat_without_end_are_written_so_that_they_are_read_again() -> None:
    file, same = io.BytesIO(), b"the same words again " * 4_000

    def parts(_sums: object) -> Iterator[tuple[str, list[bytes]]]:
        yield from ((name, [same if name == ENTRIES else words]) for name, words in PARTS)

    bundle_file.write_bundle(file, parts)

    assert _fault(packed(_replaced(ENTRIES, same))) is Fault.TOO_TIGHT
    assert _fault(file.getvalue()) is None


def test_reading_a_large_file_holds_a_small_part_of_it() -> None:
    words = hashlib.shake_128(b"many words").digest(10_000_000).hex().encode()
    lines = b"".join(words[at : at + 4_000] + b"\n" for at in range(0, len(words), 4_000))
    raw = packed(_replaced(ENTRIES, lines))
    opened = _opened(raw)

    tracemalloc.start()
    count = sum(1 for _ in opened.lines())
    opened.sums()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 5_000
    assert peak < 3_000_000


@pytest.mark.parametrize("shrink", [lambda raw: raw[:300], lambda raw: raw[:300] + b"\0" * (len(raw) - 300)])
def test_a_file_that_becomes_another_while_it_is_read_is_noticed(shrink: Callable[[bytes], bytes]) -> None:
    file = io.BytesIO(GOOD)
    opened = open_bundle(file)
    assert isinstance(opened, BundleFile)

    file.seek(0)
    file.truncate()
    file.write(shrink(GOOD))

    with pytest.raises(NotFit):
        opened.sums()
