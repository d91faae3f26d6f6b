"""Between the page's thread and the main thread: what a button asks for is done here, one thing after another.

Servers must be started by the main thread (their end is tied to the thread that made them), and two steps at once would
spoil each other's figures.
"""

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from node.demo.checking import NotSeen

T = TypeVar("T")


class Counter:
    """`ask` from any thread, `serve` from one."""

    def __init__(self) -> None:
        self._closed = False
        self._waiting: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()

    def ask(self, wish: Callable[[], T]) -> Future[T]:
        """Have it done in its turn. The future holds its result or what it raised."""
        future: Future[T] = Future()
        self._waiting.put((future, wish))
        if self._closed:
            self.close()
        return future

    def serve(self, seconds: float) -> None:
        """Wait for a wish, `seconds` at most, and fulfil it. What interrupts the thread ends the wish, and goes on."""
        try:
            future, wish = self._waiting.get(timeout=seconds)
        except Empty:
            return
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = wish()
        except Exception as error:
            future.set_exception(error)
        except BaseException:
            future.set_exception(NotSeen("the demo is being stopped"))
            raise
        else:
            future.set_result(result)

    def close(self) -> None:
        """Nobody serves any more: whoever still waits, or comes later, is told."""
        self._closed = True
        while True:
            try:
                future, _ = self._waiting.get_nowait()
            except Empty:
                return
            if future.set_running_or_notify_cancel():
                future.set_exception(NotSeen("the demo is being stopped"))
