"""People who write: one busy neighbour at each council, over real HTTP, who remembers what was answered and what was not."""

import json
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from node.ports import SystemClock
from tests.builders import SeededRandomness
from tests.nemesis.oracle import GONE, Journal, Slip
from tests.nemesis.town import Town

AUDIENCES = ("public", "public", "neighbours", "neighbours", "council")
WITHIN = 4.0


class Writer(threading.Thread):
    """Puts up, changes and takes down slips at one council until it is told to stop. `odd` are answers nobody expects."""

    def __init__(self, town: Town, seed: int, folder: Path) -> None:
        super().__init__(name=f"writer at {town.name}", daemon=True)
        self.town = town
        self.journal_path = folder / f"{town.name}.journal"
        self.odd: list[str] = []
        self.slips: list[Slip] = []
        self.waits = False
        self._journal = Journal(self.journal_path)
        self._dice = SeededRandomness(f"writer {seed} {town.name}")
        self._enough = threading.Event()
        self._turn = threading.Lock()

    def stop(self) -> None:
        self._enough.set()
        self.join(60)
        self._journal.close()

    def run(self) -> None:
        while not self._enough.wait(0.1 + 0.5 * self._dice.uniform()):
            with self._turn:
                self._write()

    def known(self) -> dict[int, int]:
        """How much of each slip has been acknowledged by now."""
        with self._turn:
            return {slip.number: len(slip.history) for slip in self.slips}

    def wait(self) -> None:
        """Nothing is written from now on until `go_on`; what was begun is over."""
        self._turn.acquire()
        self.waits = True

    def go_on(self) -> None:
        self.waits = False
        self._turn.release()

    def put_back(self, slip: Slip, least: int) -> None:
        slip.least = least
        self._journal.put_back(slip, least)

    def _write(self) -> None:
        live = [slip for slip in self.slips if slip.last != GONE and not slip.alone]
        dice = self._dice.uniform()
        if dice < 0.5 or not live:
            slip = Slip(self.town.name, self._dice.pick(AUDIENCES), len(self.slips) + 1)
            self.slips.append(slip)
            self._attempt(slip, 1, "POST", "/api/resources")
        else:
            slip = self._dice.pick(live)
            path = f"/api/resources/{slip.path}"
            if dice < 0.8:
                self._attempt(slip, max(slip.history) + 1, "PATCH", path)
            else:
                self._attempt(slip, GONE, "DELETE", path)

    def _attempt(self, slip: Slip, version: int, method: str, path: str) -> None:
        self._journal.asked(slip, version)
        try:
            answer = self.town.ask(method, path, self._form(slip, version, method))
        except ConnectionRefusedError:
            self._journal.refused(slip, version, 0)
            return
        except OSError:
            slip.alone = True
            slip.unsure.append(version)
            return
        if 200 <= answer.status < 300:
            if method == "POST":
                slip.path = answer.json()["id"].rpartition("/")[2]
            slip.history.append(version)
            slip.least = None
            self._journal.acknowledged(slip, version)
        elif answer.status >= 500:
            slip.alone = True
            slip.unsure.append(version)
            if answer.status != 503:
                self.odd.append(f"{self.town.name} answered {answer.status} to {method}")
        else:
            self._journal.refused(slip, version, answer.status)
            # An old copy may not know yet what it once put up.
            if (answer.status, slip.least) != (404, slip.least or 0):
                self.odd.append(f"{self.town.name} answered {answer.status} to {method}: {answer.text[:200]}")

    def _form(self, slip: Slip, version: int, method: str) -> bytes | None:
        if method == "DELETE":
            return None
        said: dict[str, object] = {"title": slip.title(version)}
        if method == "POST":
            ends = SystemClock().now().replace(microsecond=0) + timedelta(days=20)
            said |= {"direction": self._dice.pick(("offer", "need")), "audience": slip.audience}
            said |= {"ends_at": ends.isoformat().replace("+00:00", "Z"), "words": "Ask in the hall."}
            with suppress(IndexError):
                said["near"] = self._dice.pick(("", "The hall"))
        return json.dumps(said).encode()
