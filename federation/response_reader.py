"""Reads one HTTP/1.1 response out of whatever pieces it arrives in, within bounds.

Sans-I/O: bytes go in, a whole answer or a refusal comes out. It must never decompress, follow anything, or hold more than
the caller allowed: the peer may be hostile, and every count is taken while reading, not afterwards (S26).
"""

from dataclasses import dataclass

import httptools

HEAD_LIMIT = 65_536
# Chunk framing of one byte per chunk makes six bytes of one; more than this is somebody filling our time.
_FRAMING_FACTOR = 8


class Unreadable(Exception):
    """No whole, well-formed answer. `word` is "protocol" or "too-large"; `detail` is for our own log."""

    def __init__(self, word: str, detail: str) -> None:
        super().__init__(detail)
        self.word = word
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Answer:
    """A final response as received: header names and values raw, in order, repeated ones apart; body as sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class ResponseReader:
    """One response to a GET or a POST. `max_body` in bytes.

    `received` counts raw bytes. After the end, `reusable` says whether the connection may carry another request: the peer
    wants to keep it and has sent nothing beyond this answer.
    """

    __slots__ = (
        "_body",
        "_body_size",
        "_chunked",
        "_head_done",
        "_head_size",
        "_headers",
        "_max_body",
        "_parser",
        "_refusal",
        "_sized",
        "_status",
        "received",
        "reusable",
        "whole",
    )

    def __init__(self, max_body: int) -> None:
        self.received = 0
        self.reusable = False
        self.whole = False
        self._max_body = max_body
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_size = 0
        self._head_done = False
        self._sized = False
        self._chunked = False
        self._body: list[bytes] = []
        self._body_size = 0
        self._refusal: Unreadable | None = None

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; True once the answer is whole. Raises Unreadable."""
        self.received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise Unreadable("protocol", "the peer wants another protocol") from None
        except httptools.HttpParserError as error:
            if not self.whole:
                raise self._refusal or Unreadable("protocol", f"not HTTP: {error}") from None
            self.reusable = False
        if self._refusal is not None:
            raise self._refusal
        if not self._head_done and self.received > HEAD_LIMIT:
            raise Unreadable("too-large", "the head of the answer does not end")
        if self.received > HEAD_LIMIT * 2 + self._max_body * _FRAMING_FACTOR:
            raise Unreadable("too-large", "the framing outweighs the answer")
        return self.whole

    def end(self) -> bool:
        """The peer has closed its side; True if that ends the answer properly (RFC 9112 section 6.3, rule 8)."""
        if self._head_done and not self._sized and not self._chunked and self._refusal is None:
            self.whole = True
        return self.whole

    def answer(self) -> Answer:
        return Answer(self._status, self._headers, b"".join(self._body))

    # What follows is called by the parser, in the order of the bytes.

    def on_message_begin(self) -> None:
        if self.whole:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.whole:
            return
        self._head_size += len(name) + len(value) + 4
        if self._head_size > HEAD_LIMIT:
            self._refusal = Unreadable("too-large", "the head of the answer is too large")
        if self._head_done or self._refusal is not None:
            return  # trailers are counted and dropped
        self._headers.append((name, value))
        lower = name.lower()
        if lower == b"content-length":
            self._sized = True
            if value.isdigit() and (len(value) > 18 or int(value) > self._max_body):
                self._refusal = Unreadable("too-large", "the answer announces more than was allowed")
        elif lower == b"transfer-encoding":
            self._chunked = True
            if value.strip().lower() != b"chunked":
                self._refusal = Unreadable("protocol", "a transfer coding that was not asked for")

    def on_headers_complete(self) -> None:
        if self.whole:
            return
        self._status = self._parser.get_status_code()
        if self._status == 101 or self._status < 100:
            self._refusal = Unreadable("protocol", "a status that answers no request of ours")
        if self._status >= 200:
            self._head_done = True

    def on_body(self, body: bytes) -> None:
        if self.whole or self._refusal is not None:
            return
        self._body_size += len(body)
        if self._body_size > self._max_body:
            self._refusal = Unreadable("too-large", "the answer is larger than was allowed")
            self._body.clear()
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self.whole or self._refusal is not None:
            return
        if self._head_done:
            self.whole = True
            self.reusable = self._parser.should_keep_alive()
        else:  # an interim answer (1xx): the real one follows, within the same bounds
            self._headers = []
            self._sized = self._chunked = False
