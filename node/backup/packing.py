"""Files into one gzipped tar, and out again by rules so strict that only what `pack` writes comes through.

The reader is our own: a general one follows links, makes devices and reads extensions of any size. Here each entry must
be a plain file whose name, place, size and SHA-256 the manifest has told before. This module must never write
outside the folder it was given, nor more than was announced.
"""

import hashlib
import io
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable
from gzip import GzipFile
from pathlib import Path
from typing import BinaryIO

from node.backup.contents import (
    KEYS,
    MANIFEST,
    MANIFEST_LIMIT,
    BackupFailed,
    Manifest,
    Member,
    damaged,
    parse_manifest,
)

_BLOCK = 512
_PIECE = 262_144
_END = bytes(2 * _BLOCK)
_PADDING_LIMIT = 20 * _BLOCK  # what tar programs fill up to
_GZIP = 31  # zlib's way of saying: with gzip's head and check sum, and those only


def describe(path: Path) -> Member:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        return Member(sha256=hashlib.file_digest(file, "sha256").hexdigest(), size=os.fstat(file.fileno()).st_size)


def pack(folder: Path, manifest: Manifest, target: BinaryIO, *, look: Callable[[], None] = lambda: None) -> None:
    """Write the manifest and the files it names, from `folder`, to `target`. No owner and no other names go along.

    `look` is called before each piece; what it raises ends the packing.
    """
    seconds = int(manifest.made_at.timestamp())
    text = manifest.model_dump_json(indent=1).encode()
    with GzipFile(filename="", mode="wb", compresslevel=6, fileobj=target, mtime=0) as squeezed:
        _put(squeezed, MANIFEST, io.BytesIO(text), size=len(text), seconds=seconds, look=look)
        for name, member in manifest.members.items():
            with (folder / name).open("rb") as file:
                _put(squeezed, name, file, size=member.size, seconds=seconds, look=look)
        squeezed.write(_END)


def unpack(source: BinaryIO, into: Path, *, most: int) -> Manifest:
    """Unpack into the empty folder `into` (files 0600, folders 0700) and return the manifest.

    Raises BadBackup for anything that `pack` would not have written or that holds more than `most` bytes, BackupFailed
    where there is no room; what was written until then is the caller's to remove.
    """
    inside = _Inflated(source)
    try:
        text = _read_manifest(inside)
        manifest = parse_manifest(text, most=most)
        if shutil.disk_usage(into).free < manifest.size:
            raise BackupFailed(
                f"There is no room in {into} to unpack {manifest.size} bytes. Make room, then try again."
            )
        (into / KEYS).mkdir(mode=0o700)
        for name, member in manifest.members.items():
            found, size = _entry(inside.exactly(_BLOCK))
            if (found, size) != (name, member.size):
                raise damaged()
            _write_out(inside, into / name, member)
        inside.end()
    except zlib.error:
        raise damaged() from None
    return manifest


def _put(squeezed: GzipFile, name: str, file: BinaryIO, *, size: int, seconds: int, look: Callable[[], None]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, seconds, 0o600
    squeezed.write(entry.tobuf(tarfile.GNU_FORMAT))
    left = size
    while left:
        look()
        piece = file.read(min(left, _PIECE))
        if not piece:
            raise BackupFailed(f"{name} became shorter while it was being copied. Try again.")
        squeezed.write(piece)
        left -= len(piece)
    squeezed.write(bytes(-size % _BLOCK))


def _entry(block: bytes) -> tuple[str, int]:
    """Name and size of a plain file; links, folders, devices and all extensions are refused."""
    try:
        entry = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.TarError, ValueError):
        raise damaged() from None
    if entry.type != tarfile.REGTYPE or entry.size < 0 or entry.linkname:
        raise damaged()
    return entry.name, entry.size


def _read_manifest(inside: "_Inflated") -> bytes:
    name, size = _entry(inside.exactly(_BLOCK))
    if name != MANIFEST or size > MANIFEST_LIMIT:
        raise damaged()
    text = inside.exactly(size)
    if any(inside.exactly(-size % _BLOCK)):
        raise damaged()
    return text


def _write_out(inside: "_Inflated", path: Path, member: Member) -> None:
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        left = member.size
        while left:
            piece = inside.some(min(left, _PIECE))
            if not piece:
                raise damaged()
            digest.update(piece)
            file.write(piece)
            left -= len(piece)
    if digest.hexdigest() != member.sha256 or any(inside.exactly(-member.size % _BLOCK)):
        raise damaged()


class _Inflated:
    """The inside of one gzip stream, never more of it in memory than was asked for."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._inflate = zlib.decompressobj(wbits=_GZIP)

    def some(self, most: int) -> bytes:
        """At least one byte and at most `most`; nothing only at the stream's end, whose check sum is then right."""
        while not self._inflate.eof:
            raw = self._inflate.unconsumed_tail or self._source.read(_PIECE)
            piece = self._inflate.decompress(raw, most)
            if piece:
                return piece
            if not raw and not self._inflate.eof:
                raise damaged()
        return b""

    def exactly(self, size: int) -> bytes:
        pieces, left = [], size
        while left:
            piece = self.some(left)
            if not piece:
                raise damaged()
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def end(self) -> None:
        """Two empty blocks, at most some padding, and nothing behind the stream."""
        if self.exactly(len(_END)) != _END:
            raise damaged()
        padding = 0
        while piece := self.some(_BLOCK):
            padding += len(piece)
            if any(piece) or padding > _PADDING_LIMIT:
                raise damaged()
        if self._inflate.unused_data or self._source.read(1):
            raise damaged()
