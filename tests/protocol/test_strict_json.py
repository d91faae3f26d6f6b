"""Strict JSON: the published suite, our limits, and each limit's accepted twin."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.strict_json import judge, parse
from protocol.verdict import Reason, Refused
from tests.protocol.samples import VECTORS, vectors

SUITE = sorted(path.name for path in (VECTORS / "json-parsing").glob("*.json"))
# Refused on purpose: the suite allows duplicate keys and values that no canonical form keeps.
REFUSED_BY_DESIGN = {
    "y_object_duplicated_key.json": Reason.DUPLICATE_KEY,
    "y_object_duplicated_key_and_value.json": Reason.DUPLICATE_KEY,
}


@pytest.mark.parametrize("name", [name for name in SUITE if name.startswith("y_")])
def test_what_the_suite_calls_valid_is_read_as_the_standard_library_reads_it(name: str) -> None:
    raw = vectors("json-parsing", name).read_bytes()

    value = parse(raw)

    if name in REFUSED_BY_DESIGN:
        assert isinstance(value, Refused)
        assert value.reason is REFUSED_BY_DESIGN[name]
    else:
        assert not isinstance(value, Refused)
        assert value == json.loads(raw)


@pytest.mark.parametrize("name", [name for name in SUITE if name.startswith("n_")])
def test_what_the_suite_calls_invalid_is_refused(name: str) -> None:
    raw = vectors("json-parsing", name).read_bytes()

    value = parse(raw)

    assert isinstance(value, Refused)
    assert value.reason in {Reason.MALFORMED, Reason.TOO_DEEP}


@pytest.mark.parametrize("name", [name for name in SUITE if name.startswith("i_")])
def test_what_the_suite_leaves_open_is_answered_without_an_error(name: str) -> None:
    raw = vectors("json-parsing", name).read_bytes()

    value = parse(raw)

    if not isinstance(value, Refused):
        assert value == json.loads(raw)


@pytest.mark.parametrize(
    ("refused", "accepted", "reason"),
    [
        (b'{"a":1,"a":1}', b'{"a":1,"b":1}', Reason.DUPLICATE_KEY),
        (b'{"a":1,"\\u0061":2}', b'{"a":1,"\\u0062":2}', Reason.DUPLICATE_KEY),
        (b'[{"x":{"a":1,"a":1}}]', b'[{"x":{"a":1,"A":1}}]', Reason.DUPLICATE_KEY),
        (b"[NaN]", b"[0]", Reason.MALFORMED),
        (b"[Infinity]", b"[1]", Reason.MALFORMED),
        (b"[-Infinity]", b"[-1]", Reason.MALFORMED),
        (b"[1e400]", b"[1e300]", Reason.MALFORMED),
        (b"[-1e400]", b"[-1e300]", Reason.MALFORMED),
        (b"[9007199254740992]", b"[9007199254740991]", Reason.MALFORMED),
        (b"[-9007199254740992]", b"[-9007199254740991]", Reason.MALFORMED),
        (b"[" + b"9" * 1_000_000 + b"]", b"[9]", Reason.MALFORMED),
        (b"[0." + b"9" * 1_000_000 + b"]", b"[0.9]", Reason.MALFORMED),
        (b'["\\ud83d"]', b'["\\ud83d\\ude00"]', Reason.MALFORMED),
        (b'{"\\ude00":1}', b'{"\\ud83d\\ude00":1}', Reason.MALFORMED),
        (b'["\\ude00\\ud83d"]', b'["\\\\ude00\\\\ud83d"]', Reason.MALFORMED),
        (b'["\xff"]', b'["\xc3\xbf"]', Reason.MALFORMED),
        (b"\xef\xbb\xbf{}", b"{}", Reason.MALFORMED),
        (b"", b"null", Reason.MALFORMED),
        (b"{} {}", b" {} ", Reason.MALFORMED),
        (b'["\n"]', b'["\\n"]', Reason.MALFORMED),
        (b"[" * 33 + b"]" * 33, b"[" * 32 + b"]" * 32, Reason.TOO_DEEP),
        (b'{"a":' * 33 + b"1" + b"}" * 33, b'{"a":' * 32 + b"1" + b"}" * 32, Reason.TOO_DEEP),
        (b"[" * 100_000 + b"]" * 100_000, b"[]", Reason.TOO_DEEP),
        (b"[" + b",".join([b"1"] * 1_001) + b"]", b"[" + b",".join([b"1"] * 1_000) + b"]", Reason.MALFORMED),
        (b'["' + b"a" * 262_145 + b'"]', b'["' + b"a" * 262_144 + b'"]', Reason.MALFORMED),
        (b'{"' + b"a" * 262_145 + b'":1}', b'{"' + b"a" * 262_144 + b'":1}', Reason.MALFORMED),
    ],
    ids=lambda value: None if isinstance(value, Reason) else repr(value[:24]),
)
def test_each_limit_refuses_what_is_over_it_and_nothing_under_it(
    refused: bytes, accepted: bytes, reason: Reason
) -> None:
    over, under = parse(refused), parse(accepted)

    assert isinstance(over, Refused)
    assert over.reason is reason
    assert not isinstance(under, Refused)


def test_the_number_of_values_is_limited_containers_included() -> None:
    exactly = json.dumps([[[]] * 9] * 10).encode()

    assert not isinstance(parse(exactly, max_nodes=1 + 10 + 90), Refused)
    assert parse(exactly, max_nodes=1 + 10 + 90 - 1) == Refused(Reason.MALFORMED, "The body holds too many values.")


def test_the_defaults_hold_twenty_thousand_values() -> None:
    row = [0] * 999

    assert not isinstance(parse(json.dumps([row] * 19).encode()), Refused)
    assert isinstance(parse(json.dumps([row] * 21).encode()), Refused)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=6),
    max_leaves=20,
)


@given(JSON_VALUES, st.booleans())
def test_what_json_can_hold_comes_through_unchanged(value: object, escaped: bool) -> None:
    raw = json.dumps(value, ensure_ascii=escaped).encode()

    assert parse(raw) == value


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    value = parse(raw)

    if not isinstance(value, Refused):
        assert value == json.loads(raw)


@settings(deadline=None, max_examples=40)
@given(st.integers(25, 35), st.integers(990, 1_010), st.integers(18, 21))
def test_a_part_of_what_was_read_is_judged_as_if_it_had_come_alone(depth: int, width: int, rows: int) -> None:
    part: object = [[0] * width] * rows
    for _ in range(depth):
        part = {"in": part}
    whole = parse(json.dumps([part]).encode(), max_depth=99, max_nodes=60_000, max_array=10_000)
    assert isinstance(whole, list)

    alone = parse(json.dumps(part).encode())

    assert judge(whole[0]) == (alone if isinstance(alone, Refused) else None)
