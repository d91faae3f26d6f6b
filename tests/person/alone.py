"""One council by itself, under a name that passkeys take, whose server a test may switch off and on as it likes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from node.accounts.actions import add_member
from node.app import open_council, open_store
from node.demo.councils import SKETCHES, DemoCouncil, settings_of
from node.demo.ports import claim_ports
from node.demo.processes import Server
from node.features.resources.actions import put_up
from node.identity import make_identity
from node.ports import SystemClock, SystemRandomness
from node.settings import load, write
from schemas.records.resource import ResourceForm

HOST = "localhost"


@contextmanager
def served_alone(folder: Path) -> Iterator[DemoCouncil]:
    """A council that knows no other, served. Raises NotSeen if it does not come up."""
    clock, randomness = SystemClock(), SystemRandomness()
    with ExitStack() as closing:
        port = closing.enter_context(claim_ports((8141,))).ports[0]
        url = f"http://{HOST}:{port}"
        write(folder, settings_of(SKETCHES[0], port=port) | {"url": url, "allow": {"plain_hosts": [f"{HOST}:{port}"]}})
        make_identity(folder, randomness)
        settings = load(folder)
        store = open_store(folder)
        closing.callback(store.close)
        council = open_council(settings, randomness=randomness)
        now = clock.now()
        keeper = store.write_now(lambda c: add_member(c, name="Amina", keeper=True, now=now))
        neighbour = store.write_now(lambda c: add_member(c, name="", keeper=False, now=now))
        server = Server(folder, url)
        closing.callback(server.stop)
        server.restart()
        yield DemoCouncil(settings, council, store, server, keeper, neighbour, clock, randomness)


def pins(one: DemoCouncil, title: str, *, audience: str) -> None:
    """Its neighbour puts up an offer, away from any browser."""
    given = {"direction": "offer", "title": title, "category": "goods", "audience": audience, "until": "week"}
    acting = one.acting()
    one.do(lambda c: put_up(c, ResourceForm.model_validate(given), acting))
