"""Targets: what is carried by anybody, over the network or by hand: entries, roots, heads, questions, answers, bundles."""

import io
import json
from contextlib import suppress
from functools import cache, partial
from typing import Any

import orjson
from sqlalchemy import Connection

from federation.feeds import asking, bringing_in, questions, reopening, serving
from federation.feeds.bundle_file import NotFit, open_bundle
from federation.ports import OutgoingResponse
from federation.response_reader import ResponseReader, Unreadable
from protocol import strict_json
from protocol.agreement.filing import Filed, read_file
from protocol.agreement.record import check_file
from protocol.canonical import canonical
from protocol.feeds import bundle, chain, roots
from protocol.feeds.chain import Head
from protocol.feeds.entry import Entry, Kind, judge_signature, read_line
from protocol.feeds.flaw import Flawed
from protocol.feeds.unfit import Unfit
from protocol.verdict import Refused
from tests.builders import START, ed25519_key, multibase_of, write
from tests.feeds.carrying import talk
from tests.feeds.sticks import twin
from tests.fuzz import samples
from tests.fuzz.registry import target
from tests.protocol.agreement import village
from tests.protocol.feeds import chains


@cache
def _genuine() -> frozenset[str]:
    found = [read_line(line) for line in samples.lines()]
    assert all(isinstance(one, Entry) for one in found)
    return frozenset(one.id for one in found if isinstance(one, Entry))


@target(samples.lines, runs=600)
def entry_lines(data: bytes) -> None:
    """An entry is read or flawed, and is written as it was read; whatever was not signed has no signature that holds."""
    entry = read_line(data)
    if isinstance(entry, Flawed):
        return
    assert read_line(canonical(entry.wire())) == entry
    if judge_signature(entry) is None:
        assert entry.id in _genuine()
    head = Head(entry.header.feed, entry.header.epoch, entry.header.seq - 1, entry.header.prev or "", entry.header.key)
    for verdict in (chain.follow([entry], head), chain.next_key(entry, head=head), chain.at_snapshot(entry, head=head)):
        assert isinstance(verdict, Flawed) or entry.id in _genuine()
    chain.readers_of(entry), chain.live_of(entry)
    begun = chain.begin(entry)
    assert isinstance(begun, Flawed) or entry.id in _genuine()


@cache
def _snapshot() -> Entry:
    first = chains.genesis()
    return chains.after(chains.put(first, 1), Kind.SNAPSHOT, payload={"live": []})


@target(lambda: samples.as_bytes([["https://a.example/o/1", 2, "A" * 43], ["https://a.example/o/2", 1, "A" * 43]], []))
def snapshots(data: bytes) -> None:
    """What a snapshot lists is a sorted list, and is written as it was read."""
    listed = strict_json.parse(data)
    entry = _snapshot()
    live = chain.live_of(Entry(entry.header, entry.id, entry.signature, entry.salt, {"live": listed}, entry.signed))
    assert live is None or chain.snapshot_payload(live) == {"live": listed}


@cache
def _roots() -> list[bytes]:
    one, other = ed25519_key("root"), ed25519_key("another root")
    line = chains.line_of(one)
    root = chains.root_of(line)
    later = roots.statement(public=[multibase_of(other)], threshold=1, after=root)
    both = [*line, roots.signed(later, [one, other], domain=roots.ROOT_DOMAIN)]
    opened = chains.opened(line, one)
    forked = chains.put(chains.genesis(), 1), chains.put(chains.genesis(), 2)
    return samples.as_bytes(
        {"line": line, "epoch": opened},
        {"line": both, "epoch": opened},
        {"roots": line, "epoch": opened, "key_id": "https://riverside.example/council#ed25519-key"},
        chain.fork_of(*forked),
    )


@target(_roots, runs=400)
def root_statements(data: bytes) -> None:
    """Roots hold or do not; what opens an epoch was signed by them; a fork is proved by two entries for one place."""
    value = strict_json.parse(data, max_depth=12)
    fork = chain.judge_fork(value)
    if not isinstance(fork, Flawed):
        assert fork[0].id != fork[1].id and fork[0].header.seq == fork[1].header.seq
    said = value if isinstance(value, dict) else {}
    root = roots.judge_line(said.get("line", value))
    if isinstance(root, Flawed):
        return
    assert root.id == chains.root_of(chains.line_of(ed25519_key("root"))).id
    opened = roots.judge_epoch(said.get("epoch"), root)
    assert isinstance(opened, Flawed) or opened.actor == chains.ACTOR


class _Undo(Exception):
    """Ends a step so that nothing of it stays."""


def _reopen(connection: Connection, value: Any) -> None:
    changed = reopening.reopen(connection, value, now=START)
    assert isinstance(changed, Refused)
    raise _Undo


@target(_roots, runs=150)
def unsigned_questions(data: bytes) -> None:
    """What may be asked without a signature is answered or refused; without the roots of a council its key stays."""
    value = strict_json.parse(data, max_depth=12)
    if isinstance(value, Refused):
        return
    town = samples.towns()[1]
    with suppress(_Undo):
        write(town.connection, partial(_reopen, value=value))
    asked = questions.RootsAsked.read(value)
    if not isinstance(asked, Refused):
        reopening.roots_of(town.connection, actor=asked.actor)


