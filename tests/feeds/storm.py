"""One seed: councils that publish, talk, lose answers, are put back from old copies, change keys and let days pass.

No push ever arrives here: whatever a council knows of another, it knows from feeds. Then the storm ends, everybody talks to
everybody for a while, and all must hold the same. Everything is drawn from the seed.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from federation.feeds import muting
from federation.ports import TransportFailure
from tests import builders
from tests.builders import SeededRandomness
from tests.feeds.carrying import NOBODY, Town, all_linked, talk

NAMES = ("riverside", "hilltop", "station", "harbour", "mill")
ACTIONS = 60
ROUNDS = 6

_LIVE = text("SELECT object_id, document FROM replica WHERE source = :source AND gone_at IS NULL AND ends_at > :now")


class Storm:
    """What happens in one seed. `said` is the trace, `wrong` what must not be."""

    def __init__(self, seed: int) -> None:
        self.dice = SeededRandomness(f"storm {seed}")
        self.towns = all_linked(*NAMES[: 3 + self.dice.below(3)])
        self.said: list[str] = []
        self.wrong: list[str] = []
        self._objects: dict[str, list[str]] = {town.name: [] for town in self.towns}
        self._copies: dict[str, bytes] = {}
        self._trouble = 0.3 * self.dice.uniform()
        # A copy from before these were made would sign with keys that its council has given up: it has moved, and stays mute.
        self._rotated: set[str] = set()

    def tell(self) -> "Storm":
        for _ in range(ACTIONS):
            town = self.dice.pick(self.towns)
            self._pass_time()
            self._something(town)
        self._calm()
        for town in self.towns:
            town.connection.close()
        return self

    def _pass_time(self) -> None:
        seconds = self.dice.pick((1.0, 60.0, 3_600.0, 86_400.0)) * self.dice.uniform()
        for town in self.towns:
            town.now += timedelta(seconds=1 + round(seconds))

    def _something(self, town: Town) -> None:
        dice = self.dice.uniform()
        ours = self._objects[town.name]
        if dice < 0.30 or not ours:
            self._say(town, None)
        elif dice < 0.42:
            self._say(town, self.dice.pick(ours))
        elif dice < 0.50:
            town.withdraw(self.dice.pick(ours))
            self.said.append(f"{town.name} takes back")
        elif dice < 0.82:
            self._talk(town)
        elif dice < 0.87:
            self._copies[town.name] = builders.snapshot(town.connection)
            self.said.append(f"{town.name} is copied")
        elif dice < 0.91:
            self._put_back(town)
        elif dice < 0.93:
            self._change_keys(town)
        elif dice < 0.97:
            town.snapshot()
            self.said.append(f"{town.name} lists what is live")
        else:
            town.forget()
            self.said.append(f"{town.name} forgets")

    def _say(self, town: Town, object_id: str | None) -> None:
        held = None if object_id is None else town.replica(object_id)
        if object_id is not None and (held is None or held["gone_at"] is not None):
            return
        title = f"Thing {len(self.said)}"
        audience = self.dice.pick(("public", "neighbours"))
        lasting = timedelta(days=self.dice.pick((60, 80)))
        given: dict[str, Any] = {} if held is None else {"published": held["published"], "ends_at": held["ends_at"]}
        made = town.publish(title, audience=audience, object_id=object_id, **({"ends_at": town.now + lasting} | given))
        if object_id is None:
            self._objects[town.name].append(made)
        self.said.append(f"{town.name} says {title} for {audience}")

    def _talk(self, town: Town) -> None:
        other = self.dice.pick([one for one in self.towns if one is not town])
        told = talk(town, other, change=self._weather())
        self.said.append(f"{town.name} asks {other.name}: {told.word} {told.agreed} {told.taken} {told.flaws}")
        self._after(town, told.behind)

    def _weather(self) -> Callable[[str, bytes], bytes | TransportFailure]:
        def change(_path: str, body: bytes) -> bytes | TransportFailure:
            dice = self.dice.uniform()
            if dice < self._trouble:
                return NOBODY
            if dice < 1.5 * self._trouble and body:
                place = self.dice.below(len(body))
                return body[:place] + bytes([body[place] ^ (1 << self.dice.below(8))]) + body[place + 1 :]
            if dice < 2 * self._trouble:
                return body[: self.dice.below(len(body) + 1)]
            return body

        return change

    def _after(self, town: Town, behind: tuple[str, ...]) -> None:
        if behind:
            town.write(lambda c: muting.mute(c, store_id=f"store {len(self.said)}", now=town.now))
            self.said.append(f"{town.name} finds that it is an old copy")
        if town.write(muting.muted_since) is not None:
            spoke = town.write(lambda c: muting.speak_again(c, town.council, now=town.now))
            self.said.append(f"{town.name} speaks again: {spoke}")

    def _put_back(self, town: Town) -> None:
        copy = self._copies.get(town.name)
        if copy is None or town.name in self._rotated:
            return
        town.connection.close()
        town.connection = builders.open_database(copy)
        town.write(lambda c: muting.mute(c, store_id=f"store {len(self.said)}", now=town.now))
        self.said.append(f"{town.name} is put back")

    def _change_keys(self, town: Town) -> None:
        council = town.council
        if council.keyring.number > 2 or town.write(muting.muted_since) is not None:
            return
        town.change_keys(council.keyring.number + 1)
        self._rotated.add(town.name)
        self.said.append(f"{town.name} changes its keys")

    def _calm(self) -> None:
        self._pass_time()
        for _ in range(ROUNDS):
            for town in self.towns:
                for other in self.towns:
                    if other is not town:
                        self._after(town, talk(town, other).behind)
        for town in self.towns:
            self._check(town)

    def _check(self, town: Town) -> None:
        if town.write(muting.muted_since) is not None:
            self.wrong.append(f"{town.name} is still silent")
        for other in self.towns:
            mine, theirs = (self._live(holder, of=other) for holder in (town, other))
            if mine != theirs:
                lacks, beyond = sorted(theirs.keys() - mine.keys()), sorted(mine.keys() - theirs.keys())
                self.wrong.append(f"{town.name} of {other.name}: lacks {lacks}, has beyond {beyond}, or otherwise")
            if town.heads(of=other) != other.heads(of=other):
                self.wrong.append(f"{town.name} of {other.name}: other heads")
        self.wrong += [f"{town.name} did not take: {because}" for because in town.held()]
        if town.forks():
            self.wrong.append(f"{town.name} saw a fork")

    @staticmethod
    def _live(holder: Town, *, of: Town) -> dict[str, bytes]:
        given = {"source": of.council.actor_id, "now": builders.count(holder.now)}
        return {row.object_id: row.document for row in holder.connection.execute(_LIVE, given)}
