"""Roots: the keys that outlive a server, what they open, and the words that they are on paper."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol.bip39 import WORDS
from protocol.feeds import chain, roots
from protocol.feeds.flaw import Flaw, Flawed
from protocol.feeds.roots import EPOCH_DOMAIN, ROOT_DOMAIN, Epoch, Root
from tests.builders import ed25519_key, multibase_of
from tests.protocol.feeds.chains import ACTOR, NODE, begun, genesis, line_of, opened, root_of

A, B, C, D = (ed25519_key(f"root {letter}") for letter in "abcd")


def _next(line: list[dict[str, Any]], *public: Any, by: tuple[Any, ...], threshold: int = 2) -> list[dict[str, Any]]:
    said = roots.statement(public=[multibase_of(k) for k in public], threshold=threshold, after=root_of(line))
    return [*line, roots.signed(said, by, domain=ROOT_DOMAIN)]


def _flaw(found: object) -> Flaw | None:
    return found.flaw if isinstance(found, Flawed) else None


def test_two_of_three_open_an_epoch_and_one_does_not() -> None:
    line = line_of(A, B, C, threshold=2)

    assert roots.judge_epoch(opened(line, A, C), root_of(line)) == Epoch(1, ACTOR, multibase_of(NODE))
    assert _flaw(roots.judge_epoch(opened(line, B), root_of(line))) is Flaw.EPOCH
    assert _flaw(roots.judge_epoch(opened(line, B, D), root_of(line))) is Flaw.EPOCH
    assert _flaw(roots.judge_epoch(opened(line, B, B), root_of(line))) is Flaw.EPOCH


def test_roots_change_by_the_old_keys_and_the_new_ones_together() -> None:
    line = line_of(A)

    changed = _next(line, B, C, D, by=(A, B, C))

    assert root_of(changed).id == root_of(line).id
    assert root_of(changed).serial == 2
    assert _flaw(roots.judge_line(_next(line, B, C, D, by=(B, C, D)))) is Flaw.ROOT
    assert _flaw(roots.judge_line(_next(line, B, C, D, by=(A, B)))) is Flaw.ROOT
    assert _flaw(roots.judge_line(changed[1:])) is Flaw.ROOT
    assert _flaw(roots.judge_line([*line, *line])) is Flaw.ROOT


def test_old_roots_open_nothing_any_more() -> None:
    line = line_of(A)
    changed = _next(line, B, C, by=(A, B, C))

    old = roots.epoch_statement(root_of(line), epoch=2, actor=ACTOR, key=multibase_of(NODE))

    assert _flaw(roots.judge_epoch(roots.signed(old, [A], domain=EPOCH_DOMAIN), root_of(changed))) is Flaw.EPOCH


def test_signatures_of_two_papers_come_together() -> None:
    line = line_of(A, B, C, threshold=2)
    said = roots.epoch_statement(root_of(line), epoch=1, actor=ACTOR, key=multibase_of(NODE))
    one, other = (roots.signed(said, [key], domain=EPOCH_DOMAIN) for key in (A, B))

    assert isinstance(roots.judge_epoch(roots.cosigned(one, other), root_of(line)), Epoch)
    with pytest.raises(ValueError):
        roots.cosigned(one, opened(line, B, epoch=2))


@pytest.mark.parametrize("line", [[], {}, None, [{}], [1], line_of(A) * 200])
def test_whatever_is_no_line_is_refused(line: Any) -> None:
    assert isinstance(roots.judge_line(line), Flawed)


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 2},
        {"threshold": 0},
        {"keys": []},
        {"keys": sorted([multibase_of(B), multibase_of(A)], reverse=True)},
        {"serial": 2},
        {"v": 2},
        {"previous": "A" * 43},
        {"more": 1},
    ],
)
def test_a_first_root_that_is_not_as_it_must_be_is_refused(change: dict[str, Any]) -> None:
    said = roots.statement(public=[multibase_of(A)], threshold=1) | change

    assert isinstance(roots.judge_line([roots.signed(said, [A, B], domain=ROOT_DOMAIN)]), Flawed)


def test_no_root_needs_more_keys_than_it_has() -> None:
    with pytest.raises(ValueError):
        roots.statement(public=[multibase_of(A)], threshold=2)


def test_a_later_epoch_takes_over_and_an_earlier_one_never() -> None:
    first, second = begun(genesis()), begun(genesis(epoch=2))

    assert _flaw(chain.begin(genesis(), after=second.head)) is Flaw.EPOCH
    assert _flaw(chain.begin(genesis(epoch=2), after=second.head)) is Flaw.EPOCH
    assert not isinstance(chain.begin(genesis(epoch=2), after=first.head, known=first.root), Flawed)


def test_another_line_of_roots_is_not_believed_for_a_feed_that_is_held() -> None:
    other = Root("A" * 43, 1, (multibase_of(B),), 1, "A" * 43)
    newer = Root(begun(genesis()).root.id, 2, (multibase_of(B),), 1, "A" * 43)

    assert _flaw(chain.begin(genesis(epoch=2), known=other)) is Flaw.ROOT
    assert _flaw(chain.begin(genesis(epoch=2), known=newer)) is Flaw.OLD_ROOT


@given(st.binary(min_size=32, max_size=32))
def test_words_are_the_key(secret: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)

    words = roots.words_of_key(key)

    assert len(words) == 24
    assert roots.key_of_words([word.upper() for word in words]).private_bytes_raw() == secret


@given(st.integers(0, 23), st.integers(1, 2047))
def test_a_word_that_was_misread_is_found_out_nearly_always(place: int, by: int) -> None:
    words = list(roots.words_of_key(A))
    words[place] = WORDS[(WORDS.index(words[place]) + by) % 2048]

    try:
        found = roots.key_of_words(words)
    except ValueError:
        return
    # One in 256 slips through the sum; it is another key then, and opens nothing.
    assert found.private_bytes_raw() != A.private_bytes_raw()


def test_the_words_are_those_that_everybody_else_writes_for_the_same_bytes() -> None:
    zeros = roots.words_of_key(Ed25519PrivateKey.from_private_bytes(bytes(32)))

    # BIP 39's own vector for 256 zero bits.
    assert zeros == (*["abandon"] * 23, "art")
