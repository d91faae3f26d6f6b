"""One resolution for its own page: all that is known of it, its dates, and what comes next for whoever looks.

Whether a step is allowed is judged by the action itself; here it is only offered. Nobody is named.
"""

import datetime as dates
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from federation.tables import Replica
from node.feature import Slip, Viewer
from node.features.resolutions import recipe_files, rules
from node.features.resolutions.publishing import digest_of
from node.features.resolutions.stages import UNDECIDED
from node.features.resolutions.stages import WORDS as STAGE_WORDS
from node.features.resolutions.tables import Resolution
from node.features.resolutions.wording import DOMAIN_WORDS, METHOD_WORDS, STEPS
from node.rights import Right
from node.web.words import slip_address
from schemas.phrase import Phrase
from schemas.records.deciding import Domain
from schemas.records.resolution import ResolutionNote
from schemas.records.resolution_forms import HomeStage

AFTER: Final = "resolutions/after.html"


@dataclass(frozen=True, slots=True)
class Dated:
    """One line of what happened when. `on`: the gathering's day, `until`: until when it then holds or lies open."""

    at: dates.date
    words: Phrase
    on: dates.date | None = None
    present: int | None = None
    until: dates.date | None = None


def our_slip(connection: Connection, row: Resolution, viewer: Viewer, now: dates.datetime) -> Slip:
    """One of ours, as our own neighbours see it."""
    stage, today = HomeStage(row.stage), now.date()
    base, _, _ = (row.object_id or "").rpartition("/o/")
    details = {
        "number": row.number,
        "stage": STAGE_WORDS[stage],
        "stage_name": stage.value,
        "domain": DOMAIN_WORDS[row.domain],
        "method": METHOD_WORDS[row.method],
        "decided_at": row.decided_at,
        "present": row.present,
        "stand_asides": row.stand_asides,
        "one_person": stage in (HomeStage.ADOPTED, HomeStage.ENDED) and row.seconded_by is None,
        "objections": orjson.loads(row.objections),
        "review_on": row.review_on,
        "due": stage is HomeStage.ADOPTED and row.review_on is not None and row.review_on <= today,
        "notice_until": row.notice_until,
        "near": row.near,
        "carried_out_by": row.carried_out_by,
        "campaign": row.campaign,
        "because": _page(row.because, base),
        "amends": _page(row.amends, base),
        "answers": _page(row.answers_object, base),
        "addressee": row.addressee,
        "delivered_on": row.delivered_on,
        "answer": row.answer,
        "answered_on": row.answered_on,
        "digest": digest_of(row),
        "joint": row.rule is not None,
        "history": history_of(row),
        "steps": (steps := next_steps(row, viewer, today=today)),
        "acts": bool(steps - {"follow"}),
        "ours": f"/o/{row.public_id}",
        "after": AFTER,
        "changeable": False,
    }
    return _slip(
        details,
        title=row.title,
        words=row.text,
        language=row.language,
        updated=row.updated_at,
        href=f"/o/{row.public_id}",
    )


