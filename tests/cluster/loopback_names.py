"""Three names that lead to this machine for the programs of a test, by the first of these ways that works here.

1. `riverside.localhost` and two more, in a hosts file that only those programs see (a mount namespace of their own).
2. The same names, where the system's resolver knows that `.localhost` is this machine (RFC 6761 section 6.3).
3. `localhost` with three ports.
"""

import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from node.demo.ports import LOOPBACK

COUNCILS = ("riverside", "harbour", "hillside")
_PRIVATELY = 'mount --bind "$0" /etc/hosts && exec "$@"'
_ALONE = (("unshare", "--mount"), ("unshare", "--user", "--map-root-user", "--mount"))


@dataclass(frozen=True)
class Names:
    """`authorities` as addresses name them, `prefix` for every program that must know the names, `how` for the report."""

    authorities: tuple[str, ...]
    prefix: tuple[str, ...]
    how: str


def names_for(folder: Path, ports: Sequence[int]) -> Names:
    """`ports`: one for each council, held by the caller. Where the names differ, the first is enough."""
    hosts = folder / "hosts"
    hosts.write_text(f"{LOOPBACK} localhost {' '.join(f'{name}.localhost' for name in COUNCILS)}\n")
    for alone in _ALONE if shutil.which("unshare") else ():
        prefix = (*alone, "sh", "-c", _PRIVATELY, str(hosts))
        if _knows(prefix):
            return Names(_named(ports[0]), prefix, f"a hosts file of their own ({' '.join(alone)})")
    if _resolver_knows():
        return Names(_named(ports[0]), (), "the system's resolver")
    return Names(tuple(f"localhost:{port}" for port in ports), (), "localhost with three ports")


def _named(port: int) -> tuple[str, ...]:
    return tuple(f"{name}.localhost:{port}" for name in COUNCILS)


def _knows(prefix: tuple[str, ...]) -> bool:
    done = subprocess.run([*prefix, "cat", "/etc/hosts"], capture_output=True, check=False, timeout=10)
    return done.returncode == 0 and b"riverside.localhost" in done.stdout


def _resolver_knows() -> bool:
    try:
        found = socket.getaddrinfo("riverside.localhost", 443, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return {str(entry[4][0]) for entry in found} <= {LOOPBACK, "::1"}
