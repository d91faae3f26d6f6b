"""Our own resolutions written anew from what we once published: for a server put up again, or an old copy of ours.

What never left this node cannot come back: who wrote it down and who confirmed it, ideas, objections that were not met, the days
of its steps. That two people confirmed a decision does come back, since it was told; of an open text that several councils decide
nothing was told, so nothing is claimed. A taking back of an answer comes back as a decision, without the text that it was about.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select

from federation.kinds import Copy
from federation.tables import table_of
from node.features.resolutions import passing_on
from node.features.resolutions.leaving import NOBODY, NOBODY_ELSE
from node.features.resolutions.stages import UNDECIDED
from node.features.resolutions.tables import Resolution, ResolutionIndex
from schemas.records.deciding import Domain, Stage
from schemas.records.resolution import Resolution as WireResolution
from schemas.records.resolution import ResolutionNote
from schemas.records.resolution_forms import HomeStage

_DECIDED: Final = frozenset({Stage.ADOPTED, Stage.ENDED})
_RESOLUTIONS: Final = table_of(Resolution)
_INDEX: Final = table_of(ResolutionIndex)


def recover(connection: Connection, copy: Copy, model: ResolutionNote, note: Mapping[str, Any]) -> None:
    """Keep the resolution that we told in `note`, unless what is kept is as new; what was published overtakes an idea in any case.

    A number belongs to the record that has it. One that comes back and finds its own taken gets the next that is free, and is told
    with it from its next change on. Where the other only stands there because it had to move itself, the other moves again: so all
    that ever were told keep their numbers, whatever order they come in.
    """
    public_id = copy.object_id.rpartition("/")[2]
    told = _told(copy, model)
    held = connection.execute(_RESOLUTIONS.select().where(_RESOLUTIONS.c.public_id == public_id)).mappings().first()
    if held is None:
        row = Resolution(**{**told, "stage": HomeStage.IDEA}, public_id=public_id, by_member=NOBODY)
        values = row.model_dump(exclude={"id"}) | told | _untold(model, copy, row)
        number = _number(connection, copy, model.resolution.number, before=None)
        connection.execute(_RESOLUTIONS.insert().values(**{**values, "number": number}))
    elif held["object_id"] is None or held["updated_at"] < copy.updated:
        values = told | _untold(model, copy, Resolution(**held))
        number = _number(connection, copy, model.resolution.number, before=held["number"])
        connection.execute(_RESOLUTIONS.update().where(_RESOLUTIONS.c.id == held["id"]).values(number=number, **values))
    passing_on.keep(connection, copy, model)


def _told(copy: Copy, model: ResolutionNote) -> dict[str, Any]:
    """The columns that the wire carries whole."""
    decided, place = model.resolution, model.location
    answer = decided.answer
    return {
        "object_id": copy.object_id,
        "stage": decided.stage.value,
        "recipe": decided.recipe or "",
        "title": model.name,
        "text": decided.text,
        "language": model.language or "und",
        "domain": (decided.domain or Domain.OTHER).value,
        "near": place.name if place is not None else "",
        "cell": place.cell if place is not None else None,
        "carried_out_by": decided.carried_out_by or "",
        "campaign": decided.campaign or "",
        "because": decided.because or "",
        "amends": decided.amends or "",
        "notice_until": decided.notice_until,
        "method": decided.method.value,
        "decided_at": decided.decided_at,
        "present": decided.present,
        "stand_asides": decided.stand_asides,
        "objections": orjson.dumps([{"what": one.what, "met": one.met} for one in decided.objections or ()]).decode(),
        "review_on": decided.review_on,
        "addressee": decided.addressee or "",
        "delivered_on": decided.delivered_on,
        "answer": "" if answer is None else answer.words,
        "answered_on": None if answer is None else answer.on,
        "rule": None if decided.rule is None else orjson.dumps(decided.agreed_rule).decode(),
        "closed_at": decided.closed_at,
        "audience": copy.audience,
        "created_at": model.published,
        "updated_at": copy.updated,
    }


def _untold(model: ResolutionNote, copy: Copy, row: Resolution) -> dict[str, Any]:
    """What the wire says less of than `row` does, the one that is kept here or an idea in its place."""
    decided, answers = model.resolution, model.resolution.answers
    written_by = row.written_by if row.written_by is not None or decided.decided_at is None else NOBODY
    seconded_by = row.seconded_by
    if decided.stage in _DECIDED:
        seconded_by = None if decided.one_person else NOBODY_ELSE if seconded_by is None else seconded_by
    return {
        "written_by": written_by,
        "seconded_by": seconded_by,
        "answers_object": row.answers_object if answers is None else answers.object,
        "answers_digest": row.answers_digest if answers is None else answers.text_digest,
        "answers_stance": row.answers_stance if answers is None else answers.stance.value,
        "changes": row.changes if row.stage == decided.stage else _with_step(row.changes, decided, copy.updated.date()),
    }


def _with_step(changes: str, decided: WireResolution, day: date) -> str:
    """The dated steps, and the one that it stands at now: under the day on which we said so last."""
    step = "asked" if decided.stage is Stage.OPEN and decided.rule is not None else decided.stage.value
    facts = {
        "on": decided.decided_at if decided.stage in (Stage.ADOPTED, Stage.REFUSED) else None,
        "present": decided.present if decided.stage in (Stage.ADOPTED, Stage.REFUSED) else None,
        "until": decided.notice_until if decided.stage is Stage.NOTICE else None,
    }
    known = {name: value for name, value in facts.items() if value is not None}
    return orjson.dumps([*orjson.loads(changes), {"at": day, "step": step, **known}]).decode()


def _number(connection: Connection, copy: Copy, told: int, *, before: int | None) -> int:
    """The number as it was told, or the next that is free; `before` is the one that the row has already."""
    other = connection.execute(
        select(_RESOLUTIONS.c.id, _INDEX.c.number.label("told"))
        .outerjoin(_INDEX, _INDEX.c.object_id == _RESOLUTIONS.c.object_id)
        .where(_RESOLUTIONS.c.number == told, _RESOLUTIONS.c.public_id != copy.object_id.rpartition("/")[2])
    ).first()
    if other is None:
        return told
    if other.told is None or other.told == told:
        return before or _free(connection, copy.source)
    moved = _RESOLUTIONS.update().where(_RESOLUTIONS.c.id == other.id)
    connection.execute(moved.values(number=_free(connection, copy.source)))
    return told


def _free(connection: Connection, us: str) -> int:
    here = connection.execute(select(func.max(_RESOLUTIONS.c.number))).scalar() or 0
    published = connection.execute(select(func.max(_INDEX.c.number)).where(_INDEX.c.source == us)).scalar() or 0
    return int(max(here, published)) + 1


def lapse(connection: Connection, object_id: str, audience: str | None, now: datetime) -> None:
    """What was taken away everywhere stays readable for our own neighbours, and no step follows: it ended, or it was dropped.

    One that is for nearby councils alone is shown to nobody else.
    """
    ours = _RESOLUTIONS.c.object_id == object_id
    if audience is not None:
        narrowed = _RESOLUTIONS.update().where(ours, _RESOLUTIONS.c.audience == "public")
        connection.execute(narrowed.values(audience=audience))
        return
    ended = _RESOLUTIONS.update().where(ours, _RESOLUTIONS.c.stage == Stage.ADOPTED.value)
    dropped = _RESOLUTIONS.update().where(ours, _RESOLUTIONS.c.stage.in_([stage.value for stage in UNDECIDED]))
    connection.execute(ended.values(stage=Stage.ENDED.value))
    connection.execute(dropped.values(stage=Stage.DROPPED.value))
    connection.execute(_RESOLUTIONS.update().where(ours).values(object_id=None, audience="council"))
