"""What went over the line and into the logs that never should: words for the own house, words for others' neighbours, faults."""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from node.demo.checking import NotSeen
from tests.nemesis.town import Town

_TITLE = re.compile(rb"(neighbours|council)-([a-z]+)-x[0-9a-f]+")
_FAULTS = re.compile(r"Traceback|\[critical|\[error|Exception ignored|was never (retrieved|awaited)|Fatal Python")
STRANGERS_LOOK_AT = ("/board.json", "/region/availability", "/council/outbox", "/", "/board", "/region", "/atom.xml")
ON_THE_LINE = {"lost", "cut"}


class Wiretap:
    """Watches the proxy: whoever reads a title must be one that it is for."""

    def __init__(self, linked: Mapping[str, frozenset[str]]) -> None:
        self._linked = linked
        self._lock = threading.Lock()
        self.heard: set[str] = set()

    def __call__(self, reader: str, sender: str, words: bytes) -> None:
        for audience, author in {(a.decode(), b.decode()) for a, b in _TITLE.findall(words)}:
            may_read = audience == "neighbours" and (
                reader == author or author in self._linked.get(reader, frozenset())
            )
            if not may_read:
                with self._lock:
                    self.heard.add(f"leaked: words of {author} for {audience} from {sender} to {reader}")


def shown_to_strangers(town: Town) -> Iterator[str]:
    """What anybody at all is shown here that is not for everybody."""
    for path in STRANGERS_LOOK_AT:
        try:
            answer = town.ask("GET", path, signed_in=False)
        except OSError as error:
            raise NotSeen(f"{town.name} does not answer {path}: {error}") from None
        for audience, author in {(a.decode(), b.decode()) for a, b in _TITLE.findall(answer.body)}:
            yield f"leaked: {town.name}{path} shows a stranger words of {author} for {audience}"


def kept_elsewhere(town: Town) -> Iterator[str]:
    """Words for somebody's own house in the files of another, wherever in them."""
    for path in sorted(town.directory.glob("comarca.db*")):
        for audience, author in {(a.decode(), b.decode()) for a, b in _TITLE.findall(path.read_bytes())}:
            if author != town.name and (audience == "council" or author not in town.linked):
                yield f"leaked: {path.name} of {town.name} has words of {author} for {audience}"


def faults_in(log: Path, *, passed_over: Callable[[str], bool] = lambda _line: False) -> Iterator[str]:
    """Lines of a log that tell of something unforeseen."""
    if log.exists():
        for line in log.read_text("utf-8", "replace").splitlines():
            if _FAULTS.search(line) and not passed_over(line):
                yield f"fault: {log.stem}: {line[:300]}"


def damage_in(raw: sqlite3.Connection, name: str) -> Iterator[str]:
    """What SQLite itself says about the file."""
    for row in raw.execute("PRAGMA integrity_check"):
        if row[0] != "ok":
            yield f"damaged: {name}: {row[0]}"
    for row in raw.execute("PRAGMA foreign_key_check"):
        yield f"damaged: {name}: {tuple(row)}"
