"""Signed requests in both schemes: what is accepted, and for each reason of refusal its accepted twin."""

from datetime import timedelta

import pytest

from protocol.digest import judge_content_digest, judge_digest
from protocol.http_signature import Claim, judge_claim, key_id_of
from protocol.verdict import Accepted, Reason
from tests.protocol.samples import ED25519, NOW, OTHER_ED25519, OUR_HOST, OUR_INBOX, RSA, request
from tests.protocol.signing import BODY, KEYS, SIGNERS, read, reason, signed, verdict


@pytest.fixture(params=SIGNERS)
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=KEYS)
def key_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_we_sign_is_accepted(scheme: str, key_name: str) -> None:
    arrived = request(signed(scheme, key_name))

    claim = read(arrived)

    assert isinstance(claim, Claim)
    assert claim.scheme == scheme
    assert claim.key_id == KEYS[key_name][1]
    assert judge_claim(claim, KEYS[key_name][0].public_key()) == Accepted()


def test_the_digest_that_is_signed_belongs_to_the_body(scheme: str) -> None:
    headers = signed(scheme, "rsa")

    if scheme == "cavage":
        assert judge_digest(headers["Digest"], BODY) == Accepted()
    else:
        assert judge_content_digest(headers["Content-Digest"], BODY) == Accepted()


def test_a_get_without_a_body_is_signed_and_accepted(scheme: str, key_name: str) -> None:
    headers = signed(scheme, key_name, method="GET", body=None, url="https://harbour.example/council")
    arrived = request(headers, method="GET", target="/council", url="https://harbour.example/council")

    assert verdict(arrived, key_name, has_body=False) == Accepted()
    assert not {"Digest", "Content-Digest", "Content-Type"} & set(headers)


def test_a_query_is_part_of_what_is_signed(scheme: str) -> None:
    url = "https://harbour.example/outbox?page=true"
    headers = signed(scheme, "rsa", method="GET", body=None, url=url)

    same = request(headers, method="GET", target="/outbox?page=true", url=url)
    without = request(headers, method="GET", target="/outbox", url="https://harbour.example/outbox")

    assert verdict(same, "rsa", has_body=False) == Accepted()
    assert reason(verdict(without, "rsa", has_body=False)) is Reason.BAD_SIGNATURE


def test_a_port_is_part_of_the_host(scheme: str) -> None:
    headers = signed(scheme, "rsa", url="http://localhost:8101/inbox")
    arrived = request(headers, url="http://localhost:8101/inbox")

    assert headers["Host"] == "localhost:8101"
    assert verdict(arrived, "rsa", our_host="localhost:8101") == Accepted()
    assert reason(verdict(arrived, "rsa", our_host="localhost:8102")) is Reason.WRONG_TARGET


def test_another_key_is_refused(scheme: str, key_name: str) -> None:
    claim = read(request(signed(scheme, key_name)))

    assert isinstance(claim, Claim)
    assert reason(judge_claim(claim, OTHER_ED25519.public_key())) is Reason.BAD_SIGNATURE


def test_a_named_algorithm_may_only_confirm_the_key(scheme: str) -> None:
    headers = signed(scheme, "rsa")
    field = "Signature" if scheme == "cavage" else "Signature-Input"
    renamed = headers[field].replace("rsa-sha256", "hmac-sha256").replace("rsa-v1_5-sha256", "hmac-sha256")

    claim = read(request(headers | {field: renamed}))

    assert renamed != headers[field]
    assert isinstance(claim, Claim)
    assert reason(judge_claim(claim, RSA.public_key())) is Reason.BAD_SIGNATURE


def test_a_request_without_a_signature_is_told_so(scheme: str) -> None:
    headers = signed(scheme, "rsa")
    del headers["Signature"]

    assert reason(read(request(headers))) is Reason.NO_SIGNATURE
    assert key_id_of({}) is None


def test_a_signature_for_another_host_is_refused(scheme: str) -> None:
    elsewhere = signed(scheme, "rsa", url="https://hillside.example/inbox")

    replayed = request(elsewhere)
    disguised = request(elsewhere | {"Host": OUR_HOST})

    assert reason(verdict(replayed, "rsa")) is Reason.WRONG_TARGET
    assert reason(verdict(disguised, "rsa")) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    "host", ["", "harbour.example/x", "harbour.example.", "x@harbour.example", "harbour.example:80"]
)
def test_a_host_header_that_only_resembles_ours_is_refused(scheme: str, host: str) -> None:
    headers = signed(scheme, "rsa") | {"Host": host}

    assert reason(read(request(headers))) is Reason.WRONG_TARGET


def test_our_host_is_known_in_other_spellings(scheme: str) -> None:
    headers = signed(scheme, "rsa") | {"Host": "Harbour.Example:443"}

    assert isinstance(read(request(headers)), Claim)


