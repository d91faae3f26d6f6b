"""How many people of ours are on the way to a call: a number in a table, and a band on the page. Never who.

No account is needed. A browser remembers by itself, until it is closed, which calls its person has pressed for; whoever
presses twice there is counted once, and the number is bounded.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, text

from federation.tables import table_of
from node.features.alerts.tables import AlertComing
from schemas.phrase import Phrase, phrase

COOKIE: Final = "comarca-coming"
MOST_REMEMBERED: Final = 20
MOST_COUNTED: Final = 200
_BANDS: Final = ((100, "100+"), (50, "50+"), (20, "20+"), (10, "10+"), (5, "5+"))
_COMING = table_of(AlertComing)
_MORE = text(
    "INSERT INTO alert_coming (object_id, coming) VALUES (:object_id, 1)"
    " ON CONFLICT (object_id) DO UPDATE SET coming = min(coming + 1, :most)"
)
_FEWER = text("UPDATE alert_coming SET coming = max(coming - 1, 0) WHERE object_id = :object_id")


def come(connection: Connection, object_id: str) -> None:
    """One more is on the way."""
    connection.execute(_MORE, {"object_id": object_id, "most": MOST_COUNTED})


def stay(connection: Connection, object_id: str) -> None:
    """One fewer is."""
    connection.execute(_FEWER, {"object_id": object_id})


def band(connection: Connection, object_id: str) -> Phrase | str:
    """About how many: "a few", "5+", "10+"; nothing where nobody has said so."""
    count = connection.execute(select(_COMING.c.coming).where(_COMING.c.object_id == object_id)).scalar() or 0
    if count == 0:
        return ""
    return next((words for least, words in _BANDS if count >= least), phrase("a few"))


def mark(object_id: str) -> str:
    """How a browser remembers a call: by a few signs that name neither it nor us."""
    return hashlib.sha256(object_id.encode()).hexdigest()[:12]


def remembered(cookie: str | None) -> list[str]:
    """The marks in a browser's cookie, whatever else may stand in it left out."""
    parts = (cookie or "").split(".")
    return [one for one in parts if len(one) == 12 and one.isalnum() and one.isascii()][:MOST_REMEMBERED]


def cookie_of(marks: Iterable[str]) -> str:
    """The same, to be given to the browser again; the oldest are forgotten first."""
    return ".".join(list(marks)[-MOST_REMEMBERED:])


def is_on(ends_at: datetime, ended: str, now: datetime) -> bool:
    """Whether anybody can still be on the way."""
    return not ended and ends_at > now
