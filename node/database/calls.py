"""Those who wait for the writer: what each of them asks, how they stand in line and are grouped, and how each gets its answer.

Nothing here touches a connection. An answer must never be given before the writer says that the batch is over.
"""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from node.database.sqlite import StoreBroken, StoreFault, fault_of


class Call:
    """One waiting caller: with a step of its own, or with an item for a function that gathers."""

    __slots__ = ("error", "future", "gathered", "item", "loop", "result", "work")

    def __init__(self, work: Callable[..., Any] | None, item: Any, gathered: bool) -> None:
        self.work = work  # None asks for the data version, outside any transaction
        self.item = item
        self.gathered = gathered
        self.loop: asyncio.AbstractEventLoop | None = None
        self.future: Any = None
        self.result: Any = None
        self.error: BaseException | None = None


class Line:
    """The line in front of the writer. Callers join it in any thread; only the writer takes from it.

    What one turn of an event loop asks for comes to the writer together, at the end of that turn. Woken by the first of
    them, it would fight the loop for the interpreter all through the turn, and commit three rows where it could have sixty.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[list[Call] | None] = queue.SimpleQueue()
        self._turns: dict[asyncio.AbstractEventLoop, list[Call]] = {}
        self._gate = threading.Lock()
        self._closed = False
        self._taken: deque[Call] = deque()
        self._ended = False

    def join(self, call: Call) -> bool:
        """False if the line is closed. A call with an event loop joins in that loop's thread."""
        with self._gate:
            if self._closed:
                return False
            if call.loop is None:
                self._queue.put([call])
            elif call.loop in self._turns:
                self._turns[call.loop].append(call)
            else:
                self._turns[call.loop] = [call]
                call.loop.call_soon(self._turn_is_over, call.loop)
            return True

    def _turn_is_over(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._gate:
            calls = self._turns.pop(loop, None)
            if calls:
                self._queue.put(calls)

    def close(self) -> None:
        """Let nobody join any more. Whoever stands there is still served."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            for calls in self._turns.values():
                self._queue.put(calls)
            self._turns.clear()
            self._queue.put(None)

    def take(self, most: int) -> list[Call]:
        """Wait for somebody, then take whoever is there, at most so many. Empty once the line is closed and at its end."""
        if not self._taken and not self._ended:
            self._add(self._queue.get())
        with suppress(queue.Empty):
            while len(self._taken) < most and not self._ended:
                self._add(self._queue.get_nowait())
        return [self._taken.popleft() for _ in range(min(most, len(self._taken)))]

    def _add(self, calls: list[Call] | None) -> None:
        if calls is None:
            self._ended = True
        else:
            self._taken.extend(calls)


def units(calls: list[Call]) -> list[tuple[Callable[..., Any], list[Call]]]:
    """Calls in order of arrival; a gathering function stands where its first item stood."""
    units: list[tuple[Callable[..., Any], list[Call]]] = []
    gathered: dict[Callable[..., Any], list[Call]] = {}
    for call in calls:
        assert call.work is not None
        if call.gathered and call.work in gathered:
            gathered[call.work].append(call)
            continue
        members = [call]
        if call.gathered:
            gathered[call.work] = members
        units.append((call.work, members))
    return units


def fault_for_one(error: BaseException) -> StoreFault:
    known = fault_of(error)
    kind = type(known) if known is not None else StoreBroken
    fault = kind(str(known) if known is not None else "the transaction was lost")
    fault.__cause__ = (known.__cause__ if known is not None else None) or error
    return fault


def sayable(error: BaseException) -> BaseException:
    if not isinstance(error, StopIteration):
        return error
    wrapped = RuntimeError("a step raised StopIteration")  # a future refuses to carry it
    wrapped.__cause__ = error
    return wrapped


def settle(calls: list[Call]) -> None:
    """Let every caller know, each event loop with one call for all of its callers."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Call]] = {}
    for call in calls:
        if call.loop is None:
            _resolve([call])
        else:
            by_loop.setdefault(call.loop, []).append(call)
    for loop, members in by_loop.items():
        with suppress(RuntimeError):  # the loop was closed: nobody is waiting there any more
            loop.call_soon_threadsafe(_resolve, members)


def _resolve(calls: list[Call]) -> None:
    for call in calls:
        if call.future.done():
            continue  # its caller was cancelled
        if call.error is not None:
            call.future.set_exception(call.error)
        else:
            call.future.set_result(call.result)
