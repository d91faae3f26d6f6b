"""The JSON-LD contexts we send, and the addresses of our own words.

They are constants: a context stands in every proof, so one byte changed here makes documents of two releases differ in what
they sign. Never change one that has been released; add another. Nothing here is ever fetched, by us or by readers: the
namespace is a `urn:uuid`, with no domain to lose. Source: FEP-0837 for the terms of ValueFlows, FEP-844e for `implements`.
"""

from typing import Any, Final, Literal, get_args

NAMESPACE: Final = "urn:uuid:59f4ea55-3402-4200-9af7-797d6ad9fa27#"
AS2: Final = "https://www.w3.org/ns/activitystreams"
AS2_NAMESPACE: Final = AS2 + "#"
SECURITY_NAMESPACE: Final = "https://w3id.org/security#"
DATA_INTEGRITY: Final = "https://w3id.org/security/data-integrity/v1"
PUBLIC: Final = AS2_NAMESPACE + "Public"

VALUE_FLOWS: Final = "https://w3id.org/valueflows/ont/vf#"
UNITS: Final = "http://www.ontology-of-units-of-measure.org/resource/om-2/"

Context = list[str | dict[str, Any]]
Kind = Literal["resource", "resolution", "alert"]
Category = Literal[
    "food",
    "water",
    "shelter",
    "goods",
    "tools",
    "transport",
    "care",
    "energy",
    "medical",
    "skills",
    "space",
    "money",
    "information",
    "time",
    "other",
]

_PREFIXES: Final[dict[str, Any]] = {"comarca": NAMESPACE, "vf": VALUE_FLOWS, "om2": UNITS}


def _ours(*terms: str) -> dict[str, Any]:
    return {term: f"comarca:{term}" for term in terms}


def _signed(terms: dict[str, Any]) -> Context:
    return [AS2, DATA_INTEGRITY, {**_PREFIXES, **terms}]


ACTOR_CONTEXT: Final[Context] = [
    AS2,
    "https://w3id.org/security/v1",
    DATA_INTEGRITY,
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    {
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "toot": "http://joinmastodon.org/ns#",
        "discoverable": "toot:discoverable",
        "featured": {"@id": "toot:featured", "@type": "@id"},
        "implements": {"@id": "https://w3id.org/fep/844e/implements", "@type": "@id", "@container": "@list"},
        "comarca": NAMESPACE,
        "comarca:peers": {"@id": "comarca:peers", "@type": "@id"},
    },
]

RESOURCE_CONTEXT: Final[Context] = _signed(
    {
        "Hashtag": "as:Hashtag",
        "Intent": "vf:Intent",
        "action": "vf:action",
        "availableQuantity": "vf:availableQuantity",
        "hasUnit": "om2:hasUnit",
        "hasNumericalValue": "om2:hasNumericalValue",
        "purpose": "vf:purpose",
        "publishes": "vf:publishes",
        "resourceConformsTo": "vf:resourceConformsTo",
        "resourceQuantity": "vf:resourceQuantity",
    }
)

RESOLUTION_CONTEXT: Final[Context] = _signed(
    {
        "Hashtag": "as:Hashtag",
        **_ours(
            "number",
            "stage",
            "method",
            "decidedAt",
            "present",
            "standAsides",
            "onePerson",
            "objections",
            "what",
            "met",
            "reviewOn",
            "noticeUntil",
            "domain",
            "recipe",
            "carriedOutBy",
            "campaign",
            "because",
            "amends",
            "addressee",
            "deliveredOn",
            "answer",
            "words",
            "on",
            "rule",
            "councils",
            "key",
            "atLeast",
            "mostObjections",
            "closesAt",
            "closedAt",
            "stances",
            "answers",
            "stance",
            "text",
            "textDigest",
        ),
    }
)

ALERT_CONTEXT: Final[Context] = _signed(
    {
        "Hashtag": "as:Hashtag",
        **_ours(
            "status",
            "msgType",
            "category",
            "event",
            "urgency",
            "severity",
            "certainty",
            "wanted",
            "instruction",
            "cells",
            "ended",
            "note",
            "earlier",
            "because",
            "campaign",
            "raisedBy",
        ),
    }
)

AGREEMENT_CONTEXT: Final[Context] = _signed(
    {
        "Agreement": "vf:Agreement",
        "Commitment": "vf:Commitment",
        "hasNumericalValue": "om2:hasNumericalValue",
        "hasUnit": "om2:hasUnit",
        "resourceQuantity": "vf:resourceQuantity",
        "satisfies": "vf:satisfies",
        "stipulates": "vf:stipulates",
    }
)
"""For what two councils promise each other about one need or offer (FEP-0837). Nothing is given in return."""

PLAIN_CONTEXT: Final[Context] = _signed({})
"""For what carries no payload of its own: peering, Accept, Reject, Undo, Delete."""

CONTEXT_OF: Final[dict[Kind, Context]] = {
    "resource": RESOURCE_CONTEXT,
    "resolution": RESOLUTION_CONTEXT,
    "alert": ALERT_CONTEXT,
}
OUR_CONTEXTS: Final[tuple[Context, ...]] = (
    RESOURCE_CONTEXT,
    PLAIN_CONTEXT,
    RESOLUTION_CONTEXT,
    ALERT_CONTEXT,
    AGREEMENT_CONTEXT,
    ACTOR_CONTEXT,
)

CATEGORIES: Final[dict[Category, str]] = {slug: NAMESPACE + slug for slug in get_args(Category)}
_SLUG_OF: Final[dict[str, Category]] = {address: slug for slug, address in CATEGORIES.items()}


def category_of(address: str) -> Category:
    """The slug of a category's address; `other` for any address that is not in our list."""
    return _SLUG_OF.get(address, "other")


def name_of(address: str) -> str:
    """The last part of an address in our namespace; empty for any other."""
    return address.removeprefix(NAMESPACE) if address.startswith(NAMESPACE) else ""
