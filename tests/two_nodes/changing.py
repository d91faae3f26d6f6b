"""A council's keys are changed, in tests: as the command does it, from beside the running node."""

from contextlib import closing
from datetime import datetime
from typing import Any

import orjson

from federation.rotation import Changed, keys_of, rotate
from node.app import DATABASE, open_council
from node.database import Store
from node.identity import next_pair
from tests import builders
from tests.two_nodes.outsiders import Outsider, Seen
from tests.two_nodes.region import Town


def change_keys(town: Town, *, at: datetime | None = None) -> Changed:
    """New keys, written by another process; a running node notices by itself."""
    directory, now = town.node.settings.directory, at or town.node.clock.now()
    council = open_council(town.node.settings, randomness=builders.SeededRandomness(f"change {town.url} {now}"))
    council.profile = town.node.council.profile
    pair = next_pair(directory, council.randomness, number=council.keyring.number + 1)
    with closing(Store.open(directory / DATABASE)) as elsewhere:
        return elsewhere.write_now(lambda c: rotate(c, council, council.profile, pair=pair, now=now))


def pinned(there: Town, of: Town) -> str:
    """The Ed25519 key in use that one council holds of another."""
    found = there.read(lambda c: keys_of(c, there.node.council, of.actor))
    return next(multibase for multibase, until in found.values() if until is None)


def key_ids(requests: list[Any]) -> list[str]:
    """By which key each request was signed."""
    return [_key_id(request.headers) for request in requests]


def _key_id(headers: Any) -> str:
    given = {name.lower(): value for name, value in headers.items()}
    field = given.get("signature-input") or given["signature"]
    return str(field.lower().partition("keyid=")[2].split('"')[1])


def to_inboxes(town: Town, there: Town | Outsider) -> list[Any]:
    """The POSTs that have been sent to another server, in order."""
    url = there.url if isinstance(there, Town) else there.council.base_url
    return [sent for sent in town.network.log if sent.method == "POST" and sent.url.startswith(url + "/")]


def said(sent: Any) -> dict[str, Any]:
    found: dict[str, Any] = sent.activity if isinstance(sent, Seen) else orjson.loads(sent.body)
    return found
