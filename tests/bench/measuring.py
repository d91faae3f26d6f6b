"""Reading what a process costs, and making figures of many readings. Nothing here starts or sends anything.

The main measure is CPU time of the process under test, since the machine may have other work; wall rates come second. What
is compared was measured in the same run, in turns.
"""

import math
import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Figure = dict[str, Any]
PROCESSES = Path("/proc")


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process that are alive, in seconds, to the nanosecond."""
    total = 0
    for task in (PROCESSES / str(pid) / "task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:  # it ended between the two looks
            continue
    return total / 1e9


def main_thread_seconds(pid: int) -> float:
    """CPU time of the first thread alone: that of the event loop."""
    return int((PROCESSES / str(pid) / "task" / str(pid) / "schedstat").read_text().split()[0]) / 1e9


def memory(pid: int) -> dict[str, float]:
    """RSS and PSS of a process, in MB (10^6 bytes)."""
    found = {}
    for line in (PROCESSES / str(pid) / "smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss"):
            found[name.lower()] = round(int(rest.split()[0]) * 1024 / 1e6, 1)
    return found


def cpu_each(work: Callable[[], object], *, repeats: int) -> float:
    """CPU microseconds of one call, of this whole process, over `repeats` calls."""
    begun = time.process_time_ns()
    for _ in range(repeats):
        work()
    return (time.process_time_ns() - begun) / repeats / 1_000


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all are not above (nearest rank). Raises ValueError for no values."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def middle(values: Sequence[float], digits: int = 1) -> float:
    return round(statistics.median(values), digits)


def spread(values: Sequence[float], digits: int = 1) -> Figure:
    """Median and least of several rounds."""
    return {"median": middle(values, digits), "min": round(min(values), digits), "rounds": len(values)}


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each part over the rounds, by its name."""
    return {name: middle([one[name] for one in rounds]) for name in rounds[0]}


def ratio(value: float, ceiling: float) -> float:
    return round(value / ceiling, 2)


def machine() -> Figure:
    """What the figures were taken on. The load is that of the last minute, before the first figure."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": platform.system(),
    }
