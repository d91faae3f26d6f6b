"""Reading what a person typed: kept as typed, judged by a schema, answered in sentences.

Endpoints are plain functions, so the form is read by a dependency before them. What was typed is remembered on the
request: a refusal anywhere later can still give it back. This module must never log or store what was typed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from node.web.seal import FIELD as SEAL
from node.web.seal import FIELD_LIMIT
from schemas.phrase import phrase
from schemas.refusal import Refusal

TEXT_LIMIT = 20_000

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: which field (None: the whole), and a sentence that says what to do."""

    field: str | None
    sentence: str


class NotUnderstood(Exception):
    """A form that its schema does not take. Answered with the problems, beside what was typed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.sentence}" for problem in problems))
        self.problems = tuple(problems)


async def read_typed(request: Request) -> dict[str, str]:
    """The text fields of a form, trimmed, empty ones left out; the last of several with one name counts."""
    async with request.form(max_files=0, max_fields=FIELD_LIMIT) as form:
        typed = _texts(form)
    if any(len(value) > TEXT_LIMIT for value in typed.values()):
        raise NotUnderstood([Problem(None, phrase("That is too long for one slip. Shorten it."))])
    request.state.typed = typed
    return typed


async def remember_typed(request: Request) -> None:
    """A dependency of every route, before all that may refuse: whoever refuses gives back what was typed."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and media_type == "application/x-www-form-urlencoded":
        request.state.typed = _texts(await request.form(max_files=0, max_fields=FIELD_LIMIT))


def _texts(form: FormData) -> dict[str, str]:
    texts = {name: value.strip() for name, value in form.multi_items() if not isinstance(value, UploadFile)}
    return {name: value for name, value in texts.items() if value and name != SEAL}


Typed = Annotated[dict[str, str], Depends(read_typed)]


def parse(model: type[M], typed: Mapping[str, object], *, sentences: Mapping[str, str] | None = None) -> M:
    """`typed` as `model`. `sentences` says, by field, what to answer where the model refuses. Raises NotUnderstood."""
    try:
        return model.model_validate(dict(typed))
    except ValidationError as error:
        raise NotUnderstood(_problems(error, sentences or {})) from None


def problems_of(error: Refusal | NotUnderstood) -> tuple[Problem, ...]:
    """What to put into the error summary, whoever refused."""
    return error.problems if isinstance(error, NotUnderstood) else (Problem(error.field, error.sentence),)


def misfit(field: str | None, kind: str, message: str) -> Problem:
    """One of pydantic's errors as a problem in our words: its own speak to programs, in English."""
    return Problem(field, _sentence(field, kind, message))


def _problems(error: ValidationError, sentences: Mapping[str, str]) -> list[Problem]:
    found: dict[str | None, Problem] = {}
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        field = str(one["loc"][0]) if one["loc"] else None
        said = sentences.get(field or "")
        found.setdefault(field, Problem(field, said) if said else misfit(field, one["type"], one["msg"]))
    return list(found.values())


_OF_A_FIELD: Mapping[str, Callable[[str], str]] = {
    "missing": lambda name: phrase("Please fill in: {field}.", field=name),
    "string_too_long": lambda name: phrase("Please shorten: {field}.", field=name),
    "string_too_short": lambda name: phrase("Please write a little more: {field}.", field=name),
}
_OF_NO_FIELD = phrase("Please look at this form again.")
# What the shapes say of a whole record, for programs, and how a person is told the same.
_OF_THE_WHOLE = {
    "nobody stands aside who is not there": phrase("No more people can stand aside than were there."),
    "a decision is looked at again after it was made": phrase(
        "The day to look at it again comes after the day of the gathering."
    ),
    "say how long it stays up: ends_at or until": phrase("Say until when it stays up, as a date and a time."),
    "a quantity is more than nothing": phrase("Write how many there are: more than nothing, or leave it empty."),
    "no more can be left than there was": phrase("No more can be left than there was."),
    "what is left is counted as the whole is": phrase("Say how many there were, too, or leave both empty."),
    "the end must come after the beginning": phrase("The end must come after the beginning."),
}


def _sentence(field: str | None, kind: str, message: str) -> str:
    known = _OF_THE_WHOLE.get(message.removeprefix("Value error, "))
    if known is not None or field is None:
        return known or _OF_NO_FIELD
    if kind == "value_error":
        return message.removeprefix("Value error, ")[:200]
    name = field.replace("_", " ")
    if kind in _OF_A_FIELD:
        return _OF_A_FIELD[kind](name)
    return phrase("Please look at this again: {field}.", field=name)
