"""Calling for help: by one person, or where it is grave by two. What waits for the second person is a draft.

The rules, our own record and what the others are told are kept together or not at all.
"""

import h3
import orjson
from sqlalchemy import Connection, func, select

from federation import replicas
from node.accounts.second_person import second_person_needed
from node.feature import Acting
from node.features.alerts import rules
from node.features.alerts.area import cells_of, chosen
from node.features.alerts.tables import Alert
from node.features.alerts.telling import ALERTS, DRAFT, OUT, earlier_with, keep, on_now, tell
from node.places import RESOLUTION, coordinates_of, place_of
from node.rights import Right
from protocol import ids
from schemas.phrase import phrase
from schemas.place import Around, Place
from schemas.records.alert import AlertForm, MessageType
from schemas.refusal import Refusal


def put_up(connection: Connection, form: AlertForm, acting: Acting) -> Alert:
    """A call for help, or a drill where the form says exercise: out, or a draft that waits for a second person.

    Raises schemas.refusal.Refusal.
    """
    member_id = acting.viewer.require(Right.CALL)
    now = acting.now.replace(microsecond=0)
    _check(form, acting)
    ends_at = form.ends(now).replace(microsecond=0)
    place, cells = placed(form.near or "", form.around, acting)
    waits = rules.needs_second(form.severity.value, two=second_person_needed(connection))
    check_quota(connection, form.status.value, form.severity.value, acting)
    if waits:
        _check_drafts(connection, acting)
    row = Alert(
        public_id=ids.new_id(acting.council.randomness.bytes(ids.ID_BYTES)),
        status=form.status.value,
        message_type=MessageType.ALERT.value,
        category=form.category.value,
        title=form.title,
        words=form.words,
        event=form.event,
        urgency=form.urgency.value,
        severity=form.severity.value,
        certainty=form.certainty.value,
        wanted=form.wanted,
        instruction=form.instruction,
        near=place.name if place is not None else "",
        cell=place.cell if place is not None else None,
        cells=cells,
        language=form.language or acting.council.language,
        audience=form.audience.value,
        state=DRAFT,
        because=_because(connection, form.because, acting),
        campaign=form.campaign or "",
        ends_at=ends_at,
        by_member=member_id,
        created_at=now,
        updated_at=now,
    )
    row.id = connection.execute(
        ALERTS.insert().values(**row.model_dump(exclude={"id"})).returning(ALERTS.c.id)
    ).scalar_one()
    return row if waits else _out(connection, row, acting)


def second(connection: Connection, public_id: str, acting: Acting, *, seen: str) -> Alert:
    """A second person agrees to what stands there: it goes out, or becomes graver than it was. Twice changes nothing.

    `seen` is the `version` of what was looked at. Raises Refusal: "second-person" for the one who asks, "changed-meanwhile".
    """
    member_id = acting.viewer.require(Right.CALL)
    row = on_now(connection, public_id, acting.now)
    severity = row.severity if row.state == DRAFT else row.raise_to
    if not severity:
        return row
    asks = asked_by(row)
    if member_id == asks and rules.needs_second(severity, two=second_person_needed(connection)):
        raise Refusal(
            "second-person",
            None,
            sentence=phrase("It takes a second person. Ask a neighbour to look at it, and to press here."),
        )
    if seen != version(row):
        raise Refusal(
            "changed-meanwhile", None, sentence=phrase("It was changed meanwhile. Read it once more, then press again.")
        )
    check_quota(connection, row.status, severity, acting)
    by_another = member_id if member_id != asks else None
    if row.state == DRAFT:
        return _out(connection, row, acting, seconded_by=by_another)
    return tell_anew(
        connection,
        row,
        acting,
        severity=severity,
        raise_to="",
        raise_by=None,
        seconded_by=row.seconded_by or by_another,
    )


def asked_by(row: Alert) -> int:
    """Who asks a second person to agree: whoever wrote what stands there now."""
    return row.by_member if row.raise_by is None else row.raise_by


def version(row: Alert) -> str:
    """What tells one state of a call from the next, for a form that was made from it: its words, and what is asked for."""
    return f"{int(row.updated_at.timestamp())}{row.raise_to}"


