"""The line does to a message what was drawn for it, and nothing else; drawn again, the same."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from node.demo.asking import Reply, send
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from tests.builders import SeededRandomness
from tests.nemesis.fault_proxy import FaultProxy, flipped
from tests.nemesis.plan import draw
from tests.nemesis.weather import KINDS, PASS, Cut, Fate, Weather, draw_cut

SOON = 5.0
BODY = b'{"words": "ten chairs"}'


Ports = tuple[int, int]


class Behind:
    """A real server behind the line. `heard`: the bytes of every connection that came to it, whole or not."""

    def __init__(self, port: int) -> None:
        self.heard: list[bytes] = []
        self._socket = socket.create_server((LOOPBACK, port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with closing(connection):
                    self.heard.append(self._read(connection))
                    with suppress(OSError):
                        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nkept")

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        connection.settimeout(SOON)
        heard = b""
        with suppress(OSError):
            while not heard.endswith(BODY) and (part := connection.recv(65_536)):
                heard += part
        return heard


Parts = tuple[FaultProxy, Behind, Ports]


@dataclass(frozen=True)
class Always(Weather):
    """One fate for every request."""

    always: Fate = field(default_factory=lambda: Fate(PASS, 0.0))

    def fate(self, sender: str, receiver: str, number: int) -> Fate:
        return self.always


@contextmanager
def line(folder: Path) -> Iterator[Parts]:
    """Alder at a port of its own, with nobody behind it, and birch, whose server is real: the proxy and birch's address."""
    with claim_ports((23_001, 23_002, 23_003, 23_004)) as claims:
        alder, birch, nobody, real = claims.ports
        with closing(Behind(real)) as behind:
            ports, rooms = {"alder": alder, "birch": birch}, {"alder": nobody, "birch": real}
            with FaultProxy(ports, rooms, log=folder / "proxy.log") as proxy:
                yield proxy, behind, (birch, alder)


def ask(port: int, alder: int) -> Reply:
    """A question of alder's to birch; both are told by their ports."""
    headers = {"Signature-Input": f'sig=();keyid="http://{LOOPBACK}:{alder}/council#ed25519-key"'}
    return send(f"http://{LOOPBACK}:{port}", "POST", "/inbox", headers=headers, body=BODY, seconds=SOON)


def _asked(proxy: FaultProxy, birch: Ports, fate: Fate | None) -> Reply | None:
    proxy.change(None if fate is None else Always(1, always=fate))
    try:
        return ask(*birch)
    except OSError:
        return None


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with line(tmp_path) as whole:
        yield whole


def test_in_good_weather_a_request_arrives_as_it_was_sent(parts: Parts) -> None:
    proxy, behind, birch = parts

    answer = _asked(proxy, birch, None)

    assert answer is not None and (answer.status, answer.body) == (202, b"kept")
    assert f"Host: {LOOPBACK}:{birch[0]}".encode() in behind.heard[0] and behind.heard[0].endswith(BODY)


@pytest.mark.parametrize(
    ("kind", "status", "arrives"),
    [
        ("reset", None, 0),
        ("lost-answer", None, 1),
        ("twice", 202, 2),
        ("answer-500", 500, 0),
        ("answer-503", 503, 0),
        ("answer-429", 429, 0),
    ],
)
def test_what_was_drawn_is_done(parts: Parts, kind: str, status: int | None, arrives: int) -> None:
    proxy, behind, birch = parts

    answer = _asked(proxy, birch, Fate(kind, 0.0))

    assert (None if answer is None else answer.status) == status
    assert len(behind.heard) == arrives
    assert proxy.kinds[kind] == 1


def test_what_is_cut_off_arrives_in_part(parts: Parts) -> None:
    proxy, behind, birch = parts

    answer = _asked(proxy, birch, Fate("cut-request", 0.0, where=0.5))

    assert answer is None
    wait_for(lambda: behind.heard, "a part of it", within=SOON)
    assert b"POST" in behind.heard[0] and not behind.heard[0].endswith(BODY)


def test_an_answer_that_is_cut_off_is_none(parts: Parts) -> None:
    proxy, behind, birch = parts

    assert _asked(proxy, birch, Fate("cut-answer", 0.0, where=0.95)) is None
    assert len(behind.heard) == 1


def test_a_flipped_bit_is_one_bit() -> None:
    after = flipped(BODY, 0.5, 3)

    different = [(a, b) for a, b in zip(BODY, after, strict=True) if a != b]
    assert len(different) == 1 and (different[0][0] ^ different[0][1]).bit_count() == 1


def test_what_was_recorded_comes_once_more_later(parts: Parts) -> None:
    proxy, behind, birch = parts

    answer = _asked(proxy, birch, Fate("replay", 0.0, again=0.05))

    assert answer is not None
    wait_for(lambda: len(behind.heard) == 2, "it comes again", within=SOON)
    assert behind.heard[0] == behind.heard[1]


@pytest.mark.parametrize(("deaf", "arrives"), [(False, 0), (True, 1)])
def test_a_cut_link_answers_nobody(parts: Parts, deaf: bool, arrives: int) -> None:
    proxy, behind, birch = parts
    cut = Cut(frozenset({("alder", "birch")}), deaf=deaf)
    proxy.cut(cut)

    answers = [_asked_as_it_is(birch)]
    proxy.mend(cut)
    answers.append(_asked_as_it_is(birch))

    assert [answer is None for answer in answers] == [True, False]
    assert len(behind.heard) == arrives + 1


def _asked_as_it_is(birch: Ports) -> Reply | None:
    try:
        return ask(*birch)
    except OSError:
        return None


def test_every_decision_is_written_down_with_its_seed(tmp_path: Path) -> None:
    with line(tmp_path) as (proxy, _, birch):
        _asked(proxy, birch, Fate("twice", 0.0))

    assert any(row.startswith("1 ") and "alder>birch 1 twice" in row for row in _lines(tmp_path))


def _lines(folder: Path) -> list[str]:
    return (folder / "proxy.log").read_text(encoding="utf-8").splitlines()


def test_the_same_seed_draws_the_same() -> None:
    names = ("alder", "birch", "cedar", "elm")

    assert draw(7, names, seconds=30) == draw(7, names, seconds=30) != draw(8, names, seconds=30)
    fates = [[Weather(seed).fate("alder", "birch", n) for n in range(200)] for seed in (7, 7, 8)]
    assert fates[0] == fates[1] != fates[2]


def test_every_kind_of_trouble_is_drawn_and_most_messages_have_none() -> None:
    names = [f"council {n}" for n in range(10)]

    kinds = [Weather(3).fate(a, b, n).kind for a in names for b in names for n in range(20)]

    assert set(kinds) == {PASS, *KINDS}
    assert 0.5 < kinds.count(PASS) / len(kinds) < 0.95


def test_partitions_are_of_all_sorts() -> None:
    dice = SeededRandomness("cuts")
    cuts = [draw_cut(dice, ("alder", "birch", "cedar", "elm")) for _ in range(60)]

    both = [all((other, one) in cut.links for one, other in cut.links) for cut in cuts]
    assert any(both) and not all(both)
    assert {cut.deaf for cut in cuts} == {cut.silent for cut in cuts} == {True, False}
    flapping = Cut(frozenset({("alder", "birch")}), every=1.0)
    assert [flapping.holds("alder", "birch", at) for at in (0.5, 1.5, 2.5)] == [True, False, True]
