"""What it costs to take a message in: Ed25519 with a proof, and RSA without.

The server is `comarca serve` with real keys, real SQLite and COMMIT before every 202. In each round the bare server, the node
with its applying held, and the node as it is get the same load in turns. At the end every acknowledged id must be in the table
and applied.

Without a proof an accepted follower is believed in few things. The one that is kept, durable and comes in numbers is the Delete
of an account by itself, as every server of the fediverse sends it: each follower here says it once. (A Follow that is repeated
is kept too, but answered in the same step with a signed Accept: that would measure the answer.)
"""

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from federation.tables import ArrivalState
from node.ports import SystemClock
from tests import builders
from tests.bench import letters, parts
from tests.bench.amounts import Amounts
from tests.bench.children import Child, ChildFailed, child, free_port, server, until
from tests.bench.folders import DATABASE, add_followers, link_generator, make_folder, write_once
from tests.bench.measuring import Figure, cpu_seconds, main_thread_seconds, medians, middle, ratio, spread

APPLIES_WITHIN = 60.0


@dataclass
class Run:
    """One kind of message against one node. `sign` has the generator make letters under a name."""

    amounts: Amounts
    folder: Path
    generator: Child
    sign: Callable[[str, int], Any]
    url: str
    port: int
    bare_port: int
    pid: int
    bare_pid: int
    acknowledged: list[str] = field(default_factory=list)

    def bare(self, name: str) -> float:
        """CPU microseconds of the bare server for each request."""
        before = cpu_seconds(self.bare_pid)
        told = self._send(name, port=self.bare_port, seconds=self.amounts.stretch)
        return (cpu_seconds(self.bare_pid) - before) * 1e6 / int(told["answered"])

    def held(self, name: str) -> dict[str, float]:
        """CPU microseconds for taking one message in, the event loop's part of it, and then for applying it."""
        os.kill(self.pid, signal.SIGUSR1)
        before, loop_before = cpu_seconds(self.pid), main_thread_seconds(self.pid)
        told = self._taken(self._send(name, port=self.port, seconds=self.amounts.stretch))
        between, loop = cpu_seconds(self.pid), main_thread_seconds(self.pid) - loop_before
        os.kill(self.pid, signal.SIGUSR2)
        self.wait_applied()
        count = told["answered"]
        return {
            "taken": (between - before) * 1e6 / count,
            "loop": loop * 1e6 / count,
            "applied": (cpu_seconds(self.pid) - between) * 1e6 / count,
        }

    def free(self, name: str) -> float:
        """Messages a second, applying included."""
        told = self._taken(self._send(name, port=self.port, seconds=self.amounts.stretch))
        self.wait_applied()
        return float(told["rate"])

    def steady(self, name: str) -> Figure:
        """Latencies at a fixed rate, in milliseconds from the moment that was meant."""
        told = self._taken(
            self.generator.ask(send=name, port=self.port, connections=self.amounts.connections, rate=self.amounts.rate)
        )
        self.wait_applied()
        return {"p50_ms": told["p50_ms"], "p99_ms": told["p99_ms"], "rate": told["rate"], "requests": told["answered"]}

    def wait_applied(self) -> None:
        with closing(_look(self.folder)) as raw:
            waiting = f"SELECT EXISTS (SELECT 1 FROM received_activity WHERE state = '{ArrivalState.WAITING.value}')"
            until(
                lambda: raw.execute(waiting).fetchone() == (0,),
                within=APPLIES_WITHIN,
                what="everything kept is applied",
                every=0.002,
            )

    def missing(self) -> int:
        """How many acknowledged ids are not in the table, or not applied."""
        with closing(_look(self.folder)) as raw:
            statement = f"SELECT activity_id FROM received_activity WHERE state = '{ArrivalState.APPLIED.value}'"
            return len(set(self.acknowledged) - {row[0] for row in raw.execute(statement)})

    def _send(self, name: str, *, port: int, seconds: float) -> Any:
        return self.generator.ask(send=name, port=port, connections=self.amounts.connections, seconds=seconds)

    def _taken(self, told: Any) -> Any:
        self.acknowledged += told["acknowledged"]
        if len(told["acknowledged"]) != told["answered"]:
            raise ChildFailed(f"the node did not take everything: {told['results']}")
        return told


