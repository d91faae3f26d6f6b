"""A node's figures for Prometheus. Off unless the settings say otherwise, and prometheus_client is not even imported then.

Every label comes from a list that is fixed when the node starts: reason words, lanes, verbs, templates of routes, classes of
status. It must never show a path, a host, a council or a person: whoever may read figures need not know who lives here.
Counting is plain numbers, since it stands in the way of every message; families are built when somebody looks.
"""

import asyncio
import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from federation.front import Application, Receive, Scope, Send
from federation.inbox import ALREADY_HELD, STORED
from federation.moments import microseconds
from federation.ports import Clock
from federation.retry import Kind
from federation.tables import Lane
from federation.tally import Distribution
from node.database import Store
from node.database.meter import Meter
from protocol.verdict import Reason

OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE"})
VERDICTS = (STORED, ALREADY_HELD, "nothing-done", *(reason.value for reason in Reason))
VERBS = ("Create", "Update", "Delete", "Offer", "Accept", "Reject", "Undo", "Follow")
SECONDS_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

# What the front answers before there are routes: whole paths, and what begins a path that ends in an id.
_FRONT_PATHS = frozenset(
    {
        "/inbox", "/council/inbox", "/council", "/actor", "/council/outbox", "/council/followers", "/council/following",
        "/council/peers", "/.well-known/webfinger", "/.well-known/nodeinfo", "/nodeinfo/2.1", "/.well-known/comarca",
    }
)  # fmt: skip
_FRONT_BEGINNINGS = (("/council/outbox/p/", "{name}"), ("/o/", "{public_id}"), ("/a/", "{id}"))

LOCAL = "127.0.0.1"
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
_REQUEST_SECONDS = 5.0
_LONGEST_HEAD = 8_192

Shown = tuple[bytes, bytes]


@dataclass(slots=True)
class Counts:
    """Where the engine counts already; shown here, never changed."""

    verdicts: Counter[str] = field(default_factory=Counter)
    verbs: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)


