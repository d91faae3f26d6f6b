"""A fault at one write call after another: `python -m tests.durability.sweeping FOLDER FAULTS`.

The exchange runs in a child of this process, with strace attached to it, which at the n-th write-type call to the database's files
kills the child, or has that call answered by EIO or ENOSPC. Then a server is started on the same folder, unaided, and what was
witnessed is looked for. Says what it found as JSON.
"""

import asyncio
import functools
import gc
import json
import re
import shutil
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node import identity
from node.app import DATABASE
from tests.builders import SeededRandomness
from tests.durability.after import not_as_the_neighbour_says, wrong
from tests.durability.children import in_a_child, in_children, quiet, strace
from tests.durability.exchange import TOWN, Exchange, Neighbour, prepare, witnessed
from tests.durability.parts import LEFT_OVER, PARTS, TALKING, Part

CALLS = ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "unlink", "rename")
FAULTS = {"kill": "signal=KILL", "EIO": "error=EIO", "ENOSPC": "error=ENOSPC"}
LOG = "strace.log"
ACKNOWLEDGED = ("arrived", "said", "taken", "listed")


@dataclass
class Tally:
    """What came of many faults. `wrong` says what must not be, by part, fault and call."""

    calls: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    refused: int = 0
    slowest: float = 0.0
    ended: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        for name in ("calls", "tried", "struck", "ended"):
            getattr(self, name).update(getattr(other, name))
        self.acknowledged += other.acknowledged
        self.refused += other.refused
        self.slowest = max(self.slowest, other.slowest)
        self.wrong |= other.wrong


def calls_to(place: Path, *options: str) -> list[str]:
    """strace's options for the write-type calls to the files of a database and their folder, and to nothing else."""
    folder = place / TOWN
    files = (folder, *(folder / f"{DATABASE}{end}" for end in ("", "-wal", "-journal")))
    return ["-e", f"trace={','.join(CALLS)}", *options, *(f"-P{path}" for path in files)]


def play(part: Part, at: Exchange) -> list[str]:
    """One part, to its end or to the fault that it is not meant to survive: a start that fails."""

    async def whole() -> None:
        await part(at)

    try:
        asyncio.run(whole())
    except Exception as error:
        at.note("ended", because=repr(error))
        return [repr(error)]
    return []


def restart(place: Path, neighbour: Neighbour) -> dict[str, Any]:
    """A server is started on what is there; all that was tried is sent again, and everybody reads everything."""
    said = witnessed(place)
    found = [line["because"] for line in said if line["what"] == "wrong"]
    before = time.monotonic()
    at = Exchange(place, neighbour, "afterwards")

    async def afterwards() -> float:
        await at.opens().node.start()
        seconds = time.monotonic() - before
        found.extend(wrong(place / TOWN / DATABASE, said))
        sent = {line["activity"] for line in said if line["what"] == "trying arrived"}
        for number, body in enumerate(neighbour.pushes):
            if json.loads(body)["id"] in sent:
                await at.push(number)
        await at.publish("Said afterwards")
        await at.catches_up()
        await at.is_read()
        await at.settled()
        await at.node.stop()
        return seconds

    seconds = asyncio.run(afterwards())
    now = witnessed(place)
    found += [line["because"] for line in now[len(said) :] if line["what"] == "wrong"]
    found += wrong(place / TOWN / DATABASE, now) + not_as_the_neighbour_says(place / TOWN / DATABASE, neighbour)
    return {"wrong": found, "seconds": seconds}


