"""From our own row to what the others are told: one function builds the wire form of a resolution, whoever changed the row.

It runs inside the step that changed the row, so that record and word of it are kept together or not at all. What never
leaves the node (an idea, an outcome that waits for its second person, a resolution for our own neighbours alone) is not told.
"""

from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import orjson
from sqlalchemy import Connection

from federation import outbox
from federation.council import Council
from federation.tables import table_of
from node.features.resolutions import evidence, rules
from node.features.resolutions.tables import Resolution
from node.places import in_cell
from protocol.agreement.rule import read_rule
from protocol.agreement.stances import count
from protocol.verdict import Refused
from schemas.audience import WireAudience
from schemas.records.deciding import Domain, Method, Rule, Stage
from schemas.records.resolution import Answers, Objection, OutsideAnswer, resolution_note, text_digest
from schemas.records.resolution import Resolution as WireResolution
from schemas.records.stance import StanceVerb

_RESOLUTIONS: Final = table_of(Resolution)
_TOLD: Final = frozenset(stage.value for stage in Stage)
_SECOND: Final = timedelta(seconds=1)


class Speaking(Protocol):
    """Which council speaks, and when. Whoever acts has both; so has the node where something falls due by itself."""

    @property
    def council(self) -> Council: ...

    @property
    def now(self) -> datetime: ...


def publish(connection: Connection, row: Resolution, acting: Speaking) -> None:
    """Tell the others how this row stands now: a Create the first time, then an Update. Nothing where it stays at home.

    While an outcome waits for its second person the others still see it as open. `updated_at` must have moved on since it was
    told last (`next_update`). Raises ValueError for a row that a reader would have to refuse.
    """
    wire = wire_form(row)
    if row.object_id is None or wire is None:
        return
    if wire.rule is not None:
        wire = wire.model_copy(update={"stances": answers_to(connection, row) or None})
    audience: WireAudience = "public" if row.audience == "public" else "neighbours"
    note = resolution_note(
        row.object_id,
        acting.council.base_url,
        name=row.title,
        resolution=wire,
        language=row.language,
        published=row.created_at,
        updated=row.updated_at if row.updated_at > row.created_at else None,
        audience=audience,
        place=in_cell(row.cell, name=row.near),
    )
    outbox.publish(connection, acting.council, note=note, audience=audience, now=acting.now)


def wire_form(row: Resolution) -> WireResolution | None:
    """The payload of a row as other councils are told it; None for what never leaves the node (primitives.md 2.5)."""
    if row.audience not in rules.PUBLISHED or row.stage not in _TOLD or row.number is None:
        return None
    decided = row.stage in (Stage.ADOPTED, Stage.ENDED)
    rule = None if row.rule is None else Rule.model_validate(orjson.loads(row.rule))
    return WireResolution(
        number=row.number,
        stage=Stage(row.stage),
        method=Method(row.method),
        decided_at=row.decided_at,
        present=row.present,
        stand_asides=row.stand_asides,
        one_person=True if decided and row.seconded_by is None else None,
        objections=[Objection.model_validate(one) for one in orjson.loads(row.objections) if one["met"]] or None,
        review_on=row.review_on,
        notice_until=row.notice_until,
        domain=None if row.domain == Domain.OTHER else Domain(row.domain),
        recipe=row.recipe or None,
        carried_out_by=row.carried_out_by or None,
        campaign=row.campaign or None,
        because=row.because or None,
        amends=row.amends or None,
        addressee=row.addressee or None,
        delivered_on=row.delivered_on,
        answer=OutsideAnswer(words=row.answer, on=row.answered_on) if row.answer and row.answered_on else None,
        rule=rule,
        closed_at=row.closed_at if rule is not None else None,
        answers=_answers(row),
        text=row.text,
        text_digest=digest_of(row),
    )


def answers_to(connection: Connection, row: Resolution) -> list[dict[str, Any]]:
    """The signed answers that a joint text of ours is told with."""
    rule = read_rule(None if row.rule is None else orjson.loads(row.rule))
    if isinstance(rule, Refused) or row.object_id is None:
        return []
    digest = digest_of(row)
    held = evidence.held(connection, row.object_id, audience=row.audience)
    ends_at = count(held, rule, resolution=row.object_id, digest=digest, closed_at=row.closed_at).ends_at
    return evidence.chosen(held, rule, resolution=row.object_id, digest=digest, ends_at=ends_at)


def digest_of(row: Resolution) -> str:
    """The digest that answers to this text are bound to: of its words, and of its rule where it has one."""
    return text_digest(row.text, None if row.rule is None else orjson.loads(row.rule))


def next_update(now: datetime, before: datetime) -> datetime:
    """When a row is said to have changed: now in whole seconds, and always later than it was told before."""
    return max(now.replace(microsecond=0), before + _SECOND)


def _answers(row: Resolution) -> Answers | None:
    if not row.answers_object or not row.answers_stance:
        return None
    return Answers(object=row.answers_object, text_digest=row.answers_digest, stance=StanceVerb(row.answers_stance))
