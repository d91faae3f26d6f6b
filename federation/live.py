"""What a council has now: asked of it and answered at once, for when its last word is old. Nothing here waits.

Whoever answers tells of its own notes alone, and whoever asks judges each as it judges what is pushed: it must be that council's
own word, under a proof by a key that we know it by. What no longer stands in a whole answer leaves our index, and nothing else:
the feed tells what became of it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, text

from federation import peers, replicas
from federation.alone import done_alone
from federation.content import Check, judge_content
from federation.council import Council
from federation.directory import Directory, Known
from federation.feeds import applying, muting
from federation.inbox import judge_proof
from federation.judged import parse
from federation.kinds import Kind
from federation.moments import from_microseconds, read_time
from protocol import authority, strict_json
from protocol.keys import PublicKey
from protocol.verdict import Reason, Refused
from schemas.activity import Activity, kind_of
from schemas.live import LiveAbout, LiveQuestion

FEDERATED: Final = ("public", "neighbours")
"""What a linked council may see of another."""

MOST: Final = 100
MOST_BYTES: Final = 262_144
LONGEST: Final = 524_288
"""What is read of an answer: the last note may reach beyond the other's bound."""

_DOCUMENTS = text(
    "SELECT id, document FROM replica WHERE id IN (SELECT value FROM json_each(:ids)) AND gone_at IS NULL"
    " AND source = :source AND audience IN ('public', 'neighbours')"
)
_HELD = text(
    "SELECT id, object_id, updated FROM replica WHERE id IN (SELECT value FROM json_each(:ids)) AND gone_at IS NULL"
)
_MUTE = Refused(Reason.BUSY, "This server says nothing for now.")
_NO_SUCH = Refused(Reason.WRONG_SHAPE, "There is nothing of that kind to be asked for.")


def answer(connection: Connection, council: Council, body: bytes, *, now: datetime) -> bytes | Refused:
    """The whole answer to a linked council: a line about it, then one activity a line, each as it was sent."""
    value = strict_json.parse(body, max_depth=4)
    asked = value if isinstance(value, Refused) else LiveQuestion.read(value)
    if isinstance(asked, Refused):
        return asked
    kind = council.kinds.get(asked.kind)
    if kind is None or kind.live is None:
        return _NO_SUCH
    if muting.muted_since(connection) is not None:
        return _MUTE  # what this store holds may be long over
    found = kind.live(connection, asked, council.actor_id, now, MOST + 1)
    if isinstance(found, Refused):
        return found
    given = {"ids": f"{list(found)}", "source": council.actor_id}
    documents = {row.id: row.document for row in connection.execute(_DOCUMENTS, given)}
    lines: list[bytes] = []
    size = 0
    for replica_id in found:
        if len(lines) == MOST or size > MOST_BYTES:
            break
        document = documents.get(replica_id)
        if document is not None:
            lines.append(document)
            size += len(document)
    about = LiveAbout(as_of=now, more=len(lines) < len(found), count=len(lines))
    return b"\n".join([orjson.dumps(about.wire()), *lines])


