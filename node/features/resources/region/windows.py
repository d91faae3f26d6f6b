"""The spans of time that somebody looks around for: "tonight" is not the same hours in every council. Pure."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from node.features.resources.narrowing import During
from schemas.phrase import phrase

WINDOWS: Final = [
    ("tonight", phrase("Tonight")),
    ("tomorrow", phrase("Tomorrow")),
    ("3-days", phrase("In the next 3 days")),
    ("7-days", phrase("In the next 7 days")),
]
_EVENING: Final = time(17)
_NIGHT: Final = time(4)


def during(window: str | None, *, now: datetime, zone: ZoneInfo) -> During | None:
    """The span that a choice means now, by the council's own clock; None for any time. A night goes on until four."""
    local = now.astimezone(zone)
    today = local.date()
    match window:
        case "tonight" if local.time() < _NIGHT:
            return During(now, datetime.combine(today, _NIGHT, zone))
        case "tonight":
            evening = datetime.combine(today, _EVENING, zone)
            return During(max(now, evening), datetime.combine(today + timedelta(days=1), _NIGHT, zone))
        case "tomorrow":
            begins, ends = (datetime.combine(today + timedelta(days=days), time(), zone) for days in (1, 2))
            return During(begins, ends)
        case "3-days" | "7-days":
            return During(now, now + timedelta(days=int(window[0])))
    return None
