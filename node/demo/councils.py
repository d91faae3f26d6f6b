"""The three councils of the demo, each made as `comarca init` makes one: settings, keys, database, a first keeper.

The town does not exist. Settings differ from a real council's in what
trying out needs: loopback over plain http, short waits, generous rates since all senders share one address.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from federation.council import Council
from federation.ports import Clock, Randomness
from node.accounts.actions import add_member, make_sign_in_link
from node.app import DATABASE, open_council, open_store
from node.database import Store
from node.demo.ports import LOOPBACK
from node.demo.processes import Server
from node.feature import Acting, Viewer
from node.identity import make_identity
from node.ports import SystemClock, SystemRandomness
from node.settings import Settings, load, write

T = TypeVar("T")

ZONE = "Europe/Madrid"
CONTACT_EVERY = 2.0
PLACES: dict[str, list[float]] = {
    "Mill Lane": [43.4052, -5.7012],
    "Tenants' hall": [43.4011, -5.6954],
    "Riverside gardens": [43.4090, -5.6902],
    "Quay": [43.4263, -5.7155],
    "Net loft": [43.4231, -5.7090],
    "Fish market": [43.4290, -5.7211],
    "Top terrace": [43.3812, -5.6701],
    "School yard": [43.3850, -5.6764],
    "Spring meadow": [43.3779, -5.6650],
}


@dataclass(frozen=True, slots=True)
class Sketch:
    """What makes one council of the town: its name, its words, where it is, who may follow it, whose server turn it is.

    `keeper` is the one invented name of each: shown to its own neighbours, and on the start page, which belongs to nobody.
    """

    name: str
    summary: str
    near: str
    followers: str
    keeper: str


SKETCHES = (
    Sketch(
        "Riverside", "Neighbours between the mill and the gardens, since the flood.", "Tenants' hall", "auto", "Amina"
    ),
    Sketch("Harbour", "Neighbours of the quay, the net loft and the market.", "Net loft", "off", "Joaquín"),
    Sketch("Hillside", "Neighbours of the terraces above the town.", "School yard", "off", "Mei"),
)


@dataclass(frozen=True)
class DemoCouncil:
    """One council: its folder open in this process (as the command line opens it), and its server process."""

    settings: Settings
    council: Council
    store: Store
    server: Server
    keeper: int
    neighbour: int
    clock: Clock = field(default_factory=SystemClock)
    randomness: Randomness = field(default_factory=SystemRandomness)

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def url(self) -> str:
        return self.settings.url

    @property
    def database(self) -> Path:
        return self.settings.directory / DATABASE

    def acting(self, *, keeper: bool = False) -> Acting:
        """Somebody of this council who acts now: its neighbour, or its keeper."""
        viewer = Viewer(member_id=self.keeper if keeper else self.neighbour, keeper=keeper)
        return Acting(now=self.clock.now(), council=self.council, settings=self.settings, viewer=viewer)

    def do(self, step: Callable[[Connection], T]) -> T:
        """Run one step of writing; the server notices as it notices the command line."""
        return self.store.write_now(step)

    def sign_in_link(self, *, keeper: bool = False) -> str:
        """A fresh address that signs in once, within a day."""
        member, now = self.keeper if keeper else self.neighbour, self.clock.now()
        token = self.do(lambda c: make_sign_in_link(c, member_id=member, now=now, randomness=self.randomness))
        return f"{self.url}/in/{token}"


def settings_of(sketch: Sketch, *, port: int) -> dict[str, Any]:
    """What goes into `comarca.toml`."""
    latitude, longitude = PLACES[sketch.near]
    return {
        "name": sketch.name,
        "url": f"http://{LOOPBACK}:{port}",
        "language": "en",
        "zone": ZONE,
        "summary": sketch.summary,
        "followers": sketch.followers,
        "listen": {"host": LOOPBACK, "port": port},
        "allow": {"plain_hosts": [LOOPBACK]},
        "area": {"latitude": latitude, "longitude": longitude, "near": sketch.near},
        "places": PLACES,
        "limits": {
            "peer_rate": {"per_minute": 60_000, "burst": 5_000},
            "unknown_rate": {"per_minute": 120, "burst": 60},
            "sign_in_per_minute": 60,
        },
        "federation": {
            "contact_every": CONTACT_EVERY,
            "catch_up_every": CONTACT_EVERY,
            "backoff_first": 0.2,
            "backoff_cap": 2.0,
        },
    }


@contextmanager
def made_councils(folder: Path, ports: tuple[int, ...]) -> Iterator[tuple[DemoCouncil, ...]]:
    """The three councils in new folders inside `folder`, their stores open. Raises BadSettings if they are there already."""
    with ExitStack() as closing:
        yield tuple(_made(folder, sketch, port, closing) for sketch, port in zip(SKETCHES, ports, strict=True))


@contextmanager
def made_again(lost: DemoCouncil) -> Iterator[DemoCouncil]:
    """A council whose folder is gone, in a new one at the same address: the same settings, fresh keys, nothing on its walls."""
    sketch = next(one for one in SKETCHES if one.name == lost.name)
    with ExitStack() as closing:
        made = _made(lost.settings.directory.parent, sketch, lost.settings.listen.port, closing)
        yield replace(made, server=lost.server)


def _made(folder: Path, sketch: Sketch, port: int, closing: ExitStack) -> DemoCouncil:
    directory = folder / sketch.name.lower()
    clock, randomness = SystemClock(), SystemRandomness()
    write(directory, settings_of(sketch, port=port))
    make_identity(directory, randomness)
    settings = load(directory)
    store = open_store(directory)
    closing.callback(store.close)
    council = open_council(settings, randomness=randomness)
    now = clock.now()
    keeper = store.write_now(lambda c: add_member(c, name=sketch.keeper, keeper=True, now=now))
    # Whoever puts up what is on the walls is not named, here as anywhere.
    neighbour = store.write_now(lambda c: add_member(c, name="", keeper=False, now=now))
    server = Server(directory, settings.url)
    return DemoCouncil(settings, council, store, server, keeper, neighbour, clock, randomness)