def tell_anew(connection: Connection, row: Alert, acting: Acting, **values: object) -> Alert:
    """A new version of a call that is out, kept and told; the time of the one before is remembered."""
    after = keep(
        connection,
        row,
        **{
            "message_type": MessageType.UPDATE.value,
            "earlier": earlier_with(row),
            "updated_at": rules.next_update(acting.now, row.updated_at),
            **_gravest(row, str(values.get("severity", row.severity)), acting),
            **values,
        },
    )
    tell(connection, after, acting)
    return after


def _gravest(row: Alert, severity: str, acting: Acting) -> dict[str, object]:
    """What the quota counts: a call counts as the gravest that it ever was, from when it was."""
    return {"gravest": severity, "gravest_at": acting.now} if rules.is_graver(row.gravest, severity) else {}


def check_quota(connection: Connection, status: str, severity: str, acting: Acting) -> None:
    """Raises Refusal("too-often") if as many as may be have gone out within a day."""
    sent = connection.execute(
        select(func.count())
        .select_from(ALERTS)
        .where(
            ALERTS.c.gravest_at > acting.now - rules.A_DAY,
            ALERTS.c.status == status,
            ALERTS.c.gravest.in_(rules.counted_with(status, severity)),
        )
    ).scalar_one()
    rules.check_quota(status, severity, sent=sent)


def placed(near: str, around: Around, acting: Acting) -> tuple[Place | None, str]:
    """The place that is meant, and the cells of its area as JSON; without a place, the area of the council itself."""
    place = place_of(near, acting)
    cell = place.cell if place is not None else None
    if cell is None and around is not Around.HERE:
        cell = _middle(near, acting)
    return place, orjson.dumps(cells_of(cell, around)).decode()


def around_of(row: Alert, acting: Acting) -> Around:
    """Which choice made the area of a call, for the form that changes it."""
    return chosen(orjson.loads(row.cells), row.cell or _middle(row.near, acting))


def _middle(near: str, acting: Acting) -> str | None:
    """The cell of what no cell is told of: that of the council itself, where it has one."""
    point = coordinates_of(near, acting)
    return None if point is None else h3.latlng_to_cell(*point, RESOLUTION)


def _check(form: AlertForm, acting: Acting) -> None:
    now, audience = acting.now.replace(microsecond=0), form.audience.value
    rules.check_audience(audience)
    ends_at = form.ends(now).replace(microsecond=0)
    rules.check_end(ends_at, now)
    if ends_at <= now:
        raise Refusal("ended-already", "ends_at", sentence=phrase("That time has passed. Please choose a later one."))
    rules.check_not_a_drill(form.title, status=form.status.value)
    rules.check_words(
        {
            "title": form.title,
            "near": form.near or "",
            "event": form.event,
            "words": form.words,
            "wanted": form.wanted,
            "instruction": form.instruction,
        },
        audience=audience,
    )


def _check_drafts(connection: Connection, acting: Acting) -> None:
    waiting = connection.execute(
        select(func.count()).select_from(ALERTS).where(ALERTS.c.state == DRAFT, ALERTS.c.ends_at > acting.now)
    ).scalar_one()
    if waiting >= rules.MOST_DRAFTS:
        raise Refusal(
            "too-many-drafts",
            None,
            sentence=phrase("Many calls wait for a second person already. Look at those first."),
        )


def _because(connection: Connection, address: str | None, acting: Acting) -> str:
    """The resolution that it comes from: one that this neighbour can see here. Raises Refusal("not-found")."""
    if not address or address.startswith(f"{acting.council.base_url}/o/"):
        return address or ""
    held = replicas.find(connection, address)
    if held is None or held["audience"] not in acting.viewer.audiences:
        raise Refusal("not-found", "because", sentence=phrase("No resolution under that address is known here."))
    return address


def _out(connection: Connection, row: Alert, acting: Acting, *, seconded_by: int | None = None) -> Alert:
    now = rules.next_update(acting.now, row.updated_at) if acting.now < row.updated_at else acting.now
    now = now.replace(microsecond=0)
    told = row.audience in rules.PUBLISHED
    after = keep(
        connection,
        row,
        object_id=f"{acting.council.base_url}/o/{row.public_id}" if told else None,
        state=OUT,
        out_at=now,
        gravest=row.severity,
        gravest_at=now,
        updated_at=now,
        seconded_by=seconded_by,
        raise_by=None,
    )
    tell(connection, after, acting)
    return after
