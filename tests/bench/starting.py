"""How long a node takes to give its first answer, and what it holds when nothing happens."""

import http.client
import statistics
import time
from contextlib import suppress
from pathlib import Path

from tests import builders
from tests.bench.amounts import Amounts
from tests.bench.children import LOOPBACK, free_port, server
from tests.bench.folders import make_folder
from tests.bench.measuring import Figure, cpu_seconds, memory

_SERVE = "import sys; from node.cli import main; sys.argv[1:] = ['serve', sys.argv[1]]; main()"


def idle(folder: Path, amounts: Amounts) -> Figure:
    """Figure 5: cold starts of `comarca serve` on a database that is up to date, and its memory a little later."""
    port = free_port()
    make_folder(folder / "node", port=port, database=builders.database_template())
    first, cpu, held = [], [], {}
    for number in range(amounts.starts):
        begun = time.perf_counter()
        with server("-c", _SERVE, str(folder / "node"), log=folder / "node.log", port=port) as process:
            _ask(port)
            first.append(time.perf_counter() - begun)
            cpu.append(cpu_seconds(process.pid))
            if number == amounts.starts - 1:
                time.sleep(amounts.idle)
                before = cpu_seconds(process.pid)
                time.sleep(amounts.idle)
                resting = (cpu_seconds(process.pid) - before) / amounts.idle
                held = memory(process.pid)
    return {
        "first_answer_seconds": {"median": round(statistics.median(first), 2), "min": round(min(first), 2)},
        "first_answer_cpu_seconds": round(statistics.median(cpu), 2),
        "starts": len(first),
        "memory_mb": held,
        "cpu_ms_each_idle_second": round(resting * 1e3, 1),
        "to_reach": {"first_answer_seconds": 2.0, "rss_mb": 100},
    }


def _ask(port: int) -> None:
    """One whole answer. Raises AssertionError unless it is a good one."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    with suppress(OSError):
        connection.connect()
    connection.request("GET", "/.well-known/comarca", headers={"Accept": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read()
    connection.close()