@target(lambda: [b"", serving.heads_for(samples.towns()[0].connection, asker="").sums()], runs=200)
def heads(data: bytes) -> None:
    """Sums are compared or refused by ValueError; what differs are parts that there are."""
    ours = serving.heads_for(samples.towns()[0].connection, asker=samples.towns()[1].council.actor_id)
    parts: list[int] = list(range(256))
    with suppress(ValueError):
        parts = ours.differing(data)
        assert parts == sorted(set(parts)) and all(0 <= part < 256 for part in parts)
    with suppress(ValueError):
        unknown = ours.unknown_to(data, parts)
        assert len(unknown) <= sum(len(ours.parts.get(part, ())) for part in parts)


@target(lambda: samples.answers()["questions"], runs=300)
def sync_questions(data: bytes) -> None:
    """Every question of a linked council has an answer that can be read, or a refusal."""
    riverside, hilltop = samples.towns()
    try:
        path, asked = json.loads(data)
    except (ValueError, RecursionError, TypeError):
        path, asked = questions.HELLO, None
    body = data if asked is None else json.dumps(asked).encode()
    known = path if isinstance(path, str) and path in questions.PATHS else questions.RANGES
    found = asking.answer(riverside.connection, known, body, asker=hilltop.council.actor_id)
    if isinstance(found, bytes):
        assert not isinstance(questions.answer_of(OutgoingResponse(200, {}, found)), str)
    stranger = asking.answer(riverside.connection, known, body, asker="https://nobody.example/council")
    assert isinstance(stranger, Refused) or b'/region"' not in stranger


@target(lambda: [one for path in sorted(questions.PATHS) for one in samples.answers()[path]], runs=60)
def sync_answers(data: bytes) -> None:
    """Whatever a neighbour answers, catching up ends, and holds only what its councils have signed."""
    read = questions.answer_of(OutgoingResponse(200, {}, data))
    if isinstance(read, str):
        return
    riverside, hilltop = samples.towns()
    reader = twin(hilltop)
    try:
        talk(reader, riverside, change=lambda path, answer: data)
        held = reader.connection.exec_driver_sql(
            "SELECT entry_id FROM feed_entry e JOIN feed f ON f.id = e.feed_id WHERE NOT f.ours"
        )
        assert {row[0] for row in held} <= _genuine()
    finally:
        reader.connection.close()


@target(samples.bundles, runs=300)
def bundles(data: bytes) -> None:
    """A file is taken or unfit; what is taken is one that its maker signed, whole."""
    judged = bringing_in.judge(io.BytesIO(data))
    if not isinstance(judged, Unfit):
        assert data in samples.bundles()
    opened = open_bundle(io.BytesIO(data))
    if not isinstance(opened, Unfit):
        with suppress(NotFit):
            sum(len(line) for line in opened.lines())


@cache
def _papers() -> list[bytes]:
    riverside, _ = samples.towns()
    council = riverside.council
    receipt = bundle.Receipt(
        "A" * 21 + "Q", council.actor_id, council.multibase, START, (), {"read": 1}, (("?", "gap"),)
    )
    made = bundle.receipt_document(receipt, key=council.ed25519)
    manifests = [open_bundle(io.BytesIO(raw)) for raw in samples.bundles()]
    return [
        *(one.whole("manifest.json") for one in manifests if not isinstance(one, Unfit)),
        canonical(made),
        canonical([made, made]),
    ]


@target(_papers, runs=400)
def manifests_and_receipts(data: bytes) -> None:
    """What a file says of itself, or what a receipt says, was signed so; or it is unfit."""
    known = _papers()
    manifest = bundle.judge_manifest(data)
    assert isinstance(manifest, Unfit) or data in known
    receipt = bundle.read_receipt(data)
    assert isinstance(receipt, Unfit) or canonical(orjson.loads(data)) in known
    bundle.read_receipts(data)


@cache
def _records() -> list[bytes]:
    note = samples.notes()[3]
    said = {**samples.activities()[3], "object": note}
    joint = {**note, "comarca:resolution": {**note["comarca:resolution"], "rule": village.rule_json()}}
    keys = {village.actor(name): village.MULTIBASE[name] for name in village.NAMES}
    rest = {"answers": [village.answer(name) for name in village.NAMES], "keys": keys, "as_of": "2024-11-21T00:00:00Z"}
    return samples.as_bytes(
        {"comarca": 1, "resolution": said, **rest},
        {"comarca": 1, "resolution": {**said, "object": joint}, **rest},
    )


@target(_records, runs=300)
def records_of_decisions(data: bytes) -> None:
    """A record that somebody brings to be checked is read or refused, and checked without a fault."""
    filed = read_file(data)
    report = check_file(data, {}, now=START)
    assert isinstance(filed, Filed) or not report.good


RESPONSES = [
    b"HTTP/1.1 202 Accepted\r\nX-Empty:\r\nX-Two: a\r\nX-Two: b\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: dropped\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
]


def _answer(pieces: list[bytes]) -> object:
    reader = ResponseReader(1_000)
    try:
        for piece in pieces:
            if reader.feed(piece):
                break
        reader.end()
    except Unreadable as refusal:
        return refusal.word in ("protocol", "too-large") and "unreadable"
    assert len(reader.answer().body) <= 1_000
    return reader.answer() if reader.whole else "cut"


@target(lambda: RESPONSES, runs=900)
def responses(data: bytes) -> None:
    """The same bytes are the same answer, in however many pieces they come."""
    whole, pieces = _answer([data]), _answer([data[at : at + 7] for at in range(0, len(data), 7)])
    assert whole == pieces or "unreadable" in (whole, pieces)
