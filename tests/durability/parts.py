"""The parts of the exchange, each begun from what the one before it has left in the folder."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.durability.exchange import Exchange


async def first_start(at: Exchange) -> None:
    """A server that never ran begins its feeds, and speaks."""
    await _serve(at)
    await at.publish("A ladder")
    await at.is_read()
    await at.publish("A pump", audience="neighbours")


async def arrivals(at: Exchange) -> None:
    """What the neighbour says, changes and takes back, one by one and several at once."""
    await _serve(at)
    await at.push(0)
    await at.push(1)
    await asyncio.gather(*(at.push(number) for number in range(2, 14)))
    await at.settled()
    for number in range(14, 19):
        await at.push(number)
    await asyncio.gather(*(at.push(number) for number in range(19, 22)))
    await at.settled()


async def own_words(at: Exchange) -> None:
    """What we say, change, and take back, while the neighbour reads along."""
    await _serve(at)
    said = [await at.publish(f"Chairs {n}", audience="neighbours" if n % 2 else "public") for n in range(4)]
    await at.is_read()
    await at.publish("Chairs 0, changed", object_id=said[0])
    await at.publish("Chairs 1, now for all", object_id=said[1])
    await at.withdraw(said[2])
    await at.is_read()
    await asyncio.gather(*(at.publish(f"Soup {n}") for n in range(5)))
    await at.settled()


async def small_log(at: Exchange) -> None:
    """As much is said as fills the log: the writer moves it into the database in the midst of it."""
    at.opens()
    at.node.store._raw.execute("PRAGMA wal_autocheckpoint=60")  # pages; in a day at work it is a thousand
    await at.node.start()
    said = [await at.publish(f"Candles {n}") for n in range(6)]
    await at.is_read()
    await asyncio.gather(*(at.publish(f"Candles {n}, more", object_id=one) for n, one in enumerate(said)))
    await at.withdraw(said[0])
    await at.is_read()


async def catching_up(at: Exchange) -> None:
    """The server asks for what it has not heard, and is told all of it."""
    await _serve(at)
    await at.catches_up()
    await at.publish("A tent")
    await at.is_read()


async def again(at: Exchange) -> None:
    """A start after a server that was not stopped: its log is still there."""
    await _serve(at)
    await at.publish("A stove")
    await at.is_read()


async def listing_and_stop(at: Exchange) -> None:
    """The feeds list what is live, the log is emptied as chores do it, and the server is stopped."""
    await _serve(at)
    await at.snapshot()
    await at.is_read()
    await at.publish("Blankets")
    await at.settled()
    await at.empties_its_log()
    await at.publish("Batteries")
    await at.node.stop()


Part = Callable[[Exchange], Awaitable[None]]
PARTS: dict[str, Part] = {
    "first start": first_start,
    "arrivals": arrivals,
    "own words": own_words,
    "a log that fills": small_log,
    "catching up": catching_up,
    "a start with a log left over": again,
    "listing and stop": listing_and_stop,
}
TALKING = "own words"
LEFT_OVER = "a start with a log left over"


async def _serve(at: Exchange) -> None:
    await at.opens().node.start()
