"""The rule of several councils: closed, exact, and written again as it was read."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.agreement.rule import MOST_COUNCILS, Rule, moment, read_rule, rule_document
from protocol.keys import encode_multikey
from protocol.verdict import Reason, Refused
from tests.protocol.agreement.village import CLOSE, KEYS, MULTIBASE, actor, rule_json
from tests.protocol.samples import RSA


def councils(number: int) -> list[dict[str, str]]:
    return [{"id": actor(f"c{each}"), "name": f"C{each}", "key": MULTIBASE["harbour"]} for each in range(number)]


def council(**changes: Any) -> list[dict[str, Any]]:
    return [*rule_json()["councils"][:2], rule_json()["councils"][2] | changes]


def test_a_rule_is_read_and_written_as_it_was() -> None:
    rule = read_rule(rule_json())

    assert isinstance(rule, Rule)
    assert [asked.name for asked in rule.councils] == ["Riverside", "Harbour", "Hillside"]
    assert (rule.at_least, rule.most_objections, rule.closes_at) == (2, 0, CLOSE)
    assert rule_document(rule) == rule_json()
    asked = rule.asked(actor("harbour"))
    assert asked is not None and asked.public_key == KEYS["harbour"].public_key()
    assert rule.asked(actor("dunes")) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"councils": councils(1), "atLeast": 1},
        {"councils": councils(MOST_COUNCILS)},
        {"atLeast": 3},
        {"mostObjections": 50},
        {"councils": council(id="http://localhost:8101/council")},
        {"councils": council(name="Ñ" * 300)},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_a_rule_at_its_limits_is_read(changes: dict[str, Any]) -> None:
    rule = read_rule(rule_json(**changes))

    assert isinstance(rule, Rule)
    assert rule_document(rule) == rule_json(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"quorum": 2},
        {"councils": []},
        {"councils": {}},
        {"councils": councils(MOST_COUNCILS + 1)},
        {"councils": [rule_json()["councils"][0]] * 2},
        {"councils": ["https://harbour.example/council"] * 2},
        {"councils": council(extra=1)},
        {"councils": council(id="harbour")},
        {"councils": council(id="https://harbour.example/council?x=1")},
        {"councils": council(id="https://hærbour.example/council")},
        {"councils": council(id=7)},
        {"councils": council(name="")},
        {"councils": council(name="x" * 301)},
        {"councils": council(name="two\nlines")},
        {"councils": council(name=None)},
        {"councils": council(key=encode_multikey(RSA.public_key()))},
        {"councils": council(key="z6Mk" + "1" * 44)},
        {"councils": council(key="")},
        {"councils": council(key=None)},
        {"atLeast": 0},
        {"atLeast": 4},
        {"atLeast": True},
        {"atLeast": 2.0},
        {"atLeast": "2"},
        {"mostObjections": -1},
        {"mostObjections": 51},
        {"mostObjections": False},
        {"mostObjections": None},
        {"closesAt": "2024-11-20T18:00:00.5Z"},
        {"closesAt": "2024-11-20T18:00:00+00:00"},
        {"closesAt": "2024-11-20T18:00:60Z"},
        {"closesAt": "2024-13-20T18:00:00Z"},
        {"closesAt": "2024-11-20"},
        {"closesAt": 1},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_what_could_be_counted_in_two_ways_is_no_rule(changes: dict[str, Any]) -> None:
    refused = read_rule(rule_json(**changes))

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WRONG_SHAPE


@pytest.mark.parametrize("member", ["councils", "atLeast", "mostObjections", "closesAt"])
def test_a_rule_lacks_nothing(member: str) -> None:
    document = rule_json()
    del document[member]

    assert isinstance(read_rule(document), Refused)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(changes=st.dictionaries(st.sampled_from(sorted(rule_json())), JSON, max_size=4))
def test_no_rule_raises(changes: dict[str, Any]) -> None:
    read = read_rule(rule_json(**changes))

    assert isinstance(read, Rule | Refused)
    assert isinstance(read, Refused) or rule_document(read) == rule_json(**changes)


@settings(max_examples=60)
@given(document=JSON)
def test_anything_else_is_no_rule(document: Any) -> None:
    assert isinstance(read_rule(document), Refused)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-11-01T09:00:00Z", datetime(2024, 11, 1, 9, tzinfo=UTC)),
        ("2024-11-01T10:30:00+01:30", datetime(2024, 11, 1, 9, tzinfo=UTC)),
        ("2024-11-01T09:00:00.1234567Z", datetime(2024, 11, 1, 9, 0, 0, 123456, tzinfo=UTC)),
        ("2024-11-01T09:00:00", None),
        ("2024-11-01 09:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("1970-01-01T00:00:00+00:01", None),
        ("9998-12-31T23:59:59Z", datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("9999-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("2024-11-01T09:00:60Z", None),
        (1, None),
    ],
)
def test_a_moment_has_a_zone_and_counts_to_the_microsecond(text: Any, read: datetime | None) -> None:
    assert moment(text) == read
