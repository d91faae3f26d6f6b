"""Bundles for tests: written by a town, packed by hand with something wrong in them, taken in by another."""

import hashlib
import io
import stat
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Literal

import orjson
from sqlalchemy import text

from federation import outbox
from federation.council import Council
from federation.feeds import bringing_in, bundle_file, bundles
from federation.feeds.bringing_in import Brought, Judged
from federation.feeds.conversation import Write
from protocol import keys
from protocol.canonical import canonical
from protocol.feeds.bundle import BUNDLE_DOMAIN, Held
from protocol.feeds.coding import b64
from protocol.feeds.unfit import Fault, Unfit
from tests import builders
from tests.feeds.carrying import Town


def written(
    town: Town, *, reader: Town | None = None, since: Iterable[Held] = (), receipts: Iterable[Mapping[str, Any]] = ()
) -> bytes:
    """A bundle that a town writes, for everyone or for one other."""
    file = io.BytesIO()
    actor = None if reader is None else reader.council.actor_id
    given: dict[str, Any] = {"now": town.now, "reader": actor, "since": since, "receipts": list(receipts)}
    bundles.export(town.connection, town.council, file, **given)
    return file.getvalue()


def twin(town: Town) -> Town:
    """Another one in the very same state, to go another way from here."""
    other = Town(town.name, now=town.now)
    other.connection.close()
    other.connection = builders.open_database(builders.snapshot(town.connection))
    return other


def judged(raw: bytes) -> Judged:
    found = bringing_in.judge(io.BytesIO(raw))
    assert isinstance(found, Judged), found
    return found


def taken_in(town: Town, raw: bytes, *, cut_after: int | None = None) -> Brought | Unfit | None:
    """What comes of a bundle at a town; None where it was broken off after so many steps of writing."""
    found = bringing_in.judge(io.BytesIO(raw))
    if isinstance(found, Unfit):
        return found
    bringing, sent, steps = bringing_in.bring_in(town.council, found, now=town.now), None, 0
    try:
        while True:
            step: Any = bringing.send(sent)
            if isinstance(step, Write):
                if steps == cut_after:
                    return None
                steps += 1
                sent = town.write(partial(step.step, now=town.now))
            else:
                sent = step.query(town.connection)
    except StopIteration as ended:
        return ended.value  # type: ignore[no-any-return]


def brought(town: Town, raw: bytes) -> Brought:
    found = taken_in(town, raw)
    assert isinstance(found, Brought), found
    return found


def fault(town: Town, raw: bytes) -> Fault | None:
    """Why a bundle is not taken in; None where it is."""
    found = taken_in(town, raw)
    return found.fault if isinstance(found, Unfit) else None


def held_by(town: Town) -> tuple[list[Any], ...]:
    """All that a town holds of feeds, and what it made of it: without our own counting, and without when."""
    return tuple(
        list(map(tuple, town.connection.execute(text(statement))))
        for statement in (
            "SELECT name, actor_id, channel, ours, epoch, seq, head, key, roots, frozen_seq FROM feed ORDER BY name",
            "SELECT f.name, e.epoch, e.seq, e.entry_id, e.header, e.signature, e.salt, e.payload, e.held_because"
            " FROM feed_entry e JOIN feed f ON f.id = e.feed_id ORDER BY f.name, e.epoch, e.seq",
            "SELECT f.name, r.actor_id FROM feed_reader r JOIN feed f ON f.id = r.feed_id ORDER BY 1, 2",
            "SELECT object_id, source, kind, audience, name, document, gone_at IS NULL FROM replica ORDER BY object_id",
        )
    )


def everything_in(town: Town) -> bytes:
    """Every row of every table, as one sum."""
    lines = "\n".join(town.connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    return hashlib.sha256(lines.encode()).digest()


def parts_of(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Iterable[tuple[str, bytes]], **changes: Any) -> bytes:
    """A ZIP as bundles are. `changes` are members of each ZipInfo."""
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as archive:
        warnings.simplefilter("ignore")  # about a name that comes twice, which is what is wanted here
        for name, data in parts:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            for member, value in changes.items():
                setattr(info, member, value)
            archive.writestr(info, data)
    return file.getvalue()


def resigned(parts: Mapping[str, bytes], by: Council, **changes: Any) -> bytes:
    """The same parts under a manifest that fits them, signed by whoever likes; `changes` are members of the manifest."""
    said = orjson.loads(parts[bundle_file.MANIFEST])
    said |= {"maker": by.actor_id, "key": by.multibase, "files": sums_of(parts)} | changes
    del said["signature"]
    said["signature"] = b64(keys.sign(by.ed25519, BUNDLE_DOMAIN + canonical(said)))
    return packed({**parts, bundle_file.MANIFEST: canonical(said)}.items())


def sums_of(parts: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        name: {"size": len(data), "sha256": b64(hashlib.sha256(data).digest())}
        for name, data in parts.items()
        if name != bundle_file.MANIFEST
    }


def with_lines(raw: bytes, lines: Iterable[bytes]) -> dict[str, bytes]:
    """The parts of a bundle with other entries in it."""
    return parts_of(raw) | {bundle_file.ENTRIES: b"".join(line + b"\n" for line in lines)}


def lines_of(raw: bytes) -> list[bytes]:
    return parts_of(raw)[bundle_file.ENTRIES].splitlines()


def feeds_of(town: Town, actor: str) -> list[str]:
    found = town.connection.execute(text("SELECT name FROM feed WHERE actor_id = :actor"), {"actor": actor})
    return list(found.scalars())


def call(
    town: Town,
    title: str,
    *,
    audience: Literal["public", "neighbours"] = "public",
    status: str = "Actual",
    words: str = "Bring pumps",
) -> str:
    """A call for help of a town, for five hours; its address."""
    note = builders.flood(town.council, title=title, words=words, audience=audience, status=status, published=town.now)
    town.write(lambda c: outbox.publish(c, town.council, note=note, audience=audience, now=town.now))
    return str(note["id"])
