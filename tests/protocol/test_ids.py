"""Addresses: two spellings of one host are one, two hosts never become one, and what readers disagree on is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ids import BadAddress, Policy, actor_of_key, has_query, host_of, new_id, origin_of, same_origin


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://north.example/council", "https://north.example"),
        ("https://north.example", "https://north.example"),
        ("HTTPS://North.Example/Council", "https://north.example"),
        ("https://north.example:443/", "https://north.example"),
        ("http://north.example:80/", "http://north.example"),
        ("http://localhost:8101/inbox", "http://localhost:8101"),
        ("https://north.example:8443?x", "https://north.example:8443"),
        ("https://north.example#main-key", "https://north.example"),
        ("https://bücher.example/o/1", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example/o/1", "https://xn--bcher-kva.example"),
        ("https://127.0.0.1/", "https://127.0.0.1"),
        ("https://[::1]:8101/", "https://[::1]:8101"),
        ("https://[2001:DB8:0:0::1]/", "https://[2001:db8::1]"),
        ("https://north.example/o/é", "https://north.example"),
    ],
)
def test_an_address_has_one_origin_however_it_is_spelled(address: str, origin: str) -> None:
    found = origin_of(address)

    assert found == origin


@pytest.mark.parametrize(
    "address",
    [
        "",
        "north.example/council",
        "ftp://north.example/",
        "javascript://north.example/%0aalert(1)",
        "acct:council@north.example",
        "https://",
        "https:///council",
        "https:/north.example",
        "https://north.example./",
        "https://north..example/",
        "https://.north.example/",
        "https://user@north.example/",
        "https://user:word@north.example/",
        "https://other.example@north.example/",
        "https://north.example\\@other.example/",
        "https://north_west.example/",
        "https://-north.example/",
        "https://north-.example/",
        "https://north.example:/",
        "https://north.example:0/",
        "https://north.example:65536/",
        "https://north.example:+443/",
        "https://north.example:4 43/",
        "https://north.example:٤٤٣/",
        "https://north.example /",
        "https://north.example/a b",
        "https://north.example/a\nb",
        "https://north.example/\u200bcouncil",
        "https://north.example/\x7f",
        " https://north.example/",
        "https://north.example\n",
        "https://north%2eexample/",
        "https://straße.example/",
        "https://ｎorth.example/",
        "https://north。example/",
        "https://0x7f.0.0.1/",
        "https://2130706433/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://256.0.0.1/",
        "https://[::1/",
        "https://[::1]x/",
        "https://[fe80::1%25eth0]/",
        "https://[north.example]/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://north.example/" + "a" * 2048,
        "https://north.example/\ud800",
    ],
)
def test_an_address_that_readers_disagree_on_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        origin_of(address)


@given(st.text(max_size=60))
def test_whatever_is_accepted_as_a_host_is_plain_and_stable(host: str) -> None:
    try:
        origin = origin_of(f"https://{host}")
    except BadAddress:
        return

    assert origin.isascii()
    assert origin == origin.lower()
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("https://a.example/x", "https://A.example:443/y", True),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "https://a.example:8443/x", False),
        ("https://a.example/x", "https://b.example/x", False),
        ("https://a.example/x", "https://a.example.b.example/x", False),
        ("nonsense", "nonsense", False),
    ],
)
def test_origins_are_compared_after_they_are_made_plain(address: str, other: str, same: bool) -> None:
    assert same_origin(address, other) is same
    assert same_origin(other, address) is same


def test_a_host_comes_without_its_port() -> None:
    assert host_of("http://LOCALHOST:8101/inbox") == "localhost"
    assert host_of("https://[::1]:8101/") == "[::1]"


def test_the_actor_of_a_key_is_its_id_without_the_fragment() -> None:
    assert actor_of_key("https://a.example/council#main-key") == "https://a.example/council"
    assert actor_of_key("https://a.example/council/main-key") == "https://a.example/council/main-key"


@pytest.mark.parametrize(
    ("address", "has"),
    [
        ("https://a.example/o?page=1", True),
        ("https://a.example/o?", True),
        ("https://a.example/o", False),
        ("https://a.example/o#what?", False),
    ],
)
def test_a_query_is_seen_even_when_it_is_empty(address: str, has: bool) -> None:
    assert has_query(address) is has


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("https://north.example/", True),
        ("https://north.example:443/", True),
        ("http://north.example/", False),
        ("https://north.example:8443/", False),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://localhost/", False),
        ("https://north.localhost/", False),
        ("https://intranet/", False),
        ("https://user@north.example/", False),
    ],
)
def test_without_exceptions_only_public_names_over_https_are_permitted(address: str, permitted: bool) -> None:
    assert Policy(frozenset()).permits(address) is permitted


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("http://localhost:8101/inbox", True),
        ("http://localhost:8102/inbox", False),
        ("https://localhost/", False),
        ("http://box.lan/", True),
        ("http://box.lan:9999/", True),
        ("http://other.lan/", False),
        ("http://127.0.0.1/", True),
        ("http://127.0.0.1:8101/", False),
        ("https://north.example/", True),
    ],
)
def test_a_listed_host_is_permitted_as_it_is_listed(address: str, permitted: bool) -> None:
    policy = Policy(frozenset({"localhost:8101", "box.lan", "127.0.0.1:80"}))

    assert policy.permits(address) is permitted


@given(st.binary(min_size=17, max_size=17))
def test_an_id_is_26_characters_of_lowercase_base32(random_bytes: bytes) -> None:
    made = new_id(random_bytes)

    assert len(made) == 26
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_two_ids_differ_where_130_bits_differ() -> None:
    zeros, one = bytes(17), (1 << 6).to_bytes(17, "big")

    assert new_id(zeros) == "a" * 26
    assert new_id(one) == "a" * 25 + "b"


@pytest.mark.parametrize("size", [0, 16, 18])
def test_an_id_is_not_made_from_another_number_of_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="17"):
        new_id(bytes(size))
