"""Whatever strangers send, each parser keeps what it promises: changed inputs from seeds, and all that ever broke something."""

import pytest

from tests.builders import SeededRandomness
from tests.fuzz.guarding import memory_bounded, processor_bounded
from tests.fuzz.mutating import mutated
from tests.fuzz.registry import FOUND
from tests.fuzz.targets import TARGETS, Target

each_target = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)

# What costs most where something is quadratic, or is unfolded: little that is said again and again.
PIECES = (
    b"[",
    b'{"a":',
    b"[]," * 4,
    b"<a ",
    b"<!--",
    b"&#",
    b'"',
    b"\\",
    b"a=(",
    b';a="',
    b"1",
    b"z1",
    b"\r\n",
    b" ",
    b"https://a.",
)
LONGEST = 200_000


def _tried(target: Target, data: bytes, *, said: str) -> None:
    try:
        with processor_bounded():
            target.check(data)
    except Exception as error:
        shown = data if len(data) <= 600 else data[:600] + b" and so on"
        raise AssertionError(f"{target.name}, {said}: {shown!r}") from error


@each_target
def test_valid_inputs_and_all_that_ever_broke_something_are_read(target: Target) -> None:
    for number, data in enumerate([*target.samples(), *target.found()]):
        _tried(target, data, said=f"sample {number}")


@each_target
def test_changed_inputs_break_no_promise(target: Target, scale: int) -> None:
    samples = [*target.samples(), *target.found()]

    for seed in range(target.runs * scale):
        _tried(target, mutated(samples, SeededRandomness(f"{target.name} {seed}")), said=f"seed {seed}")


@each_target
def test_what_repeats_without_end_costs_no_more_than_its_length(target: Target) -> None:
    target.check(target.samples()[0])  # what is made once is not counted

    for piece in PIECES:
        data = piece * (LONGEST // len(piece))
        with memory_bounded(len(data)):
            _tried(target, data, said=f"{piece!r} again and again")


def test_what_was_found_belongs_to_a_target() -> None:
    assert {folder.name for folder in FOUND.iterdir()} <= set(TARGETS)
