"""The real clock and randomness keep the contract that the engine relies on."""

from datetime import UTC, datetime, timedelta

from federation.ports import Clock, Randomness, new_id
from node.ports import SystemClock, SystemRandomness


def test_the_clock_is_aware_in_utc_and_close_to_the_systems() -> None:
    clock: Clock = SystemClock()

    now = clock.now()

    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)  # noqa: TID251  the system's clock is what is compared with


def test_the_monotonic_clock_never_goes_back() -> None:
    clock: Clock = SystemClock()

    readings = [clock.monotonic() for _ in range(1_000)]

    assert readings == sorted(readings)


def test_randomness_gives_as_many_bytes_as_asked_and_not_the_same_twice() -> None:
    randomness: Randomness = SystemRandomness()

    drawn = {randomness.bytes(16) for _ in range(1_000)}

    assert len(drawn) == 1_000
    assert {len(one) for one in drawn} == {16}


def test_uniform_numbers_fill_zero_to_one_without_reaching_one() -> None:
    randomness: Randomness = SystemRandomness()

    drawn = [randomness.uniform() for _ in range(10_000)]

    assert min(drawn) >= 0
    assert max(drawn) < 1
    assert {int(number * 10) for number in drawn} == set(range(10))


def test_ids_are_26_characters_of_base32_and_differ() -> None:
    randomness: Randomness = SystemRandomness()

    ids = {new_id(randomness) for _ in range(1_000)}

    assert len(ids) == 1_000
    assert {len(one) for one in ids} == {26}
    assert set("".join(ids)) <= set("abcdefghijklmnopqrstuvwxyz234567")
