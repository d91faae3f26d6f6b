"""Figures: off unless wanted, true where they are counted, and no more of them however many strangers come by."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from federation.inbox import STORED
from federation.tally import Distribution
from node.settings import BadSettings, load
from node.settings_parts import LEAST_TOKEN
from node.web.metrics import OTHER, VERBS, VERDICTS, authorized, listen, template_of
from tests.builders import SeededRandomness
from tests.two_nodes.outsiders import Scene, scene
from tests.two_nodes.region import Town, call, until

TOKEN = "a-token-that-nobody-guesses"
WANTED = {"metrics": {"token": TOKEN}}
BEARER = f"Bearer {TOKEN}"

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Series:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def figures(town: Town) -> Series:
    answer = await town.get("/metrics", authorization=BEARER)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return read(answer.body.decode())


async def test_without_a_setting_there_are_none(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        answer = await at.town.get("/metrics", authorization=BEARER)
        blank = await at.town.get("/metrics", authorization="Bearer ")

        assert (answer.status, blank.status) == (404, 404)
        assert at.town.node._figures is None


def test_without_a_setting_their_library_is_not_even_imported() -> None:
    asked = "import sys, node.serving; sys.exit('prometheus_client' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


@pytest.mark.parametrize(
    "brought", ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer \u00e9"]
)
async def test_whoever_brings_another_token_learns_nothing(tmp_path: Path, brought: str) -> None:
    async with scene(tmp_path, **WANTED) as at:
        refused = await at.town.get("/metrics", **({"authorization": brought} if brought else {}))
        taken = await at.town.get("/metrics", authorization=f"bearer {TOKEN}")

    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert b"comarca_" not in refused.body
    assert taken.status == 200


def test_a_token_brought_twice_counts_for_nothing() -> None:
    one = (b"authorization", BEARER.encode())

    assert authorized([one], TOKEN)
    assert not authorized([one, one], TOKEN)
    assert not authorized([(b"authorization", b"Bearer ")], "")


@pytest.mark.parametrize("token", ["short", "x" * (LEAST_TOKEN - 1), "with blanks " * 4, "x" * 40 + "\n"])
def test_a_token_that_could_be_guessed_is_refused_and_not_repeated(tmp_path: Path, token: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load(tmp_path, name="Riverside", url="https://riverside.example", metrics={"token": token})

    assert "metrics.token" in str(refused.value)
    assert token.strip() not in str(refused.value).replace("metrics.token", "")
    assert TOKEN not in repr(load(tmp_path, name="R", url="https://riverside.example", metrics={"token": TOKEN}))


async def test_what_the_inbox_answers_is_counted_by_its_word(tmp_path: Path) -> None:
    async with scene(tmp_path, **WANTED) as at:
        await at.send(at.good())
        await at.send(at.good().having(content_digest="sha-256=:AAAA:", digest="SHA-256=AAAA"))
        await at.town.node.engine.applier.run_once()

        found = await figures(at.town)

    assert found["comarca_inbox_verdicts_total", (("verdict", STORED),)] == 1
    assert found["comarca_inbox_verdicts_total", (("verdict", "bad-digest"),)] == 1
    assert found["comarca_applied_total", (("verb", "Create"),)] == 1
    assert found["comarca_linked_councils", ()] == 1
    assert found["comarca_requests_total", (("method", "POST"), ("route", "/inbox"), ("status", "2xx"))] == 1
    assert found["comarca_requests_total", (("method", "POST"), ("route", "/inbox"), ("status", "4xx"))] == 1
    assert found["comarca_store_batch_steps_count", ()] == found["comarca_store_commit_seconds_count", ()] > 0
    assert found["comarca_request_seconds_count", ()] == 2


async def test_what_is_applied_at_once_is_counted_too(tmp_path: Path) -> None:
    async with scene(tmp_path, **WANTED) as at:
        await at.send(at.asks(at.hillside))

        found = await figures(at.town)

    assert found["comarca_applied_total", (("verb", "Offer"),)] == 1


async def test_deliveries_are_counted_by_outcome_and_what_waits_by_lane(tmp_path: Path) -> None:
    async with scene(tmp_path, **WANTED) as at:
        at.town.network.down.add(at.harbour.council.base_url)
        await at.send(at.asks(at.hillside))
        at.town.write(lambda c: _answer_yes(at, c))
        before = await figures(at.town)
        await at.town.node.engine.deliverer.run_once()
        await at.town.node.engine.deliverer.idle()
        after = await figures(at.town)

    waiting = before["comarca_queue_depth", (("lane", "handshake"),)]
    assert waiting > 0
    assert before["comarca_queue_depth", (("lane", "alert"),)] == 0
    outcomes = {labels[0][1]: value for (name, labels), value in after.items() if name == "comarca_deliveries_total"}
    assert sum(outcomes.values()) > 0
    assert set(outcomes) == {"delivered", "later", "never", "gone", OTHER}
    assert outcomes[OTHER] == 0


def _answer_yes(at: Scene, connection: object) -> None:
    from federation import peers

    peers.accept(connection, at.town.node.council, actor_id=at.hillside.actor, now=at.now)  # type: ignore[arg-type]


async def test_a_thousand_strange_requests_add_no_series(tmp_path: Path) -> None:
    """Random paths, hosts, names, methods and senders: nothing of them becomes a label."""
    chance = SeededRandomness("strangers")

    def word() -> str:
        return chance.bytes(9).hex()

    def addresses() -> list[tuple[str, str]]:
        return [
            ("GET", f"/{word()}"), ("GET", f"/o/{word()}"), ("GET", f"/a/{word()}"), ("GET", f"/in/{word()}"),
            ("GET", f"/static/{word()}/{word()}"), ("GET", f"/council/outbox/p/{word()}"), ("GET", f"/?{word()}={word()}"),
            ("POST", f"/{word()}"), ("POST", "/inbox"), (word().upper(), f"/{word()}"), ("HEAD", f"/{word()}"),
            ("GET", f"/.well-known/webfinger?resource=acct:{word()}@{word()}.example"), ("GET", f"/council/{word()}"),
        ]  # fmt: skip

    async with scene(tmp_path, **WANTED) as at:

        async def strangers_come() -> None:
            for method, target in addresses():
                sender = f"https://{word()}.example/{word()}"
                headers = {
                    "host": f"{word()}.example", "user-agent": word(), "accept": "text/html", word(): word(),
                    "signature": f'keyId="{sender}#main-key",headers="date host",signature="AAAA"', "date": "now",
                }  # fmt: skip
                await call(at.town.node, method, at.town.url + target, headers=headers, body=b"{}")

        await strangers_come()
        first = await figures(at.town)
        for _ in range(1_000 // len(addresses())):
            await strangers_come()
        last = await figures(at.town)

    grown = {series for series in set(last) - set(first) if series[0].startswith("comarca_")}
    assert grown <= {("comarca_requests_total", (("method", "GET"), ("route", "/metrics"), ("status", "2xx")))}
    asked = [labels for name, labels in last if name == "comarca_requests_total"]
    assert {dict(labels)["method"] for labels in asked} <= {"GET", "POST", "HEAD", OTHER}
    requests = {key: value for key, value in last.items() if key[0] == "comarca_requests_total"}
    assert sum(requests.values()) > 950


async def test_this_machine_alone_is_shown_figures_without_a_token(tmp_path: Path) -> None:
    async with scene(tmp_path, metrics={"port": 9_464}) as at:
        assert at.town.node._figures is not None
        server = await listen(at.town.node._figures, port=0)
        address, port = server.sockets[0].getsockname()[:2]

        good = await _said(port, "GET /metrics HTTP/1.1", "Host: 127.0.0.1:1")
        head = await _said(port, "HEAD /metrics HTTP/1.1", "Host: localhost")
        other_host = await _said(port, "GET /metrics HTTP/1.1", "Host: rebound.example")
        other_path = await _said(port, "GET /secrets HTTP/1.1", "Host: 127.0.0.1")
        posted = await _said(port, "POST /metrics HTTP/1.1", "Host: 127.0.0.1")
        over_the_main_port = await at.town.get("/metrics")
        server.close()

    assert address == "127.0.0.1"
    assert good.startswith("HTTP/1.1 200 ") and "comarca_build_info" in good
    assert read(good.partition("\r\n\r\n")[2])
    assert head.startswith("HTTP/1.1 200 ") and "comarca_" not in head
    assert [other_host[9:12], other_path[9:12], posted[9:12]] == ["421", "404", "405"]
    assert over_the_main_port.status == 404


async def test_a_port_that_is_taken_leaves_the_node_running(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    async with scene(tmp_path, metrics={"port": port}) as at:
        await at.town.node._show_figures()

        assert at.town.node._figures_server is None
        assert (await at.town.get("/healthz")).status == 200
    taken.close()


async def _said(port: int, *lines: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join((*lines, "", "")).encode())
    text = (await asyncio.wait_for(reader.read(), 5)).decode()
    writer.close()
    return text


def test_templates_never_hold_what_was_asked_for() -> None:
    asked = {
        "/o/secret": "/o/{public_id}",
        "/a/secret": "/a/{id}",
        "/council/outbox/p/secret": "/council/outbox/p/{name}",
        "/inbox": "/inbox",
        "/inbox/secret": OTHER,
        "/secret": OTHER,
    }

    assert {path: template_of({"path": path}) for path in asked} == asked


def test_a_distribution_counts_each_value_once_and_up_to_its_bound() -> None:
    spread = Distribution((1, 2, 4))
    for value in (0, 1, 1.5, 2, 3, 4, 5):
        spread.note(value)

    assert spread.cumulative() == [("1", 2.0), ("2", 4.0), ("4", 6.0), ("+Inf", 7.0)]
    assert (spread.count, spread.total) == (7, 16.5)
    with pytest.raises(ValueError, match="rise"):
        Distribution((2, 1))


def work_of(act: Callable[[], object]) -> tuple[int, list[str]]:
    """How many instructions of Python's own `act` takes, and which built-in functions it calls."""
    instructions, built_in = 0, []

    def trace(frame: FrameType, event: str, _value: object) -> Any:
        nonlocal instructions
        frame.f_trace_opcodes = True
        instructions += event == "opcode"
        return trace

    def profile(_frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call":
            built_in.append(function.__name__)

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(trace)
    sys.setprofile(profile)
    try:
        act()
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return instructions, [name for name in built_in if name != "setprofile"]


def test_noting_a_value_is_one_search_and_a_few_instructions_however_many_were_noted() -> None:
    """The inbox's hot path bears it."""
    spread = Distribution(tuple(range(1, 13)))
    work_of(lambda: spread.note(3.0))  # Python 3.12 does not see the instructions of a function's first traced call
    first = work_of(lambda: spread.note(3.0))

    for nth in range(10_000):
        spread.note(float(nth % 15))

    assert work_of(lambda: spread.note(3.0)) == first
    assert 0 < first[0] < 60
    assert first[1] == ["bisect_left"]


def test_the_lists_of_labels_are_short() -> None:
    assert len(set(VERDICTS)) == len(VERDICTS) < 40
    assert len(set(VERBS)) == len(VERBS) < 12


async def test_the_engine_counts_before_anybody_looks(tmp_path: Path) -> None:
    """Figures begin with the node's start, not with the first look at them."""
    async with scene(tmp_path, **WANTED) as at:
        await at.send(at.good())
        await until(lambda: at.town.node.engine.reception.counts[STORED] == 1)

        answer = await at.town.get("/metrics", authorization=BEARER)

    assert b'comarca_inbox_verdicts_total{verdict="stored"} 1.0' in answer.body
    assert orjson.loads((await at.town.get("/healthz")).body) == {"status": "alive"}
