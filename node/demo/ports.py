"""Three ports on loopback that nobody uses, and that no second demo takes while we run."""

import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
PREFERRED = (8101, 8102, 8103)


@dataclass
class Claims:
    """The ports of one demo. A UDP socket of the same number stands for each, which no web server needs: two demos
    that start at the same moment see each other by it, and the system frees it however we end."""

    ports: tuple[int, ...]
    held: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> "Claims":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        for one in self.held:
            one.close()
        self.held.clear()


def claim_ports(preferred: tuple[int, ...] = PREFERRED) -> Claims:
    """The preferred ports if all are free, else as many that the system chooses."""
    with ExitStack() as undo:
        held = []
        for port in preferred:
            one = _claim(port)
            if one is None:
                break
            undo.callback(one.close)
            held.append(one)
        else:
            undo.pop_all()
            return Claims(preferred, held)
    return _claim_any(len(preferred))


def _claim_any(count: int) -> Claims:
    held: list[socket.socket] = []
    ports: list[int] = []
    while len(ports) < count:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as free:
            free.bind((LOOPBACK, 0))
            port = free.getsockname()[1]
        one = _claim(port)
        if one is not None:
            held.append(one)
            ports.append(port)
    return Claims(tuple(ports), held)


def _claim(port: int) -> socket.socket | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server itself will: a connection that has just ended must not count as somebody listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return None
    mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with suppress(OSError):
        mark.bind((LOOPBACK, port))
        return mark
    mark.close()
    return None
