"""One entry: what it must be, and that no word of it can be changed."""

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.feeds import entry
from protocol.feeds.entry import Entry, Kind
from protocol.feeds.flaw import Flaw, Flawed
from tests.builders import START, ed25519_key, multibase_of
from tests.protocol.feeds.chains import after, genesis, put

PUT = put(genesis(), 1)


def _judged(value: Any) -> Flaw | None:
    """Why an entry, by itself, does not count; None if it does."""
    read = entry.read_line(orjson.dumps(value))
    if isinstance(read, Flawed):
        return read.flaw
    refused = entry.judge_signature(read)
    return None if refused is None else refused.flaw


def _changed(**header: Any) -> dict[str, Any]:
    whole = deepcopy(PUT.wire())
    whole["header"] |= header
    return whole


def test_an_entry_is_read_as_it_was_made() -> None:
    assert entry.read_line(orjson.dumps(PUT.wire())) == PUT
    assert _judged(PUT.wire()) is None


def test_a_forgotten_payload_leaves_a_header_that_still_holds() -> None:
    bare = PUT.wire() | {"salt": None, "payload": None}

    read = entry.read_line(orjson.dumps(bare))

    assert isinstance(read, Entry) and read.id == PUT.id
    assert _judged(bare) is None


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        (_changed(seq=3), Flaw.SIGNATURE),
        (_changed(epoch=2), Flaw.SIGNATURE),
        (_changed(object="https://riverside.example/o/2"), Flaw.SIGNATURE),
        (_changed(expires="2026-03-17T09:00:00Z"), Flaw.SIGNATURE),
        (_changed(key=multibase_of(ed25519_key("harbour"))), Flaw.SIGNATURE),
        (_changed(size=2048), Flaw.DIGEST),
        (PUT.wire() | {"payload": {"number": 2}}, Flaw.DIGEST),
        (PUT.wire() | {"salt": entry.b64(bytes(16))}, Flaw.DIGEST),
        (_changed(prev=None), Flaw.SHAPE),
        (_changed(v=2), Flaw.SHAPE),
        (_changed(more=1), Flaw.SHAPE),
        (_changed(kind="rumour"), Flaw.SHAPE),
        (_changed(expires="2026-03-16T09:30:00Z"), Flaw.SHAPE),
        (_changed(seq=True), Flaw.SHAPE),
        (_changed(seq=0), Flaw.SHAPE),
        (_changed(size=1000), Flaw.SHAPE),
        (PUT.wire() | {"salt": None}, Flaw.SHAPE),
        (PUT.wire() | {"more": 1}, Flaw.SHAPE),
        ([], Flaw.SHAPE),
    ],
)
def test_every_change_is_refused_by_the_name_of_its_reason(value: Any, flaw: Flaw) -> None:
    assert _judged(value) is flaw


def test_lines_that_are_no_json_or_too_long_are_refused() -> None:
    line = orjson.dumps(PUT.wire())

    assert isinstance(entry.read_line(line[:-1]), Flawed)
    assert isinstance(entry.read_line(b'{"header":1,"header":2}'), Flawed)
    too_long = entry.read_line(b" " * (entry.LONGEST_LINE + 1))
    assert isinstance(too_long, Flawed) and too_long.flaw is Flaw.TOO_LARGE


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_bit_can_be_turned(place: int, bit: int) -> None:
    line = bytearray(orjson.dumps(PUT.wire()))
    line[place % len(line)] ^= 1 << bit

    read = entry.read_line(bytes(line))

    # A turned bit may spell the same value in another way; whatever is read must then be the very same entry.
    assert isinstance(read, Flawed) or read == PUT or entry.judge_signature(read) is not None


@given(st.binary(max_size=200))
def test_whatever_strangers_send_is_refused_without_a_fault(line: bytes) -> None:
    assert isinstance(entry.read_line(line), Flawed)


def test_sizes_and_ends_tell_no_more_than_they_must() -> None:
    at = datetime.fromisoformat("2026-03-02T09:00:01+00:00")

    assert entry.to_the_hour(at) == datetime.fromisoformat("2026-03-02T10:00:00+00:00")
    assert entry.to_the_hour(START) == START
    assert [entry.padded(size) for size in (0, 1, 1024, 1025)] == [0, 1024, 1024, 2048]
    short = after(genesis(), Kind.PUT, object="https://a.example/o/1", payload={"a": 1}, expires=at)
    long = after(genesis(), Kind.PUT, object="https://a.example/o/1", payload={"a": "b" * 900}, expires=at)
    assert short.header.size == long.header.size


@pytest.mark.parametrize(
    "given_members",
    [
        {"kind": Kind.PUT, "payload": {"a": 1}, "expires": START},
        {"kind": Kind.PUT, "payload": {"a": 1}, "object": "https://a.example/o/1"},
        {"kind": Kind.END, "object": "https://a.example/o/1", "payload": {"a": 1}},
        {"kind": Kind.END},
        {"kind": Kind.KEY, "object": "no key"},
        {"kind": Kind.KEY, "object": multibase_of(ed25519_key("riverside"))},
        {"kind": Kind.NOOP, "object": "https://a.example/o/1"},
        {"kind": Kind.NOOP, "expires": START + timedelta(days=1)},
        {"kind": Kind.SNAPSHOT},
        {"kind": Kind.GENESIS, "payload": {"a": 1}},
    ],
)
def test_members_that_do_not_fit_the_kind_are_never_signed(given_members: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        after(genesis(), **given_members)
