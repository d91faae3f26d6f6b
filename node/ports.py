"""The real clock and the real randomness: the only places where a node asks the system for either.

Everything else is handed these (or, in tests and simulations, others that keep the same contract). Nothing here may be
called at import.
"""

import builtins
import os
import time
from datetime import UTC, datetime

_STEPS = 1 << 53  # as many as a float can tell apart below 1


class SystemClock:
    """`federation.ports.Clock` by the system's clocks."""

    def now(self) -> datetime:
        """The present, as an aware datetime in UTC."""
        return datetime.now(UTC)  # noqa: TID251  this is the port that everybody else is sent to

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class SystemRandomness:
    """`federation.ports.Randomness` by the system's generator, fit for keys and tokens."""

    def bytes(self, n: int, /) -> builtins.bytes:
        """`n` random bytes."""
        return os.urandom(n)  # noqa: TID251  this is the port that everybody else is sent to

    def uniform(self) -> float:
        """A number in [0, 1)."""
        return (int.from_bytes(self.bytes(7), "big") >> 3) / _STEPS
