"""The samples that FEDERATION.md shows, made by the builders that make what is sent, with fixed keys, ids and times.

`python -m tests.docs.samples` writes them into the file anew; the test beside this module only compares. A sample is the
fenced block after a line `<!-- sample: name -->`. It must never be edited by hand.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from federation.council import Council
from federation.signing import headers_for
from protocol.proof import add_proof
from schemas import activity, actor, collection, nodeinfo, webfinger
from schemas.context import ALERT_CONTEXT, PLAIN_CONTEXT, RESOLUTION_CONTEXT
from schemas.place import Place
from schemas.records.alert import Alert, AlertCategory, Certainty, MessageType, Severity, Status, Urgency, alert_note
from schemas.records.deciding import Method, Stage
from schemas.records.resolution import Resolution, resolution_note, text_digest
from schemas.records.resource import resource_note
from schemas.repeating import Recurrence, read_rule
from tests.builders import council
from tests.docs import agreement_samples, deciding_samples, feed_samples, kind_table

ROOT = Path(__file__).parents[2]
FEDERATION = ROOT / "FEDERATION.md"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
HARBOUR = "https://harbour.example/council"
READER = "https://social.example/users/rosa"
PLACE = Place(name="Mill Lane", cell="87394460bffffff", latitude=41.39, longitude=2.17)

_BLOCK = re.compile(r"<!-- sample: ([a-z0-9-]+) -->\n```(json|http)\n(.*?)```", re.DOTALL)


@cache
def _ours() -> Council:
    return council("riverside")


def _id(kind: str, letter: str) -> str:
    return f"{_ours().base_url}/{kind}/{letter * 26}"


def _signed(document: dict[str, Any]) -> dict[str, Any]:
    ours = _ours()
    return add_proof(document, key=ours.ed25519, method=ours.ed25519_key_id, created=NOW)


def _told(document: dict[str, Any]) -> dict[str, Any]:
    """Signed as it is sent, shown without the two members that the whole sample shows already."""
    return {name: value for name, value in _signed(document).items() if name not in ("@context", "proof")}


def _offer(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "direction": "offer",
        "name": "40 portions of dal",
        "words": "Bring a bowl if you can.",
        "language": "en",
        "category": "food",
        "quantity": "40",
        "unit": "portions",
        "available": "40",
        "place": PLACE,
        "published": NOW,
        "updated": None,
        "ends_at": NOW + timedelta(hours=8),
        "audience": "public",
        "kind": "meal",
    }
    return resource_note(_id("o", "a"), _ours().base_url, **{**values, **changes})


def _resolution() -> dict[str, Any]:
    return resolution_note(
        _id("o", "c"),
        _ours().base_url,
        name="We set our own quiet hours",
        resolution=Resolution(
            text="The assembly of Riverside keeps quiet hours from 22:00 to 07:00.",
            number=14,
            method=Method("consent"),
            decided_at=date(2026, 11, 20),
            present=31,
            stand_asides=2,
            review_on=date(2027, 5, 20),
            text_digest=text_digest("The assembly of Riverside keeps quiet hours from 22:00 to 07:00."),
            stage=Stage.ADOPTED,
        ),
        language="en",
        published=NOW,
        updated=None,
        audience="public",
    )


def _alert() -> dict[str, Any]:
    return alert_note(
        _id("o", "d"),
        _ours().base_url,
        name="Heat wave, fans wanted",
        alert=Alert(
            status=Status("Actual"),
            msg_type=MessageType("Alert"),
            category=AlertCategory("Met"),
            event="Heat wave",
            urgency=Urgency("Immediate"),
            severity=Severity("Severe"),
            certainty=Certainty("Observed"),
            wanted="Ten fans",
            instruction="Drink water, look in on each other.",
        ),
        words="The tower on the hill has no cooling since noon.",
        language="en",
        place=PLACE,
        published=NOW,
        updated=None,
        ends_at=NOW + timedelta(hours=24),
        audience="neighbours",
    )


def _create(note: dict[str, Any], audience: Any = "public") -> dict[str, Any]:
    return activity.create(_ours().actor_id, _id("a", "b"), note=note, audience=audience, published=NOW)


def _comes_back() -> dict[str, Any]:
    """What an offer that comes back has besides, of its Note."""
    zone, start = ZoneInfo("Europe/Madrid"), datetime(2026, 11, 26, 17, 0, tzinfo=UTC)
    ends = NOW + timedelta(days=60)
    times = Recurrence(read_rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"), start, zone, ends)
    note = _offer(starts_at=start, ends_at=ends, comes_back=times, zone=zone)
    return {name: note[name] for name in ("content", "startTime", "endTime", "comarca:repeats", "comarca:zone")}


def _update() -> dict[str, Any]:
    note = _offer(available="12", updated=LATER)
    return activity.update(_ours().actor_id, _id("a", "e"), note=note, audience="public", published=LATER)


def _delete() -> dict[str, Any]:
    return activity.delete(_ours().actor_id, _id("a", "f"), object_id=_id("o", "a"), audience="public", published=LATER)


def _peering_offer() -> dict[str, Any]:
    return activity.peering_offer(_ours().base_url, HARBOUR, activity_id=_id("a", "g"), published=NOW)


def _answer(make: Callable[..., dict[str, Any]], *, letter: str) -> dict[str, Any]:
    offered = f"https://harbour.example/a/{'h' * 26}"
    return make(_ours().actor_id, _id("a", letter), object_id=offered, their_actor=HARBOUR, published=NOW)


def _undo() -> dict[str, Any]:
    return activity.undo(_ours().actor_id, _id("a", "j"), object_id=_id("a", "i"), their_actor=HARBOUR, published=LATER)


def _follow() -> dict[str, str]:
    return {"id": f"{READER}#follows/7", "type": "Follow", "actor": READER, "object": _ours().actor_id}


def _council_actor() -> dict[str, Any]:
    ours = _ours()
    return actor.council_actor(
        ours.base_url,
        ours.name,
        summary="The tower blocks and lanes between the river and the quay.",
        rsa_pem=ours.rsa_pem,
        ed25519_multibase=ours.multibase,
        manually_approves=True,
        language="en",
        place=PLACE,
    )


def _node_actor() -> dict[str, Any]:
    ours = _ours()
    whole = actor.node_actor(ours.base_url, ours.authority, rsa_pem=ours.rsa_pem)
    return {name: value for name, value in whole.items() if name not in ("@context", "publicKey")}


def _outbox_page() -> dict[str, Any]:
    outbox = f"{_ours().actor_id}/outbox"
    return collection.ordered_collection_page(
        f"{outbox}/p/newest", outbox, items=[], next_page=f"{outbox}/p/{'a' * 26}"
    )


DOCUMENTS: Mapping[str, Callable[[], Any]] = {
    "actor": _council_actor,
    "node-actor": _node_actor,
    "webfinger": lambda: webfinger.jrd(_ours().base_url, _ours().authority, whose="council"),
    "nodeinfo": lambda: nodeinfo.document("0.1.0", "Riverside"),
    "comarca": lambda: nodeinfo.comarca_document("0.1.0", body_limit=1_048_576),
    "create-offer": lambda: _signed(_create(_offer())),
    "offer-that-comes-back": _comes_back,
    "update-offer": lambda: _told(_update()),
    "create-resolution": lambda: _told(_create(_resolution())),
    "create-alert": lambda: _told(_create(_alert(), "neighbours")),
    "delete": lambda: _told(_delete()),
    "tombstone": lambda: collection.tombstone(_id("o", "a"), LATER),
    "peering-offer": lambda: _told(_peering_offer()),
    "peering-accept": lambda: _told(_answer(activity.accept, letter="i")),
    "peering-reject": lambda: _told(_answer(activity.reject, letter="m")),
    "peering-undo": lambda: _told(_undo()),
    "follow": _follow,
    "accept-follow": lambda: _told(
        activity.accept_follow(_ours().actor_id, _id("a", "k"), follow=_follow(), published=NOW)
    ),
    "reject-follow": lambda: _told(
        activity.reject_follow(_ours().actor_id, _id("a", "l"), follow=_follow(), published=NOW)
    ),
    "outbox": lambda: collection.ordered_collection(
        f"{_ours().actor_id}/outbox", 3, first=f"{_ours().actor_id}/outbox/p/newest"
    ),
    "outbox-page": _outbox_page,
    "context-resolution": lambda: RESOLUTION_CONTEXT[2],
    "context-alert": lambda: ALERT_CONTEXT[2],
    "context-plain": lambda: PLAIN_CONTEXT[2],
    **agreement_samples.DOCUMENTS,
    **deciding_samples.DOCUMENTS,
    **feed_samples.DOCUMENTS,
}


def _request(scheme: str) -> str:
    """The head of a delivery of the offer to Harbour's inbox, as the engine signs it."""
    body = orjson.dumps(DOCUMENTS["create-offer"]())
    headers = headers_for(
        _ours(), scheme=scheme, method="POST", url=f"{HARBOUR.removesuffix('/council')}/inbox", body=body, now=NOW
    )
    lines = ["POST /inbox HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\n".join(lines) + "\n"


HEADS: Mapping[str, Callable[[], str]] = {
    "signed-rfc9421": lambda: _request("ed25519"),
    "signed-cavage": lambda: _request("cavage"),
}


def made(name: str) -> str:
    """A sample as it stands in its block."""
    if name in HEADS:
        return HEADS[name]()
    return json.dumps(DOCUMENTS[name](), ensure_ascii=False, indent=2) + "\n"


def shown(text: str) -> dict[str, str]:
    """The samples that a text shows, by name."""
    return {name: block for name, _, block in _BLOCK.findall(text)}


def written_anew(text: str) -> str:
    """The text with every sample as it is made now. Raises KeyError for a name that nothing makes."""
    text = _BLOCK.sub(lambda found: f"<!-- sample: {found[1]} -->\n```{found[2]}\n{made(found[1])}```", text)
    return kind_table.written_anew(text)


if __name__ == "__main__":
    FEDERATION.write_text(written_anew(FEDERATION.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"Written: {FEDERATION.name}\n")
