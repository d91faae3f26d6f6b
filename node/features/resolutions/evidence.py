"""Councils' signed answers to a text, as they came: kept whole, given out whole, and never counted here.

What is kept is evidence: it stays when its council is blocked or no longer linked, and a tally is made anew from it each time.
Nothing here judges a proof; whoever keeps an answer has judged it, and whoever counts judges it again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from federation.tables import Replica, table_of
from node.features.resolutions.tables import ResolutionStance
from protocol import authority
from protocol.agreement.stances import given_of, read_given
from protocol.agreement.tally import Given, Rule
from protocol.verdict import Refused
from schemas.records.stance import Stance, StanceTakenBack, read_stance

MOST_EACH: Final = 4
LARGEST: Final = 600_000
UNASKED_FOR: Final = timedelta(days=90)

_STANCES: Final = table_of(ResolutionStance)
_REPLICAS: Final = table_of(Replica)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, or the taking back of one, with the resolution it is about and for whom it was said."""

    given: Given
    verb: str
    object_id: str
    audience: str


def read_said(document: Mapping[str, Any]) -> Said | Refused:
    """What an activity that arrived says. Refuses wrong-shape, not-owner and wrong-audience; proves nothing."""
    model = read_stance(document)
    if isinstance(model, Refused):
        return model
    object_id = model.object.object if isinstance(model, StanceTakenBack) else model.object
    given = read_given(document, resolution=object_id)
    if isinstance(given, Refused):
        return given
    audience = audience_of(document)
    if isinstance(audience, Refused):
        return audience
    return Said(given, "Undo" if not isinstance(model, Stance) else model.type.value, object_id, audience)


def audience_of(document: Mapping[str, Any]) -> str | Refused:
    """For whom an answer was said: `public` or `neighbours`, else Refused(wrong-audience).

    What a taking back embeds names no recipients of its own, so it is looked at as if it were named by its id.
    """
    named = {**document, "object": ""}
    return authority.audience_of(named, actor=str(document.get("actor", "")))


def keep(connection: Connection, said: Said, document: bytes, *, now: datetime) -> bool:
    """Keep one answer. False where its id is held already; what is held stays as it is."""
    given = said.given
    statement = (
        insert(_STANCES)
        .values(
            object_id=said.object_id,
            activity_id=given.id,
            actor=given.actor,
            verb=said.verb,
            undoes=given.undoes,
            digest=given.digest,
            published=given.published,
            document=document,
            received_at=now,
        )
        .on_conflict_do_nothing()
    )
    return connection.execute(statement).rowcount > 0


def held(connection: Connection, object_id: str, *, audience: str) -> list[dict[str, Any]]:
    """Every answer to one text that was said to the same audience as the text, in the order of their ids.

    One for a narrower circle stands in no count that a wider one may see, here or elsewhere.
    """
    rows = connection.execute(
        select(_STANCES.c.document).where(_STANCES.c.object_id == object_id).order_by(_STANCES.c.activity_id)
    )
    return for_audience((orjson.loads(row.document) for row in rows), audience)


def for_audience(documents: Iterable[dict[str, Any]], audience: str) -> list[dict[str, Any]]:
    """Those of them that were said to this audience."""
    return [document for document in documents if audience_of(document) == audience]


def newest_of(connection: Connection, object_id: str, *, actor: str) -> dict[str, Any] | None:
    """The newest answer of one council to a text, unless it was taken back."""
    theirs = (_STANCES.c.object_id == object_id) & (_STANCES.c.actor == actor)
    row = connection.execute(
        select(_STANCES.c.activity_id, _STANCES.c.document)
        .where(theirs, _STANCES.c.undoes.is_(None))
        .order_by(_STANCES.c.published.desc(), _STANCES.c.activity_id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    undone = select(_STANCES.c.id).where(theirs, _STANCES.c.undoes == row.activity_id)
    return None if connection.execute(undone).first() is not None else dict(orjson.loads(row.document))


def last_said(connection: Connection, object_id: str, *, actor: str) -> datetime | None:
    """When a council has said or taken back its newest answer to a text, by its own word."""
    statement = select(func.max(_STANCES.c.published)).where(
        _STANCES.c.object_id == object_id, _STANCES.c.actor == actor
    )
    found: datetime | None = connection.execute(statement).scalar()
    return found


def count_since(connection: Connection, object_id: str, *, actor: str, since: datetime) -> int:
    """How often a council has spoken to a text since then."""
    statement = select(func.count()).where(
        _STANCES.c.object_id == object_id, _STANCES.c.actor == actor, _STANCES.c.received_at > since
    )
    return int(connection.execute(statement).scalar_one())


def chosen(
    documents: Iterable[dict[str, Any]],
    rule: Rule,
    *,
    resolution: str,
    digest: str,
    ends_at: datetime,
    most_each: int = MOST_EACH,
) -> list[dict[str, Any]]:
    """The answers that are passed on: for each asked council the few newest, with what decides its standing among them.

    All of them are proven and to this text, and together not larger than a note may be. Counted alone, they give what all that
    was held gives.
    """
    proven: dict[str, list[tuple[Given, dict[str, Any]]]] = {}
    for document in documents:
        given = given_of(document, rule, resolution=resolution, digest=digest)
        if isinstance(given, Given):
            proven.setdefault(given.actor, []).append((given, document))
    ranked = [_deciding_first(theirs, ends_at=ends_at)[:most_each] for theirs in proven.values()]
    passed_on, room = [], LARGEST
    for rank in range(most_each):
        for given, document in (theirs[rank] for theirs in ranked if len(theirs) > rank):
            room -= len(orjson.dumps(document))
            if room >= 0:
                passed_on.append((given, document))
    return [document for _, document in sorted(passed_on, key=lambda pair: (pair[0].published, pair[0].id))]


def _deciding_first(
    theirs: list[tuple[Given, dict[str, Any]]], *, ends_at: datetime
) -> list[tuple[Given, dict[str, Any]]]:
    newest_first = sorted(theirs, key=lambda pair: (pair[0].published, pair[0].id), reverse=True)
    timely = [given for given, _ in newest_first if given.published <= ends_at]
    decides = next((given for given in timely if given.stance is not None), None)
    undoing = next((given for given in timely if decides is not None and given.undoes == decides.id), None)
    first = [pair for pair in newest_first if pair[0] is decides or pair[0] is undoing]
    return first + [pair for pair in newest_first if pair[0] is not decides and pair[0] is not undoing]


def tidy(connection: Connection, now: datetime) -> int:
    """Forget a bounded number of answers to texts that never came, or that are held no more."""
    known = select(_REPLICAS.c.id).where(_REPLICAS.c.object_id == _STANCES.c.object_id).exists()
    old = (
        select(_STANCES.c.id)
        .where(_STANCES.c.received_at < now - UNASKED_FOR, ~known)
        .order_by(_STANCES.c.id)
        .limit(500)
    )
    return connection.execute(_STANCES.delete().where(_STANCES.c.id.in_(old))).rowcount
