"""A reader of JSON-LD sees what we mean: pyld as oracle, with the published contexts, and without a network."""

from typing import Any

import pytest
from pyld import jsonld

from schemas.activity import peering_offer
from schemas.actor import council_actor, node_actor
from schemas.context import ACTOR_CONTEXT, CATEGORIES, NAMESPACE, UNITS, VALUE_FLOWS
from tests.schemas.examples import (
    ACTIVITY_ID,
    BASE,
    COUNCIL,
    MILL_LANE,
    NOW,
    THEIR_ACTOR,
    a_create,
    a_resolution,
    an_alert,
    vector,
)

AS = "https://www.w3.org/ns/activitystreams#"
SEC = "https://w3id.org/security#"
FILES = {
    "https://www.w3.org/ns/activitystreams": "activitystreams.json",
    "https://w3id.org/security/v1": "security-v1.json",
    "https://w3id.org/security/data-integrity/v1": "security-data-integrity-v1.json",
    "https://www.w3.org/ns/did/v1": "did-v1.json",
    "https://w3id.org/security/multikey/v1": "security-multikey-v1.json",
}


def from_vectors(url: str, options: object) -> dict[str, Any]:
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": vector(f"contexts/{FILES[url]}"),
    }


def expanded(document: dict[str, Any]) -> dict[str, Any]:
    (only,) = jsonld.expand(document, {"documentLoader": from_vectors})
    assert isinstance(only, dict)
    return only


def our_council(**changes: Any) -> dict[str, Any]:
    document = council_actor(
        BASE,
        "Riverside",
        summary="Soup",
        rsa_pem="pem",
        ed25519_multibase="z6MkExample",
        manually_approves=True,
        language="en",
        place=MILL_LANE,
    )
    return {**document, **changes}


def value(member: Any) -> Any:
    (only,) = member
    return only["@value"]


def test_both_keys_of_the_council_are_seen() -> None:
    actor = expanded(our_council())

    (rsa,) = actor[f"{SEC}publicKey"]
    (ed25519,) = actor[f"{SEC}assertionMethod"]
    assert rsa["@id"] == f"{COUNCIL}#main-key" and value(rsa[f"{SEC}publicKeyPem"]) == "pem"
    assert rsa[f"{SEC}owner"] == [{"@id": COUNCIL}]
    assert ed25519["@type"] == [f"{SEC}Multikey"] and ed25519[f"{SEC}controller"] == [{"@id": COUNCIL}]
    assert value(ed25519[f"{SEC}publicKeyMultibase"]) == "z6MkExample"


@pytest.mark.parametrize(
    ("left_out", "unseen"),
    [
        ("https://w3id.org/security/v1", "publicKey"),
        ("https://www.w3.org/ns/did/v1", "assertionMethod"),
    ],
)
def test_without_one_of_the_five_addresses_a_key_is_not_seen(left_out: str, unseen: str) -> None:
    shorter = [part for part in ACTOR_CONTEXT if part != left_out]

    assert f"{SEC}{unseen}" in expanded(our_council())
    assert f"{SEC}{unseen}" not in expanded(our_council(**{"@context": shorter}))


def test_the_other_members_of_the_council_are_seen_too() -> None:
    actor = expanded(our_council())

    assert actor[f"{AS}manuallyApprovesFollowers"] == [{"@value": True}]
    assert actor[f"{NAMESPACE}peers"] == [{"@id": f"{COUNCIL}/peers"}]
    assert value(actor[f"{AS}location"][0][f"{NAMESPACE}cell"]) == "87394460bffffff"


@pytest.mark.parametrize("document", [our_council()["generator"], node_actor(BASE, "riverside.example", rsa_pem="pem")])
def test_what_the_software_implements_is_seen(document: dict[str, Any]) -> None:
    seen = expanded({**document, "@context": ACTOR_CONTEXT})["https://w3id.org/fep/844e/implements"]

    hrefs = [item[f"{AS}href"][0]["@id"] for item in seen[0]["@list"]]
    assert hrefs[0] == "https://datatracker.ietf.org/doc/html/rfc9421" and len(hrefs) == 2


def test_an_offer_expands_to_value_flows() -> None:
    activity = expanded(a_create())

    (note,) = activity[f"{AS}object"]
    (intent,) = note[f"{VALUE_FLOWS}publishes"]
    (left,) = intent[f"{VALUE_FLOWS}availableQuantity"]
    assert value(note[f"{VALUE_FLOWS}purpose"]) == "offer"
    assert intent["@type"] == [f"{VALUE_FLOWS}Intent"] and value(intent[f"{VALUE_FLOWS}action"]) == "transfer"
    assert value(intent[f"{VALUE_FLOWS}resourceConformsTo"]) == CATEGORIES["food"]
    assert value(left[f"{UNITS}hasNumericalValue"]) == "22" and value(left[f"{UNITS}hasUnit"]) == "portions"


def test_our_own_words_on_an_offer_expand_to_our_namespace() -> None:
    (note,) = expanded(a_create())[f"{AS}object"]

    assert value(note[f"{NAMESPACE}state"]) == "open"
    assert value(note[f"{AS}location"][0][f"{NAMESPACE}cell"]) == "87394460bffffff"
    assert [tag["@type"] for tag in note[f"{AS}tag"]] == [[f"{AS}Hashtag"]] * 2


@pytest.mark.parametrize(
    ("note", "payload"),
    [(a_resolution(), "comarca:resolution"), (an_alert(audience="public"), "comarca:alert")],
)
def test_every_member_of_a_payload_expands_to_our_namespace(note: dict[str, Any], payload: str) -> None:
    (seen,) = expanded(a_create(note))[f"{AS}object"]

    (inside,) = seen[payload.replace("comarca:", NAMESPACE)]
    assert set(inside) == {NAMESPACE + member for member in note[payload]}


def test_linking_up_is_seen_as_a_relationship_of_two() -> None:
    offer = expanded(peering_offer(BASE, THEIR_ACTOR, activity_id=ACTIVITY_ID, published=NOW))

    (relationship,) = offer[f"{AS}object"]
    assert relationship["@type"] == [f"{AS}Relationship"] and relationship[f"{AS}subject"] == [{"@id": COUNCIL}]
    assert relationship[f"{AS}object"] == [{"@id": THEIR_ACTOR}]
    assert value(relationship[f"{NAMESPACE}peering"]) == 1


def test_a_proof_expands_beside_our_terms() -> None:
    activity = a_create()
    activity["proof"] = {
        "@context": activity["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": f"{COUNCIL}#ed25519-key",
        "proofPurpose": "assertionMethod",
        "created": "2026-11-22T12:00:00Z",
        "proofValue": "z42ff",
    }

    (graph,) = expanded(activity)[f"{SEC}proof"]
    assert graph["@graph"][0]["@type"] == [f"{SEC}DataIntegrityProof"]


def test_the_oracle_drops_a_member_that_no_context_knows() -> None:
    (note,) = expanded(a_create({**a_resolution(), "madeUp": "x"}))[f"{AS}object"]

    assert not [member for member in note if member.endswith("madeUp") and "://" in member]