def their_slip(connection: Connection, replica: Replica, note: ResolutionNote, *, row: Resolution | None) -> Slip:
    """What was told of one, theirs or ours. `row` is our own, where it is ours: its dates are added."""
    told = note.resolution
    base, _, end = replica.object_id.rpartition("/o/")
    ours = row is not None
    details = {
        "number": told.number,
        "stage": STAGE_WORDS[HomeStage(told.stage)],
        "stage_name": told.stage.value,
        "domain": DOMAIN_WORDS[told.domain or Domain.OTHER],
        "method": METHOD_WORDS[told.method],
        "decided_at": told.decided_at,
        "present": told.present,
        "stand_asides": told.stand_asides,
        "one_person": bool(told.one_person),
        "objections": [{"what": one.what, "met": one.met} for one in told.objections or ()],
        "review_on": told.review_on,
        "due": False,
        "notice_until": told.notice_until,
        "near": note.location.name if note.location is not None else "",
        "carried_out_by": told.carried_out_by or "",
        "campaign": told.campaign or "",
        "because": _page(told.because or "", base if ours else ""),
        "amends": _page(told.amends or "", base if ours else ""),
        "answers": _page(told.answers.object if told.answers else "", ""),
        "addressee": told.addressee or "",
        "delivered_on": told.delivered_on,
        "answer": told.answer.words if told.answer else "",
        "answered_on": told.answer.on if told.answer else None,
        "digest": told.text_digest,
        "joint": told.rule is not None,
        "history": [one for one in history_of(row) if one.words in _TOLD] if row is not None else [],
        "steps": frozenset(),
        "acts": False,
        "ours": f"/o/{end}" if ours else "",
        "after": AFTER,
        "changeable": False,
    }
    href = f"/o/{end}" if ours else slip_address(replica.object_id, base_url="")
    return _slip(
        details, title=note.name, words=told.text, language=note.language or "und", updated=replica.updated, href=href
    )


_TOLD: Final = [STEPS[name] for name in STEPS if name not in ("idea", "written")]


def history_of(row: Resolution) -> list[Dated]:
    """What happened when, oldest first; of a row that kept no dates, the day it was agreed."""
    noted = [
        Dated(
            at=dates.date.fromisoformat(one["at"]),
            words=STEPS[one["step"]],
            on=_day(one.get("on")),
            present=one.get("present"),
            until=_day(one.get("until")),
        )
        for one in orjson.loads(row.changes)
        if one["step"] in STEPS
    ]
    if not noted and row.decided_at is not None and HomeStage(row.stage) not in UNDECIDED:
        return [Dated(row.updated_at.date(), STEPS["adopted"], on=row.decided_at, present=row.present)]
    return noted


def next_steps(row: Resolution, viewer: Viewer, *, today: dates.date) -> frozenset[str]:
    """What this person is offered to do next: names of steps, for the template."""
    if not viewer.may(Right.DECIDE):
        return frozenset()
    stage, steps = HomeStage(row.stage), set[str]()
    if row.rule is not None or row.answers_object:
        in_force = stage is HomeStage.ADOPTED
        return frozenset(({"follow"} if in_force else set()) | ({"delivery"} if in_force and row.addressee else set()))
    worded: set[str] = set() if row.recipe == recipe_files.OUTSIDE else {"words"}
    if stage is HomeStage.IDEA:
        steps |= {"notice", "words", "drop"} | (set() if row.recipe == recipe_files.OUTSIDE else {"open"})
    elif stage is HomeStage.NOTICE:
        steps |= worded | {"drop"} | ({"open"} if row.notice_until is None or row.notice_until <= today else set())
    elif stage is HomeStage.OPEN:
        steps |= worded | {"outcome", "drop"} | ({"ask"} if row.audience in rules.PUBLISHED else set())
    elif stage is HomeStage.WRITTEN:
        steps |= {"outcome", "drop", "waits" if row.written_by == viewer.member_id else "second"}
    elif stage is HomeStage.ADOPTED:
        steps |= {"renew", "end", "follow"} | ({"delivery"} if row.addressee else set())
        if row.seconded_by is None and row.written_by != viewer.member_id:
            steps.add("second")
    return frozenset(steps)


def _slip(
    details: dict[str, Any], *, title: str, words: str, language: str, updated: dates.datetime, href: str
) -> Slip:
    parts = (details["stage"], details["method"]) if details["decided_at"] is not None else (details["stage"],)
    return Slip(
        kind="resolution",
        title=title,
        words=words,
        meta=parts,
        href=href,
        language=language,
        updated=updated,
        ends_at=None,
        details=details,
    )


def _page(address: str, base: str) -> str:
    return slip_address(address, base_url=base or "none:") if address else ""


def _day(text: str | None) -> dates.date | None:
    return None if text is None else dates.date.fromisoformat(text)
