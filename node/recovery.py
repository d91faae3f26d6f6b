"""The root key of a council: made when its feeds begin, kept beside the others until somebody takes it away on paper.

It names the feeds for ever and outlives every server: with it, and with what neighbours hold, a lost council is put up again. A
root key signs nothing in ordinary times. This module must never log or print it but where its words are asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from federation.council import Council
from federation.feeds import own
from federation.ourselves import council_document
from federation.ports import Clock, Randomness
from node.database import Store
from node.identity import FOLDER, load_key, place_key
from protocol import keys
from protocol.feeds import roots
from protocol.feeds.coding import b64
from schemas import activity as activities
from schemas.phrase import phrase
from schemas.refusal import Refusal

ROOT_FILE = "root.pem"


def root_key(directory: Path) -> Ed25519PrivateKey | None:
    """The root key that lies in the folder; None where it was taken away, or before there was one. Raises BadIdentity."""
    path = directory / FOLDER / ROOT_FILE
    return load_key(path) if path.exists() else None


def make_root(directory: Path, randomness: Randomness) -> Ed25519PrivateKey:
    """Make one, or use the one that a start left which broke off before it was written down. Raises BadIdentity."""
    held = root_key(directory)
    if held is not None:
        return held
    key = make_key(randomness)
    place_key(directory / FOLDER / ROOT_FILE, key)
    return key


def make_key(randomness: Randomness) -> Ed25519PrivateKey:
    """A fresh root key."""
    return Ed25519PrivateKey.from_private_bytes(randomness.bytes(roots.SECRET_BYTES))


def put_away(directory: Path) -> bool:
    """Remove the root key from the folder, once somebody has shown that they have its words. Returns whether it was there."""
    path = directory / FOLDER / ROOT_FILE
    if not path.exists():
        return False
    path.unlink()
    return True


def line_of(connection: Connection) -> list[dict[str, Any]]:
    """Our root statements, the first one first. Raises Refusal "no-feeds"."""
    row = own.ours(connection, "public")
    if row is None:
        raise Refusal("no-feeds", sentence=phrase("The server has not run yet. Start it once, then this works."))
    line: list[dict[str, Any]] = orjson.loads(row["roots"])
    return line


def open_epoch(
    connection: Connection,
    council: Council,
    *,
    by: Sequence[Ed25519PrivateKey],
    store_id: str,
    now: datetime,
    next_roots: Sequence[Ed25519PrivateKey] = (),
    threshold: int = 1,
    number: int | None = None,
) -> int:
    """Begin the next epoch of our feeds, under the key in use, and say in it all that is live. Returns its number.

    `by` are root keys, as many as are needed. `next_roots` take the place of those that there are, `threshold` of them being
    needed from then on. `number` is that of the epoch, where neighbours were told of it already.

    Raises Refusal: "no-feeds", "not-enough-keys".
    """
    line = line_of(connection)
    root = roots.judge_line(line)
    assert isinstance(root, roots.Root)
    signers = list(by)
    if next_roots:
        public = [keys.encode_multikey(key.public_key()) for key in next_roots]
        said = roots.statement(public=public, threshold=threshold, after=root)
        line = [*line, roots.signed(said, [*by, *next_roots], domain=roots.ROOT_DOMAIN)]
        after = roots.judge_line(line)
        if not isinstance(after, roots.Root):
            raise _not_enough(root)
        root, signers = after, list(next_roots)
    row = own.ours(connection, "public")
    assert row is not None
    number = int(row["epoch"]) + 1 if number is None else number
    opened = roots.epoch_statement(root, epoch=number, actor=council.actor_id, key=council.multibase)
    epoch = roots.signed(opened, signers, domain=roots.EPOCH_DOMAIN)
    if not isinstance(roots.judge_epoch(epoch, root), roots.Epoch):
        raise _not_enough(root)
    update = activities.update_actor(
        council.actor_id,
        council.new_activity_id(),
        document=council_document(council, council.profile),
        published=now,
    )
    own.begin(connection, council, line=line, epoch=epoch, store_id=store_id, now=now, itself=update)
    return number


def _not_enough(root: roots.Root) -> Refusal:
    sentence = phrase(
        "These words are not those of the recovery keys. Needed: {needed} of {all}.",
        needed=root.threshold,
        all=len(root.keys),
    )
    return Refusal("not-enough-keys", sentence=sentence)


def begin_feeds(directory: Path, council: Council, store: Store, *, clock: Clock, randomness: Randomness) -> bool:
    """Begin the feeds of a council that has none yet. Returns whether they were begun. Raises BadIdentity."""
    with store.reading() as connection:
        if own.begun(connection):
            return False
    key = make_root(directory, randomness)
    first = roots.statement(public=[keys.encode_multikey(key.public_key())], threshold=1)
    line = [roots.signed(first, [key], domain=roots.ROOT_DOMAIN)]
    root = roots.judge_line(line)
    assert isinstance(root, roots.Root)
    said = roots.epoch_statement(root, epoch=1, actor=council.actor_id, key=council.multibase)
    epoch = roots.signed(said, [key], domain=roots.EPOCH_DOMAIN)
    store_id, now = b64(randomness.bytes(12)), clock.now()

    def step(connection: Connection) -> None:
        if not own.begun(connection):
            own.begin(connection, council, line=line, epoch=epoch, store_id=store_id, now=now)

    store.write_now(step)
    return True