@pytest.mark.parametrize(
    ("minutes", "fresh"), [(-65, True), (-66, False), (0, True), (60, True), (61, False), (-100_000, False)]
)
def test_a_signature_holds_from_65_minutes_past_to_60_minutes_ahead(scheme: str, minutes: int, fresh: bool) -> None:
    made = NOW + timedelta(minutes=minutes)
    # The lifetime is long enough that only the window decides.
    headers = signed(scheme, "rsa", now=made, **({"lifetime": 86_400} if scheme == "rfc9421" else {}))

    judged = verdict(request(headers), "rsa")

    if fresh:
        assert judged == Accepted()
    else:
        assert reason(judged) is Reason.STALE


@pytest.mark.parametrize("method", ["get", "PUT", "DELETE"])
def test_the_method_is_part_of_what_is_signed(scheme: str, method: str) -> None:
    arrived = request(signed(scheme, "rsa"), method=method)

    assert reason(verdict(arrived, "rsa")) is Reason.BAD_SIGNATURE


def test_the_path_is_part_of_what_is_signed(scheme: str) -> None:
    arrived = request(signed(scheme, "rsa"), target="/council/inbox", url="https://harbour.example/council/inbox")

    assert reason(verdict(arrived, "rsa")) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("name", ["signature", "signature-input", "host", "date", "digest", "content-digest"])
def test_a_header_that_decides_may_stand_only_once(scheme: str, name: str) -> None:
    arrived = request(signed(scheme, "rsa"), repeated=frozenset({name}))

    assert reason(read(arrived)) is Reason.MALFORMED


def test_another_repeated_header_does_not_matter(scheme: str) -> None:
    arrived = request(signed(scheme, "rsa"), repeated=frozenset({"accept"}))

    assert verdict(arrived, "rsa") == Accepted()


def test_a_target_that_is_no_path_is_refused(scheme: str) -> None:
    arrived = request(signed(scheme, "rsa"), target=OUR_INBOX)

    assert reason(read(arrived)) is Reason.MALFORMED


def test_a_signature_header_of_endless_length_is_refused(scheme: str) -> None:
    headers = signed(scheme, "rsa")

    assert reason(read(request(headers | {"Signature": headers["Signature"] + " " * 9000}))) is Reason.MALFORMED


def test_a_line_break_or_a_strange_letter_in_a_signed_header_is_refused(scheme: str) -> None:
    headers = signed(scheme, "rsa")

    for value in ("application/json\ndate: x", "application/jsón", "a\rb"):
        assert reason(read(request(headers | {"Content-Type": value}))) is Reason.MALFORMED


def test_a_signed_header_that_is_gone_is_noticed(scheme: str) -> None:
    for name in ("Content-Type", "Date"):
        headers = signed(scheme, "rsa")
        del headers[name]

        assert reason(verdict(request(headers), "rsa")) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("date", ["yesterday", "Sun, 22 Nov 2026 03:35:30", "Sun, 31 Feb 2026 03:35:30 GMT", ""])
def test_a_date_that_cannot_be_read_is_refused(scheme: str, date: str) -> None:
    headers = signed(scheme, "rsa") | {"Date": date}

    assert reason(read(request(headers))) is Reason.MALFORMED


def test_the_newer_scheme_wins_where_both_are_there() -> None:
    older, newer = signed("cavage", "rsa"), signed("rfc9421", "ed25519")

    claim = read(request(older | newer))

    assert isinstance(claim, Claim)
    assert claim.scheme == "rfc9421"
    assert judge_claim(claim, ED25519.public_key()) == Accepted()


def test_the_cheap_look_finds_the_key_id_that_is_judged_later(scheme: str, key_name: str) -> None:
    arrived = request(signed(scheme, key_name))

    assert key_id_of(arrived.headers) == KEYS[key_name][1]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("signature-input", 's=("@method");created=1;nonce=";keyid=";keyid="https://a.example/k"'),
        (
            "signature-input",
            's=("@method");created=1;nonce=";keyid=\\"https://b.example/k\\"";keyid="https://a.example/k"',
        ),
        ("signature-input", 's=("@method");created=1;tag="x;keyid=";alg="y";keyid="https://a.example/k"'),
        ("signature", 'algorithm="x,keyId=",headers="date",keyId="https://a.example/k",signature="AA=="'),
    ],
)
def test_no_other_parameter_can_show_the_cheap_look_another_key(field: str, value: str) -> None:
    assert key_id_of({field: value}) == "https://a.example/k"


@pytest.mark.parametrize("key_id", ["acct:council@riverside.example", "riverside.example/council", "", "https://a b/"])
def test_a_key_id_that_is_no_address_is_refused(scheme: str, key_id: str) -> None:
    headers = signed(scheme, "rsa", key_id=key_id)

    assert reason(read(request(headers))) is Reason.MALFORMED
