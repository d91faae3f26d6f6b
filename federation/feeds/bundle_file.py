"""The file that a bundle is: a ZIP of five files, in one order, that covers every byte of itself.

Any program opens it, so that somebody without a server can read what it says. It is read much more strictly than that: both
directories of a ZIP must say the same, nothing may lie between, before or behind, and nothing is unpacked to a disk. Source:
PKWARE APPNOTE 6.3. Bounded: whatever the file says, at most a few hundred kilobytes of it are held at once.
"""

import hashlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from protocol.feeds.bundle import Sum
from protocol.feeds.coding import b64
from protocol.feeds.entry import LONGEST_LINE
from protocol.feeds.unfit import Fault, Unfit

SUFFIX: Final = ".comarca"
README, ALERTS, RECEIPTS, ENTRIES, MANIFEST = (
    "README.txt",
    "alerts.html",
    "receipts.json",
    "entries.ndjson",
    "manifest.json",
)
NAMES: Final = (README, ALERTS, RECEIPTS, ENTRIES, MANIFEST)
SUMMED: Final = NAMES[:-1]

MOST_BYTES: Final = 256_000_000
"""Of the file, and of all that is unpacked from it."""

LARGEST: Final[Mapping[str, int]] = {README: 65_536, ALERTS: 4_000_000, RECEIPTS: 4_000_000, MANIFEST: 8_000_000}
MOST_ENTRIES: Final = 500_000
MOST_RATIO: Final = 100

_AT_ONCE: Final = 65_536
_END: Final = struct.Struct("<4s4H2LH")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_PLAIN: Final = stat.S_IFREG | 0o644
_MADE_BY: Final = (3 << 8) | 20
_NEEDS: Final = 20
# The moment of making is told, and signed, in the manifest; a directory has nothing to say about it.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_DOS_DATE, _DOS_TIME = 33, 0
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_IN_64: Final = 0xFFFFFFFF