@dataclass(frozen=True, slots=True)
class Said:
    """One note of an answer, judged. `check` is what is still to be compared with what is held."""

    document: dict[str, Any]
    body: bytes
    audience: str
    check: Check | None


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer: what counts of it, the reasons why the rest does not, and whether it is all that there is."""

    as_of: datetime
    notes: tuple[Said, ...]
    refused: Mapping[str, int]
    whole: bool


def read(body: bytes) -> tuple[LiveAbout, list[bytes]] | Refused:
    """The first line of an answer, and its notes as they came. Refuses what is longer, or has more lines, than an answer has."""
    if len(body) > LONGEST:
        return Refused(Reason.TOO_LARGE, "The answer is longer than an answer may be.")
    first, *lines = body.split(b"\n", MOST + 1)
    value = strict_json.parse(first, max_depth=4)
    about = value if isinstance(value, Refused) else LiveAbout.read(value)
    if isinstance(about, Refused):
        return about
    if len(lines) > MOST or about.count != len(lines):
        return Refused(Reason.WRONG_SHAPE, "The answer has not as many lines as it says.")
    return about, lines


def judge(
    body: bytes, question: LiveQuestion, *, council: Council, known: Known, directory: Directory, now: datetime
) -> Judged | Refused:
    """Judge the answer of a council to our question. Pure: signatures are verified here, far from the writer."""
    answered = read(body)
    if isinstance(answered, Refused):
        return answered
    about, lines = answered
    pinned = directory.keys.get(known.ed25519_key_id or "")
    notes: list[Said] = []
    refused: Counter[str] = Counter()
    for line in lines:
        said = _judge_note(line, question, council=council, known=known, pinned=pinned[0] if pinned else None, now=now)
        if isinstance(said, Refused):
            refused[said.reason.value] += 1
        else:
            notes.append(said)
    return Judged(about.as_of, tuple(notes), refused, whole=not about.more and not refused)


def _judge_note(
    line: bytes,
    question: LiveQuestion,
    *,
    council: Council,
    known: Known,
    pinned: PublicKey | None,
    now: datetime,
) -> Said | Refused:
    parsed = parse(line)
    if isinstance(parsed, Refused):
        return parsed
    document, activity = parsed
    wrong = authority.judge_authority(document, signer=known.actor_id, our_origin=council.origin)
    if isinstance(wrong, Refused):
        return wrong
    note = document["object"]
    if activity.type not in ("Create", "Update") or not isinstance(note, dict) or kind_of(note) != question.kind:
        return Refused(Reason.WRONG_SHAPE, "An answer holds notes of the kind that was asked for.")
    unproved = judge_proof(document, pinned, known=known, now=now)
    if unproved is not None:
        return unproved
    return _judge_content(line, document, activity, council=council, now=now)


def _judge_content(
    line: bytes, document: dict[str, Any], activity: Activity, *, council: Council, now: datetime
) -> Said | Refused:
    audience = authority.audience_of(document, actor=activity.actor)
    if isinstance(audience, Refused):
        return audience
    check = judge_content(document, activity, council=council, now=now)
    return check if isinstance(check, Refused) else Said(document, line, audience, check)


@dataclass(frozen=True, slots=True)
class Taken:
    """How many notes were news to us, how many left our index, and why others were not taken."""

    news: int
    left: int
    refused: Mapping[str, int]


def take(
    connection: Connection, council: Council, judged: Judged, question: LiveQuestion, *, actor: str, now: datetime
) -> Taken:
    """Take a judged answer over, in one step of the store. Safe to run twice."""
    if not peers.is_linked(connection, actor):
        return Taken(0, 0, {})  # the link ended while we asked
    known = {
        audience: applying.look_up_ids(connection, council, named, actor=actor, audience=audience)
        for audience in FEDERATED
        if (named := [one.document["id"] for one in judged.notes if one.audience == audience])
    }
    refused: Counter[str] = Counter(judged.refused)
    news = 0
    for said in judged.notes:
        before = replicas.find(connection, said.document["object"]["id"])
        if before is not None and before["updated"] >= _said_at(said.document):
            continue
        because = _put(connection, council, said, known=known[said.audience], now=now)
        if because is not None:
            refused[because] += 1
        news += because is None
    left = _leave(connection, council, judged, question, actor=actor, now=now) if judged.whole else 0
    peers.heard(connection, actor_id=actor, now=now)
    return Taken(news, left, refused)


def _said_at(document: Mapping[str, Any]) -> datetime:
    note = document["object"]
    return read_time(note.get("updated") or note["published"])


def _put(connection: Connection, council: Council, said: Said, *, known: applying.Known, now: datetime) -> str | None:
    def one() -> str | None:
        refused = None if said.check is None else said.check(connection)
        if refused is not None:
            return refused.reason.value
        if applying.was_pushed_otherwise(known.pushed.get(said.document["id"]), said.document):
            return Reason.ID_REUSED.value
        return applying.put_note(connection, council, said.document, audience=said.audience, known=known, now=now)

    return done_alone(connection, one)


def _leave(
    connection: Connection, council: Council, judged: Judged, question: LiveQuestion, *, actor: str, now: datetime
) -> int:
    """What we would find for the same question, and they have not named, is not there any more."""
    kind = council.kinds[question.kind]
    held = _found(connection, kind, question, actor=actor, now=now)
    named = {one.document["object"]["id"] for one in judged.notes}
    left = 0
    for row in connection.execute(_HELD, {"ids": f"{list(held)}"}).all():
        if row.object_id not in named and from_microseconds(row.updated) < judged.as_of:
            kind.end(connection, row.id)
            left += 1
    return left


def _found(
    connection: Connection, kind: Kind[Council], question: LiveQuestion, *, actor: str, now: datetime
) -> Sequence[int]:
    assert kind.live is not None
    found = kind.live(connection, question, actor, now, MOST + 1)
    return () if isinstance(found, Refused) or len(found) > MOST else found
