"""Many letters at once over kept connections, and a note of every acknowledgement, in the order in which they came."""

import http.client
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from node.demo.letters import INBOX, Letter

SENDERS = 8
SECONDS = 5.0


@dataclass
class Flood:
    """Letters to one inbox. `acknowledged` are those answered 202, `answers` counts every other answer by its status.

    `at` that many acknowledgements `then` is called once, by the sender that got the last of them.
    """

    origin: str
    letters: list[Letter]
    at: int
    then: Callable[[], None]
    acknowledged: list[Letter] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Send until every letter has been tried once or the server is gone; returns when all senders have ended."""
        waiting = deque(self.letters)
        senders = [threading.Thread(target=self._send, args=(waiting,), name="sender") for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

    def _send(self, waiting: deque[Letter]) -> None:
        parts = urlsplit(self.origin)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
        with suppress(OSError, http.client.HTTPException, IndexError):
            while True:
                letter = waiting.popleft()
                connection.request("POST", INBOX, body=letter.body, headers=dict(letter.headers))
                answer = connection.getresponse()
                answer.read()
                self._note(letter, answer.status)
        connection.close()

    def _note(self, letter: Letter, status: int) -> None:
        with self._lock:
            if status != 202:
                self.answers[status] = self.answers.get(status, 0) + 1
                return
            self.acknowledged.append(letter)
            if len(self.acknowledged) == self.at:
                self.then()
