"""Comparing what two sides hold: what differs is found, in few bytes, and nothing else is."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.feeds.coding import b64
from protocol.feeds.heads import Heads, Leaf


def _leaf(number: int, seq: int = 1) -> Leaf:
    root = b64(hashlib.sha256(str(number).encode()).digest())
    return Leaf(f"{root}/public", 1, seq, b64(hashlib.sha256(f"{number} {seq}".encode()).digest()))


def _found(ours: Heads, theirs: Heads) -> set[Leaf]:
    """What we are told that we lack, as in two questions."""
    parts = ours.differing(theirs.sums())
    return set(theirs.unknown_to(ours.leaves(parts), parts))


LEAVES = st.sets(st.tuples(st.integers(0, 60), st.integers(1, 3)), max_size=80)


@given(LEAVES, LEAVES)
def test_exactly_what_the_other_side_has_and_we_have_not_is_found(
    one: set[tuple[int, int]], two: set[tuple[int, int]]
) -> None:
    ours, theirs = {_leaf(*pair) for pair in one}, {_leaf(*pair) for pair in two}

    assert _found(Heads.of(ours), Heads.of(theirs)) == theirs - ours
    assert (Heads.of(ours).root() == Heads.of(theirs).root()) is (ours == theirs)


def test_the_order_in_which_heads_are_held_does_not_matter() -> None:
    leaves = [_leaf(number) for number in range(40)]

    assert Heads.of(leaves).root() == Heads.of(reversed(leaves)).root()


def test_five_thousand_feeds_of_which_a_hundred_changed_cost_at_most_forty_kilobytes() -> None:
    ours = [_leaf(number) for number in range(5_000)]
    theirs = [_leaf(number, 2 if number % 50 == 0 else 1) for number in range(5_000)]

    held, other = Heads.of(ours), Heads.of(theirs)
    parts = held.differing(other.sums())
    lacking = other.unknown_to(held.leaves(parts), parts)
    sent = len(b64(held.root())) + len(str(parts)) + len(b64(held.leaves(parts)))
    answered = len(b64(other.sums())) + sum(len(leaf.feed) + len(leaf.id) + 40 for leaf in lacking)

    assert len(lacking) == 100
    assert sent + answered <= 40_000


@pytest.mark.parametrize("sums", [b"", bytes(2_047), bytes(2_049)])
def test_sums_that_are_no_sums_are_refused(sums: bytes) -> None:
    with pytest.raises(ValueError):
        Heads.of([]).differing(sums)


def test_a_list_that_breaks_off_is_refused() -> None:
    with pytest.raises(ValueError):
        Heads.of([]).unknown_to(bytes(7), [0])
