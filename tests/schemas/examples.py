"""Believable records for the tests of shapes: a test says only what matters to it."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.activity import create
from schemas.place import Place
from schemas.records.alert import Alert, alert_note
from schemas.records.deciding import Stage
from schemas.records.resolution import Resolution, resolution_note, text_digest
from schemas.records.resource import resource_note

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BASE = "https://riverside.example"
COUNCIL = f"{BASE}/council"
NOTE_ID = f"{BASE}/o/{'a' * 26}"
ACTIVITY_ID = f"{BASE}/a/{'b' * 26}"
THEIR_ACTOR = "https://harbour.example/council"
MILL_LANE = Place(name="Mill Lane", cell="87394460bffffff", latitude=41.39, longitude=2.17)

_VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors"


def vector(name: str) -> Any:
    """A published JSON vector, or a skip where the folder is missing."""
    path = _VECTORS / name
    if not path.exists():
        pytest.skip(f"no vectors at ../shared/vectors/{name}")
    return json.loads(path.read_text(encoding="utf-8"))


def vector_text(name: str) -> str:
    """A published vector as text, or a skip where the folder is missing."""
    path = _VECTORS / name
    if not path.exists():
        pytest.skip(f"no vectors at ../shared/vectors/{name}")
    return path.read_text(encoding="utf-8")


def an_offer(**changes: Any) -> dict[str, Any]:
    """Forty portions of dal, tonight, near Mill Lane."""
    values: dict[str, Any] = {
        "direction": "offer",
        "name": "40 portions of dal",
        "words": "Bring a bowl if you can.\nVegan, no nuts.",
        "language": "en",
        "category": "food",
        "quantity": "40",
        "unit": "portions",
        "available": "22",
        "place": MILL_LANE,
        "published": NOW,
        "updated": None,
        "ends_at": NOW + timedelta(hours=8),
        "audience": "public",
    }
    return resource_note(NOTE_ID, BASE, **{**values, **changes})


def a_resolution(**changes: Any) -> dict[str, Any]:
    """Own quiet hours, agreed by consent."""
    values: dict[str, Any] = {
        "name": "We set our own quiet hours",
        "text": "The assembly of Riverside keeps quiet hours from 22:00 to 07:00.",
        "language": "en",
        "number": 14,
        "method": "consent",
        "decided_at": date(2026, 11, 20),
        "present": 31,
        "stand_asides": 2,
        "review_on": date(2027, 5, 20),
        "published": NOW,
        "updated": None,
        "audience": "public",
    }
    given = {**values, **changes}
    payload = {name: given.pop(name) for name in list(given) if name in Resolution.model_fields}
    payload = {"stage": Stage.ADOPTED, "text_digest": text_digest(payload["text"]), **payload}
    return resolution_note(NOTE_ID, BASE, resolution=Resolution.model_validate(payload), **given)


def an_alert(**changes: Any) -> dict[str, Any]:
    """A heat wave; fans are wanted."""
    values: dict[str, Any] = {
        "name": "Heat wave, fans wanted",
        "words": "The tower on the hill has no cooling since noon.",
        "language": "en",
        "status": "Actual",
        "msg_type": "Alert",
        "category": "Met",
        "event": "Heat wave",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "wanted": "Ten fans",
        "instruction": "Drink water, check on each other.",
        "place": MILL_LANE,
        "published": NOW,
        "updated": None,
        "ends_at": NOW + timedelta(hours=24),
        "audience": "neighbours",
    }
    given = {**values, **changes}
    payload = {name: given.pop(name) for name in list(given) if name in Alert.model_fields}
    return alert_note(NOTE_ID, BASE, alert=Alert.model_validate(payload), **given)


def a_create(note: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A public Create of the offer, without proof; `changes` replace members."""
    activity = create(COUNCIL, ACTIVITY_ID, note=note or an_offer(), audience="public", published=NOW)
    return {**activity, **changes}
