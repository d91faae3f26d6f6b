"""The tables of FEDERATION.md say what the code does: reasons, limits, vocabulary, kinds."""

import inspect
import re

import pytest

from federation import followers, inbox
from federation.front import BODIES_AT_ONCE
from federation.served import PAGE_LENGTH
from node.features.resources import kinds
from node.installed import FEATURES
from node.settings_parts import Limits
from protocol import authority, proof, signed_request, strict_json
from protocol.verdict import Reason
from schemas import context, jsonld
from schemas.activity import KIND_MARKERS
from schemas.records.resource import ResourceState
from schemas.repeating import read_rule, write_rule
from tests.docs import kind_table
from tests.docs.reading import rows, text_of

TEXT = text_of("FEDERATION.md")
REASONS = {row[1].strip("`"): int(row[0]) for row in rows(TEXT, "## Refusals")}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_stands_in_the_table_with_its_status(reason: Reason) -> None:
    assert REASONS[reason.value] == reason.status


def test_the_table_names_no_other_reason() -> None:
    assert set(REASONS) == {reason.value for reason in Reason}


def test_the_namespace_and_every_category_are_told() -> None:
    assert f"\n{context.NAMESPACE}\n" in TEXT
    for slug in context.CATEGORIES:
        assert f"`{slug}`" in TEXT


def test_every_kind_stands_in_the_table_with_its_names_and_what_it_is_the_same_as() -> None:
    assert kind_table.shown(TEXT) == kind_table.made(), "run: python -m tests.docs.samples"
    assert len(rows(TEXT, "### Kinds")) == len(kinds.shipped())


def test_every_rule_that_the_file_shows_is_one_that_is_read() -> None:
    shown = re.findall(r"FREQ=[A-Z0-9=;,-]+", TEXT)

    assert len(shown) > 2 and all(write_rule(read_rule(rule)) == rule for rule in shown)


def test_every_word_of_a_state_and_every_marker_of_a_kind_is_told() -> None:
    for word in (*(state.value for state in ResourceState), *KIND_MARKERS):
        assert f"`{word}`" in TEXT


def test_every_kind_of_an_installed_feature_has_a_sample() -> None:
    kinds = {kind.name for feature in FEATURES for kind in feature.kinds}

    shown = {"offer": "resource"}
    told = {shown.get(name, name) for name in re.findall(r"<!-- sample: create-([a-z]+) -->", TEXT)}
    assert told == kinds


def test_the_structural_keywords_that_are_refused_are_refused() -> None:
    for keyword in re.findall(r"`(@graph|@included|@reverse|@nest)`", TEXT):
        document = {"@context": [context.AS2], "id": "https://a.example/a", keyword: {}}
        assert jsonld.refuse_json_ld_tricks(document) is not None


def test_the_limits_are_those_of_the_code() -> None:
    limits = Limits()
    told = {row[0]: row[1] for row in rows(TEXT, "## Limits")}
    parsing = {name: value.default for name, value in inspect.signature(strict_json.parse).parameters.items()}

    assert told["nesting"] == str(parsing["max_depth"])
    assert told["values in a message · items in an array · characters of a string"] == (
        f"{parsing['max_nodes']:,} · {parsing['max_array']:,} · {parsing['max_string']:,}"
    )
    assert told["a message"].startswith(f"{limits.body // 2**20} MiB; {limits.unknown_body // 2**10} KiB")
    assert told["recipients"] == str(authority.MAX_RECIPIENTS)
    assert (
        told["reading a request's head · its body"]
        == f"{limits.header_deadline:g} s · {limits.body_deadline:g} s in all"
    )
    assert told["messages being read at once, from all together"] == f"as many bytes as {BODIES_AT_ONCE} of the largest"
    assert told["messages from one linked council"] == (
        f"{limits.peer_rate.per_minute:g} a minute, {limits.peer_rate.burst} at once"
    )
    assert told["first messages from one unknown host"] == (
        f"{limits.unknown_rate.per_minute:g} a minute, {limits.unknown_rate.burst} at once"
    )
    assert told["key fetches"] == (
        f"{limits.key_fetch_per_host_per_minute:g} a minute for each host, {limits.key_fetch_total_per_minute:g} in all"
    )
    assert told["accounts waiting to be allowed to follow"] == f"{followers.MOST_WAITING:,}"
    assert told["ids remembered"] == f"{inbox.REMEMBERED.days} days"
    assert f"{PAGE_LENGTH} to a page" in TEXT


def test_the_windows_are_those_of_the_code() -> None:
    assert f"at most {signed_request.PAST_SECONDS // 60} minutes old" in TEXT
    assert f"at most {signed_request.AHEAD_SECONDS // 60} minutes ahead" in TEXT
    assert f"at most {proof.AHEAD.days * 24} hours ahead, at most {inbox.REMEMBERED.days} days old" in TEXT
