"""One TCP or TLS connection to another node, one request at a time.

A connection that has seen anything unexpected is aborted and never used again. It must never judge addresses, wait
without its caller's deadline, or send a request a second time: those belong to the pool and the transport.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from federation.response_reader import Answer, ResponseReader, Unreadable


class ExchangeFailed(Exception):
    """No whole answer. `word` as in `TransportFailure`.

    `unanswered` means that the peer hung up before a single byte of an answer: on a kept connection that is the usual
    race with its idle limit, and no sign that anything was read.
    """

    def __init__(self, word: str, detail: str, *, unanswered: bool = False) -> None:
        super().__init__(detail)
        self.word = word
        self.detail = detail
        self.unanswered = unanswered


class Connection(asyncio.Protocol):
    """`on_closed` is called once, when the socket is gone."""

    __slots__ = ("_on_closed", "_reader", "_transport", "_waiter", "kept_since", "usable")

    def __init__(self, on_closed: Callable[["Connection"], None]) -> None:
        self._on_closed = on_closed
        self._transport: asyncio.Transport | None = None
        self._reader: ResponseReader | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.kept_since = 0.0
        self.usable = False

    async def exchange(self, data: bytes, *, max_response: int) -> Answer:
        """Send the bytes of one request and read its answer. Cancelling it aborts the connection.

        Raises ExchangeFailed.
        """
        assert self._waiter is None, "one request at a time"
        if not self.usable or self._transport is None:
            raise ExchangeFailed("closed", "the connection was closed", unanswered=True)
        reader = self._reader = ResponseReader(max_response)
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        try:
            await waiter
        except BaseException:
            self.abort()
            if waiter.done() and not waiter.cancelled():
                waiter.exception()  # seen, so that a cancelled caller leaves no complaint in the log
            raise
        finally:
            self._waiter = self._reader = None
        # Unsent bytes mean an answer to a request that was never read to its end: the next one would follow its tail.
        if not reader.reusable or self._transport.get_write_buffer_size():
            self.abort()
        return reader.answer()

    def abort(self) -> None:
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.usable = True

    def data_received(self, data: bytes) -> None:
        if self._reader is None or self._reader.whole:
            # Nobody asked: whatever this is must not become the answer to the next request.
            if self._reader is not None:
                self._reader.reusable = False
            self.abort()
            return
        try:
            if self._reader.feed(data):
                self._settle(None)
        except Unreadable as refusal:
            self._settle(ExchangeFailed(refusal.word, refusal.detail))
            self.abort()

    def eof_received(self) -> None:
        self.usable = False
        if self._reader is not None and self._reader.end():
            self._reader.reusable = False
            self._settle(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        if self._reader is not None:
            unanswered = self._reader.received == 0
            self._settle(ExchangeFailed("closed", "the peer closed the connection", unanswered=unanswered))
        self._on_closed(self)

    def _settle(self, failure: ExchangeFailed | None) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if failure is None:
            self._waiter.set_result(None)
        else:
            self._waiter.set_exception(failure)
