"""The region that people look at: Riverside and Harbour as served processes, linked up and full of the demo's slips.

A third council that means ill is linked with Harbour, has told it three slips, has asked Riverside, and has then gone silent.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from federation.council import Council
from node.demo.checking import wait_for
from node.demo.councils import DemoCouncil, made_councils
from node.demo.linking import accept_when_asked, link_up, wait_until_delivered
from node.demo.ports import claim_ports
from node.demo.processes import stop_all
from node.demo.seeds import seed
from node.features.alerts.actions import put_up as call_for_help
from node.features.resources.actions import put_up, take_down
from schemas.records.alert import AlertForm
from schemas.records.resource import ResourceForm
from tests.person import trickster
from tests.person.lettering import with_letters
from tests.person.living import on_their_way

PORTS = (8121, 8122, 8123)
SOON = 10.0

CALL: dict[str, Any] = {
    "title": "The lift in Mill Lane stands still",
    "words": "It is thirty-four degrees inside, and there are six floors.",
    "event": "Heat",
    "wanted": "Two people who carry water up until it runs again.",
    "instruction": "Rest on every floor. Wet cloths, open stairs.",
    "category": "Infra",
    "urgency": "Immediate",
    "severity": "Moderate",
    "certainty": "Observed",
    "near": "Mill Lane",
    "audience": "public",
}
KETTLE = {"direction": "offer", "title": "A kettle", "category": "goods", "audience": "public", "until": "week"}


@dataclass(frozen=True)
class Region:
    """What is up for people to look at. `gone` is the path of a slip that Riverside has taken down.

    `on_the_way`: for routes that need a record at some point of its way, the paths of those there are.
    """

    riverside: DemoCouncil
    harbour: DemoCouncil
    stranger: Council
    tricks: tuple[str, ...]
    gone: str
    on_the_way: dict[str, list[str]]

    def held(self, one: DemoCouncil, kind: str, *, of: DemoCouncil) -> str:
        """The address of the first living record of this kind and of this source that a council holds."""
        wanted = text(
            "SELECT object_id FROM replica WHERE kind = :kind AND source = :source AND audience = 'public'"
            " AND gone_at IS NULL ORDER BY id LIMIT 1"
        )
        with one.store.reading() as connection:
            values = {"kind": kind, "source": of.council.actor_id}
            return str(connection.execute(wanted, values).scalar_one())


@contextmanager
def served_region(folder: Path) -> Iterator[Region]:
    """The region, running. Raises NotSeen if it does not come up."""
    with ExitStack() as closing:
        claims = closing.enter_context(claim_ports(PORTS))
        riverside, harbour, _ = closing.enter_context(made_councils(folder, claims.ports))
        gone = _fill(riverside, harbour)
        with_letters(riverside)
        servers = [riverside.server, harbour.server]
        closing.callback(stop_all, servers)
        for server in servers:
            server.start()
        for server in servers:
            server.wait_until_answering()
        link_up((riverside, harbour))
        wait_until_delivered((riverside, harbour))
        with trickster.trickster(riverside) as stranger:
            trickster.ask(stranger, riverside)
            trickster.ask(stranger, harbour)
            accept_when_asked(harbour, stranger.actor_id)
            wait_for(lambda: _has_asked(riverside, stranger), "Riverside is asked", within=SOON)
            tricks = trickster.tell(stranger, harbour)
            wait_until_delivered((riverside, harbour))
        yield Region(riverside, harbour, stranger, tuple(tricks), gone, on_their_way(riverside, harbour))


def _fill(riverside: DemoCouncil, harbour: DemoCouncil) -> str:
    """The slips of the demo, one that was taken down, and a call for help. Returns the path of what was taken down."""
    seed(riverside)
    seed(harbour)
    acting = riverside.acting()
    kettle = riverside.do(lambda c: put_up(c, ResourceForm.model_validate(KETTLE), acting).public_id)
    riverside.do(lambda c: take_down(c, kettle, acting))
    riverside.do(lambda c: call_for_help(c, AlertForm.model_validate(CALL), acting))
    return f"/o/{kettle}"


def _has_asked(ours: DemoCouncil, theirs: Council) -> bool:
    wanted = text("SELECT 1 FROM peer WHERE actor_id = :actor AND state = 'they-asked'")
    with ours.store.reading() as connection:
        return connection.execute(wanted, {"actor": theirs.actor_id}).first() is not None
