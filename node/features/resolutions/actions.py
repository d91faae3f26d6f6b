"""What neighbours put on the table: an idea for the next gathering, its words anew, or in one step what a gathering has agreed.

Each is one step: the rules, our own record and what the others are told are kept together or not at all. Raises
`schemas.refusal.Refusal` and nothing else for what a person may not do.
"""

from typing import Any

import orjson
from sqlalchemy import Connection

from node.accounts.second_person import second_person_needed
from node.feature import Acting
from node.features.resolutions import recipe_files, rows, rules, stages
from node.features.resolutions.tables import Resolution
from node.places import place_of
from node.rights import Right
from schemas.phrase import phrase
from schemas.records.resolution_forms import HomeStage, IdeaForm, ResolutionForm, TextForm
from schemas.refusal import Refusal


def put_up(connection: Connection, form: ResolutionForm, acting: Acting) -> Resolution:
    """What a gathering has agreed, opened and written down in one step, under the council's next number.

    From the third account on it waits for a second person who was there, and nobody else is told of it before.
    """
    member_id = acting.viewer.require(Right.DECIDE)
    today = rows.today_of(acting)
    if form.recipe == recipe_files.OUTSIDE:
        raise rules.outside_needs_notice()
    words = _worded(form, acting, recipe=form.recipe)
    rules.check_gathering(form.decided_at, form.present, today=today)
    rules.check_review(form.review_on, today=today)
    rules.check_objections(form.objections, agreed=True)
    waits = second_person_needed(connection)
    row = _new_row(
        form,
        words,
        member_id,
        stage=HomeStage.WRITTEN if waits else HomeStage.ADOPTED,
        decided_at=form.decided_at,
        present=form.present,
        stand_asides=form.stand_asides,
        objections=objections_kept(form),
        review_on=form.review_on,
        written_by=member_id,
    )
    return rows.keep_new(
        connection, row, acting, step="written" if waits else "adopted", on=form.decided_at, present=form.present
    )


def put_idea(connection: Connection, form: IdeaForm, acting: Acting) -> Resolution:
    """An idea on the table, for our own neighbours until it is put out for reading or opened."""
    member_id = acting.viewer.require(Right.DECIDE)
    words = _worded(form, acting, recipe=form.recipe)
    rules.check_review(form.review_on, today=rows.today_of(acting))
    row = _new_row(form, words, member_id, stage=HomeStage.IDEA, review_on=form.review_on)
    return rows.keep_new(connection, row, acting, step="idea")


def change_text(connection: Connection, public_id: str, form: TextForm, acting: Acting) -> Resolution:
    """Say the words anew: a dated correction, until an outcome is written down. A joint text stays as it was.

    Who can see it is chosen anew only while it is an idea.
    """
    row = rows.found_alone(connection, public_id, acting)
    stages.check_worded(rows.stage_of(row), outside=row.recipe == recipe_files.OUTSIDE)
    rules.check_review(form.review_on, today=rows.today_of(acting))
    words = _worded(form, acting, recipe=row.recipe, audience=None if row.stage == HomeStage.IDEA else row.audience)
    if all(getattr(row, name) == value for name, value in words.items()) and row.review_on == form.review_on:
        return row
    return rows.change(connection, row, acting, step="text", review_on=form.review_on, **words)


def objections_kept(form: Any) -> str:
    """The objections of a form as a row keeps them."""
    return orjson.dumps([{"what": one.what, "met": one.met} for one in form.objections if one.what]).decode()


def _new_row(form: IdeaForm, words: dict[str, Any], member_id: int, **columns: Any) -> Resolution:
    return Resolution(
        recipe=form.recipe,
        because=form.because or "",
        amends=form.amends or "",
        by_member=member_id,
        **words,
        **columns,
    )


def _worded(form: TextForm, acting: Acting, *, recipe: str, audience: str | None = None) -> dict[str, Any]:
    """The columns of the words, judged. Raises Refusal."""
    audience = audience or form.audience.value
    known = recipe_files.find(recipe)
    if recipe and known is None:
        raise Refusal("recipe", sentence=phrase("There is no such beginning. Start from nothing."))
    rules.check_audience(audience, outside=recipe == recipe_files.OUTSIDE)
    rules.check_title(form.title, audience=audience)
    lines = {
        "near": form.near,
        "carried_out_by": form.carried_out_by,
        "campaign": form.campaign,
        "addressee": form.addressee,
    }
    rules.check_lines(lines, audience=audience)
    begun = [one.begun(acting.council.name) for language in ("en", "es") for one in recipe_files.all_of(language)]
    rules.check_text(form.text, openings=begun)
    place = place_of(form.near, acting)
    return {
        "title": form.title,
        "text": form.text,
        "language": form.language or acting.council.language,
        "method": form.method.value,
        "domain": form.domain.value,
        "near": place.name if place is not None else "",
        "cell": place.cell if place is not None else None,
        "carried_out_by": form.carried_out_by,
        "campaign": form.campaign,
        "addressee": form.addressee,
        "audience": audience,
    }
