"""What it costs to raise an alert to a thousand councils: from `outbox.publish` to the last 202.

The node's own deliverer, transport, outbox and store, in this process, towards sinks in others; the table of deliveries is
empty again before a round counts as done. The first round opens every connection, the others find them open. In turns with
it a bare sender signs and sends the same bytes to the same sinks.
"""

import asyncio
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import uvloop
from sqlalchemy import Connection, text

from federation import outbox
from federation.council import Council, Rules
from federation.destinations import open_destination
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from federation.transport import NetworkTransport
from federation.worker import Deliverer
from node.app import kinds_of
from node.database import Store
from node.installed import FEATURES
from node.ports import SystemClock, SystemRandomness
from node.settings_parts import Federation
from protocol.ids import Policy
from protocol.signed_request import http_date
from schemas.records.alert import Alert, AlertCategory, Certainty, MessageType, Severity, Status, Urgency, alert_note
from tests import builders
from tests.bench.amounts import Amounts
from tests.bench.bare_sender import BareSender
from tests.bench.children import Child, child, raise_open_files
from tests.bench.measuring import Figure, middle, ratio, spread

_PROCESSES = 2
_WITHIN = 60.0


class _Counting:
    """The transport, with the moment of the last 202."""

    def __init__(self, inner: NetworkTransport) -> None:
        self._inner = inner
        self.taken = 0
        self.last = 0.0

    async def send(self, request: OutgoingRequest, /) -> OutgoingResponse | TransportFailure:
        answer = await self._inner.send(request)
        if isinstance(answer, OutgoingResponse) and answer.status == 202:
            self.taken += 1
            self.last = time.perf_counter()
        return answer


def fan_out(folder: Path, amounts: Amounts) -> Figure:
    """Figure 3."""
    raise_open_files()
    with ExitStack() as open_until_done:
        sinks = [open_until_done.enter_context(child("sinks")) for _ in range(_PROCESSES)]
        origins = _opened(sinks, amounts)
        found = uvloop.run(_measure(folder, origins, amounts))
        answered = sum(sink.ask(count=True) for sink in sinks)
    wanted = (2 * amounts.warm_rounds + 1) * len(origins)
    return found | {
        "acknowledged_and_missing": wanted - answered,
        "to_reach": {"ratio": 6, "warm_seconds": 1.5},
    }


def _opened(sinks: list[Child], amounts: Amounts) -> list[tuple[str, int]]:
    """Origins on many addresses, shared out among the sinks."""
    addresses = [f"127.0.{10 + number // 200}.{1 + number % 200}" for number in range(amounts.addresses)]
    found: list[tuple[str, int]] = []
    for number, sink in enumerate(sinks):
        opened = sink.ask(open=addresses[number :: len(sinks)], ports=amounts.ports)
        found += [(address, port) for address, port in opened]
    return sorted(found)


async def _measure(folder: Path, origins: list[tuple[str, int]], amounts: Amounts) -> Figure:
    clock, at_once = SystemClock(), Federation().concurrency
    hosts = frozenset(address for address, _ in origins)
    council = Council(
        base_url="https://measured.example",
        name="Measured",
        rsa=builders.rsa_key(1),
        ed25519=builders.ed25519_key("measured"),
        kinds=kinds_of(FEATURES),
        randomness=SystemRandomness(),
        rules=Rules(policy=Policy(plain_hosts=hosts)),
    )
    path = folder / "comarca.db"
    path.write_bytes(builders.database_template())
    store = Store.open(path)
    network = NetworkTransport(council.rules.policy)
    counting = _Counting(network)
    deliverer = Deliverer(council=council, store=store, clock=clock, transport=counting, concurrency=at_once)
    bare = BareSender(origins, key=council.ed25519, key_id=council.ed25519_key_id, at_once=at_once)
    now = clock.now()
    await store.write(lambda c: _open_all(c, origins, now=now))
    loop = asyncio.get_running_loop()
    store.on_commit(lambda: _wake(loop, deliverer))
    delivering = asyncio.create_task(deliverer.run())
    try:
        await bare.connect()
        cold, _ = await _raise_alert(council, store, counting, origins=len(origins), now=clock.now())
        ours, theirs = [], []
        for _ in range(amounts.warm_rounds):
            ours.append(await _raise_alert(council, store, counting, origins=len(origins), now=clock.now()))
            body = await store.read(lambda c: c.execute(text("SELECT document FROM body LIMIT 1")).scalar_one())
            now = clock.now()
            theirs.append(await bare.round(body, now=int(now.timestamp()), date=http_date(now)))
    finally:
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        await deliverer.abandon()
        bare.close()
        await network.aclose()
        store.close()
    return _told(cold, ours, theirs, origins=len(origins))


def _told(cold: float, ours: list[tuple[float, float]], theirs: list[tuple[float, float]], *, origins: int) -> Figure:
    """`ours` and `theirs`: seconds until the last 202, and CPU seconds until everything is recorded."""
    seconds, bare_seconds = [one[0] for one in ours], [one[0] for one in theirs]
    cpu, bare_cpu = [one[1] * 1e6 / origins for one in ours], [one[1] * 1e6 / origins for one in theirs]
    return {
        "origins": origins,
        "cold_seconds": round(cold, 3),
        "warm_seconds": spread(seconds, 3),
        "cpu_us": spread(cpu),
        "ceiling_us": middle(bare_cpu),
        "ceiling_seconds": spread(bare_seconds, 3),
        "ratio": ratio(middle(cpu), middle(bare_cpu)),
        "ratio_of_seconds": ratio(middle(seconds, 4), middle(bare_seconds, 4)),
    }


def _open_all(connection: Connection, origins: list[tuple[str, int]], *, now: datetime) -> None:
    for address, port in origins:
        open_destination(connection, inbox=f"http://{address}:{port}/inbox", serves="peer", scheme="ed25519", now=now)


async def _raise_alert(
    council: Council, store: Store, counting: _Counting, *, origins: int, now: datetime
) -> tuple[float, float]:
    """Seconds from publishing to the last 202, and CPU seconds until nothing is queued any more."""
    note = alert_note(
        council.new_object_id(),
        council.base_url,
        name="Water in the lower streets",
        alert=Alert(
            status=Status("Actual"),
            msg_type=MessageType("Alert"),
            category=AlertCategory("Met"),
            event="Flood",
            urgency=Urgency("Immediate"),
            severity=Severity("Severe"),
            certainty=Certainty("Observed"),
            wanted="Boats, dry blankets, two people who can drive a van.",
            instruction="Do not walk through water that moves.",
        ),
        words="The river is over the lower path. Go to the school if you live below Mill Lane; bring medicine and papers.",
        language="en",
        place=None,
        published=now,
        updated=None,
        ends_at=now + timedelta(hours=6),
        audience="public",
    )
    before = counting.taken
    begun, cpu = time.perf_counter(), time.process_time()
    await store.write(lambda c: outbox.publish(c, council, note=note, audience="public", now=now))
    async with asyncio.timeout(_WITHIN):
        while counting.taken - before < origins or await store.read(_waiting):  # noqa: ASYNC110  rows have no event
            await asyncio.sleep(0.005)
    return counting.last - begun, time.process_time() - cpu


def _wake(loop: asyncio.AbstractEventLoop, deliverer: Deliverer) -> None:
    loop.call_soon_threadsafe(deliverer.wake)


def _waiting(connection: Connection) -> bool:
    return bool(connection.execute(text("SELECT EXISTS (SELECT 1 FROM delivery)")).scalar())
