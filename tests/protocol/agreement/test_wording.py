"""The digest that answers are bound to: of the text, byte for byte, and of the rule."""

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.agreement.wording import text_digest
from tests.protocol.agreement.village import TEXT, rule_json


def by_hand(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def test_the_digest_of_a_text_is_sha_256_in_base64url_without_padding() -> None:
    assert text_digest("") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    assert text_digest("Señal ☂") == by_hand("Señal ☂".encode())
    assert len(text_digest(TEXT)) == 43


def test_with_a_rule_it_is_over_the_text_two_line_feeds_and_the_canonical_rule() -> None:
    rule = {"b": [1, "ñ"], "a": {}}

    assert text_digest("Text", rule) == by_hand('Text\n\n{"a":{},"b":[1,"ñ"]}'.encode())


def test_the_order_of_members_is_no_other_rule_but_the_order_of_councils_is() -> None:
    rule = rule_json()
    turned = dict(reversed(rule.items()))
    councils = rule_json(councils=list(reversed(rule["councils"])))

    assert text_digest(TEXT, turned) == text_digest(TEXT, rule)
    assert text_digest(TEXT, councils) != text_digest(TEXT, rule)


@pytest.mark.parametrize(
    "changes", [{"atLeast": 1}, {"mostObjections": 1}, {"closesAt": "2024-11-20T18:00:01Z"}, {"councils": []}]
)
def test_one_changed_number_in_the_rule_is_another_text(changes: dict[str, Any]) -> None:
    assert text_digest(TEXT, rule_json(**changes)) != text_digest(TEXT, rule_json())
    assert text_digest(TEXT) != text_digest(TEXT, rule_json())


@settings(max_examples=60)
@given(text=st.text(), other=st.text())
def test_two_texts_have_two_digests(text: str, other: str) -> None:
    assert (text_digest(text, rule_json()) == text_digest(other, rule_json())) == (text == other)


@pytest.mark.parametrize(("text", "rule"), [("\ud800", None), ("", {"n": 2**60}), ("", {"n": float("nan")})])
def test_what_has_no_bytes_that_all_agree_on_has_no_digest(text: str, rule: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        text_digest(text, rule)
