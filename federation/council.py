"""Who we are, as the engine needs to know it: addresses, keys, the kinds we understand, and the rules of this node."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from federation.keyring import KeyPair, Keyring
from federation.kinds import Act, Kinds
from federation.ports import Randomness
from protocol import ids
from schemas import actor
from schemas.place import Place


@dataclass(frozen=True, slots=True)
class Rules:
    """What a keeper may set about federation. Sizes in bytes. `vouched`: of how many councils that we are not linked up with, and
    linked ones vouch for, what is public is read here."""

    policy: ids.Policy = field(default_factory=lambda: ids.Policy(plain_hosts=frozenset()))
    followers: str = "off"
    body: int = 1_048_576
    unknown_body: int = 65_536
    give_up: timedelta = timedelta(days=90)
    follower_rows: timedelta = timedelta(days=7)
    backoff_first: float = 2.0
    backoff_cap: float = 3600.0
    vouched: int = 200
    live: int = 2_000


@dataclass(frozen=True, slots=True)
class Profile:
    """What a council says about itself, and may change: name, language (BCP 47), a sentence or two, and where it is."""

    name: str
    language: str = "en"
    summary: str = ""
    place: Place | None = None


class Council:
    """This node's council. `base_url` is its origin, without a trailing slash; it stays for as long as we run.

    `profile` and `keyring` are replaced whole when the council changes them; nobody keeps a copy, so everybody says the new
    ones at once. `house` is what the node that runs it gives its features along: federation never
    looks into it.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str,
        rsa: RSAPrivateKey,
        ed25519: Ed25519PrivateKey,
        kinds: "Kinds[Council]",
        randomness: Randomness,
        rules: Rules | None = None,
        summary: str = "",
        language: str = "en",
        place: Place | None = None,
        acts: "tuple[Act[Council], ...]" = (),
    ) -> None:
        self.base_url = base_url
        self.keyring = Keyring([KeyPair(1, rsa, ed25519)])
        self.kinds = kinds
        self.acts = acts
        self.randomness = randomness
        self.rules = rules or Rules()
        self.profile = Profile(name, language, summary, place)
        self.house: object = None

    @property
    def name(self) -> str:
        return self.profile.name

    @property
    def summary(self) -> str:
        return self.profile.summary

    @property
    def language(self) -> str:
        return self.profile.language

    @property
    def place(self) -> Place | None:
        return self.profile.place

    @cached_property
    def origin(self) -> str:
        return ids.origin_of(self.base_url)

    @cached_property
    def authority(self) -> str:
        """Host, with the port where it is not the default: what a Host header must say."""
        return self.origin.split("://", 1)[1]

    @cached_property
    def host(self) -> str:
        return ids.host_of(self.base_url)

    @cached_property
    def actor_id(self) -> str:
        return f"{self.base_url}/council"

    @cached_property
    def node_actor_id(self) -> str:
        return f"{self.base_url}/actor"

    @property
    def rsa(self) -> RSAPrivateKey:
        return self.keyring.current.rsa

    @property
    def ed25519(self) -> Ed25519PrivateKey:
        return self.keyring.current.ed25519

    @property
    def lookup_key(self) -> Ed25519PrivateKey:
        """What keyed hashes in our own tables are made with: the first key, since they outlast a change of keys."""
        return self.keyring.first.ed25519

    @property
    def rsa_key_id(self) -> str:
        return actor.rsa_key_id(self.actor_id, self.keyring.number)

    @property
    def node_key_id(self) -> str:
        return actor.rsa_key_id(self.node_actor_id, self.keyring.number)

    @property
    def ed25519_key_id(self) -> str:
        return actor.ed25519_key_id(self.actor_id, self.keyring.number)

    @property
    def multibase(self) -> str:
        return self.keyring.current.multibase

    @property
    def rsa_pem(self) -> str:
        return self.keyring.current.rsa_pem

    def proof_keys(self) -> dict[str, tuple[str, datetime | None]]:
        """Our Ed25519 keys, those given up among them: key id to (multibase, when it was given up)."""
        found: dict[str, tuple[str, datetime | None]] = {self.ed25519_key_id: (self.multibase, None)}
        return found | {
            actor.ed25519_key_id(self.actor_id, k.number): (k.multibase, k.until) for k in self.keyring.listed
        }

    def new_object_id(self) -> str:
        return f"{self.base_url}/o/{ids.new_id(self.randomness.bytes(17))}"

    def new_activity_id(self) -> str:
        return f"{self.base_url}/a/{ids.new_id(self.randomness.bytes(17))}"
