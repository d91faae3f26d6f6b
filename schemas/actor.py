"""A council and its server as others see them, and others as we see them.

Ours: exactly the members and the five context addresses of background/protocol.md 3.1, in that order, since the list decides
whether readers of JSON-LD see the keys at all. Theirs: tolerant in form, strict about whose key it is (S3). Members of a
council never appear here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from protocol.ids import same_origin
from schemas.base import Address, Line, WireModel, WireTime, Words, write_time
from schemas.context import ACTOR_CONTEXT, Context
from schemas.place import Place, place_document

RFC9421: Final = "https://datatracker.ietf.org/doc/html/rfc9421"
RFC9421_ED25519: Final = "https://datatracker.ietf.org/doc/html/rfc9421#name-eddsa-using-curve-edwards25"

_LONGEST_PEM: Final = 4_096
_MOST_KEYS: Final = 64


def _implements() -> list[dict[str, str]]:
    return [
        {"href": RFC9421, "name": "RFC-9421: HTTP Message Signatures"},
        {"href": RFC9421_ED25519, "name": "RFC-9421 signatures using the Ed25519 algorithm"},
    ]


def _context() -> Context:
    return [dict(part) if isinstance(part, dict) else part for part in ACTOR_CONTEXT]


def rsa_key_id(actor: str, number: int = 1) -> str:
    """The id of an actor's RSA key. Each key that takes another's place has an id of its own.

    Some servers never fetch a key again under an id that they know (GoToSocial issues 2170 and 3197); all fetch an unknown one.
    """
    return _numbered(f"{actor}#main-key", number)


def ed25519_key_id(actor: str, number: int = 1) -> str:
    """The id of a council's Ed25519 key, counted from 1."""
    return _numbered(f"{actor}#ed25519-key", number)


def _numbered(first: str, number: int) -> str:
    return first if number == 1 else f"{first}-{number}"


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """An Ed25519 key that is in use no more. What it signed until then stays checkable."""

    number: int
    multibase: str
    until: datetime


def _rsa_key(actor: str, pem: str, number: int) -> dict[str, str]:
    return {"id": rsa_key_id(actor, number), "owner": actor, "publicKeyPem": pem}


def _multikeys(actor: str, number: int, multibase: str, retired: Sequence[RetiredKey]) -> list[dict[str, str]]:
    """The key in use first, then those given up, each with the time at which it was (`expires`, FEP-521a's Multikey)."""
    current = _multikey(actor, number, multibase)
    return [current] + [_multikey(actor, k.number, k.multibase) | {"expires": write_time(k.until)} for k in retired]


def _multikey(actor: str, number: int, multibase: str) -> dict[str, str]:
    return {
        "id": ed25519_key_id(actor, number),
        "type": "Multikey",
        "controller": actor,
        "publicKeyMultibase": multibase,
    }


def council_actor(
    base_url: str,
    name: str,
    *,
    summary: str,
    rsa_pem: str,
    ed25519_multibase: str,
    manually_approves: bool,
    language: str,
    place: Place | None = None,
    number: int = 1,
    retired: Sequence[RetiredKey] = (),
) -> dict[str, Any]:
    """The council's actor document. `base_url` without trailing slash; `summary` plain text in `language`; keys as SPKI PEM
    and as Multikey (`z6Mk…`, FEP-521a), which are pair `number`; `retired` the newest first."""
    actor = f"{base_url}/council"
    document: dict[str, Any] = {
        "@context": _context(),
        "id": actor,
        "type": "Organization",
        "preferredUsername": "council",
        "name": name,
        "inbox": f"{actor}/inbox",
        "outbox": f"{actor}/outbox",
        "followers": f"{actor}/followers",
        "following": f"{actor}/following",
        "comarca:peers": f"{actor}/peers",
        "endpoints": {"sharedInbox": f"{base_url}/inbox"},
        "url": f"{base_url}/",
        "manuallyApprovesFollowers": manually_approves,
        "publicKey": _rsa_key(actor, rsa_pem, number),
        "assertionMethod": _multikeys(actor, number, ed25519_multibase, retired),
        "generator": {"type": "Application", "implements": _implements()},
    }
    if summary:
        said = f"<p>{escape(summary)}</p>"
        document |= {"summary": said, "summaryMap": {language: said}}
    if place is not None:
        document["location"] = place_document(place)
    return document


def node_actor(base_url: str, host: str, *, rsa_pem: str, number: int = 1) -> dict[str, Any]:
    """The server's own actor: signs fetches, is served unsigned, publishes nothing (S18). `host` as in addresses."""
    actor = f"{base_url}/actor"
    return {
        "@context": _context(),
        "id": actor,
        "type": "Application",
        "preferredUsername": host,
        "name": host,
        "inbox": f"{base_url}/inbox",
        "endpoints": {"sharedInbox": f"{base_url}/inbox"},
        "url": f"{base_url}/",
        "manuallyApprovesFollowers": True,
        "publicKey": _rsa_key(actor, rsa_pem, number),
        "implements": _implements(),
    }


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _address_in(value: object) -> object:
    """The address in what others write for `url`: text, a Link, or a list of them; nothing if there is none."""
    value = _first(value)
    if isinstance(value, dict):
        value = value.get("href")
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else None


