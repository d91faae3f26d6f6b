"""One seed with ten real servers: trouble as it was drawn, then none, then half a minute in which they must come to agree."""

import heapq
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from node.demo.checking import NotSeen, wait_for
from node.demo.ports import LOOPBACK, claim_ports
from tests.nemesis import checker, overheard, verifier
from tests.nemesis.fault_proxy import FaultProxy
from tests.nemesis.fleet import Writer
from tests.nemesis.oracle import after_old_copy, read
from tests.nemesis.overheard import Wiretap
from tests.nemesis.plan import Deed, draw
from tests.nemesis.town import NAMES, Servers, Town, back_up, make_towns, put_back, rows, slips_held
from tests.nemesis.zygote import Zygote

SETTLES_WITHIN: Final = 30.0
READ_WITHIN: Final = 8.0
LOOK_EVERY: Final = 0.2
BASE_PORT: Final = 21_000
HEADS: Final = "SELECT channel, epoch, seq FROM feed WHERE actor_id = ? ORDER BY channel"


@dataclass
class Story:
    """One seed, told to its end. `said` is what was done; `wrong` what must not be; `settled` seconds until all agreed."""

    seed: int
    said: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    settled: float = -1.0
    acknowledged: int = 0
    done: dict[str, int] = field(default_factory=dict)
    befallen: dict[str, int] = field(default_factory=dict)