class Sweep:
    """One part of the exchange, begun from the folder `template` each time, and the faults in it."""

    def __init__(self, folder: Path, name: str, template: Path, neighbour: Neighbour) -> None:
        self.name = name
        self.template = template
        self._folder = folder
        self._neighbour = neighbour

    def play(self, place: Path, *options: str, kind: type[Exchange] = Exchange) -> Any:
        """Play the part in a fresh copy, under strace with these options. Returns how it ended."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.template, place, ignore=shutil.ignore_patterns(LOG))
        work = lambda: play(PARTS[self.name], kind(place, self._neighbour, self.name))  # noqa: E731
        return in_a_child(work, attach=strace(place / LOG, *options))

    def play_undisturbed(self, place: Path, *options: str, kind: type[Exchange] = Exchange) -> None:
        """Play it without a fault. Raises RuntimeError if it does not go well."""
        ended = self.play(place, *options, kind=kind)
        wrong = [line for line in witnessed(place) if line["what"] in ("wrong", "ended")]
        if ended or wrong:
            raise RuntimeError(f"{self.name}, undisturbed: {ended} {wrong}")

    def strike(self, fault: str, n: int, place: Path, *, kind: type[Exchange] = Exchange) -> Tally:
        """Have the n-th call fail, start a server again on what is left, and look."""
        injected = f"inject={','.join(CALLS)}:{FAULTS[fault]}:when={n}"
        ended = self.play(place, *calls_to(place, "-e", injected), kind=kind)
        told, said = Tally(tried=Counter({fault: 1})), witnessed(place)
        struck = ended == signal.SIGKILL if fault == "kill" else "(INJECTED)" in (place / LOG).read_text()
        told.struck[fault] += struck
        found = [] if struck or ended == [] else [f"ended with {ended}"]
        after = in_a_child(lambda: restart(place, self._neighbour))
        if isinstance(after, dict):
            found += after["wrong"]
            told.slowest = after["seconds"]
        else:
            found.append(f"the restart ended with {after}")
        told.acknowledged = sum(line["what"] in ACKNOWLEDGED for line in said)
        told.refused = sum(line["what"].startswith("refused") for line in said)
        told.ended.update(line["because"] for line in said if line["what"] == "ended")
        if found:
            told.wrong[f"{self.name}, {fault} at {n}"] = found
        return told


def sweeps(
    folder: Path, options_of: Callable[[Path], Sequence[str]], *, kind: type[Exchange] = Exchange
) -> list[tuple[Sweep, Path]]:
    """Every part, played undisturbed under strace, and the log of that; each begins with what the one before has left, its
    server gone without a word."""
    place = folder / "template-0"
    neighbour = prepare(place)
    found = []
    for number, name in enumerate(PARTS, start=1):
        sweep = Sweep(folder, name, place, neighbour)
        place = folder / f"template-{number}"
        sweep.play_undisturbed(place, *options_of(place), kind=kind)
        found.append((sweep, place / LOG))
        if list(PARTS)[number : number + 1] != [LEFT_OVER]:
            sqlite3.connect(place / TOWN / DATABASE).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    return found


def points_in(log: Path) -> int:
    """How many calls there are to strike: strace counts those of each thread by themselves, and the longest row is taken."""
    lines = log.read_text().splitlines()
    return max(Counter(line.split(maxsplit=1)[0] for line in lines if re.match(r"\d+ +\w+\(", line)).values())


def chosen(points: dict[str, int], most: int, dice: SeededRandomness) -> list[tuple[str, str, int]]:
    """Every (part, fault, call), or `most` of them spread evenly, from a place that the dice give."""
    every = [(name, fault, n) for name, count in points.items() for fault in FAULTS for n in range(1, count + 1)]
    if most >= len(every):
        return every
    at = dice.uniform()
    return [every[int((number + at) * len(every) / most)] for number in range(most)]


def warm_up(folder: Path) -> None:
    """One short exchange in this process, which is over when it forks: what is made at the first use is then made for all."""
    # To check an RSA key takes a fifth of a whole fault, and it is the same key each time.
    identity.load_pem_private_key = functools.cache(identity.load_pem_private_key)  # type: ignore[attr-defined,assignment]
    at = Exchange(folder, prepare(folder), "warm-up")

    async def short() -> None:
        await at.opens().node.start()
        await at.publish("A kettle")
        await at.is_read()
        await at.push(0)
        await at.catches_up()
        await at.node.stop()

    asyncio.run(short())
    if threading.active_count() > 1:
        raise RuntimeError(f"a process with threads must not fork: {threading.enumerate()}")
    gc.collect()
    gc.freeze()


class Hasty(Exchange):
    """A server that says yes before it has written: what must be found out, or these faults prove nothing."""

    async def _insist(self, what: str, attempt: Callable[[], Awaitable[bool]], **said: Any) -> None:
        self.neighbour.now = self.clock.advance()
        self.note(f"trying {what}", **said)
        self.note(what, **said)
        await attempt()


def main(folder: Path, most: int, *, side_by_side: int = 1) -> tuple[Tally, Tally]:
    """So many faults, or all that there are; and a few that strike a hasty server."""
    warm_up(folder / "warm-up")
    played = sweeps(folder, calls_to)
    found = {sweep.name: sweep for sweep, _ in played}
    points = {sweep.name: points_in(log) for sweep, log in played}
    dice = SeededRandomness("sweep")
    struck = dice.shuffled(chosen(points, most, dice))

    def some(worker: int) -> dict[str, Any]:
        told = Tally()
        for name, fault, n in struck[worker::side_by_side]:
            told.add(found[name].strike(fault, n, folder / f"struck-{worker}"))
            print(f"{told.tried.total()} of {len(struck) // side_by_side}, wrong: {told.wrong}", file=sys.stderr)
        return vars(told)

    told, hasty = Tally(calls=Counter(points)), Tally()
    for answer in in_children(some, side_by_side):
        told.add(Tally(**answer))
    for share in (3, 2):
        hasty.add(found[TALKING].strike("kill", points[TALKING] // share, folder / "struck", kind=Hasty))
    return told, hasty


if __name__ == "__main__":
    quiet()
    many = int(sys.argv[2])
    both = main(Path(sys.argv[1]), many, side_by_side=3 if many > 100 else 1)
    print(json.dumps([vars(told) for told in both]))
