"""What was typed into the forms of resolutions, and what stands in them before anybody has typed."""

import datetime as dates
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from node.feature import Acting
from node.features.resolutions import recipe_files, rows, rules
from node.features.resolutions.recipe_files import Begins, Recipe
from node.features.resolutions.tables import Resolution
from node.web.forms import NotUnderstood, Problem, problems_of
from schemas.phrase import phrase
from schemas.refusal import Refusal

TEXT_FIELDS: Final = (
    "title", "text", "method", "domain", "near", "carried_out_by", "campaign", "addressee", "review_on", "audience", "language",
)  # fmt: skip
IDEA_FIELDS: Final = (*TEXT_FIELDS, "recipe", "because", "amends")
OUTCOME_FIELDS: Final = ("outcome", "method", "decided_at", "present", "stand_asides", "review_on", "carried_out_by")
DIRECT_FIELDS: Final = (*IDEA_FIELDS, "decided_at", "present", "stand_asides")
ROWS: Final = 5
"""So many objections fit on the sheet, and into the form."""

_MEANT: Final[Mapping[str, str]] = {
    phrase("No more people can stand aside than were there."): "stand_asides",
    phrase("The day to look at it again comes after the day of the gathering."): "review_on",
}

# These end the matter: no form that could be mended would help.
_FINAL: Final = frozenset({"not-signed-in", "turn-ended", "not-keeper", "not-found", "stage", "joint", "second-person"})


def given(typed: Mapping[str, str], fields: tuple[str, ...], *, objections: bool = False) -> dict[str, Any]:
    """What a form model is made of: the named fields, and the rows of objections as far as anything stands in them."""
    wanted: dict[str, Any] = {name: typed[name] for name in fields if name in typed}
    if objections:
        lines = [(typed.get(f"what_{n}", ""), typed.get(f"met_{n}", "")) for n in range(1, ROWS + 1)]
        while lines and lines[-1] == ("", ""):
            lines.pop()
        # A row that was left out stays, so that what is said of a later one is said beside it.
        wanted["objections"] = [{"what": what, "met": met} for what, met in lines]
    return wanted


def mendable(error: Refusal | NotUnderstood) -> tuple[Problem, ...]:
    """What is to be mended in the form. Raises the refusal itself where nothing in the form would help."""
    if isinstance(error, Refusal) and error.word in _FINAL:
        raise error
    return beside_fields(error)


def beside_fields(error: Refusal | NotUnderstood) -> tuple[Problem, ...]:
    """What is to be mended, also what the shape says of the whole form beside the field that it means."""
    return tuple(
        replace(problem, field=problem.field or _MEANT.get(problem.sentence)) for problem in problems_of(error)
    )


def begun(recipe: Recipe | None, acting: Acting) -> dict[str, str]:
    """An empty form: in the name of the assembly, to be looked at again in half a year."""
    language = acting.council.language
    opening = recipe_files.find(recipe.id if recipe else recipe_files.USUAL, language)
    today = rows.today_of(acting)
    typed = {"audience": "public", "review_on": rules.usual_review(today).isoformat()}
    if opening is not None:
        typed |= {
            "text": opening.begun(acting.council.name),
            "domain": opening.domain.value,
            "method": opening.method.value,
        }
    if recipe is not None:
        typed["recipe"] = recipe.id
    return typed


def chosen(start: str, language: str, *, begins: Begins = "idea") -> Recipe | None:
    """The recipe that an address asks for, if this page begins it."""
    recipe = recipe_files.find(start, language)
    return recipe if recipe is not None and recipe.begins == begins else None


def words_of(row: Resolution) -> dict[str, str]:
    """The words of a row as their form has them."""
    return _filled({name: getattr(row, name) for name in TEXT_FIELDS})


def outcome_of(row: Resolution, *, today: dates.date) -> dict[str, str]:
    """The form of an outcome: what was written down before, or the review date that was thought of."""
    typed = _filled({name: getattr(row, name) for name in OUTCOME_FIELDS if name != "outcome"})
    typed.setdefault("review_on", rules.usual_review(today).isoformat())
    if row.present is None:
        typed.pop("stand_asides", None)
    for number, one in enumerate(orjson.loads(row.objections)[:ROWS], start=1):
        typed |= _filled({f"what_{number}": one["what"], f"met_{number}": one["met"]})
    return typed


def _filled(said: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in said.items() if value not in (None, "")}
