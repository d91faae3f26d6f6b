"""What a check is given: settings, folder, clock, the way out, the machine. Whatever may be at fault is an argument.

Nothing a check needs twice is asked twice: answers are kept for the length of one look. Requests go to the council's own
public address and to councils that it is linked up with, and to nobody else.
"""

import asyncio
import os
import resource
import socket
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from federation.connections import Resolver, resolve_by_system
from federation.council import Council
from federation.ports import Clock, OutgoingRequest, OutgoingResponse, Randomness, Transport, TransportFailure
from node.backup.contents import DATABASE
from node.settings import Settings
from protocol import ids

T = TypeVar("T")

REQUEST_SECONDS = 5.0


def open_files_of(pid: int | None) -> tuple[int, int]:
    """How many files a process may hold open: soft and hard limit. Of this process where no other can be looked at."""
    if pid is not None and pid != os.getpid():
        try:
            for line in Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines():
                if line.startswith("Max open files"):
                    soft, hard = (sys.maxsize if word == "unlimited" else int(word) for word in line.split()[3:5])
                    return soft, hard
        except (OSError, ValueError):
            pass
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    infinite = resource.RLIM_INFINITY
    return sys.maxsize if soft == infinite else soft, sys.maxsize if hard == infinite else hard


def is_at(address: str) -> bool:
    """Whether an address is one of this machine's own: only such a one can be bound to."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Machine:
    """What is asked of the machine itself. `python` as (major, minor); `owns` whether an address is this machine's."""

    room: Callable[[Path], os.statvfs_result] = os.statvfs
    open_files: Callable[[int | None], tuple[int, int]] = open_files_of
    owns: Callable[[str], bool] = is_at
    python: tuple[int, int] = (sys.version_info[0], sys.version_info[1])


@dataclass(frozen=True)
class Look:
    """One look at one council's server. `council` is None where its keys cannot be used; `patience` in seconds for what
    may take long on this machine; `ca_file` takes the place of the system's certificates; `word` lies in the folder."""

    settings: Settings
    council: Council | None
    clock: Clock
    randomness: Randomness
    transport: Transport
    version: str
    word: str | None = None
    resolve: Resolver = resolve_by_system
    machine: Machine = field(default_factory=Machine)
    ca_file: Path | None = None
    patience: float = 10.0
    answers: dict[str, "asyncio.Task[Any]"] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return database_of(self.settings)

    @property
    def url(self) -> str:
        return self.settings.url

    @property
    def authority(self) -> str:
        """Host, with the port where it is not the default."""
        return ids.origin_of(self.url).split("://", 1)[1]

    @property
    def host(self) -> str:
        return ids.host_of(self.url)

    @property
    def listed(self) -> bool:
        """Whether the council has listed its own host as one for trying out."""
        return bool({self.host, self.authority, f"{self.host}:{self.port}"} & set(self.settings.allow.plain_hosts))

    @property
    def secure(self) -> bool:
        return self.url.startswith("https://")

    @property
    def port(self) -> int:
        port = self.authority.rpartition(":")[2]
        return int(port) if port.isdigit() else 443 if self.secure else 80

    @property
    def upstream(self) -> str:
        return f"{self.settings.listen.host}:{self.settings.listen.port}"

    async def once(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` answers, asked once for all checks that want to know."""
        if name not in self.answers:
            self.answers[name] = asyncio.ensure_future(ask())
        answer: T = await asyncio.shield(self.answers[name])
        return answer

    async def get(self, path: str, *, accept: str) -> OutgoingResponse | TransportFailure:
        """GET a path of our own public address; redirects are not followed."""
        request = OutgoingRequest("GET", self.url + path, {"Accept": accept}, None, timeout=REQUEST_SECONDS)
        return await self.once(f"GET {path} {accept}", lambda: self.transport.send(request))

    async def close(self) -> None:
        """Give up what is still under way."""
        tasks = list(self.answers.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def query(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on the database in a thread, on a connection that cannot write. Raises sqlite3.Error."""

        def run() -> T:
            with reading(self.database) as raw:
                return work(raw)

        return await asyncio.to_thread(run)


def database_of(settings: Settings) -> Path:
    """Where the council's database lies."""
    return settings.directory / DATABASE


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """The database for reading alone. Raises sqlite3.Error; a file that is not there is not made."""
    # Not mode=ro: after a crash whoever opens first must be able to recover the write-ahead log.
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)) as raw:
        raw.execute("PRAGMA busy_timeout=2000")
        raw.execute("PRAGMA query_only=ON")
        yield raw
