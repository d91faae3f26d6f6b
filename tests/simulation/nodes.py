"""One simulated node: the real engine over a database in memory, with everything that a crash would take from it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, text

from federation import arrivals, destinations, rotation, tidying
from federation.delivery import Due
from federation.directory import Directory
from federation.feeds import asking, forgetting, muting, own
from federation.keyring import KeyPair
from protocol.verdict import Refused
from schemas.refusal import Refusal
from tests import builders
from tests.builders import SeededRandomness
from tests.feeds.carrying import signed_roots
from tests.simulation.catching import Catching
from tests.simulation.checks import Log
from tests.simulation.disk import Copied, Disk
from tests.simulation.faults import Crashed, DiskFull, Faults
from tests.simulation.network import Network
from tests.simulation.observing import observed_template, recording_kinds
from tests.simulation.receiving import Receiving
from tests.simulation.sending import Deliveries
from tests.simulation.world import World

T = TypeVar("T")


class Node(Receiving):
    """A council with its tables. Only what `crash` leaves alone survives a crash. `honest`: it does what the software does."""

    honest = True

    def __init__(
        self, name: str, *, world: World, network: Network, faults: Faults, log: Log, followers: str, feeds: bool
    ) -> None:
        self.name = name
        self.world = world
        self.network = network
        self.faults = faults
        self.log = log
        self.council = builders.council(
            name,
            kinds=recording_kinds(),
            followers=followers,
            randomness=SeededRandomness(f"{world.seed} {name}"),
        )
        # What is read of councils that are only vouched for would need an oracle of its own.
        self.council.rules = replace(self.council.rules, vouched=0)
        self.origin = self.council.origin
        self.disk = Disk(observed_template())
        self.skew = timedelta(seconds=faults.skew())
        self.feeds = feeds
        self.epoch = 0
        self.root = ""
        self.up = False
        self._generation = 0
        if feeds:
            self.open_epoch()
        self._begin()

    @property
    def connection(self) -> Connection:
        return self.disk.connection

    def open_epoch(self) -> None:
        """What a keeper does with the recovery words: the feeds begin, or begin anew after a fork."""
        self.epoch += 1
        line, opened = signed_roots(self.council, epoch=self.epoch)
        store_id, now = f"store {self.name} of epoch {self.epoch}", self.now()
        self.disk.write(lambda c: own.begin(c, self.council, line=line, epoch=opened, store_id=store_id, now=now))
        self.muted = False
        self.root = own.ours(self.connection, "public")["name"].partition("/")[0]  # type: ignore[index]

    def _begin(self) -> None:
        """As `node.engine.Engine.start`: what was held waits again, what waits for others is tried at once."""
        self.up = True
        self.directory = Directory.load(self.connection)
        self.deliveries = Deliveries(self, self._watch)
        self.catching = Catching(self)
        self.muted = muting.muted_since(self.connection) is not None
        self._applying = False
        now = self.now()
        builders.write(self.connection, arrivals.try_held_again)
        builders.write(self.connection, lambda c: destinations.try_now(c, origin=None, now=now))
        self._plan_applying()
        self.deliveries.wake()
        self.world.after(0.05, self.guarded(self.catching.with_all))

    def now(self) -> datetime:
        return self.world.now + self.skew

    def guarded(self, step: Callable[[], None]) -> Callable[[], None]:
        """`step` for later: not done if the process that planned it is gone by then; a crash inside ends the process."""
        generation = self._generation

        def run() -> None:
            if generation != self._generation or not self.up:
                return
            try:
                step()
            except Crashed as crash:
                self.crash(str(crash))
            except DiskFull:
                self.world.say(f"{self.name} has no room")

        return run

    def crash(self, point: str) -> None:
        seconds = self.faults.down_for()
        self.world.say(f"{self.name} crashes {point}; down for {seconds:.1f}s")
        self.up = False
        self._generation += 1
        self.world.after(seconds, self.restart)

    def restart(self) -> None:
        if not self.up:
            self.world.say(f"{self.name} is back")
            self._begin()

    def commit(self, step: Callable[[Connection], T]) -> T:
        """As `Store.write`: what `step` returns, once it is committed. Wakes the deliveries, as every commit does.

        Raises DiskFull where there was no room for it.
        """
        result = self.disk.write(step)
        self.deliveries.wake()
        return result

    def act(self, step: Callable[[Connection], T]) -> bool:
        """A keeper's or a neighbour's action, done and committed. The server notices a moment later, as with the command line.

        False where it was told that there is no room: then nothing was done.
        """
        try:
            self.commit(step)
        except DiskFull:
            self.world.say(f"{self.name} has no room")
            return False
        self.world.after(0.4 * self.world.randomness.uniform(), self.guarded(self.look_again))
        return True

    def look_again(self) -> None:
        self.directory = Directory.load(self.connection)

    def heard(self, origin: str) -> None:
        """Somebody spoke to us, so what waits for them need not wait for a breaker."""
        self.deliveries.heard_from(origin)

    def tidy(self) -> None:
        """The chores of a day: what is over goes, and the feeds list what is live where that is due."""
        now = self.now()
        self.forget()
        if own.snapshot_is_due(self.connection, now=now):
            self.commit(lambda c: own.snapshot(c, self.council, now=now))

    def forget(self) -> None:
        now = self.now()
        while self.commit(lambda c: tidying.tidy(c, self.council, now=now) + forgetting.forget(c, now=now)):
            pass

    def copy(self) -> Copied:
        return self.disk.copy(keys=self.council.keyring.number, acks=len(self.log.acks))

    def put_back(self, copied: Copied, *, noticed: bool) -> None:
        """The process ends, an old copy takes the place of its database, and another process begins."""
        self.up = False
        self._generation += 1
        self.disk.put_back(copied, store_id=f"store {self.name} {self.world.elapsed}", now=self.now(), noticed=noticed)
        self.log.was_put_back(self.name, copied.acks, noticed=noticed)
        self._begin()

    def change_keys(self) -> None:
        """The next pair of keys, told as a keeper's command does."""
        council, now = self.council, self.now()
        number = council.keyring.number + 1
        pair = KeyPair(number, council.rsa, builders.ed25519_key(f"{self.name} {number}"))
        try:
            done = self.act(lambda c: rotation.rotate(c, council, council.profile, pair=pair, now=now))
        except Refusal as refusal:
            self.world.say(f"{self.name} may not: change its keys: {refusal.word}")
            return
        if done:
            council.keyring = council.keyring.followed_by(pair, at=now.replace(microsecond=0))
            self.world.say(f"{self.name} changes its keys")

    def published(self, object_id: str) -> None:
        """What people were told has been published, as everybody is to have it."""
        statement = text("SELECT document FROM replica WHERE object_id = :id")
        document = self.connection.execute(statement, {"id": object_id}).scalar_one()
        self.log.published(self.name, self.council, object_id, document)

    def answer_question(self, path: str, body: bytes, *, asker: str) -> bytes | Refused:
        return asking.answer(self.connection, path, body, asker=asker)

    def serves(self, roots: set[str], *, asker: str) -> None:
        """What is for nearby councils alone leaves here, by whomever it is."""
        self.log.served(self.name, roots, asker=asker)

    def _watch(self, destination: Due, document: bytes, standing: str | None) -> None:
        self.log.sent(self.name, self.council, destination, document, standing=standing)
