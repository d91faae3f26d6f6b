"""The loops that features bring along, from a node's start to its end. What they wait for is outside: a mail server, say."""

import asyncio
from collections.abc import Iterable

from node.feature import Bench, Feature


class Errands:
    """All of them. `start` and `stop` belong to the node's own."""

    def __init__(self, features: Iterable[Feature], bench: Bench) -> None:
        self._features, self._bench = tuple(features), bench
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        loops = [loop for one in self._features if one.errands is not None for loop in one.errands(self._bench)]
        self._tasks = [asyncio.create_task(loop(), name=loop.__qualname__) for loop in loops]

    def ended(self) -> tuple[str, ...]:
        """The names of loops that should run and have ended."""
        return tuple(task.get_name() for task in self._tasks if task.done())

    async def stop(self) -> None:
        """End them. What is under way with others is broken off."""
        for task in self._tasks:
            task.cancel()
        if self._bench.post is not None:
            self._bench.post.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
