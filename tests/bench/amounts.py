"""How much of everything one run of the bench does. Every loop in it is bounded by one of these numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amounts:
    """Counts, and durations in seconds. `stretch` is one stretch of load, `steady` the one at a fixed rate."""

    rounds: int
    repeats: int
    stretch: float
    steady: float
    per_second: int
    rate: int
    connections: int
    addresses: int
    ports: int
    warm_rounds: int
    offers: int
    queries: int
    starts: int
    idle: float

    @classmethod
    def usual(cls, seconds: float) -> "Amounts":
        """What `make bench` does: under four minutes with `seconds` = 2."""
        return cls(
            rounds=3,
            repeats=400,
            stretch=seconds / 2,
            steady=2.5 * seconds,
            per_second=3_000,
            rate=400,
            connections=64,
            addresses=50,
            ports=20,
            warm_rounds=5,
            offers=1_000_000,
            queries=300,
            starts=5,
            idle=5.0,
        )

    @classmethod
    def least(cls) -> "Amounts":
        """Enough to see that every figure is there; the figures themselves mean nothing."""
        return cls(
            rounds=1,
            repeats=4,
            stretch=0.2,
            steady=0.3,
            per_second=150,
            rate=60,
            connections=8,
            addresses=3,
            ports=4,
            warm_rounds=1,
            offers=2_000,
            queries=5,
            starts=1,
            idle=0.1,
        )
