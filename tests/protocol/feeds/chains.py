"""Feeds made of plain payloads, for tests of the chain alone."""

import hashlib
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.feeds import chain, entry, roots
from protocol.feeds.chain import Begun, Head
from protocol.feeds.entry import Entry, Kind
from tests.builders import START, ed25519_key, multibase_of

ACTOR = "https://riverside.example/council"
NODE, NEXT = ed25519_key("riverside"), ed25519_key("riverside, the next one")


def line_of(*held: Ed25519PrivateKey, threshold: int = 1) -> list[dict[str, Any]]:
    """A line of one root statement by these keys."""
    said = roots.statement(public=[multibase_of(key) for key in held], threshold=threshold)
    return [roots.signed(said, held, domain=roots.ROOT_DOMAIN)]


def root_of(line: list[dict[str, Any]]) -> roots.Root:
    root = roots.judge_line(line)
    assert isinstance(root, roots.Root), root
    return root


def opened(line: list[dict[str, Any]], *by: Ed25519PrivateKey, epoch: int = 1, key: Any = NODE) -> dict[str, Any]:
    """An epoch that these root keys open for a node key."""
    said = roots.epoch_statement(root_of(line), epoch=epoch, actor=ACTOR, key=multibase_of(key))
    return roots.signed(said, by, domain=roots.EPOCH_DOMAIN)


def salt(word: object) -> bytes:
    return hashlib.sha256(str(word).encode()).digest()[: entry.SALT_BYTES]


def genesis(*, epoch: int = 1, key: Ed25519PrivateKey = NODE) -> Entry:
    root_key = ed25519_key("root")
    line = line_of(root_key)
    return entry.make(
        feed=entry.feed_name(root_of(line).id, "public"),
        epoch=epoch,
        seq=1,
        prev=None,
        kind=Kind.GENESIS,
        key=key,
        payload={"roots": line, "epoch": opened(line, root_key, epoch=epoch, key=key)},
        salt=salt("genesis"),
    )


def after(before: Entry, kind: Kind, *, key: Ed25519PrivateKey = NODE, payload: Any = None, **given: Any) -> Entry:
    """The entry that follows `before`."""
    header = before.header
    return entry.make(
        feed=header.feed,
        epoch=header.epoch,
        seq=header.seq + 1,
        prev=before.id,
        kind=kind,
        key=key,
        payload=payload,
        salt=None if payload is None else salt(header.seq),
        **given,
    )


def put(before: Entry, number: int, *, key: Ed25519PrivateKey = NODE) -> Entry:
    return after(
        before,
        Kind.PUT,
        key=key,
        object=f"https://riverside.example/o/{number}",
        payload={"id": f"https://riverside.example/a/{number}", "number": number},
        expires=START + timedelta(days=14),
    )


def begun(first: Entry) -> Begun:
    found = chain.begin(first)
    assert isinstance(found, Begun), found
    return found


def feed(count: int) -> tuple[Head, list[Entry]]:
    """The head after a genesis, and so many puts that follow it; the key changes in the middle."""
    first = genesis()
    run: list[Entry] = []
    last, key = first, NODE
    for number in range(count):
        if number == count // 2:
            last = after(last, Kind.KEY, key=key, object=multibase_of(NEXT))
            run.append(last)
            key = NEXT
        last = put(last, number, key=key)
        run.append(last)
    return begun(first).head, run