class Nemesis:
    """Everything of one seed: `count` councils, `seconds` of trouble."""

    def __init__(self, seed: int, folder: Path, *, seconds: float, count: int = 10) -> None:
        self.story = Story(seed)
        self._folder, self._seconds, self._names = folder, seconds, NAMES[:count]
        self._down: set[str] = set()
        self._copies: dict[str, tuple[Path, dict[int, int]]] = {}
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._began = 0.0

    def tell(self) -> Story:
        with self._ten_servers():
            self._trouble()
            self._heal()
            self._settle()
            self._judge()
        return self.story

    @contextmanager
    def _ten_servers(self) -> Iterator[None]:
        count = len(self._names)
        with ExitStack() as closing:
            claims = closing.enter_context(claim_ports(tuple(range(BASE_PORT, BASE_PORT + 2 * count))))
            doors, rooms = claims.ports[:count], claims.ports[count:]
            zygote = closing.enter_context(Zygote())
            addresses = [(f"http://{LOOPBACK}:{door}", room) for door, room in zip(doors, rooms, strict=True)]
            self.towns = make_towns(self._folder, addresses)
            self.by_name = {town.name: town for town in self.towns}
            self._tap = Wiretap({town.name: town.linked for town in self.towns})
            here, behind = (dict(zip(self._names, ports, strict=True)) for ports in (doors, rooms))
            log = self._folder / "proxy.log"
            self.proxy = closing.enter_context(FaultProxy(here, behind, log=log, watch=self._tap))
            self.servers = Servers(zygote, self.towns)
            for town in self.towns:
                self.servers.start(town)
            for town in self.towns:
                self.servers.wait_until_answering(town)
            self._writers = {town.name: Writer(town, self.story.seed, self._folder) for town in self.towns}
            yield

    def _trouble(self) -> None:
        self._began = time.monotonic()
        for writer in self._writers.values():
            writer.start()
        for deed in draw(self.story.seed, self._names, seconds=self._seconds):
            self._plan(deed.at, lambda deed=deed: self._do(deed))  # type: ignore[misc]
        while self._due and (self._due[0][0] < self._seconds or self._waited_for):
            moment, _, step = heapq.heappop(self._due)
            time.sleep(max(0.0, self._began + moment - time.monotonic()))
            step()

    def _plan(self, at: float, step: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at, next(self._order), step))

    def _later(self, seconds: float, step: Callable[[], None]) -> None:
        self._plan(time.monotonic() - self._began + seconds, step)

    def _say(self, words: str) -> None:
        self.story.said.append(f"{time.monotonic() - self._began:.2f} {words}")

    @property
    def _waited_for(self) -> bool:
        """Whether somebody's writer stands still until an old copy can be put in place."""
        return any(writer.waits for writer in self._writers.values())

    def _do(self, deed: Deed) -> None:
        if deed.town and (deed.town in self._down or (deed.what != "copy" and len(self._down) > len(self._names) // 2)):
            return
        self._say(str(deed))
        self.story.done[deed.what] = self.story.done.get(deed.what, 0) + (deed.what != "old copy")
        if deed.weather is not None:
            self.proxy.change(deed.weather)
        elif deed.cut is not None:
            self.proxy.cut(deed.cut)
            self._later(deed.lasting, lambda cut=deed.cut: self.proxy.mend(cut))  # type: ignore[misc]
        elif deed.what == "copy":
            town = self.by_name[deed.town]
            known = self._writers[town.name].known()
            self._copies[town.name] = back_up(town, self._folder / "copies"), known
        elif deed.what == "old copy":
            self._begin_to_put_back(self.by_name[deed.town])
        else:
            self._take_down(self.by_name[deed.town], deed)

    def _take_down(self, town: Town, deed: Deed) -> None:
        self._down.add(town.name)
        if deed.what == "pause":
            self.servers.pause(town)
            self._later(deed.lasting, lambda: self._up_again(town, self.servers.go_on))
            return
        (self.servers.stop if deed.what == "stop" else self.servers.kill)(town)
        town.shifted = deed.shift != 0
        self._later(deed.lasting, lambda: self._up_again(town, lambda one: self.servers.start(one, shift=deed.shift)))

    def _up_again(self, town: Town, how: Callable[[Town], None]) -> None:
        how(town)
        self._down.discard(town.name)
        self._say(f"{town.name} is up again")

    def _begin_to_put_back(self, town: Town) -> None:
        """Nobody writes there for a while, so that neighbours read what it has said; then its disk is lost."""
        if town.name not in self._copies:
            return
        self._down.add(town.name)
        self._writers[town.name].wait()
        self._wait_until_read(town, until=time.monotonic() + READ_WITHIN)

    def _wait_until_read(self, town: Town, *, until: float) -> None:
        is_read = self._is_read(town)
        if not is_read and time.monotonic() < until:
            self._later(LOOK_EVERY, lambda: self._wait_until_read(town, until=until))
            return
        if is_read:
            self._put_back(town)
        else:
            self._say(f"nobody has read all of {town.name}, which keeps its disk")
        self._writers[town.name].go_on()
        self._down.discard(town.name)

    def _is_read(self, town: Town) -> bool:
        """Whether one neighbour holds all entries of both feeds of a council, so that they can be given back."""
        ours = rows(town, HEADS, town.actor)
        return any(rows(self.by_name[name], HEADS, town.actor) == ours for name in sorted(town.linked))

    def _put_back(self, town: Town) -> None:
        self.servers.kill(town)
        held = [slips_held(self.by_name[name], of=town) for name in sorted(town.linked)]
        file, known = self._copies.pop(town.name)
        put_back(town, file)
        for slip in self._writers[town.name].slips:
            by_path = [{slip.name: has[slip.path]} for has in held if slip.path and slip.path in has]
            self._writers[town.name].put_back(slip, after_old_copy(slip, known.get(slip.number, 0), by_path))
        self.servers.start(town)
        self.story.done["old copy"] += 1
        self._say(f"an old copy of {town.name} is put back")

    def _heal(self) -> None:
        self._say("all is healed")
        for writer in self._writers.values():
            writer.stop()
        for town in self.towns:
            self.servers.go_on(town)
            if town.shifted and town.pid:
                self.servers.kill(town)
            if not town.pid:
                self.servers.start(town)
        for town in self.towns:
            self.servers.wait_until_answering(town)
        self.proxy.change(None)
        self.story.befallen = dict(self.proxy.kinds)

    def _settle(self) -> None:
        began = time.monotonic()

        def look() -> bool:
            if checker.agreed(self._holdings()):
                return True
            time.sleep(LOOK_EVERY)  # ten files are read for each look, and their servers want these two cores as well
            return False

        try:
            wait_for(look, "all hold the same", within=SETTLES_WITHIN)
        except NotSeen:
            self.story.wrong.append(f"late: not all hold the same after {SETTLES_WITHIN:g} s")
        self.story.settled = time.monotonic() - began

    def _holdings(self) -> list[checker.Holding]:
        found = []
        for town in self.towns:
            with town.looking() as raw:
                found.append(checker.read(raw, name=town.name, actor=town.actor, linked=town.linked))
        return found

    def _judge(self) -> None:
        wrong = self.story.wrong
        slips = {town.name: read(self._writers[town.name].journal_path) for town in self.towns}
        self.story.acknowledged = sum(len(slip.history) for each in slips.values() for slip in each)
        wrong += checker.wrong(self._holdings(), slips)
        wrong += sorted(self._tap.heard)
        keys = {town.actor: town.council.multibase for town in self.towns}
        for town in self.towns:
            wrong += overheard.shown_to_strangers(town)
        self.servers.stop_all()
        for town in self.towns:
            wrong += overheard.kept_elsewhere(town)
            wrong += overheard.faults_in(town.log)
            wrong += self._writers[town.name].odd
            with town.looking() as raw:
                wrong += [f"forged: {town.name}: {what}" for what in verifier.verify(raw, keys)]
                wrong += overheard.damage_in(raw, town.name)
