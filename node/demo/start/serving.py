"""The start page on a loopback port of its own, served by the demo's process in a thread beside what it does itself."""

import socket
import threading
from contextlib import suppress

import uvicorn

from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, Claims, claim_ports
from node.demo.start.counter import Counter
from node.demo.start.page import application
from node.demo.start.story import Story

PREFERRED = (8100,)
STARTS_WITHIN = 10.0
STOPS_WITHIN = 5.0


class StartPage:
    """Serves a story under `url` between its enter and its exit. The buttons are fulfilled by whoever serves `counter`."""

    def __init__(self, story: Story, *, preferred: tuple[int, ...] = PREFERRED) -> None:
        self.counter = Counter()
        self._story = story
        self._claims: Claims = claim_ports(preferred)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((LOOPBACK, self._claims.ports[0]))
        except OSError:
            # Somebody took it in between: then any that is free.
            self._socket.bind((LOOPBACK, 0))
        self.authority = f"{LOOPBACK}:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.authority}/"
        config = uvicorn.Config(
            application(story, self.counter, authority=self.authority),
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="start page", daemon=True)

    def __enter__(self) -> "StartPage":
        self._thread.start()
        wait_for(lambda: self._server.started, f"{self.url} answers", within=STARTS_WITHIN)
        return self

    def __exit__(self, *_: object) -> None:
        self.counter.close()
        self._server.should_exit = True
        self._thread.join(STOPS_WITHIN)
        self._socket.close()
        self._claims.release()

    def _run(self) -> None:
        # What is broken off at the end is no fault to be printed over "Stopped.".
        with suppress(SystemExit):
            self._server.run([self._socket])
