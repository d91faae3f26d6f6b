"""Word that the wall has changed: what is said, to how many, and that it ends when it should."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from node.feature import Slip
from node.web import live_streams
from node.web.live import PATH, EventStream
from tests.web.town import NOON, Town, build_town

ACCEPT = (b"accept", b"text/event-stream")
SOON = 5.0


class Listener:
    """A browser's EventSource, as the server sees it: it reads what comes and goes when it likes."""

    def __init__(self) -> None:
        self.start: dict[str, Any] = {}
        self.said = b""
        self.ended = False
        self._gone = asyncio.Event()
        self._news = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.start = dict(message)
        else:
            self.said += message.get("body", b"")
            self.ended = not message.get("more_body", False)
        self._news.set()

    def go(self) -> None:
        self._gone.set()

    async def hears(self, words: bytes, *, times: int = 1) -> None:
        async with asyncio.timeout(SOON):
            while self.said.count(words) < times:
                self._news.clear()
                await self._news.wait()

    def events(self) -> list[str]:
        return [line.removeprefix("event: ") for line in self.said.decode().splitlines() if line.startswith("event: ")]

    def digests(self) -> list[str]:
        return [line.removeprefix("data: ") for line in self.said.decode().splitlines() if line.startswith("data: ")]


def scope_of(**headers: str) -> dict[str, Any]:
    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": PATH,
        "raw_path": PATH.encode(), "root_path": "", "query_string": b"", "headers": [ACCEPT, *given], "server": ("127.0.0.1", 8101),
    }  # fmt: skip


@asynccontextmanager
async def listening(town: Town) -> AsyncIterator[Listener]:
    listener = Listener()
    task = asyncio.create_task(town.app(scope_of(), listener.receive, listener.send))
    try:
        await listener.hears(b"event: wall")
        yield listener
    finally:
        listener.go()
        async with asyncio.timeout(SOON):
            await task


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_streams, "LOOK_AT_MOST_EVERY", 0.01)


@pytest.fixture
def awake(town: Town) -> Town:
    town.store.on_commit(town.site.streams.wake)
    return town


async def test_a_stream_says_where_it_begins_and_that_no_proxy_may_keep_it_back(awake: Town) -> None:
    async with listening(awake) as listener:
        pass

    headers = {name.decode(): value.decode() for name, value in listener.start["headers"]}
    assert listener.start["status"] == 200
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (headers["x-accel-buffering"], headers["cache-control"]) == ("no", "no-store")
    assert "content-length" not in headers and "content-encoding" not in headers
    assert listener.said.startswith(b"retry: 5000\n\n")
    assert listener.events() == ["wall"]


async def test_a_new_slip_for_everyone_is_told_of_with_a_mark_and_not_a_word(awake: Town) -> None:
    async with listening(awake) as listener:
        awake.hold("Forty lanterns")
        await listener.hears(b"event: changed")

    before, after = listener.digests()
    assert before != after
    assert b"lanterns" not in listener.said


async def test_what_only_neighbours_see_wakes_nobody(awake: Town) -> None:
    async with listening(awake) as listener:
        awake.hold("Keys to the hall", audience="council")
        awake.hold("Soup for all")
        await listener.hears(b"event: changed")

    assert listener.events() == ["wall", "changed"]


async def test_a_slip_that_comes_down_by_its_end_is_told_of_without_a_commit(
    awake: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_streams, "LOOK_AT_LEAST_EVERY", 0.01)
    shown = ["first"]

    async def look() -> str:
        return shown[0]

    monkeypatch.setattr(awake.site.streams, "_look", look)
    async with listening(awake) as listener:
        shown[0] = "second"
        await listener.hears(b"data: second")

    assert listener.events() == ["wall", "changed"]


async def test_a_quiet_stream_says_that_it_is_still_there(awake: Town) -> None:
    listener = Listener()
    stream = EventStream(awake.site, ping_every=0.01)
    task = asyncio.create_task(stream(scope_of(), listener.receive, listener.send))

    await listener.hears(b": still here\n\n", times=2)
    listener.go()
    await task

    assert listener.events() == ["wall"]


async def test_so_many_and_no_more(tmp_path: Any) -> None:
    town = build_town(tmp_path, limits={"streams": 2})

    async with listening(town), listening(town):
        third = Listener()
        await town.app(scope_of(), third.receive, third.send)
        assert len(town.site.streams) == 2
    async with listening(town) as after:
        pass
    town.store.close()

    headers = {name.decode(): value.decode() for name, value in third.start["headers"]}
    assert (third.start["status"], headers["retry-after"]) == (503, "60")
    assert b"Many are looking" in third.said
    assert after.start["status"] == 200
    assert len(town.site.streams) == 0


async def test_who_goes_leaves_nothing_running(awake: Town) -> None:
    before = asyncio.all_tasks()

    async with listening(awake):
        assert len(awake.site.streams) == 1
    await asyncio.sleep(0)

    assert len(awake.site.streams) == 0
    assert not [task for task in asyncio.all_tasks() - before if not task.done() and not task.cancelling()]


async def test_a_person_with_the_address_in_hand_is_sent_to_the_wall(town: Town) -> None:
    async with town.browser() as browser:
        answer = await browser.get(PATH)
        head = await browser.head(PATH, headers={"accept": "text/event-stream"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert head.status_code == 303


async def test_a_server_that_stops_does_not_wait_for_its_readers(awake: Town) -> None:
    from node.serving import StoppingServer

    class Whole:
        site = awake.site
        settings = awake.site.settings

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await awake.app(scope, receive, send)

    config = uvicorn.Config(Whole(), port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=30)  # type: ignore[arg-type]
    server = StoppingServer(config, Whole())  # type: ignore[arg-type]
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(SOON):
        while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /wall/live HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\n\r\n")
    async with asyncio.timeout(SOON):
        await reader.readuntil(b"event: wall")

    server.should_exit = True
    async with asyncio.timeout(SOON):
        await serving
        await reader.read()
    writer.close()

    assert awake.site.streams.ended


def slip(title: str) -> Slip:
    return Slip("offer", title, "", (), "/o/1", "en", NOON, None)


def test_another_wall_has_another_mark_and_the_same_has_the_same() -> None:
    one, other = slip("A ladder"), slip("A saw")

    assert live_streams.digest_of([one]) == live_streams.digest_of([slip("A ladder")])
    assert len({live_streams.digest_of(slips) for slips in ([], [one], [other], [one, other], [other, one])}) == 5
