"""How often somebody may: token buckets by key, in memory, bounded and expiring (S17, S35).

For inbound requests by peer and for work that strangers cause (key fetches). It must never be the only guard of
anything that has to hold after a restart: a forgotten bucket is a full one.
"""

from collections import OrderedDict

# Far below any real request, far above the rounding of a monotonic clock that has run for years.
_ROUNDING = 1e-6


class Buckets:
    """A bucket of `burst` tokens for each key, refilled at `per_minute`; times are monotonic seconds.

    Each key holds one number, the moment at which its bucket will be full (the generic cell rate algorithm): a key whose
    moment has passed says nothing and is dropped. At `limit` keys the least recently used is dropped.
    Raises ValueError for a rate that is not positive or a burst below one.
    """

    def __init__(self, *, per_minute: float, burst: float, limit: int = 5_000) -> None:
        if per_minute <= 0 or burst < 1 or limit < 1:
            raise ValueError("a bucket needs a positive rate, a burst of at least one and room for a key")
        self._interval = 60.0 / per_minute
        self._slack = (burst - 1) * self._interval
        self._limit = limit
        self._full_at: OrderedDict[str, float] = OrderedDict()

    @classmethod
    def steady(cls, per_minute: float) -> "Buckets":
        """As many at once as in a minute."""
        return cls(per_minute=per_minute, burst=max(1.0, per_minute))

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, now: float) -> float | None:
        """Take one token. None when it was there, else the seconds after which one will be; then nothing is taken."""
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at - self._slack - now
        if wait > _ROUNDING:
            return wait
        self._full_at[key] = full_at + self._interval
        self._full_at.move_to_end(key)
        self._drop_stale(now)
        return None

    def _drop_stale(self, now: float) -> None:
        while self._full_at:
            oldest = next(iter(self._full_at))
            if len(self._full_at) <= self._limit and self._full_at[oldest] > now:
                return
            del self._full_at[oldest]
