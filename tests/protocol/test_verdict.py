"""The list of wire refusals is the one of the decisions, word for word."""

import pytest

from protocol.verdict import Reason, Refused

STATUSES = {
    400: "malformed duplicate-key too-deep",
    401: "no-signature bad-signature bad-digest stale wrong-target unknown-key bad-proof",
    403: "blocked unknown-peer not-owner wrong-audience",
    409: "id-reused other-text too-many other-terms",
    413: "too-large",
    415: "wrong-type",
    422: "wrong-shape",
    429: "too-fast",
    503: "busy",
    507: "full",
}


def test_the_reasons_and_their_statuses_are_the_published_list() -> None:
    published = {word: status for status, words in STATUSES.items() for word in words.split()}

    ours = {reason.value: reason.status for reason in Reason}

    assert ours == published


def test_a_refusal_cannot_be_changed() -> None:
    refused = Refused(Reason.STALE, "Too old.")

    with pytest.raises(AttributeError):
        refused.reason = Reason.FULL  # type: ignore[misc]
