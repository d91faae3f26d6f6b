"""A transport that answers from a table and remembers what was asked of it."""

import asyncio
import json
from collections.abc import Mapping

from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure

ACTIVITY = "application/activity+json; charset=utf-8"
Answer = OutgoingResponse | TransportFailure


class Scripted:
    """Addresses that are not in the table answer 404. `gate`, when given, holds every answer back until it is set."""

    def __init__(self, table: Mapping[str, Answer], *, gate: asyncio.Event | None = None) -> None:
        self.table = dict(table)
        self.asked: list[OutgoingRequest] = []
        self._gate = gate

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.asked]

    async def send(self, request: OutgoingRequest, /) -> Answer:
        self.asked.append(request)
        if self._gate is not None:
            await self._gate.wait()
        return self.table.get(request.url, OutgoingResponse(404, {}, b""))


def document(value: object, *, content_type: str = ACTIVITY) -> OutgoingResponse:
    return OutgoingResponse(200, {"content-type": content_type}, json.dumps(value).encode())


def moved(location: str, *, status: int = 302) -> OutgoingResponse:
    return OutgoingResponse(status, {"location": location}, b"")