def _keys_among(value: object) -> list[object]:
    """The embedded Multikeys: verification methods named by address alone, or of other types, are passed over."""
    found = value if isinstance(value, list) else [value]
    return [key for key in found if isinstance(key, dict) and key.get("type") == "Multikey"]


def _hrefs(value: object) -> list[str]:
    """What an application says it implements (FEP-844e), each as an address; other shapes are passed over."""
    found = value if isinstance(value, list) else [value]
    hrefs = [item.get("href", item.get("id")) if isinstance(item, dict) else item for item in found]
    return [href for href in hrefs if isinstance(href, str)]


def _only_object(value: object) -> object:
    value = _first(value)
    return value if isinstance(value, dict) else None


class TheirRsaKey(WireModel):
    """The key in `publicKey`."""

    id: Address
    owner: Address
    public_key_pem: Annotated[str, StringConstraints(max_length=_LONGEST_PEM)]


class TheirMultikey(WireModel):
    """A key in `assertionMethod` (FEP-521a)."""

    id: Address
    type: Literal["Multikey"]
    controller: Address
    public_key_multibase: Annotated[str, StringConstraints(max_length=2_048)]
    expires: WireTime | None = None
    revoked: WireTime | None = None


class TheirEndpoints(WireModel):
    """Of an actor's endpoints we use one."""

    shared_inbox: Address | None = None


class TheirGenerator(WireModel):
    """The software behind an actor, as far as it says what it can do."""

    implements: Annotated[list[str], BeforeValidator(_hrefs)] = Field(default_factory=list)


def _sound_multikeys(value: object) -> list[TheirMultikey]:
    """One key that we cannot read must not hide those that we can."""
    sound = []
    for key in _keys_among(value):
        found = TheirMultikey.read(key)
        if isinstance(found, TheirMultikey):
            sound.append(found)
    return sound


class TheirActor(WireModel):
    """Anybody's actor. Read it only from a document fetched from its own id (S1); a key is theirs only if it says so."""

    id: Address
    type: Literal["Application", "Group", "Organization", "Person", "Service"]
    inbox: Address
    outbox: Address | None = None
    followers: Address | None = None
    peers: Address | None = Field(default=None, validation_alias="comarca:peers", serialization_alias="comarca:peers")
    endpoints: Annotated[TheirEndpoints | None, BeforeValidator(_only_object)] = None
    preferred_username: Line | None = None
    name: Line | None = None
    summary: Words | None = None
    url: Annotated[Address | None, BeforeValidator(_address_in)] = None
    public_key: Annotated[TheirRsaKey | None, BeforeValidator(_only_object)] = None
    assertion_method: Annotated[list[TheirMultikey], BeforeValidator(_sound_multikeys)] = Field(default_factory=list)
    generator: Annotated[TheirGenerator | None, BeforeValidator(_only_object)] = None
    implements: Annotated[list[str], BeforeValidator(_hrefs)] = Field(default_factory=list)

    def rsa_key(self) -> tuple[str, str] | None:
        """(key id, PEM) of the first key in `publicKey`, if its owner is this actor and its origin the actor's."""
        key = self.public_key
        if key is None or key.owner != self.id or not same_origin(key.id, self.id):
            return None
        return key.id, key.public_key_pem

    def ed25519_key(self) -> tuple[str, str] | None:
        """(key id, multibase) of the first Ed25519 Multikey that this actor controls; one without an end before all others."""
        ours = self._ed25519_keys()
        key = next((key for key in ours if key.expires is None and key.revoked is None), ours[0] if ours else None)
        return None if key is None else (key.id, key.public_key_multibase)

    def retired_keys(self) -> list[tuple[str, str, datetime]]:
        """(key id, multibase, until) of Ed25519 Multikeys that this actor says it has given up. Revoked ones do not count."""
        return [
            (key.id, key.public_key_multibase, key.expires)
            for key in self._ed25519_keys()
            if key.expires is not None and key.revoked is None
        ]

    def _ed25519_keys(self) -> list[TheirMultikey]:
        return [
            key
            for key in self.assertion_method[:_MOST_KEYS]
            if key.controller == self.id
            and same_origin(key.id, self.id)
            and key.public_key_multibase.startswith("z6Mk")
        ]

    @property
    def shared_or_own_inbox(self) -> str:
        """Where to send what many on that server get. A shared inbox of another origin is not believed."""
        shared = self.endpoints.shared_inbox if self.endpoints else None
        return shared if shared is not None and same_origin(shared, self.id) else self.inbox

    @property
    def implements_rfc9421_ed25519(self) -> bool:
        """Whether RFC 9421 with Ed25519 may be sent without knocking twice (FEP-844e)."""
        said = self.generator.implements if self.generator else []
        return RFC9421_ED25519 in said or RFC9421_ED25519 in self.implements