class Figures:
    """All figures of one node. `councils()` is how many we are linked up with."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        counts: Counts,
        councils: Callable[[], int],
        version: str,
    ) -> None:
        self._store = store
        self._clock = clock
        self._counts = counts
        self._councils = councils
        self._version = version
        self._meter = Meter(clock.monotonic)
        store.measured_by(self._meter)
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.seconds = Distribution(SECONDS_BOUNDS)

    def counted(self, inner: Application) -> Application:
        """`inner`, with each request counted by method, template and class of status, and timed until its answer begins."""

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await inner(scope, receive, send)
                return
            began, status = self._clock.monotonic(), 500

            async def noting(message: Any) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    self.seconds.note(self._clock.monotonic() - began)
                await send(message)

            try:
                await inner(scope, receive, noting)
            finally:
                self.count(scope, status)

        return counting

    def count(self, scope: Scope, status: int) -> None:
        method = scope["method"]
        self.requests[method if method in METHODS else OTHER, template_of(scope), f"{status // 100}xx"] += 1

    async def shown(self) -> Shown:
        """(everything in Prometheus's text format, its media type). Imports prometheus_client when first asked."""
        import prometheus_client

        waiting = await self._store.read(_waiting)
        now = microseconds(self._clock.now())
        registry = prometheus_client.CollectorRegistry(auto_describe=False)
        registry.register(_Collected(lambda: self._families(waiting, now=now)))
        prometheus_client.ProcessCollector(registry=registry)
        return prometheus_client.generate_latest(registry), prometheus_client.CONTENT_TYPE_LATEST.encode()

    def _families(self, waiting: "Waiting", *, now: int) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        counts = self._counts
        yield _counter("comarca_inbox_verdicts", "What the inbox answered.", "verdict", counts.verdicts, VERDICTS)
        yield _counter("comarca_applied", "Messages applied.", "verb", counts.verbs, VERBS)
        yield _counter(
            "comarca_deliveries", "Attempts to deliver.", "outcome", counts.outcomes, [k.value for k in Kind]
        )
        depth = GaugeMetricFamily("comarca_queue_depth", "Messages that wait to be delivered.", labels=["lane"])
        oldest = GaugeMetricFamily("comarca_queue_oldest_seconds", "How long the oldest has waited.", labels=["lane"])
        for lane in Lane:
            count, since = waiting.lanes.get(lane.value, (0, now))
            depth.add_metric([lane.name.lower()], count)
            oldest.add_metric([lane.name.lower()], max(0, now - since) / 1_000_000)
        yield from (depth, oldest)
        yield GaugeMetricFamily("comarca_arrivals_waiting", "Kept and not applied yet.", value=waiting.arrivals)
        yield GaugeMetricFamily("comarca_arrivals_held", "Kept and not to be applied.", value=waiting.held)
        yield GaugeMetricFamily("comarca_linked_councils", "Councils we are linked up with.", value=self._councils())
        yield from self._about_requests()
        yield _histogram("comarca_store_batch_steps", "Steps in one commit.", self._meter.steps)
        yield _histogram("comarca_store_commit_seconds", "Seconds that one commit took.", self._meter.seconds)
        built = GaugeMetricFamily("comarca_build_info", "The software that runs.", labels=["version"])
        built.add_metric([self._version], 1)
        yield built

    def _about_requests(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily

        requests = CounterMetricFamily("comarca_requests", "Requests.", labels=["method", "route", "status"])
        for labels, count in sorted(self.requests.items()):
            requests.add_metric(labels, count)
        yield requests
        yield _histogram("comarca_request_seconds", "Seconds until an answer began.", self.seconds)


def template_of(scope: Scope) -> str:
    """The template of the route that answered, never the path; `other` where none did."""
    route = scope.get("route")
    if route is not None:
        return str(getattr(route, "path", OTHER))
    path = scope["path"]
    if path in _FRONT_PATHS:
        return str(path)
    for beginning, rest in _FRONT_BEGINNINGS:
        if path.startswith(beginning):
            return beginning + rest
    return OTHER


def authorized(headers: Iterable[tuple[bytes, bytes]], token: str) -> bool:
    """Whether `Authorization: Bearer` brings the token. Takes as long whatever was brought."""
    given = [value for name, value in headers if name == b"authorization"]
    scheme, _, brought = (given[0] if len(given) == 1 else b"").partition(b" ")
    same = hmac.compare_digest(brought.strip(), token.encode())
    return bool(token) and scheme.lower() == b"bearer" and same


@dataclass(frozen=True, slots=True)
class Waiting:
    """`lanes`: (how many wait, since when in microseconds) by lane."""

    lanes: dict[int, tuple[int, int]]
    arrivals: int
    held: int


def _waiting(connection: Connection) -> Waiting:
    lanes = connection.execute(text("SELECT lane, count(*), min(queued_at) FROM delivery GROUP BY lane")).all()
    states = {
        state: connection.execute(
            text("SELECT count(*) FROM received_activity WHERE state = :state"), {"state": state}
        ).scalar_one()
        for state in ("waiting", "held")
    }
    return Waiting({lane: (count, since) for lane, count, since in lanes}, states["waiting"], states["held"])


@dataclass(frozen=True, slots=True)
class _Collected:
    """What a registry asks for its families."""

    collect: Callable[[], Iterable[Any]]


def _counter(name: str, words: str, label: str, counts: Counter[str], values: Sequence[str]) -> Any:
    """Every value of the list, also those that never happened; what is in no list is counted together."""
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, words, labels=[label])
    for value in values:
        family.add_metric([value], counts[value])
    unlisted = sum(count for word, count in counts.items() if word not in values and ":" not in word)
    family.add_metric([OTHER], unlisted)
    return family


def _histogram(name: str, words: str, distribution: Distribution) -> Any:
    from prometheus_client.core import HistogramMetricFamily

    return HistogramMetricFamily(name, words, buckets=distribution.cumulative(), sum_value=distribution.total)


async def listen(figures: Figures, *, port: int) -> asyncio.Server:
    """Show the figures to this machine alone, at http://127.0.0.1:port/metrics. Raises OSError if the port is taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                status, body, media_type = await _locally(figures, head)
                writer.write(
                    b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\ncache-control: no-store\r\n"
                    b"connection: close\r\n\r\n" % (status, media_type, len(body))
                )
                writer.write(b"" if head.startswith(b"HEAD ") else body)
                await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, LOCAL, port, limit=_LONGEST_HEAD)


async def _locally(figures: Figures, head: bytes) -> tuple[bytes, bytes, bytes]:
    first, *fields = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    hosts = [line.partition(":")[2].strip() for line in fields if line.lower().startswith("host:")]
    # A page that a browser on this machine shows may lead a name of its own to our address, and read what we answer it.
    if len(hosts) != 1 or hosts[0].partition(":")[0] not in _LOCAL_NAMES:
        return b"421 Misdirected Request", b"ask for 127.0.0.1\n", b"text/plain"
    if method not in ("GET", "HEAD"):
        return b"405 Method Not Allowed", b"GET or HEAD\n", b"text/plain"
    if rest.partition(" ")[0].partition("?")[0] != "/metrics":
        return b"404 Not Found", b"/metrics\n", b"text/plain"
    body, media_type = await figures.shown()
    return b"200 OK", body, media_type
