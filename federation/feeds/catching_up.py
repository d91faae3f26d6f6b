"""Catching up with one neighbour, as a conversation without a network: it says what to ask and what to write, and is told.

News first, by cursor: in ordinary times one question is all. Then the sums over all heads are compared; where they differ, the
heads, the missing ranges, and for what is kept no more the snapshot and what it lists. Every batch is written by itself, so
whatever breaks off is taken up again at the very entry.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import orjson

from federation.council import Council
from federation.feeds import (
    calls_ahead,
    cursors,
    forks,
    kept,
    lacking,
    only_told,
    own,
    questions,
    serving,
    taking,
    vouching,
)
from federation.feeds.conversation import Ask, BrokenOff, Read, Talk, Told, Write
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

ELSEWHERE: Final = "elsewhere"
"""Named to a neighbour at whom we have never read, where we hold feeds of others already."""


def catch_up(council: Council, *, their_actor: str, reason: str = "regular") -> Talk:
    """Talk to one neighbour until we hold all that it holds, or until it breaks off. Never raises for what the other side does."""
    told = Told()
    try:
        agreed = yield from _catch_up(council, told, their_actor, reason)
    except BrokenOff as broken:
        word = str(broken)
        yield Write(lambda c, now: cursors.note_failed(c, actor_id=their_actor, word=word, now=now))
        return told.outcome(word=word)
    if agreed:
        scope: str = yield Read(partial(vouching.scope, council=council))
        yield Write(
            lambda c, now: cursors.note_agreed(c, actor_id=their_actor, scope=scope, sums=told.sums or None, now=now)
        )
    return told.outcome(agreed=agreed)


def _catch_up(council: Council, told: Told, their_actor: str, reason: str) -> Generator[Ask | Write | Read, Any, bool]:
    sums = yield from _read_news(council, told, their_actor, reason)
    for name in (yield Read(taking.lacking)):
        yield from _fetch_listed(council, told, name)
    if sums is None:
        return True
    told.sums = sums
    ours: Heads = yield Read(lambda c: serving.heads_for(c, asker=their_actor))
    if unb64(sums) == ours.root():
        return True
    about, _ = yield from _ask(told, questions.HEADS, {"heads": b64(ours.root())})
    if about.same:
        return True
    try:
        parts = ours.differing(unb64(about.sums) or b"")
    except ValueError:
        raise BrokenOff("unreadable") from None
    asked = {"heads": b64(ours.root()), "parts": parts, "leaves": b64(ours.leaves(parts))}
    about, _ = yield from _ask(told, questions.HEADS, asked)
    if about.same:
        return True
    yield from _fetch(council, told, about.heads)
    for proof in about.forks:
        frozen: str | None = yield Write(partial(forks.take_proof, said=proof))
        if frozen is not None:
            told.flaws[frozen] = Flaw.FORK.value
    aside = frozenset(told.aside)
    left: list[questions.Range] = yield Read(partial(lacking.missing, council=council, heads=about.heads, but=aside))
    return not left and not told.flaws and not told.behind


def _ask(told: Told, path: str, asked: dict[str, Any]) -> Generator[Ask | Write | Read, Any, tuple[About, list[bytes]]]:
    response: OutgoingResponse | TransportFailure = yield Ask(path, orjson.dumps(asked))
    told.asked += 1
    if told.asked > MOST_TURNS:
        raise BrokenOff("endless")
    if isinstance(response, TransportFailure):
        raise BrokenOff(response.word)
    told.received += len(response.body)
    answer = answer_of(response)
    if isinstance(answer, str):
        raise BrokenOff(answer)
    return answer


def _read_news(
    council: Council, told: Told, their_actor: str, reason: str
) -> Generator[Ask | Write | Read, Any, str | None]:
    """What was stored there since we last read; None where both hold the same, else their sum over all heads.

    The cursor moves only after what it brought was written.
    """
    scope, lost = (yield Read(partial(vouching.scope, council=council))), (yield Read(own.muted))
    agreed: str | None = yield Read(partial(cursors.agreed_sum, actor_id=their_actor, scope=scope))
    if agreed is None:
        ours: Heads = yield Read(lambda c: serving.heads_for(c, asker=their_actor))
        agreed = b64(ours.root())
    asked: dict[str, Any] = {"heads": agreed, "reason": reason} | ({"lost": True} if lost else {})
    elsewhere: bool = yield Read(kept.holds_of_others)
    while True:
        before = yield Read(lambda c: cursors.cursor(c, actor_id=their_actor))
        if before == ("", 0) and elsewhere:
            before = ELSEWHERE, 0  # we have read at others: not all of it once more
        about, lines = yield from _ask(told, questions.HELLO, asked | {"store": before[0], "after": before[1]})
        if about.yours and lost:
            yield Write(partial(only_told.take, council=council, said=about.yours))
        calls = [entry for entry in map(read_line, lines[: about.ahead]) if isinstance(entry, Entry)]
        if calls:
            yield Write(partial(calls_ahead.take_ahead, council=council, calls=calls))
        yield from _take(council, told, lines[about.ahead :])
        at = about.store, about.after
        yield Write(partial(cursors.move, actor_id=their_actor, at=at))
        if about.same:
            return None
        if not about.more or at == before:
            return about.sums
        asked = {}


def _take(
    council: Council, told: Told, lines: Sequence[bytes], *, how: Callable[..., Taken] = taking.take
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


def _fetch(council: Council, told: Told, heads: Sequence[questions.Head]) -> Generator[Ask | Write | Read, Any, None]:
    """Get what lies between our heads and theirs; where that is kept no more, the snapshot and what it lists."""
    wanted: list[questions.Range] = yield Read(partial(lacking.missing, council=council, heads=heads))
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
        wanted = yield Read(partial(lacking.missing, council=council, heads=heads, but=refused))
        if wanted == before:
            return
    for name in sorted(gone):
        yield from _from_snapshot(council, told, name)


def _from_snapshot(council: Council, told: Told, name: str) -> Generator[Ask | Write | Read, Any, None]:
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


def _fetch_listed(council: Council, told: Told, name: str) -> Generator[Ask | Write | Read, Any, None]:
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
