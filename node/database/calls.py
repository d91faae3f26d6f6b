"""Those who wait for the writer: what each of them asks, how they are grouped, and how each gets its own answer.

Nothing here touches a connection. An answer must never be given before the writer says that the batch is over.
"""

import asyncio
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
