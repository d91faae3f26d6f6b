"""What makes a document mean one thing to us, who read plain JSON, and another to a reader of JSON-LD (S29).

We never expand anything and never fetch a context. So whatever could move the meaning of a member that matters is refused:
structural keywords, members under expanded or prefixed names, and inline contexts that give AS2 or security terms another
meaning. This is no RDF processor and must never become one. Source: background/protocol.md S28, S29.
"""

from collections.abc import Mapping
from typing import Any, Final

from protocol.verdict import Reason, Refused
from schemas.context import AS2, AS2_NAMESPACE, OUR_CONTEXTS, SECURITY_NAMESPACE

_TRICK_KEYS: Final = frozenset({"@graph", "@included", "@reverse", "@nest", "@id", "@type", "@value", "@set", "@list"})
_EXPANDED: Final = ("as:", "sec:", "https://www.w3.org/ns/activitystreams", "https://w3id.org/security", "_:")
_HARMLESS_KEYWORDS: Final = frozenset({"@language", "@direction", "@version", "@protected"})
_DEFINITION_KEYS: Final = frozenset({"@id", "@type", "@container", "@language", "@direction", "@protected", "@version"})

_PREFIXES: Final = {
    "as": AS2_NAMESPACE,
    "sec": SECURITY_NAMESPACE,
    "ldp": "http://www.w3.org/ns/ldp#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dc": "http://purl.org/dc/terms/",
}

_AS2_TERMS: Final = """
Accept Activity IntransitiveActivity Add Announce Application Arrive Article Audio Block Collection CollectionPage
Relationship Create Delete Dislike Document Event Follow Flag Group Ignore Image Invite Join Leave Like Link Mention
Note Object Offer OrderedCollection OrderedCollectionPage Organization Page Person Place Profile Question Reject
Remove Service TentativeAccept TentativeReject Tombstone Undo Update Video View Listen Read Move Travel IsFollowing
IsFollowedBy IsContact IsMember subject relationship actor attributedTo attachment bcc bto cc context current first
generator icon image inReplyTo items instrument last location next object oneOf anyOf closed origin accuracy prev
preview replies result audience partOf tag target to url altitude content name duration endTime height href hreflang
latitude longitude mediaType published radius rel startIndex startTime summary totalItems units updated width
describes formerType deleted outbox following followers streams preferredUsername endpoints uploadMedia proxyUrl liked
oauthAuthorizationEndpoint oauthTokenEndpoint provideClientKey signClientKey sharedInbox Public source likes shares
alsoKnownAs
""".split()  # noqa: SIM905  # names read better unquoted

_SECURITY_TERMS: Final = """
publicKey publicKeyPem owner signature signatureValue proof proofPurpose proofValue cryptosuite verificationMethod
assertionMethod controller publicKeyMultibase Multikey DataIntegrityProof
""".split()  # noqa: SIM905  # names read better unquoted

_MEANING: Final[dict[str, str]] = {
    **{term: AS2_NAMESPACE + term for term in _AS2_TERMS},
    "contentMap": AS2_NAMESPACE + "content",
    "nameMap": AS2_NAMESPACE + "name",
    "summaryMap": AS2_NAMESPACE + "summary",
    "orderedItems": AS2_NAMESPACE + "items",
    "inbox": _PREFIXES["ldp"] + "inbox",
    **{term: SECURITY_NAMESPACE + term for term in _SECURITY_TERMS},
    **_PREFIXES,
}

# Members on which authority and audience rest: no other name may stand for them.
_DECISIVE: Final = frozenset(
    _MEANING[term]
    for term in (
        *("actor", "object", "attributedTo", "to", "cc", "bto", "bcc", "audience", "target", "published", "updated"),
        *("content", "inbox", "sharedInbox", "proof", "publicKey", "publicKeyPem", "assertionMethod"),
        *("owner", "controller", "publicKeyMultibase"),
    )
)
_NAMESPACES: Final = frozenset({AS2_NAMESPACE, SECURITY_NAMESPACE, AS2, SECURITY_NAMESPACE.rstrip("#")})


def refuse_json_ld_tricks(document: Mapping[str, Any]) -> Refused | None:
    """None for a document that reads the same as plain JSON and as JSON-LD; else Refused(wrong-shape).

    The context must be a list that contains AS2. One exception: Follow, Undo and the like of most of the fediverse carry
    the AS2 address alone, which can redefine nothing; such a document cannot carry a proof, whose context must be an array.
    """
    context = document.get("@context")
    if isinstance(context, str):
        if context != AS2 or "proof" in document:
            return _refused("The context must be a list that contains the ActivityStreams address.")
    elif not isinstance(context, list) or AS2 not in context:
        return _refused("The context must be a list that contains the ActivityStreams address.")
    return _walk(document, context)


def _walk(document: Mapping[str, Any], context: object) -> Refused | None:
    judged: object = context if context in OUR_CONTEXTS else None
    waiting: list[Any] = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(item for item in part if isinstance(item, (dict, list)))
            continue
        if not _TRICK_KEYS.isdisjoint(part):
            return _refused("Structural JSON-LD keywords are not accepted.")
        for key, value in part.items():
            if ":" in key and key.startswith(_EXPANDED):
                return _refused("Members are read by their short names only.")
            if key == "@context":
                # The proof repeats the document's context: what has been judged once is not judged again.
                if judged is not None and value == judged:
                    continue
                if not _harmless(value):
                    return _refused("The inline context gives a known term another meaning.")
                judged = value
            elif isinstance(value, (dict, list)):
                waiting.append(value)
    return None


def _refused(sentence: str) -> Refused:
    return Refused(Reason.WRONG_SHAPE, sentence)


def _harmless(context: object) -> bool:
    """Whether each inline map leaves AS2 and security terms as they are and aliases no keyword."""
    parts = context if isinstance(context, list) else [context]
    for part in parts:
        if isinstance(part, str):
            continue
        if not isinstance(part, dict):
            return False
        if not all(_harmless_term(term, definition, part) for term, definition in part.items()):
            return False
    return True


def _harmless_term(term: str, definition: object, inline: Mapping[str, Any]) -> bool:
    if term.startswith("@"):
        return term in _HARMLESS_KEYWORDS
    if term in {"id", "type"}:
        return definition == "@" + term
    if isinstance(definition, dict):
        if not _DEFINITION_KEYS.issuperset(definition):
            return False
        definition = definition.get("@id", term)
    if not isinstance(definition, str) or definition.startswith("@"):
        return False
    meaning = _expanded(definition, inline)
    known = _MEANING.get(term)
    if known is not None:
        return meaning == known
    return meaning not in _DECISIVE and meaning not in _NAMESPACES


def _expanded(name: str, inline: Mapping[str, Any]) -> str:
    """The address a short name stands for, as far as one prefix of this map or of AS2 takes it."""
    prefix, colon, rest = name.partition(":")
    if not colon:
        return _MEANING.get(name, name)
    base = _PREFIXES.get(prefix) or inline.get(prefix)
    if isinstance(base, dict):
        base = base.get("@id")
    return base + rest if isinstance(base, str) and not rest.startswith("//") else name
