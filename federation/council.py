"""Who we are, as the engine needs to know it: addresses, keys, the kinds we understand, and the rules of this node."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from federation.kinds import Act, Kinds
from federation.ports import Randomness
from protocol import ids, keys
from schemas.place import Place


@dataclass(frozen=True, slots=True)
class Rules:
    """What a keeper may set about federation. Sizes in bytes."""

    policy: ids.Policy = field(default_factory=lambda: ids.Policy(plain_hosts=frozenset()))
    followers: str = "off"
    body: int = 1_048_576
    unknown_body: int = 65_536
    give_up: timedelta = timedelta(days=90)
    follower_rows: timedelta = timedelta(days=7)
    backoff_first: float = 2.0
    backoff_cap: float = 3600.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What a council says about itself, and may change: name, language (BCP 47), a sentence or two, and where it is."""

    name: str
    language: str = "en"
    summary: str = ""
    place: Place | None = None


class Council:
    """This node's council. `base_url` is its origin, without a trailing slash; it and the keys stay for as long as we run.

    `profile` is replaced whole when the council changes it; nobody keeps a copy, so everybody says the new one at once.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str,
        rsa: RSAPrivateKey,
        ed25519: Ed25519PrivateKey,
        kinds: Kinds,
        randomness: Randomness,
        rules: Rules | None = None,
        summary: str = "",
        language: str = "en",
        place: Place | None = None,
        acts: tuple[Act, ...] = (),
    ) -> None:
        self.base_url = base_url
        self.rsa = rsa
        self.ed25519 = ed25519
        self.kinds = kinds
        self.acts = acts
        self.randomness = randomness
        self.rules = rules or Rules()
        self.profile = Profile(name, language, summary, place)

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

    @cached_property
    def rsa_key_id(self) -> str:
        return f"{self.actor_id}#main-key"

    @cached_property
    def node_key_id(self) -> str:
        return f"{self.node_actor_id}#main-key"

    @cached_property
    def ed25519_key_id(self) -> str:
        return f"{self.actor_id}#ed25519-key"

    @cached_property
    def multibase(self) -> str:
        return keys.encode_multikey(self.ed25519.public_key())

    @cached_property
    def rsa_pem(self) -> str:
        return keys.encode_pem(self.rsa.public_key())

    def new_object_id(self) -> str:
        return f"{self.base_url}/o/{ids.new_id(self.randomness.bytes(17))}"

    def new_activity_id(self) -> str:
        return f"{self.base_url}/a/{ids.new_id(self.randomness.bytes(17))}"
