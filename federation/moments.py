"""Times as the wire and as hot SQL have them. Nothing here reads a clock."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """An aware datetime as `Instant` columns keep it, for statements that are plain SQL."""
    return (moment - EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    return EPOCH + timedelta(microseconds=count)


def read_time(value: str) -> datetime:
    """A wire time as an aware UTC datetime. Raises ValueError, also for a time without a zone."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time on the wire names its zone")
    return moment.astimezone(UTC)


def write_time(moment: datetime) -> str:
    """YYYY-MM-DDTHH:MM:SSZ, whole seconds: some readers render anything else anew and lose the proof."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
