"""Contexts stand in every signature: one that has been released never changes."""

from hashlib import sha256

import pytest

from protocol.canonical import canonical
from schemas import context
from schemas.context import (
    ACTOR_CONTEXT,
    AGREEMENT_CONTEXT,
    ALERT_CONTEXT,
    AS2,
    CATEGORIES,
    DATA_INTEGRITY,
    NAMESPACE,
    PLAIN_CONTEXT,
    RESOLUTION_CONTEXT,
    RESOURCE_CONTEXT,
    Context,
    category_of,
)
from tests.schemas.examples import vector

DIGESTS = {
    "ACTOR_CONTEXT": "e8dab471e146119c8d2f4482aebcd3ffd7a7f35cbfd33f8d9f9c6b0c287a0cc3",
    "RESOURCE_CONTEXT": "d09ed3e8cc1d3da6bfac44a30d4944004f12c82d9194076e60e4121f02f84fe6",
    "RESOLUTION_CONTEXT": "df6ffe13e199bb061415890b94e05543fc4e02fa37173c7153ce92a8c2ae79fe",
    "ALERT_CONTEXT": "e01d00955fb23ee763d4adffcc00d9ca1af9e587f8934f9d02482622eb46860c",
    "AGREEMENT_CONTEXT": "f43d89795555652ad6715e0f76a33d5fad86fb1b39dc2f634891b72ee4e1778b",
    "PLAIN_CONTEXT": "bb7568c58340eb71d113f2861a0b1888d23eefb1a98bf2e177a8ceb20e380bfd",
}
SIGNED = [RESOURCE_CONTEXT, RESOLUTION_CONTEXT, ALERT_CONTEXT, AGREEMENT_CONTEXT, PLAIN_CONTEXT]


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_a_released_context_has_not_changed(name: str) -> None:
    assert sha256(canonical(getattr(context, name))).hexdigest() == DIGESTS[name]


def test_the_namespace_and_the_categories_have_not_changed() -> None:
    assert NAMESPACE == "urn:uuid:59f4ea55-3402-4200-9af7-797d6ad9fa27#"
    assert (
        sha256(canonical(CATEGORIES)).hexdigest() == "46146e8a1fd49d533453080e17d42c1de45a51342ef7f7be50c54d04ae78d499"
    )


def test_the_actor_has_the_five_addresses_in_order() -> None:
    assert ACTOR_CONTEXT[:5] == [
        "https://www.w3.org/ns/activitystreams",
        "https://w3id.org/security/v1",
        "https://w3id.org/security/data-integrity/v1",
        "https://www.w3.org/ns/did/v1",
        "https://w3id.org/security/multikey/v1",
    ]
    assert len(ACTOR_CONTEXT) == 6


@pytest.mark.parametrize("signed", SIGNED)
def test_a_signed_context_is_two_addresses_and_one_map_with_three_prefixes(signed: Context) -> None:
    first, second, terms = signed

    assert (first, second) == (AS2, DATA_INTEGRITY)
    assert isinstance(terms, dict) and {"comarca", "vf", "om2"} <= terms.keys()


@pytest.mark.parametrize("terms", [RESOURCE_CONTEXT, AGREEMENT_CONTEXT])
def test_every_value_flows_term_means_what_fep_0837_says(terms: Context) -> None:
    published = vector("fep/fep-0837.jsonld")["@context"]
    ours = terms[2]
    assert isinstance(ours, dict)

    theirs = {term: meaning for term, meaning in ours.items() if term not in {"comarca", "Hashtag"}}

    assert theirs and theirs == {term: published[term] for term in theirs}


def test_implements_means_what_fep_844e_says() -> None:
    published = vector("fep/fep-844e.jsonld")["@context"]
    ours = ACTOR_CONTEXT[5]

    assert isinstance(ours, dict) and ours["implements"] == published["implements"]


def test_a_category_is_known_by_its_address() -> None:
    assert [category_of(address) for address in CATEGORIES.values()] == list(CATEGORIES)


@pytest.mark.parametrize(
    "address", ["", "food", NAMESPACE, NAMESPACE + "luxury", "https://www.wikidata.org/wiki/Q2095"]
)
def test_an_unknown_category_is_other(address: str) -> None:
    assert category_of(address) == "other"
