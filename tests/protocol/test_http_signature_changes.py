"""A signed request admits no change: no character exchanged, no header missing, and no header that raises."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.http_signature import Claim, key_id_of
from protocol.verdict import Accepted, Refused
from tests.protocol.samples import request
from tests.protocol.signing import KEYS, SIGNERS, read, signed, verdict

SIGNED = {(scheme, name): signed(scheme, name) for scheme in SIGNERS for name in KEYS}


@given(st.sampled_from(sorted(SIGNED)), st.data())
def test_no_changed_character_of_a_signed_request_is_accepted(which: tuple[str, str], data: st.DataObject) -> None:
    headers = SIGNED[which]
    name = data.draw(st.sampled_from(sorted(set(headers) - {"Host"})))
    position = data.draw(st.integers(0, len(headers[name]) - 1))
    letter = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
    value = headers[name][:position] + letter + headers[name][position + 1 :]

    arrived = request(headers | {name: value})
    claim = read(arrived)
    accepted = verdict(arrived, which[1]) == Accepted()

    # The draft leaves the key id unsigned, but another key id asks for another key.
    same_key = isinstance(claim, Claim) and claim.key_id == KEYS[which[1]][1]
    assert (accepted and same_key) is (value == headers[name])


@given(st.sampled_from(sorted(SIGNED)), st.sampled_from(["Date", "Content-Type", "Digest", "Content-Digest", "Host"]))
def test_no_missing_header_of_a_signed_request_is_accepted(which: tuple[str, str], name: str) -> None:
    headers = {kept: value for kept, value in SIGNED[which].items() if kept != name}

    judged = verdict(request(headers), which[1])

    assert (judged == Accepted()) is (name not in SIGNED[which])


@given(st.text(max_size=80), st.text(max_size=120))
def test_no_signature_headers_raise(signature: str, signature_input: str) -> None:
    headers = SIGNED["cavage", "rsa"]

    for changed in ({"Signature": signature}, {"Signature": signature, "Signature-Input": signature_input}):
        arrived = request(headers | changed)
        key_id_of(arrived.headers)

        assert isinstance(read(arrived), Refused)
