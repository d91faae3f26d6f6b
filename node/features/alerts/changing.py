"""Telling the news of a call that is out: words, area, a later end. What makes it graver waits for a second person."""

from typing import Any

from sqlalchemy import Connection

from node.accounts.second_person import second_person_needed
from node.feature import Acting
from node.features.alerts import rules
from node.features.alerts.calling import check_quota, placed, tell_anew
from node.features.alerts.tables import Alert
from node.features.alerts.telling import DRAFT, keep, on_now
from node.rights import Right
from schemas.phrase import phrase
from schemas.records.calling import AlertChangeForm
from schemas.refusal import Refusal


def change(connection: Connection, public_id: str, form: AlertChangeForm, acting: Acting) -> Alert:
    """A new version. Raises schemas.refusal.Refusal."""
    member_id = acting.viewer.require(Right.CALL)
    row = on_now(connection, public_id, acting.now)
    rules.check_may_change(acting.viewer, raised_by=(row.by_member, row.seconded_by))
    values = _judged(form, row, acting)
    if row.state == DRAFT:
        return _keep_draft(connection, row, acting, member_id=member_id, **values, severity=form.severity.value)
    raised = _raised(connection, form.severity.value, row, acting, member_id=member_id)
    same = {name: getattr(row, name) for name in values} == {**values, "note": values["note"] or row.note}
    if same and raised["severity"] == row.severity:
        return keep(connection, row, **raised)
    return tell_anew(connection, row, acting, **values, **raised)


def _keep_draft(connection: Connection, row: Alert, acting: Acting, *, member_id: int, **values: Any) -> Alert:
    """What a second person has looked at must be what goes out: each change is another version, and another's to agree to."""
    if all(getattr(row, name) == value for name, value in values.items()):
        return row
    later = rules.next_update(acting.now, row.updated_at)
    return keep(connection, row, **values, raise_by=member_id, updated_at=later)


def _judged(form: AlertChangeForm, row: Alert, acting: Acting) -> dict[str, Any]:
    now = acting.now.replace(microsecond=0)
    ends_at = form.ends_at.replace(microsecond=0)
    if ends_at <= now:
        raise Refusal("ended-already", "ends_at", sentence=phrase("That time has passed. Please choose a later one."))
    if row.state == DRAFT:
        rules.check_end(ends_at, now)
    else:
        assert row.out_at is not None
        rules.check_later(ends_at, before=row.ends_at, out_at=row.out_at, now=now)
    rules.check_words(
        {
            "title": row.title,
            "news": form.news,
            "near": form.near or "",
            "words": form.words,
            "wanted": form.wanted,
            "instruction": form.instruction,
        },
        audience=row.audience,
    )
    place, cells = placed(form.near or "", form.around, acting)
    return {
        "note": form.news,
        "words": form.words,
        "wanted": form.wanted,
        "instruction": form.instruction,
        "urgency": form.urgency.value,
        "near": place.name if place is not None else "",
        "cell": place.cell if place is not None else None,
        "cells": cells,
        "ends_at": ends_at,
    }


def _raised(connection: Connection, severity: str, row: Alert, acting: Acting, *, member_id: int) -> dict[str, Any]:
    """The severity that holds from now on, and the one that waits for a second person, if one does."""
    if not rules.raises(row.severity, severity):
        return {"severity": severity, "raise_to": "", "raise_by": None}
    check_quota(connection, row.status, severity, acting)
    if not rules.needs_second(severity, two=second_person_needed(connection)):
        return {"severity": severity, "raise_to": "", "raise_by": None}
    asked_by = row.raise_by if row.raise_to == severity else member_id
    return {"severity": row.severity, "raise_to": severity, "raise_by": asked_by}
