"""Calls for help as any server may send them, for tests of the forms they leave in: only what the wire refuses is left out."""

from datetime import timedelta
from typing import Any

import h3
from hypothesis import strategies as st

from protocol.verdict import Refused
from schemas.base import write_time
from schemas.records.alert import AlertCategory, AlertNote, Certainty, Severity, Status, Urgency, read_alert
from tests.builders import START

ACTOR = "https://harbour.example/council"
CALL = "https://harbour.example/o/aaaabbbbccccddddeeeeffff22"
HEADLINE = "Water in the mill race"

_free = st.characters(exclude_categories=["Cs"], exclude_characters=[chr(n) for n in (*range(32), *range(127, 160))])
lines = st.text(_free, max_size=60).filter(lambda text: not {"\u2028", "\u2029"} & set(text))
words = st.text(_free | st.just("\n"), max_size=200)
_ids = st.sampled_from([CALL, "https://harbour.example/o/a,b&c?d=%2C[1]#e", "http://[::1]:8080/o/'x'", f"{CALL}#f#g"])
_languages = st.sampled_from(["en", "es", "ar", "pt-BR", "zh-Hant-TW"])
cells = st.builds(
    h3.latlng_to_cell, st.floats(-90, 90, allow_nan=False), st.floats(-180, 180, allow_nan=False), st.integers(0, 7)
)


def call(**changes: Any) -> AlertNote:
    """A call of Harbour for neighbours, one version old; `changes` replace members of the Note, `alert` those of its payload."""
    alert = {
        "status": "Actual",
        "msgType": "Alert",
        "category": "Met",
        "event": "Flood",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "wanted": "Pumps",
        "instruction": "Stay off the lower bridge.",
        **changes.pop("alert", {}),
    }
    content = "EXERCISE (drill): water" if alert["status"] == "Exercise" else "water"
    note = {
        "id": CALL,
        "type": "Note",
        "attributedTo": ACTOR,
        "name": HEADLINE,
        "content": content,
        "contentMap": {"en": content},
        "source": {"content": "The race is over its banks.", "mediaType": "text/plain"},
        "published": write_time(START),
        "endTime": write_time(START + timedelta(hours=5)),
        "to": [f"{ACTOR}/peers"],
        "comarca:alert": {name: value for name, value in alert.items() if value is not None},
    }
    read = read_alert({**note, **changes})
    assert not isinstance(read, Refused), read
    return read


def later(hours: float) -> str:
    return write_time(START + timedelta(hours=hours))


@st.composite
def calls(draw: st.DrawFn) -> AlertNote:
    """Any call that a node would take: every status and state, any words, any area."""
    drill, kind = draw(st.booleans()), draw(st.sampled_from(["Alert", "Update", "Cancel"]))
    language, other = draw(_languages), draw(_languages)
    content = ("SIMULACRO " if drill else "") + draw(words)
    seconds = st.integers(-3600, 14_400).map(lambda n: START + timedelta(seconds=n))
    changed = draw(
        st.none() | st.builds(lambda at, n: at + timedelta(microseconds=n), seconds, st.sampled_from([0, 7]))
    )
    seen = seconds.map(write_time)
    place = {"type": "Place", "name": draw(lines), "comarca:cell": draw(st.none() | cells)}
    return call(
        id=draw(_ids),
        name=draw(lines.filter(bool)),
        content=content,
        contentMap={language: content, other: content + draw(words)},
        source=draw(st.none() | words.map(lambda text: {"content": text, "mediaType": "text/plain"})),
        updated=None if changed is None else changed.isoformat(),
        startTime=draw(st.none() | st.just(later(1))),
        location=draw(st.none() | st.just({name: value for name, value in place.items() if value is not None})),
        alert={
            "status": (Status.EXERCISE if drill else Status.ACTUAL).value,
            "msgType": kind,
            "category": draw(st.sampled_from(AlertCategory)).value,
            "event": draw(lines.filter(bool)),
            "urgency": draw(st.sampled_from(Urgency)).value,
            "severity": draw(st.sampled_from(Severity)).value,
            "certainty": draw(st.sampled_from(Certainty)).value,
            "wanted": draw(words),
            "instruction": draw(words),
            "cells": draw(st.none() | st.lists(cells, max_size=8)),
            "ended": draw(st.sampled_from(["over", "withdrawn", "false"])) if kind == "Cancel" else None,
            "note": draw(st.none() | words),
            "earlier": draw(st.none() | st.lists(seen, max_size=4)),
            "because": draw(st.none() | st.just("https://harbour.example/o/zzzz")),
            "campaign": draw(st.none() | lines),
            "raisedBy": draw(st.none() | st.sampled_from([1, 2])),
        },
    )
