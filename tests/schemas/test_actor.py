"""A council as others see it, and others as we see them."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.keys import encode_multikey
from protocol.verdict import Reason, Refused
from schemas.actor import TheirActor, council_actor, node_actor
from schemas.context import ACTOR_CONTEXT
from tests.schemas.examples import BASE, COUNCIL, MILL_LANE

PEM = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"
MULTIKEY = encode_multikey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key())
RFC9421_WORDS = [
    {"href": "https://datatracker.ietf.org/doc/html/rfc9421", "name": "RFC-9421: HTTP Message Signatures"},
    {
        "href": "https://datatracker.ietf.org/doc/html/rfc9421#name-eddsa-using-curve-edwards25",
        "name": "RFC-9421 signatures using the Ed25519 algorithm",
    },
]


def our_actor(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "summary": "",
        "rsa_pem": PEM,
        "ed25519_multibase": MULTIKEY,
        "manually_approves": False,
        "language": "en",
        "place": None,
    }
    return council_actor(BASE, "Riverside Neighbourhood Council", **{**values, **changes})


def their_actor(**changes: Any) -> TheirActor:
    read = TheirActor.read({**our_actor(), **changes})
    assert isinstance(read, TheirActor)
    return read


def test_the_council_is_exactly_this_document() -> None:
    assert our_actor() == {
        "@context": ACTOR_CONTEXT,
        "id": COUNCIL,
        "type": "Organization",
        "preferredUsername": "council",
        "name": "Riverside Neighbourhood Council",
        "inbox": f"{BASE}/council/inbox",
        "outbox": f"{BASE}/council/outbox",
        "followers": f"{BASE}/council/followers",
        "following": f"{BASE}/council/following",
        "comarca:peers": f"{BASE}/council/peers",
        "endpoints": {"sharedInbox": f"{BASE}/inbox"},
        "url": f"{BASE}/",
        "manuallyApprovesFollowers": False,
        "publicKey": {"id": f"{COUNCIL}#main-key", "owner": COUNCIL, "publicKeyPem": PEM},
        "assertionMethod": [
            {
                "id": f"{COUNCIL}#ed25519-key",
                "type": "Multikey",
                "controller": COUNCIL,
                "publicKeyMultibase": MULTIKEY,
            }
        ],
        "generator": {"type": "Application", "implements": RFC9421_WORDS},
    }


def test_the_summary_is_escaped_and_told_in_its_language() -> None:
    actor = our_actor(summary="Soup & <b>songs</b>", language="es")

    assert actor["summary"] == "<p>Soup &amp; &lt;b&gt;songs&lt;/b&gt;</p>"
    assert actor["summaryMap"] == {"es": actor["summary"]}


def test_the_council_lies_in_a_cell_and_nowhere_finer() -> None:
    assert our_actor(place=MILL_LANE)["location"] == {
        "type": "Place",
        "name": "Mill Lane",
        "comarca:cell": "87394460bffffff",
        "latitude": 41.39,
        "longitude": 2.17,
    }


def test_the_node_actor_is_exactly_this_document() -> None:
    assert node_actor(BASE, "riverside.example", rsa_pem=PEM) == {
        "@context": ACTOR_CONTEXT,
        "id": f"{BASE}/actor",
        "type": "Application",
        "preferredUsername": "riverside.example",
        "name": "riverside.example",
        "inbox": f"{BASE}/inbox",
        "endpoints": {"sharedInbox": f"{BASE}/inbox"},
        "url": f"{BASE}/",
        "manuallyApprovesFollowers": True,
        "publicKey": {"id": f"{BASE}/actor#main-key", "owner": f"{BASE}/actor", "publicKeyPem": PEM},
        "implements": RFC9421_WORDS,
    }


def test_what_we_publish_is_what_another_council_reads() -> None:
    actor = their_actor()

    assert actor.rsa_key() == (f"{COUNCIL}#main-key", PEM)
    assert actor.ed25519_key() == (f"{COUNCIL}#ed25519-key", MULTIKEY)
    assert actor.shared_or_own_inbox == f"{BASE}/inbox"
    assert actor.peers == f"{BASE}/council/peers"
    assert actor.implements_rfc9421_ed25519


def test_the_node_actor_says_what_it_implements_too() -> None:
    actor = TheirActor.read(node_actor(BASE, "riverside.example", rsa_pem=PEM))

    assert isinstance(actor, TheirActor) and actor.implements_rfc9421_ed25519
    assert actor.ed25519_key() is None


def test_of_a_list_of_public_keys_the_first_counts() -> None:
    first = {"id": f"{COUNCIL}#one", "owner": COUNCIL, "publicKeyPem": "one"}
    second = {"id": f"{COUNCIL}#two", "owner": COUNCIL, "publicKeyPem": "two"}

    assert their_actor(publicKey=[first, second]).rsa_key() == (f"{COUNCIL}#one", "one")


def test_a_key_without_fragment_is_read_as_gotosocial_writes_it() -> None:
    key = {"id": f"{COUNCIL}/main-key", "owner": COUNCIL, "publicKeyPem": PEM}

    assert their_actor(publicKey=key).rsa_key() == (f"{COUNCIL}/main-key", PEM)


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "https://evil.example/council"},
        {"owner": f"{BASE}/actor"},
        {"id": "https://evil.example/council#main-key"},
    ],
)
def test_a_key_of_somebody_else_is_not_theirs(change: dict[str, str]) -> None:
    key = {"id": f"{COUNCIL}#main-key", "owner": COUNCIL, "publicKeyPem": PEM, **change}

    assert their_actor(publicKey=key).rsa_key() is None


@pytest.mark.parametrize("value", [None, [], "https://riverside.example/council#main-key", 7])
def test_an_actor_may_have_no_readable_rsa_key(value: object) -> None:
    assert their_actor(publicKey=value).rsa_key() is None


def test_verification_methods_that_we_cannot_use_are_passed_over() -> None:
    good = our_actor()["assertionMethod"][0]
    others = [
        f"{COUNCIL}#elsewhere",
        7,
        {"type": "JsonWebKey", "id": f"{COUNCIL}#jwk"},
        {"type": "Multikey", "id": "not an address"},
        {**good, "publicKeyMultibase": "z4MXj1wBzi9jUstyQ", "id": f"{COUNCIL}#rsa"},
        good,
    ]

    assert their_actor(assertionMethod=others).ed25519_key() == (good["id"], MULTIKEY)
    assert their_actor(assertionMethod=good).ed25519_key() == (good["id"], MULTIKEY)


@pytest.mark.parametrize(
    "change", [{"controller": "https://evil.example/council"}, {"id": "https://evil.example/council#ed25519-key"}]
)
def test_a_multikey_of_somebody_else_is_not_theirs(change: dict[str, str]) -> None:
    key = {**our_actor()["assertionMethod"][0], **change}

    assert their_actor(assertionMethod=[key]).ed25519_key() is None


@pytest.mark.parametrize("value", [None, [], f"{COUNCIL}#ed25519-key", [f"{COUNCIL}#ed25519-key"]])
def test_an_actor_may_have_no_readable_ed25519_key(value: object) -> None:
    assert their_actor(assertionMethod=value).ed25519_key() is None


def test_without_shared_inbox_their_own_is_used() -> None:
    assert their_actor(endpoints=None).shared_or_own_inbox == f"{COUNCIL}/inbox"
    assert their_actor(endpoints={}).shared_or_own_inbox == f"{COUNCIL}/inbox"


def test_a_shared_inbox_on_another_server_is_not_believed() -> None:
    actor = their_actor(endpoints={"sharedInbox": "https://victim.example/inbox"})

    assert actor.shared_or_own_inbox == f"{COUNCIL}/inbox"


@pytest.mark.parametrize(
    "generator",
    [None, "https://software.example/", {}, {"implements": []}, {"implements": RFC9421_WORDS[:1]}, {"implements": "x"}],
)
def test_silence_about_ed25519_is_a_no(generator: object) -> None:
    assert not their_actor(generator=generator).implements_rfc9421_ed25519


@pytest.mark.parametrize("item", [RFC9421_WORDS[1], RFC9421_WORDS[1]["href"], {"id": RFC9421_WORDS[1]["href"]}])
@pytest.mark.parametrize("listed", [True, False])
def test_each_spelling_of_implements_is_read(item: object, listed: bool) -> None:
    actor = their_actor(generator={"implements": [item] if listed else item})

    assert actor.implements_rfc9421_ed25519


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://a.example/@x", "https://a.example/@x"),
        (["https://a.example/@x", "https://b.example/"], "https://a.example/@x"),
        ({"type": "Link", "href": "https://a.example/@x"}, "https://a.example/@x"),
        ([{"type": "Link", "href": "https://a.example/@x"}], "https://a.example/@x"),
        ("javascript:alert(1)", None),
        ([], None),
        (7, None),
    ],
)
def test_the_page_of_an_actor_is_found_in_each_spelling(url: object, read: str | None) -> None:
    assert their_actor(url=url).url == read


@pytest.mark.parametrize("kind", ["Person", "Application", "Group", "Service", "Organization"])
def test_each_type_of_actor_is_read(kind: str) -> None:
    assert their_actor(type=kind).type == kind


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Note"},
        {"type": ["Person"]},
        {"id": None},
        {"id": "x"},
        {"inbox": None},
        {"inbox": {"id": "x"}},
        {"name": 7},
    ],
)
def test_a_document_that_is_no_actor_is_refused(change: dict[str, Any]) -> None:
    refused = TheirActor.read({**our_actor(), **change})

    assert isinstance(refused, Refused) and refused.reason is Reason.WRONG_SHAPE
