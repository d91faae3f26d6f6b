"""Which origins are worth a connection right now.

A closed breaker has no record at all, so memory is spent on failing origins only, and that is bounded and expires (S35).
It decides nothing about the rows that wait: they keep their own times. A call for help goes past it, seldom enough to do no
harm. It must never send or read a clock.
"""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(slots=True)
class _Failing:
    """One origin that has failed. Open while `resumes` is set and ahead; half-open once it has passed."""

    touched: float
    failures: int = 0
    resumes: float | None = None
    pause: float = 0.0
    probing_since: float | None = None


class Breakers:
    """One breaker for each origin; all times are monotonic seconds.

    Five failures in a row open it for `first_pause`, each failed probe doubles that up to `longest_pause`. Then one probe
    at a time is let through; a probe that nobody reports on is forgotten after `probe_patience`.
    At `limit` origins the one untouched for longest is forgotten, which closes its breaker: the mild direction.
    """

    def __init__(
        self,
        *,
        threshold: int = 5,
        first_pause: float = 30.0,
        longest_pause: float = 3600.0,
        probe_patience: float = 60.0,
        limit: int = 5_000,
        ttl: float = 7200.0,
        call_pause: float = 300.0,
    ) -> None:
        if ttl <= longest_pause:
            raise ValueError("a record has to outlive its own pause")
        self._threshold = threshold
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._probe_patience = probe_patience
        self._limit = limit
        self._ttl = ttl
        self._call_pause = call_pause
        self._failing: OrderedDict[str, _Failing] = OrderedDict()
        self._calls: OrderedDict[int, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._failing)

    def allows(self, origin: str, now: float) -> bool:
        """Whether to send. In the half-open state a yes claims the one probe: send, and `note` what came of it."""
        record = self._current(origin, now)
        if record is None or record.resumes is None:
            return True
        if now < record.resumes:
            return False
        if record.probing_since is not None and now - record.probing_since < self._probe_patience:
            return False
        record.probing_since = now
        return True

    def lets_by(self, call: int, now: float) -> bool:
        """Whether a call for help goes out past an open breaker: at once the first time, then every `call_pause` seconds.

        `call` is the id of its row for one inbox. A yes claims the turn.
        """
        last = self._calls.get(call)
        if last is not None and now - last < self._call_pause:
            return False
        self._calls[call] = now
        self._calls.move_to_end(call)
        while len(self._calls) > self._limit:
            self._calls.popitem(last=False)
        return True

    def note(self, origin: str, ok: bool, now: float) -> None:
        """Report an attempt: not ok means the network failed or the answer was 5xx; any other answer is ok."""
        if ok:
            self._failing.pop(origin, None)
            return
        record = self._current(origin, now) or _Failing(touched=now)
        record.touched = now
        record.failures += 1
        self._keep(origin, record, now)
        if record.resumes is None:
            if record.failures >= self._threshold:
                record.pause = self._first_pause
                record.resumes = now + record.pause
        elif now >= record.resumes:
            record.pause = min(record.pause * 2, self._longest_pause)
            record.resumes = now + record.pause
            record.probing_since = None
        # A failure while open belongs to a request that was under way: it does not lengthen the pause.

    def heard_from(self, origin: str) -> None:
        """They spoke to us: probe at once. Only our own success closes the breaker, since hearing is not reaching."""
        record = self._failing.get(origin)
        if record is not None and record.resumes is not None:
            record.resumes = record.touched
            record.pause = self._first_pause / 2  # so that a failed probe waits for the first pause again

    def _current(self, origin: str, now: float) -> _Failing | None:
        record = self._failing.get(origin)
        if record is not None and now - record.touched > self._ttl:
            del self._failing[origin]
            return None
        return record

    def _keep(self, origin: str, record: _Failing, now: float) -> None:
        """Latest touched last, so that expired and surplus records are all found at the front."""
        self._failing[origin] = record
        self._failing.move_to_end(origin)
        while self._failing:
            oldest = next(iter(self._failing))
            if len(self._failing) <= self._limit and now - self._failing[oldest].touched <= self._ttl:
                return
            del self._failing[oldest]
