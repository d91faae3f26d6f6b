"""Inboxes that take everything: many addresses of loopback in one process, each answering 202 to whatever is posted.

Asked for origins it opens them and tells where they are. It counts what it has answered and understands nothing else.
"""

import asyncio
import json
import re
import sys
from typing import Any

import uvloop

from tests.bench.children import raise_open_files, tell

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_ANSWER = b'HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n{"result":"stored"}'


class Sink(asyncio.Protocol):
    """One connection of a sender."""

    answered = 0

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            match = _LENGTH.search(self._buffer, 0, end + 2)
            whole = end + 4 + (int(match[1]) if match else 0)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            Sink.answered += 1
            self._transport.write(_ANSWER)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    servers = []
    # Questions are read beside the loop; the end of input is the end of the process.
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        match json.loads(line):
            case {"open": addresses, "ports": ports}:
                opened = []
                for address in addresses:
                    for _ in range(ports):
                        server = await loop.create_server(Sink, address, 0)
                        servers.append(server)
                        opened.append(server.sockets[0].getsockname()[:2])
                tell(opened)
            case _:
                tell(Sink.answered)


if __name__ == "__main__":
    raise_open_files()
    uvloop.run(_serve())