class NotFit(Exception):
    """The file is none that is read; `unfit` says why."""

    def __init__(self, fault: Fault, sentence: str) -> None:
        super().__init__(sentence)
        self.unfit = Unfit(fault, sentence)


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    method: int
    crc: int
    packed: int
    size: int
    at: int


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file whose frame was judged. What is in its members is judged as they are read."""

    file: BinaryIO
    members: Mapping[str, _Member]

    def chunks(self, name: str) -> Iterator[bytes]:
        """What a member holds, in pieces. Raises NotFit at the byte where it is not what its headers say."""
        member = self.members[name]
        size, crc = 0, 0
        for piece in _unpacked(self.file, member):
            size, crc = size + len(piece), zlib.crc32(piece, crc)
            if size > member.size:
                break
            yield piece
        if (size, crc) != (member.size, member.crc):
            raise NotFit(Fault.BROKEN, "A part of the file is not what its own sums say.")

    def whole(self, name: str) -> bytes:
        """A member that is small by the limits. Raises NotFit."""
        return b"".join(self.chunks(name))

    def lines(self, name: str = ENTRIES) -> Iterator[bytes]:
        """The lines of a member, without their ends. Raises NotFit also for a line that is longer than any may be."""
        rest = b""
        for piece in self.chunks(name):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > LONGEST_LINE:
                raise NotFit(Fault.TOO_LARGE, "The file holds a line that is longer than any may be.")
        if rest:
            yield rest

    def sums(self) -> dict[str, Sum]:
        """The sums of all members but the manifest, as they really are. Raises NotFit, also for more lines than may be."""
        found = {}
        for name in SUMMED:
            summed, lines = hashlib.sha256(), 0
            for piece in self.chunks(name):
                summed.update(piece)
                lines += piece.count(b"\n") if name == ENTRIES else 0
                if lines > MOST_ENTRIES:
                    raise NotFit(Fault.TOO_MANY, "The file holds more entries than are read at once.")
            found[name] = Sum(self.members[name].size, b64(summed.digest()))
        return found


def _unpacked(file: BinaryIO, member: _Member) -> Iterator[bytes]:
    file.seek(member.at)
    left = member.packed
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    while left:
        raw = file.read(min(left, _AT_ONCE))
        if not raw:
            raise NotFit(Fault.BROKEN, "The file ends in the middle.")
        left -= len(raw)
        if member.method == zipfile.ZIP_STORED:
            yield raw
            continue
        more = True
        while more:
            try:
                piece = inflating.decompress(raw, _AT_ONCE)
            except zlib.error:
                raise NotFit(Fault.BROKEN, "A part of the file cannot be unpacked.") from None
            if inflating.unused_data:
                raise NotFit(Fault.EXTRA, "There are bytes in the file that belong to nothing.")
            yield piece
            raw = inflating.unconsumed_tail
            # A full piece may have left some waiting inside, though all that was read went in.
            more = bool(raw) or len(piece) == _AT_ONCE
    if member.method == zipfile.ZIP_DEFLATED and not inflating.eof:
        raise NotFit(Fault.BROKEN, "A part of the file ends in the middle.")


def open_bundle(file: BinaryIO) -> BundleFile | Unfit:
    """Judge the frame of a file that can be read at any place. Never raises for what the file holds."""
    try:
        return BundleFile(file, _members(file))
    except NotFit as error:
        return error.unfit


def _members(file: BinaryIO) -> dict[str, _Member]:
    length = file.seek(0, 2)
    if length > MOST_BYTES:
        raise NotFit(Fault.TOO_LARGE, "The file is larger than any that is read.")
    end = _at(file, max(length - _END.size, 0), _END.size)
    if len(end) < _END.size or _at(file, 0, 4) != b"PK\x03\x04":
        raise NotFit(Fault.NOT_A_BUNDLE, "This is no file that comarca has written, or it was cut off.")
    mark, disk, first_disk, here, count, size, start, comment = _END.unpack(end)
    if mark != b"PK\x05\x06":
        raise NotFit(Fault.NOT_A_BUNDLE, "This is no file that comarca has written, or it was cut off.")
    if 0xFFFF in (here, count) or _IN_64 in (size, start):
        raise NotFit(Fault.ZIP64, "The file is of a kind that is made for much larger ones.")
    if comment or (disk, first_disk, here) != (0, 0, count) or start + size + _END.size != length:
        raise NotFit(Fault.EXTRA, "There are bytes in the file that belong to nothing.")
    if count > 4 * len(NAMES) or size > 4_096:
        raise NotFit(Fault.NAME, "The file holds other files than a bundle does.")
    members = list(_listed(_at(file, start, size), count))
    _judge_names([member.name for member in members])
    _judge_sizes(members)
    _judge_places(file, members, start=start)
    return {member.name: member for member in members}


def _listed(directory: bytes, count: int) -> Iterator[_Member]:
    at = 0
    for _ in range(count):
        if at + _CENTRAL.size > len(directory):
            raise NotFit(Fault.HEADERS, "The directories of the file do not agree.")
        row = _CENTRAL.unpack_from(directory, at)
        mark, made_by, needs, flags, method, time, date, crc, packed, size, named, extra, comment, disk, inner = row[
            :15
        ]
        outer, start = row[15:]
        name = directory[at + _CENTRAL.size : at + _CENTRAL.size + named]
        at += _CENTRAL.size + named + extra + comment
        _judge_kind(mark, flags, method, made_by, outer)
        if _IN_64 in (packed, size, start):
            raise NotFit(Fault.ZIP64, "The file is of a kind that is made for much larger ones.")
        if extra or comment:
            raise NotFit(Fault.EXTRA, "There are bytes in the file that belong to nothing.")
        if (needs, time, date, disk, inner) != (_NEEDS, _DOS_TIME, _DOS_DATE, 0, 0):
            raise NotFit(Fault.HEADERS, "The directories of the file are not as comarca writes them.")
        yield _Member(name.decode("ascii", "replace"), method, crc, packed, size, start + _LOCAL.size + named)
    if at != len(directory):
        raise NotFit(Fault.EXTRA, "There are bytes in the file that belong to nothing.")


def _judge_kind(mark: bytes, flags: int, method: int, made_by: int, outer: int) -> None:
    if mark != b"PK\x01\x02":
        raise NotFit(Fault.HEADERS, "The directories of the file do not agree.")
    if flags & 0x2041:
        raise NotFit(Fault.ENCRYPTED, "A part of the file is locked.")
    if flags or method not in _METHODS:
        raise NotFit(Fault.METHOD, "A part of the file is packed in another way than a bundle is.")
    if made_by != _MADE_BY or outer != _PLAIN << 16:
        raise NotFit(Fault.NOT_A_FILE, "The file holds something that is no plain file.")


def _judge_names(names: list[str]) -> None:
    if any(name not in NAMES for name in names):
        raise NotFit(Fault.NAME, "The file holds other files than a bundle does.")
    if len(set(names)) < len(names):
        raise NotFit(Fault.TWICE, "The file holds two files of one name.")
    if len(names) < len(NAMES):
        raise NotFit(Fault.MISSING, "A part of the file is missing.")
    if tuple(names) != NAMES:
        raise NotFit(Fault.ORDER, "The parts of the file are not in their order.")


def _judge_sizes(members: list[_Member]) -> None:
    if sum(one.size for one in members) > MOST_BYTES or any(
        one.size > LARGEST.get(one.name, MOST_BYTES) for one in members
    ):
        raise NotFit(Fault.TOO_LARGE, "The file unpacks to more than is read.")
    if any(one.size > MOST_RATIO * one.packed for one in members):
        raise NotFit(Fault.TOO_TIGHT, "A part of the file is packed more tightly than words are.")


def _judge_places(file: BinaryIO, members: list[_Member], *, start: int) -> None:
    """The header before each member says what the directory says, and one follows the other without a gap."""
    at = 0
    for one in members:
        name = one.name.encode("ascii")
        told = (one.method, _DOS_TIME, _DOS_DATE, one.crc, one.packed, one.size, len(name), 0)
        wanted = _LOCAL.pack(b"PK\x03\x04", _NEEDS, 0, *told) + name
        if one.at != at + len(wanted):
            raise NotFit(Fault.EXTRA, "There are bytes in the file that belong to nothing, or that belong to two.")
        if _at(file, at, len(wanted)) != wanted:
            raise NotFit(Fault.HEADERS, "The directories of the file do not agree.")
        at = one.at + one.packed
    if at != start:
        raise NotFit(Fault.EXTRA, "There are bytes in the file that belong to nothing, or that belong to two.")


def _at(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)


Parts = Callable[[Mapping[str, Sum]], Iterator[tuple[str, Iterable[bytes]]]]
"""The members of a bundle in the order of `NAMES`, each in pieces; given are the sums of those that are written already."""


def write_bundle(file: BinaryIO, parts: Parts) -> None:
    """Write a bundle to a file that can be written at any place. Where words repeat so much that nobody would unpack them
    again, it is written once more, unsqueezed: `parts` may be called twice, and must give the same."""
    if not _write(file, parts, how=zipfile.ZIP_DEFLATED):
        _write(file, parts, how=zipfile.ZIP_STORED)


def _write(file: BinaryIO, parts: Parts, *, how: int) -> bool:
    file.seek(0)
    file.truncate()
    sums: dict[str, Sum] = {}
    with zipfile.ZipFile(file, "w", how, allowZip64=False) as archive:
        for name, pieces in parts(sums):
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type, info.create_system, info.external_attr = how, 3, _PLAIN << 16
            summed, size = hashlib.sha256(), 0
            with archive.open(info, "w") as member:
                for piece in pieces:
                    member.write(piece)
                    summed.update(piece)
                    size += len(piece)
            sums[name] = Sum(size, b64(summed.digest()))
    return all(one.file_size <= MOST_RATIO * one.compress_size for one in archive.infolist())