def ed25519(folder: Path, amounts: Amounts) -> Figure:
    """Figure 1: a linked council's offers of 4 kB, HTTP signature and proof both Ed25519."""
    now = SystemClock().now()
    letter = letters.offers(letters.NOWHERE, count=1, now=now)[0]
    return _measure(
        folder,
        amounts,
        parts_of=lambda number: parts.of_offer(letter, folder, number=number, amounts=amounts),
        signing=lambda _first: {"sign": "offers"},
        followers=0,
        reach={"ratio": 1.6, "rate": 900, "p99_ms": 60},
    )


def cavage(folder: Path, amounts: Amounts) -> Figure:
    """Figure 2: followers' deleted accounts, draft-cavage with RSA-2048, no proof."""
    now = SystemClock().now()
    letter = letters.departures(letters.NOWHERE, first=0, count=1, now=now)[0]
    each = int(amounts.stretch * amounts.per_second)
    return _measure(
        folder,
        amounts,
        parts_of=lambda number: parts.of_departure(letter, folder, number=number, amounts=amounts),
        signing=lambda first: {"sign": "departures", "first": first},
        followers=2 * amounts.rounds * each + int(amounts.rate * amounts.steady),
        reach={"ratio": 1.8, "rate": 1_500},
    )


def _measure(
    folder: Path,
    amounts: Amounts,
    *,
    parts_of: Callable[[int], dict[str, float]],
    signing: Callable[[int], dict[str, Any]],
    followers: int,
    reach: Figure,
) -> Figure:
    port, bare_port = free_port(), free_port()
    url = make_folder(folder / "node", port=port, database=builders.database_template())
    now = SystemClock().now()
    write_once(folder / "node", lambda c: link_generator(c, now=now))
    if followers:
        write_once(folder / "node", lambda c: add_followers(c, count=followers, now=now))
    signed = 0

    def sign(name: str, count: int) -> Any:
        nonlocal signed
        made = generator.ask(**signing(signed), **{"as": name, "url": url, "count": count})
        signed += count
        return made

    with ExitStack() as open_until_done:
        enter = open_until_done.enter_context
        generator = enter(child("generator"))
        bare = enter(server("-m", "tests.bench.bare_server", str(bare_port), log=folder / "bare.log", port=bare_port))
        node = enter(server("-m", "tests.bench.served_apart", str(folder / "node"), log=folder / "node.log", port=port))
        run = Run(amounts, folder / "node", generator, sign, url, port, bare_port, node.pid, bare.pid)
        return _rounds(run, parts_of) | {"to_reach": reach}


def _rounds(run: Run, parts_of: Callable[[int], dict[str, float]]) -> Figure:
    amounts = run.amounts
    each = int(amounts.stretch * amounts.per_second)
    part_rounds, bare_rounds, held_rounds, rates = [], [], [], []
    size = 0
    for number in range(amounts.rounds):
        size = run.sign("held", each)["bytes"]
        run.sign("free", each)
        part_rounds.append(parts_of(number))
        bare_rounds.append(run.bare("held"))
        held_rounds.append(run.held("held"))
        rates.append(run.free("free"))
    run.sign("steady", int(amounts.rate * amounts.steady))
    steady = run.steady("steady")
    ceiling = medians(part_rounds) | {"bare ASGI": middle(bare_rounds)}
    taken = [one["taken"] for one in held_rounds]
    total = sum(ceiling.values())
    return {
        "bytes": size,
        "cpu_us": spread(taken) | {"of_it_event_loop": middle([one["loop"] for one in held_rounds])},
        "applying_cpu_us": spread([one["applied"] for one in held_rounds]),
        "ceiling_us": ceiling | {"sum": round(total, 1)},
        "ratio": ratio(middle(taken), total),
        "rate": {"per_second": middle(rates), "best": max(rates), "connections": amounts.connections},
        "steady": steady,
        "acknowledged": len(run.acknowledged),
        "acknowledged_and_missing": run.missing(),
    }


def _look(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)
