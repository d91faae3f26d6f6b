"""The whole demo region: folders made, walls filled, servers started, linked up; and all of it gone again at the end."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from node.demo.councils import DemoCouncil, made_councils
from node.demo.linking import link_up, wait_until_delivered
from node.demo.ports import claim_ports
from node.demo.processes import Signals, stop_all
from node.demo.seeds import seed

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Region:
    """Three councils, linked up and running. `records` counts what stands on each wall, `messages` what has travelled."""

    folder: Path
    councils: tuple[DemoCouncil, ...]
    records: dict[str, int]
    messages: int

    @property
    def riverside(self) -> DemoCouncil:
        return self.councils[0]

    @property
    def harbour(self) -> DemoCouncil:
        return self.councils[1]

    @property
    def hillside(self) -> DemoCouncil:
        return self.councils[2]


@contextmanager
def running_region(keep: Path | None, *, say: Say) -> Iterator[Region]:
    """A region in `keep`, or in a temporary folder that goes with it. Called from the main thread.

    Ctrl-C and SIGTERM arrive as Stopped. Raises NotSeen if it does not come up, BadSettings if `keep` is taken.
    """
    with ExitStack() as closing:
        signals = Signals()
        closing.callback(signals.put_back)
        folder = keep if keep is not None else _temporary(closing)
        say(f"Making three councils in {folder} ({'kept' if keep else 'gone when you stop; --keep DIR keeps them'})")
        claims = closing.enter_context(claim_ports())
        councils = closing.enter_context(made_councils(folder, claims.ports))
        records = {one.name: seed(one) for one in councils}
        servers = [one.server for one in councils]
        closing.callback(stop_all, servers)
        closing.callback(signals.ignore)
        for server in servers:
            server.start()
        for server in servers:
            server.wait_until_answering()
        link_up(councils)
        yield Region(folder, councils, records, wait_until_delivered(councils))


def _temporary(closing: ExitStack) -> Path:
    # Servers that are told to stop may still write while the folder goes: what is left then is no fault.
    folder = tempfile.TemporaryDirectory(prefix="comarca-demo-", ignore_cleanup_errors=True)
    return Path(closing.enter_context(folder))
