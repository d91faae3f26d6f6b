"""S29: nothing may mean one thing to us and another to a reader of JSON-LD."""

from typing import Any

import pytest

from protocol.verdict import Reason, Refused
from schemas.activity import refuse_json_ld_tricks, shape_of
from schemas.actor import council_actor
from schemas.context import AS2, DATA_INTEGRITY, PLAIN_CONTEXT
from tests.schemas.examples import BASE, MILL_LANE, a_create, a_resolution, an_alert, vector

MASTODON_FOLLOW = {
    "@context": AS2,
    "id": "https://social.example/4f1c",
    "type": "Follow",
    "actor": "https://social.example/users/ana",
    "object": f"{BASE}/council",
}


def with_terms(terms: object) -> dict[str, Any]:
    return a_create(**{"@context": [AS2, DATA_INTEGRITY, terms]})


def is_refused(document: dict[str, Any]) -> bool:
    refused = refuse_json_ld_tricks(document)
    return isinstance(refused, Refused) and refused.reason is Reason.WRONG_SHAPE


@pytest.mark.parametrize("note", [None, a_resolution(), {**an_alert(audience="public")}])
def test_what_we_send_is_no_trick(note: dict[str, Any] | None) -> None:
    activity = a_create(note)
    signed = {**activity, "proof": {"@context": activity["@context"], "type": "DataIntegrityProof"}}

    assert refuse_json_ld_tricks(signed) is None


def test_our_actor_is_no_trick() -> None:
    actor = council_actor(
        BASE,
        "Riverside",
        summary="",
        rsa_pem="pem",
        ed25519_multibase="z6Mk",
        manually_approves=False,
        language="en",
        place=MILL_LANE,
    )

    assert refuse_json_ld_tricks(actor) is None


@pytest.mark.parametrize(
    "terms",
    [
        {"toot": "http://joinmastodon.org/ns#", "Emoji": "toot:Emoji", "sensitive": "as:sensitive"},
        {"alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"}, "movedTo": {"@id": "as:movedTo", "@type": "@id"}},
        {"Hashtag": "as:Hashtag", "icons": "as:icon", "publicKey": "https://w3id.org/security#publicKey"},
        {"@language": "und"},
        {"id": "@id", "type": "@type", "as": "https://www.w3.org/ns/activitystreams#"},
        {"focalPoint": {"@container": "@list", "@id": "toot:focalPoint"}, "moderators": {"@type": "@id", "@id": "l:m"}},
        {"vcard": "http://www.w3.org/2006/vcard/ns#", "expires": "as:endTime"},
    ],
)
def test_what_the_fediverse_really_sends_is_no_trick(terms: dict[str, Any]) -> None:
    assert refuse_json_ld_tricks(with_terms(terms)) is None


@pytest.mark.parametrize(
    "terms",
    [
        {"actor": "https://evil.example/ns#actor"},
        {"to": {"@id": "as:cc", "@type": "@id"}},
        {"Create": "as:Delete"},
        {"content": None},
        {"object": {"@reverse": "as:object"}},
        {"publicKey": "https://evil.example/ns#key"},
        {"id": "https://evil.example/ns#id"},
        {"type": "@id"},
        {"identity": "@id"},
        {"kind": {"@id": "@type"}},
        {"boss": "as:actor"},
        {"boss": {"@id": "https://www.w3.org/ns/activitystreams#attributedTo"}},
        {"boss": "actor"},
        {"a": "https://www.w3.org/ns/activitystreams#"},
        {"a": "as"},
        {"s": {"@id": "https://w3id.org/security#"}},
        {"as": "https://evil.example/ns#"},
        {"x": "https://www.w3.org/ns/", "boss": "x:activitystreams#actor"},
        {"Create": {"@id": "as:Create", "@context": {"actor": "https://evil.example/"}}},
        {"@vocab": "https://www.w3.org/ns/activitystreams#"},
        {"@base": "https://evil.example/"},
        {"@import": "https://evil.example/context"},
        ["nested"],
        7,
    ],
)
def test_an_inline_context_that_moves_meaning_is_refused(terms: object) -> None:
    assert is_refused(with_terms(terms))


@pytest.mark.parametrize("key", ["@graph", "@included", "@reverse", "@nest", "@id", "@type"])
@pytest.mark.parametrize("where", ["activity", "note", "inside"])
def test_structural_keywords_are_refused_wherever_they_stand(key: str, where: str) -> None:
    activity = a_create()
    note = activity["object"]
    {"activity": activity, "note": note, "inside": note["publishes"]}[where][key] = [{"id": "https://evil.example/"}]

    assert is_refused(activity)


@pytest.mark.parametrize(
    "key",
    [
        "https://www.w3.org/ns/activitystreams#actor",
        "as:actor",
        "as:to",
        "sec:publicKey",
        "https://w3id.org/security#proof",
        "_:content",
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_members_under_expanded_names_are_refused(key: str, inside: bool) -> None:
    activity = a_create()
    (activity["object"] if inside else activity)[key] = "https://evil.example/"

    assert is_refused(activity)


def test_our_own_prefixed_members_are_not_taken_for_tricks() -> None:
    activity = a_create()
    activity["object"]["comarca:later"] = "unknown to this release"

    assert refuse_json_ld_tricks(activity) is None


def test_a_context_hidden_in_the_object_or_the_proof_is_judged_too() -> None:
    in_object = a_create()
    in_object["object"]["@context"] = {"actor": "https://evil.example/"}
    in_proof = {**a_create(), "proof": {"@context": [AS2, {"actor": "https://evil.example/"}]}}

    assert is_refused(in_object) and is_refused(in_proof)


@pytest.mark.parametrize(
    "context", [None, {}, [], "https://w3id.org/security/v1", [DATA_INTEGRITY], {"@vocab": AS2}, 7]
)
def test_a_context_without_activitystreams_is_refused(context: object) -> None:
    assert is_refused(a_create(**{"@context": context}))


def test_a_document_without_context_is_refused() -> None:
    activity = a_create()
    del activity["@context"]

    assert is_refused(activity)


def test_the_bare_address_is_enough_for_a_follow_but_not_beside_a_proof() -> None:
    assert refuse_json_ld_tricks(MASTODON_FOLLOW) is None

    assert is_refused({**MASTODON_FOLLOW, "proof": {"type": "DataIntegrityProof"}})


def test_the_first_look_at_an_activity_includes_the_tricks() -> None:
    assert isinstance(shape_of(with_terms({"actor": "https://evil.example/"})), Refused)
    assert not isinstance(shape_of(a_create(**{"@context": PLAIN_CONTEXT})), Refused)


def test_every_term_of_activitystreams_may_be_repeated_and_none_redefined() -> None:
    published = vector("contexts/activitystreams.json")["@context"]
    terms = {term: meaning for term, meaning in published.items() if not term.startswith("@")}

    moved = [term for term in terms if refuse_json_ld_tricks(with_terms({term: "https://evil.example/x"})) is None]
    refused = [term for term, meaning in terms.items() if is_refused(with_terms({term: meaning}))]

    assert len(terms) > 100 and moved == [] and refused == []
