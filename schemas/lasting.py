"""How long a thing stays up: what a person says ("tonight", a date) made into one moment.

Pure: the time and the council's zone are arguments, since the zone decides what "tonight" means.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated, Final

from pydantic import StringConstraints

from schemas.refusal import Refusal

Until = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        pattern=r"^(tonight|tomorrow|week|month|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?)$",
    ),
]
"""`tonight`, `tomorrow`, `week`, `month`, or a local date `YYYY-MM-DD` with or without `THH:MM`."""

# Everything but the ledger expires, and a sender must not decide that our copy never does. A day more than 90, for zones.
LONGEST_RESOURCE: Final = timedelta(days=91)

_DAYS: Final = {"tonight": 0, "tomorrow": 1, "week": 7, "month": 30}
_LAST_MINUTE: Final = time(23, 59)


def end_of(until: str, now: datetime, *, zone: tzinfo) -> datetime:
    """The moment `until` names, in UTC; a day lasts until 23:59 in `zone`. Raises Refusal for a date that does not exist."""
    today = now.astimezone(zone).date()
    try:
        if until in _DAYS:
            there = datetime.combine(today + timedelta(days=_DAYS[until]), _LAST_MINUTE, tzinfo=zone)
        elif "T" in until:
            there = datetime.fromisoformat(until).replace(tzinfo=zone)
        else:
            there = datetime.combine(date.fromisoformat(until), _LAST_MINUTE, tzinfo=zone)
        return there.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refusal(
            "no-such-date", "until", sentence="There is no such date. Please write it as YYYY-MM-DD."
        ) from error


def still_ahead(ends: datetime, now: datetime, *, field: str) -> datetime:
    """`ends` itself. Raises Refusal if it has passed."""
    if ends <= now:
        raise Refusal("ended-already", field, sentence="That time has passed. Please choose a later one.")
    return ends
