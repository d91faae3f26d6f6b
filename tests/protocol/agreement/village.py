"""Three councils with real keys, a text that they decide together, and their answers, signed. The keys are for tests alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.agreement.rule import Rule, read_rule
from protocol.agreement.tally import Given, Stance
from protocol.agreement.wording import text_digest
from protocol.keys import encode_multikey
from protocol.proof import add_proof

NAMES = ("riverside", "harbour", "hillside")
STRANGER = "dunes"
CONTEXT: list[Any] = [
    "https://www.w3.org/ns/activitystreams",
    "https://w3id.org/security/data-integrity/v1",
    {"comarca": "urn:uuid:59f4ea55-3402-4200-9af7-797d6ad9fa27#"},
]
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    for number, name in enumerate((*NAMES, STRANGER), start=1)
}
MULTIBASE = {name: encode_multikey(key.public_key()) for name, key in KEYS.items()}

TEXT = "We keep the well open to everybody.\nNobody sells its water."
BEGIN = datetime(2024, 11, 1, 9, 0, tzinfo=UTC)
CLOSE = datetime(2024, 11, 20, 18, 0, tzinfo=UTC)


def actor(name: str) -> str:
    return f"https://{name}.example/council"


RESOLUTION = "https://riverside.example/o/well"


def rule_json(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "councils": [{"id": actor(name), "name": name.capitalize(), "key": MULTIBASE[name]} for name in NAMES],
        "atLeast": 2,
        "mostObjections": 0,
        "closesAt": "2024-11-20T18:00:00Z",
    }
    return document | changes


def rule(**changes: Any) -> Rule:
    read = read_rule(rule_json(**changes))
    assert isinstance(read, Rule)
    return read


RULE = rule()
DIGEST = text_digest(TEXT, rule_json())
OTHER_DIGEST = text_digest(TEXT + "!", rule_json())


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def given(name: str, stance: Stance | None = Stance.ACCEPT, *, id: str = "1", at: float = 1, **changes: Any) -> Given:
    """An answer of a council, `at` hours after the beginning."""
    values: dict[str, Any] = {
        "id": f"https://{name}.example/a/{id}",
        "actor": actor(name),
        "digest": DIGEST,
        "published": BEGIN + timedelta(hours=at),
        "stance": stance,
    }
    return Given(**(values | changes))


def undo(name: str, of: str, *, id: str = "9", at: float = 2, **changes: Any) -> Given:
    """The taking back of the answer `of`."""
    return given(name, None, id=id, at=at, **({"undoes": f"https://{name}.example/a/{of}"} | changes))


def signed(document: dict[str, Any], name: str, *, created: datetime | None = None) -> dict[str, Any]:
    """The document with a proof by a council's key, made when the document says that it was published."""
    at = created or datetime.fromisoformat(document["published"])
    return add_proof(document, key=KEYS[name], method=f"{actor(name)}#ed25519-key", created=at)


def answer(name: str, verb: str = "Accept", *, id: str = "1", at: float = 1, **changes: Any) -> dict[str, Any]:
    """A signed answer as it travels."""
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "id": f"https://{name}.example/a/{id}",
        "type": verb,
        "actor": actor(name),
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cc": [],
        "published": written(BEGIN + timedelta(hours=at)),
        "object": RESOLUTION,
        "comarca:textDigest": DIGEST,
        "comarca:decision": f"https://{name}.example/o/ours",
        "content": "We talked about it.",
    }
    return signed(document | changes, name)


def taken_back(name: str, of: dict[str, Any], *, id: str = "9", at: float = 2, **changes: Any) -> dict[str, Any]:
    """A signed taking back of a signed answer."""
    members = ("id", "type", "actor", "object", "comarca:textDigest")
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "id": f"https://{name}.example/a/{id}",
        "type": "Undo",
        "actor": actor(name),
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cc": [],
        "published": written(BEGIN + timedelta(hours=at)),
        "object": {member: of[member] for member in members},
    }
    return signed(document | changes, name)


def resolution(
    *, activity: dict[str, Any] | None = None, note: dict[str, Any] | None = None, by: str = "riverside", **changes: Any
) -> dict[str, Any]:
    """The signed Update by which the proposer tells what came of the text; a member that is None is left out."""
    members: dict[str, Any] = {
        "number": 14,
        "stage": "adopted",
        "method": "consent",
        "decidedAt": "2024-11-20",
        "present": 23,
        "standAsides": 0,
        "text": TEXT,
        "textDigest": DIGEST,
        "rule": rule_json(),
    }
    payload = {name: value for name, value in (members | changes).items() if value is not None}
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "id": "https://riverside.example/a/told",
        "type": "Update",
        "actor": actor("riverside"),
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cc": [],
        "published": "2024-11-20T18:00:10Z",
        "object": {
            "id": RESOLUTION,
            "type": "Note",
            "attributedTo": actor("riverside"),
            "name": "The well",
            "comarca:resolution": payload,
            **(note or {}),
        },
    }
    return signed(document | (activity or {}), by)


def record(*answers: Any, told: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A record whose every member holds; without answers, those of two councils that agree."""
    document: dict[str, Any] = {
        "comarca": "record 1",
        "resolution": told or resolution(),
        "answers": list(answers or (answer("riverside"), answer("harbour", "TentativeAccept"))),
        "keys": {actor(name): MULTIBASE[name] for name in NAMES},
        "as_of": "2024-11-21T08:00:00Z",
    }
    return document | changes


def simple_record(**changes: Any) -> dict[str, Any]:
    """The record of a council's own resolution, which asks nobody else."""
    told = resolution(**({"rule": None, "textDigest": text_digest(TEXT)} | changes))
    return record(told=told) | {"answers": [], "keys": {actor("riverside"): MULTIBASE["riverside"]}}
