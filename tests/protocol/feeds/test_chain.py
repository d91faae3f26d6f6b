"""Which entry follows which: nothing is missing, nothing is put in between, and nobody else signs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.feeds import chain
from protocol.feeds.chain import Head
from protocol.feeds.entry import Entry, Kind
from protocol.feeds.flaw import Flaw, Flawed
from tests.builders import ed25519_key, multibase_of
from tests.protocol.feeds.chains import NEXT, NODE, after, begun, feed, genesis, put

START_HEAD, RUN = feed(8)


def _flaw(found: object) -> Flaw | None:
    return found.flaw if isinstance(found, Flawed) else None


def test_a_run_is_followed_to_its_last_entry_across_a_change_of_keys() -> None:
    head = chain.follow(RUN, START_HEAD)

    assert head == Head(RUN[-1].header.feed, 1, RUN[-1].header.seq, RUN[-1].id, multibase_of(NEXT))
    assert chain.follow([], START_HEAD) == START_HEAD


@given(st.integers(0, len(RUN)), st.integers(0, len(RUN)))
def test_a_run_in_two_parts_comes_to_the_same(one: int, other: int) -> None:
    first, second = sorted((one, other))

    head = chain.follow(RUN[:first], START_HEAD)
    assert isinstance(head, Head)
    head = chain.follow(RUN[first:second], head)
    assert isinstance(head, Head)

    assert chain.follow(RUN[second:], head) == chain.follow(RUN, START_HEAD)


@given(st.permutations(range(len(RUN))))
def test_no_other_order_is_followed(order: list[int]) -> None:
    found = chain.follow([RUN[place] for place in order], START_HEAD)

    assert isinstance(found, Head) is (order == sorted(order))


@given(st.integers(0, len(RUN) - 2))
def test_one_that_is_left_out_is_missed(place: int) -> None:
    assert _flaw(chain.follow(RUN[:place] + RUN[place + 1 :], START_HEAD)) is Flaw.GAP


@given(st.integers(0, len(RUN) - 1))
def test_one_that_is_forged_anywhere_takes_the_whole_run_along(place: int) -> None:
    true = RUN[place]
    before = genesis() if place == 0 else RUN[place - 1]
    forged = put(before, 99, key=ed25519_key("harbour"))
    by_them = [*RUN[:place], forged, *RUN[place + 1 :]]

    assert true.header.seq == forged.header.seq
    assert _flaw(chain.follow(by_them, START_HEAD)) is Flaw.KEY


def test_a_chain_that_ends_in_a_broken_signature_does_not_count() -> None:
    last = RUN[-1]
    broken = Entry(last.header, last.id, bytes(64), last.salt, last.payload, last.signed)

    assert _flaw(chain.follow([*RUN[:-1], broken], START_HEAD)) is Flaw.SIGNATURE


def test_one_that_names_another_before_it_does_not_follow_though_its_own_key_has_signed_it() -> None:
    first = genesis()
    said_otherwise = put(put(first, 2), 3)

    assert _flaw(chain.follow([put(first, 1), said_otherwise], begun(first).head)) is Flaw.CHAIN
    assert isinstance(chain.follow([put(first, 2), said_otherwise], begun(first).head), Head)


def test_the_old_key_signs_nothing_after_it_was_given_up() -> None:
    first = genesis()
    handed = after(first, Kind.KEY, object=multibase_of(NEXT))
    late = put(handed, 1, key=NODE)

    assert _flaw(chain.follow([handed, late], begun(first).head)) is Flaw.KEY


def test_entries_of_another_feed_or_epoch_do_not_follow() -> None:
    head = begun(genesis(epoch=2)).head
    other = Head(head.feed.replace("public", "region"), 1, 1, head.id, head.key)

    assert _flaw(chain.follow(RUN[:1], head)) is Flaw.EPOCH
    assert _flaw(chain.follow(RUN[:1], other)) is Flaw.OTHER_FEED


def test_two_entries_for_one_place_prove_a_fork_by_themselves() -> None:
    first = genesis()
    one, other = put(first, 1), put(first, 2)

    proof = chain.fork_of(one, other)

    assert proof == chain.fork_of(other, one)
    assert not isinstance(chain.judge_fork(proof), Flawed)
    assert isinstance(chain.fork_of(one, one), Flawed)
    assert isinstance(chain.fork_of(one, put(one, 2)), Flawed)
    assert isinstance(chain.fork_of(one, put(first, 2, key=ed25519_key("harbour"))), Flawed)


@pytest.mark.parametrize("change", ["signature", "header", "shape"])
def test_a_fork_that_was_made_up_is_none(change: str) -> None:
    first = genesis()
    proof = chain.fork_of(put(first, 1), put(first, 2))
    assert isinstance(proof, dict)
    if change == "signature":
        proof["one"]["signature"] = proof["other"]["signature"]
    elif change == "header":
        proof["one"]["header"]["size"] += 1_024
    else:
        proof["more"] = 1

    assert isinstance(chain.judge_fork(proof), Flawed)


def test_a_snapshot_carries_the_chain_on_and_lists_what_is_live() -> None:
    live = {RUN[0].header.object or "": (RUN[0].header.seq, RUN[0].id)}
    before = RUN[-1]
    snapshot = after(before, Kind.SNAPSHOT, key=NEXT, payload=chain.snapshot_payload(live))
    middle = next(one for one in RUN if one.header.kind is Kind.KEY)

    head = chain.next_key(middle, head=START_HEAD)
    assert isinstance(head, Head)
    found = chain.at_snapshot(snapshot, head=head)

    assert not isinstance(found, Flawed)
    assert found[0].id == snapshot.id and found[1] == live
    assert chain.judge_live(RUN[0], live=found[1]) is None
    assert _flaw(chain.judge_live(RUN[1], live=found[1])) is Flaw.NOT_LIVE
    assert _flaw(chain.at_snapshot(snapshot, head=START_HEAD)) is Flaw.KEY
    assert _flaw(chain.at_snapshot(RUN[0], head=START_HEAD)) is Flaw.CHAIN


def test_a_snapshot_that_its_council_did_not_sign_is_refused() -> None:
    true = after(genesis(), Kind.SNAPSHOT, payload={"live": []})
    forged = Entry(true.header, true.id, bytes(64), true.salt, true.payload, true.signed)

    assert _flaw(chain.at_snapshot(forged, head=START_HEAD)) is Flaw.SIGNATURE
    assert not isinstance(chain.at_snapshot(true, head=START_HEAD), Flawed)


@pytest.mark.parametrize(
    "live",
    [
        [["b", 2, "x" * 43], ["a", 3, "x" * 43]],
        [["a", 2, "x" * 42]],
        [["a", 99, "A" * 43]],
        [["a", 2, "A" * 43], ["a", 3, "A" * 43]],
        {"a": 1},
        None,
    ],
)
def test_a_list_that_is_out_of_order_is_no_snapshot(live: object) -> None:
    snapshot = after(genesis(), Kind.SNAPSHOT, payload={"live": live})

    assert _flaw(chain.at_snapshot(snapshot, head=START_HEAD)) is Flaw.SHAPE


@pytest.mark.parametrize(
    ("readers", "counts"),
    [(["a", "b"], True), ([], True), (["b", "a"], False), (["a", "a"], False), ([1], False), ("a", False)],
)
def test_readers_are_a_sorted_list_of_names(readers: object, counts: bool) -> None:
    named = after(genesis(), Kind.AUDIENCE, payload={"readers": readers})

    assert chain.readers_of(named) == (readers if counts else None)
