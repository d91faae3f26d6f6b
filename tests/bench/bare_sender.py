"""The ceiling of sending: one signature and one write for each origin, over kept connections, and nothing else.

No queue, no table, no policy, no deadline, no HTTP library: what is left is Ed25519, base64 and the event loop.
"""

import asyncio
import base64
import hashlib
import time
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class _Line(asyncio.Protocol):
    def __init__(self, sender: "BareSender") -> None:
        self._sender = sender
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 202"):
            self._sender.answered()


class BareSender:
    """Posts one body to every origin, at most `at_once` on their way. `origins` are (address, port)."""

    def __init__(
        self, origins: Sequence[tuple[str, int]], *, key: Ed25519PrivateKey, key_id: str, at_once: int
    ) -> None:
        self._origins = origins
        self._key = key
        self._key_id = key_id
        self._at_once = at_once
        self._lines: list[_Line] = []
        self._done = asyncio.Event()
        self._next = self._answered = 0
        self._body = b""
        self._digest = ""
        self._date = ""

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        for address, port in self._origins:
            _, line = await loop.create_connection(lambda: _Line(self), address, port)
            self._lines.append(line)

    async def round(self, body: bytes, *, now: int, date: str) -> tuple[float, float]:
        """Seconds until the last 202, and CPU seconds, for one body to everybody. `now` in Unix seconds, `date` as its header."""
        begun, cpu = time.perf_counter(), time.process_time()
        self._body, self._now, self._date = body, now, date
        self._digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        self._next = self._answered = 0
        self._done.clear()
        for _ in range(min(self._at_once, len(self._lines))):
            self._post()
        await self._done.wait()
        return time.perf_counter() - begun, time.process_time() - cpu

    def close(self) -> None:
        for line in self._lines:
            line.transport.close()

    def answered(self) -> None:
        self._answered += 1
        if self._next < len(self._lines):
            self._post()
        elif self._answered == len(self._lines):
            self._done.set()

    def _post(self) -> None:
        number = self._next
        self._next += 1
        address, port = self._origins[number]
        host = f"{address}:{port}"
        parameters = (
            '("@method" "@target-uri" "content-digest" "content-type" "date")'
            f';created={self._now};expires={self._now + 300};keyid="{self._key_id}";alg="ed25519"'
        )
        base = (
            f'"@method": POST\n"@target-uri": http://{host}/inbox\n"content-digest": sha-256=:{self._digest}:\n'
            f'"content-type": application/activity+json\n"date": {self._date}\n"@signature-params": {parameters}'
        )
        signature = base64.b64encode(self._key.sign(base.encode())).decode()
        head = (
            f"POST /inbox HTTP/1.1\r\nHost: {host}\r\nDate: {self._date}\r\nContent-Digest: sha-256=:{self._digest}:\r\n"
            f"Content-Type: application/activity+json\r\nSignature-Input: sig1={parameters}\r\n"
            f"Signature: sig1=:{signature}:\r\nContent-Length: {len(self._body)}\r\n\r\n"
        )
        self._lines[number].transport.write(head.encode() + self._body)
