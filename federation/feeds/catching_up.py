"""Catching up with one neighbour, as a conversation without a network: it says what to ask and what to write, and is told.

News first, by cursor: in ordinary times one question is all. Then the sums over all heads are compared; where they differ, the
heads, the missing ranges, and for what is kept no more the snapshot and what it lists. Every batch is written by itself, so
whatever breaks off is taken up again at the very entry.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import Connection

from federation.council import Council
from federation.feeds import cursors, lacking, questions, serving, taking
from federation.feeds.questions import About, answer_of
from federation.feeds.taking import Taken
from federation.ports import OutgoingResponse, TransportFailure
from protocol.feeds.coding import b64, unb64
from protocol.feeds.entry import Entry, read_line
from protocol.feeds.flaw import Flaw
from protocol.feeds.heads import Heads

T = TypeVar("T")

AT_ONCE: Final = 200
"""Entries that are written in one step: others' steps go in between."""

MOST_TURNS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Ask:
    """POST this to the neighbour; sent back is what it answered, or why nothing came."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Write:
    """Run `step(connection, now=…)` as a step of the store; sent back is what it returns."""

    step: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Read:
    """Run this as a query; sent back is what it returns."""

    query: Callable[[Connection], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: `agreed` when both hold the same; `word` when it broke off; `flaws` of what was refused on the way.

    `taken` entries were new. `behind` names feeds of our own that are longer over there: our store is an old copy.
    """

    agreed: bool = False
    word: str | None = None
    taken: int = 0
    asked: int = 0
    received: int = 0
    relations: bool = False
    flaws: tuple[tuple[str, str], ...] = ()
    behind: tuple[str, ...] = ()


Talk = Generator[Ask | Write | Read, Any, Outcome]


@dataclass
class _Told:
    """What has come of it so far."""

    taken: int = 0
    asked: int = 0
    received: int = 0
    relations: bool = False
    flaws: dict[str, str] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)
    gaps: set[str] = field(default_factory=set)
    aside: set[str] = field(default_factory=set)

    def note(self, taken: Taken) -> None:
        self.taken += taken.count
        self.relations = self.relations or taken.relations
        if taken.behind:
            self.behind.add(taken.feed)
        if taken.flaw is not None and taken.flaw.flaw is Flaw.GAP:
            self.gaps.add(taken.feed)
        elif taken.flaw is not None and taken.flaw.flaw is Flaw.UNKNOWN:
            self.aside.add(taken.feed)  # a council that we are not linked up with: neither ours to take nor wrong
        elif taken.flaw is not None:
            self.flaws[taken.feed] = taken.flaw.flaw.value

    def outcome(self, *, agreed: bool = False, word: str | None = None) -> Outcome:
        flaws = tuple(sorted(self.flaws.items()))
        return Outcome(
            agreed, word, self.taken, self.asked, self.received, self.relations, flaws, tuple(sorted(self.behind))
        )


class _BrokenOff(Exception):
    """The neighbour did not answer, or not in the form that is read. The word is for our own pages and logs."""


def catch_up(council: Council, *, their_actor: str, reason: str = "regular") -> Talk:
    """Talk to one neighbour until we hold all that it holds, or until it breaks off. Never raises for what the other side does."""
    told = _Told()
    try:
        agreed = yield from _catch_up(council, told, their_actor, reason)
    except _BrokenOff as broken:
        word = str(broken)
        yield Write(lambda c, now: cursors.note_failed(c, actor_id=their_actor, word=word, now=now))
        return told.outcome(word=word)
    if agreed:
        yield Write(lambda c, now: cursors.note_agreed(c, actor_id=their_actor, now=now))
    return told.outcome(agreed=agreed)


def _catch_up(council: Council, told: _Told, their_actor: str, reason: str) -> Generator[Ask | Write | Read, Any, bool]:
    sums = yield from _read_news(council, told, their_actor, reason)
    for name in (yield Read(taking.lacking)):
        yield from _fetch_listed(council, told, name)
    if sums is None:
        return True
    ours: Heads = yield Read(lambda c: serving.heads_for(c, asker=their_actor))
    if unb64(sums) == ours.root():
        return True
    about, _ = yield from _ask(told, questions.HEADS, {"heads": b64(ours.root())})
    if about.same:
        return True
    try:
        parts = ours.differing(unb64(about.sums) or b"")
    except ValueError:
        raise _BrokenOff("unreadable") from None
    asked = {"heads": b64(ours.root()), "parts": parts, "leaves": b64(ours.leaves(parts))}
    about, _ = yield from _ask(told, questions.HEADS, asked)
    if about.same:
        return True
    yield from _fetch(council, told, about.heads)
    aside = frozenset(told.aside)
    left: list[questions.Range] = yield Read(partial(lacking.missing, heads=about.heads, but=aside))
    return not left and not told.flaws and not told.behind


def _ask(
    told: _Told, path: str, asked: dict[str, Any]
) -> Generator[Ask | Write | Read, Any, tuple[About, list[bytes]]]:
    response: OutgoingResponse | TransportFailure = yield Ask(path, orjson.dumps(asked))
    told.asked += 1
    if told.asked > MOST_TURNS:
        raise _BrokenOff("endless")
    if isinstance(response, TransportFailure):
        raise _BrokenOff(response.word)
    told.received += len(response.body)
    answer = answer_of(response)
    if isinstance(answer, str):
        raise _BrokenOff(answer)
    return answer


