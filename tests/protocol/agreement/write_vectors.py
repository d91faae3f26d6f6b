"""Writes `tests/vectors/tally.json`: `python -m tests.protocol.agreement.write_vectors`. The same file every time.

The cases with names have answers that were written down by hand; the numbered ones are drawn, and counted by this software.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from protocol.agreement.key_words import key_words
from protocol.agreement.stances import count
from protocol.agreement.wording import text_digest
from tests.protocol.agreement.village import (
    DIGEST,
    MULTIBASE,
    NAMES,
    OTHER_DIGEST,
    RESOLUTION,
    RULE,
    STRANGER,
    TEXT,
    actor,
    answer,
    rule_json,
    taken_back,
)

FILE = Path(__file__).parents[2] / "vectors" / "tally.json"
LATE = 19 * 24 + 9 + 1 / 3600  # hours from the beginning to one second after the end
DRAWN = 40
CLOSINGS = (None, None, "2024-11-01T12:00:00Z", "2024-11-02T09:00:00Z")
ABOUT = (
    "The answers of several councils to one text, and how they are counted. Every case names documents, in no order that"
    " matters, and what every node must find: where each asked council stands, what is left out and why, whether the rule is"
    " met, the end that holds. A document is read as it stands here; its proof is eddsa-jcs-2022 (FEP-8b32) by the key in the rule."
)


def pool() -> dict[str, dict[str, Any]]:
    """Every document by its name."""
    found: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(NAMES):
        at = number / 2
        found[f"{name} accepts"] = answer(name, "Accept", id="b", at=at)
        found[f"{name} accepts with reservations, an hour later"] = answer(name, "TentativeAccept", id="c", at=at + 1)
        found[f"{name} abstains, in the same second as it accepts"] = answer(name, "Ignore", id="a", at=at)
        found[f"{name} objects, under the address of its acceptance"] = answer(name, "Reject", id="b", at=at)
        found[f"{name} is concerned, in the last second"] = answer(name, "TentativeReject", id="d", at=LATE - 1 / 3600)
        found[f"{name} objects, a second too late"] = answer(name, "Reject", id="e", at=LATE)
        found[f"{name} objects to other words"] = answer(
            name, "Reject", id="f", at=at + 3, **{"comarca:textDigest": OTHER_DIGEST}
        )
        found[f"{name} takes its acceptance back"] = taken_back(name, found[f"{name} accepts"], id="g", at=at + 2)
        found[f"{name} takes it back by a slow clock"] = taken_back(name, found[f"{name} accepts"], id="0", at=at - 1)
        found[f"{name} takes it back too late"] = taken_back(name, found[f"{name} accepts"], id="h", at=LATE)
        found[f"{name}'s acceptance, forged into an objection"] = answer(name, "Accept", id="i", at=4) | {
            "type": "Reject"
        }
    found[f"{STRANGER} objects, and was not asked"] = answer(STRANGER, "Reject", id="b")
    found["riverside takes back what harbour said"] = taken_back("riverside", found["harbour accepts"], id="j", at=5)
    return found


HAND_WRITTEN: dict[str, tuple[list[str], str | None, dict[str, str], dict[str, str], bool, bool]] = {
    "nobody answers": ([], None, {}, {}, False, False),
    "two of three agree": (
        ["riverside accepts", "harbour accepts"],
        None,
        {"riverside": "agreed", "harbour": "agreed"},
        {},
        True,
        False,
    ),
    "an objection is left": (
        ["riverside accepts", "harbour accepts", "hillside objects, under the address of its acceptance"],
        None,
        {"riverside": "agreed", "harbour": "agreed", "hillside": "objected"},
        {},
        False,
        False,
    ),
    "the newest counts": (
        ["harbour accepts with reservations, an hour later", "harbour accepts"],
        None,
        {"harbour": "with-reservations"},
        {"harbour accepts": "replaced"},
        False,
        False,
    ),
    "within one second the later address counts": (
        ["harbour accepts", "harbour abstains, in the same second as it accepts"],
        None,
        {"harbour": "agreed"},
        {"harbour abstains, in the same second as it accepts": "replaced"},
        False,
        False,
    ),
    "under one address and second the one less in favour counts": (
        ["harbour accepts", "harbour objects, under the address of its acceptance"],
        None,
        {"harbour": "objected"},
        {"harbour accepts": "replaced"},
        False,
        False,
    ),
    "late, forged, not asked and to other words": (
        [
            "harbour accepts",
            "harbour objects, a second too late",
            "harbour objects to other words",
            "harbour's acceptance, forged into an objection",
            f"{STRANGER} objects, and was not asked",
        ],
        None,
        {"harbour": "agreed"},
        {
            "harbour objects, a second too late": "late",
            "harbour objects to other words": "other-text",
            "harbour's acceptance, forged into an objection": "forged",
            f"{STRANGER} objects, and was not asked": "not-asked",
        },
        False,
        False,
    ),
    "taken back": (
        ["harbour takes its acceptance back", "harbour accepts"],
        None,
        {"harbour": "withdrawn"},
        {"harbour accepts": "withdrawn"},
        False,
        False,
    ),
    "taken back by a slow clock": (
        ["harbour takes it back by a slow clock", "harbour accepts"],
        None,
        {"harbour": "withdrawn"},
        {"harbour accepts": "withdrawn"},
        False,
        False,
    ),
    "taken back, and the answer never came": (
        ["harbour takes its acceptance back"],
        None,
        {"harbour": "withdrawn"},
        {},
        False,
        False,
    ),
    "taken back too late": (
        ["harbour accepts", "harbour takes it back too late"],
        None,
        {"harbour": "agreed"},
        {"harbour takes it back too late": "late"},
        False,
        False,
    ),
    "taken back by another council": (
        ["harbour accepts", "riverside takes back what harbour said"],
        None,
        {"harbour": "agreed"},
        {},
        False,
        False,
    ),
    "taken back once it was replaced": (
        ["harbour accepts", "harbour accepts with reservations, an hour later", "harbour takes its acceptance back"],
        None,
        {"harbour": "with-reservations"},
        {"harbour accepts": "withdrawn"},
        False,
        False,
    ),
    "closed early, once everybody had answered": (
        ["riverside accepts", "harbour accepts", "hillside accepts", "hillside is concerned, in the last second"],
        "2024-11-01T12:00:00Z",
        {"riverside": "agreed", "harbour": "agreed", "hillside": "agreed"},
        {"hillside is concerned, in the last second": "late"},
        True,
        True,
    ),
    "closed before everybody had answered": (
        ["riverside accepts", "harbour accepts", "hillside is concerned, in the last second"],
        "2024-11-01T12:00:00Z",
        {"riverside": "agreed", "harbour": "agreed", "hillside": "concerned"},
        {},
        True,
        False,
    ),
}


def drawn(names: list[str]) -> Iterator[tuple[list[str], str | None]]:
    """Handfuls of documents, the same on every machine."""
    for number in range(DRAWN):
        bits = int.from_bytes(hashlib.sha512(f"tally {number}".encode()).digest(), "big")
        most = 1 + bits % 3  # one in two, four or eight documents
        chosen = [name for place, name in enumerate(names) if (bits >> (8 + 5 * place)) % 2**most == 0]
        yield chosen, CLOSINGS[(bits >> 4) % len(CLOSINGS)]


def by_hand(documents: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for name, (named, closed_at, stands, left_out, met, closed_early) in HAND_WRITTEN.items():
        refused = [(documents[each]["id"], documents[each]["actor"], why) for each, why in left_out.items()]
        yield {
            "name": name,
            "documents": named,
            "closed_at": closed_at,
            "answers": {actor(council): stands.get(council, "silent") for council in NAMES},
            "left_out": [{"id": id_, "actor": whose, "why": why} for id_, whose, why in sorted(refused)],
            "met": met,
            "ends_at": closed_at if closed_early else rule_json()["closesAt"],
        }


def by_count(documents: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, (named, closed_at) in enumerate(drawn(list(documents)), start=1):
        at = None if closed_at is None else datetime.fromisoformat(closed_at)
        found = count([documents[name] for name in named], RULE, resolution=RESOLUTION, digest=DIGEST, closed_at=at)
        yield {
            "name": f"drawn {number}",
            "documents": named,
            "closed_at": closed_at,
            "answers": {each.council.id: each.answer.value for each in found.answers},
            "left_out": [{"id": each.id, "actor": each.actor, "why": each.why.value} for each in found.left_out],
            "met": found.met,
            "ends_at": found.ends_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def vectors() -> dict[str, Any]:
    documents = pool()
    texts: list[tuple[str, dict[str, Any] | None]] = [("", None), (TEXT, None), ("Señal ☂", None), (TEXT, rule_json())]
    return {
        "about": ABOUT,
        "digests": [{"text": text, "rule": rule, "digest": text_digest(text, rule)} for text, rule in texts],
        "key_words": [
            {"actor": actor(name), "key": MULTIBASE[name], "words": list(key_words(actor(name), MULTIBASE[name]))}
            for name in (*NAMES, STRANGER)
        ],
        "resolution": RESOLUTION,
        "text": TEXT,
        "rule": rule_json(),
        "digest": DIGEST,
        "documents": documents,
        "cases": [*by_hand(documents), *by_count(documents)],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