def _read_news(
    council: Council, told: _Told, their_actor: str, reason: str
) -> Generator[Ask | Write | Read, Any, str | None]:
    """What was stored there since we last read; None where both hold the same, else their sum over all heads.

    The cursor moves only after what it brought was written.
    """
    ours: Heads = yield Read(lambda c: serving.heads_for(c, asker=their_actor))
    asked: dict[str, Any] = {"heads": b64(ours.root()), "reason": reason}
    while True:
        before = yield Read(lambda c: cursors.cursor(c, actor_id=their_actor))
        about, lines = yield from _ask(told, questions.HELLO, asked | {"store": before[0], "after": before[1]})
        yield from _take(council, told, lines)
        at = about.store, about.after
        yield Write(partial(cursors.move, actor_id=their_actor, at=at))
        if about.same:
            return None
        if not about.more or at == before:
            return about.sums
        asked = {}


def _take(
    council: Council, told: _Told, lines: Sequence[bytes], *, how: Callable[..., Taken] = taking.take
) -> Generator[Ask | Write | Read, Any, None]:
    """Write entries, those of one feed and epoch together, some at a time; a feed that fails leaves the others alone."""
    runs: dict[tuple[str, int], list[Entry]] = {}
    for line in lines:
        entry = read_line(line)
        if isinstance(entry, Entry):
            runs.setdefault((entry.header.feed, entry.header.epoch), []).append(entry)
        else:
            told.flaws["?"] = entry.flaw.value
    for run in runs.values():
        # Its own order, whatever order it came in: alerts go first, and a carrier may have stored it in pieces.
        run.sort(key=lambda entry: entry.header.seq)
        for some in _in_pieces(run):
            taken: Taken = yield Write(partial(how, council=council, run=some))
            told.note(taken)
            if taken.flaw is not None or taken.behind:
                break


def _in_pieces(run: list[Entry]) -> Iterable[list[Entry]]:
    return (run[at : at + AT_ONCE] for at in range(0, len(run), AT_ONCE))


def _fetch(council: Council, told: _Told, heads: Sequence[questions.Head]) -> Generator[Ask | Write | Read, Any, None]:
    """Get what lies between our heads and theirs; where that is kept no more, the snapshot and what it lists."""
    wanted: list[questions.Range] = yield Read(partial(lacking.missing, heads=heads))
    gone: set[str] = set()
    while wanted:
        asked = [one.wire() for one in wanted[: questions.MOST_RANGES]]
        about, lines = yield from _ask(told, questions.RANGES, {"ranges": asked})
        gone |= set(about.gone)
        told.gaps.clear()
        yield from _take(council, told, lines)
        gone |= told.gaps - told.aside
        before = wanted
        refused = frozenset({*told.flaws, *told.behind, *told.aside, *gone})
        wanted = yield Read(partial(lacking.missing, heads=heads, but=refused))
        if wanted == before:
            return
    for name in sorted(gone):
        yield from _from_snapshot(council, told, name)


def _from_snapshot(council: Council, told: _Told, name: str) -> Generator[Ask | Write | Read, Any, None]:
    _, lines = yield from _ask(told, questions.SNAPSHOTS, {"feeds": [name]})
    lasting = [entry for entry in map(read_line, lines) if isinstance(entry, Entry) and entry.header.feed == name]
    if not lasting:
        return
    taken: Taken = yield Write(lambda c, now: taking.take_snapshot(c, council, lasting, now=now))
    told.note(taken)
    if taken.flaw is not None or taken.behind:
        return
    epoch = lasting[-1].header.epoch
    yield from _fetch_listed(council, told, name)
    after = lasting[-1].header.seq + 1
    asked = [{"feed": name, "epoch": epoch, "first": after, "last": after + 10_000_000}]
    more = True
    while more and name not in told.flaws:
        about, lines = yield from _ask(told, questions.RANGES, {"ranges": asked})
        yield from _take(council, told, lines)
        last = max((e.header.seq for e in map(read_line, lines) if isinstance(e, Entry)), default=0)
        more, asked = about.more and last >= after, [{**asked[0], "first": last + 1}]
        after = last + 1


def _fetch_listed(council: Council, told: _Told, name: str) -> Generator[Ask | Write | Read, Any, None]:
    """Get what the newest snapshot of a feed lists and is not held. Where a talk broke off in between, the next goes on here."""
    epoch, listed = yield Read(partial(taking.missing_live, name=name))
    while listed:
        asked = [
            {"feed": name, "epoch": epoch, "first": first, "last": last}
            for first, last in _stretches(listed)[: questions.MOST_RANGES]
        ]
        _, lines = yield from _ask(told, questions.RANGES, {"ranges": asked})
        yield from _take(council, told, lines, how=taking.take_live)
        before = listed
        epoch, listed = yield Read(partial(taking.missing_live, name=name))
        if listed == before:
            return  # this neighbour has them no more; another may
    yield Write(partial(taking.note_whole, name=name))


def _stretches(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers as stretches without a gap, first and last."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] + 1 == number:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return found
