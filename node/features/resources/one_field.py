"""A form of one field that stood below a note and came back: the same again by itself, with what was typed and what is wrong."""

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from node.web.errors import RETRY, STATUS_OF_WORD
from node.web.forms import problems_of
from node.web.site import Site
from schemas.phrase import Phrase
from schemas.refusal import Refusal


@dataclass(frozen=True, slots=True)
class OneField:
    """The form: where it goes, its field and what that asks for, and what goes along unseen."""

    action: str
    name: str
    label: Phrase
    button: Phrase
    back: str
    hidden: tuple[tuple[str, str], ...] = ()


def again(site: Site, request: Request, form: OneField, *, typed: dict[str, str], refusal: Refusal) -> Response:
    """The form as a page. What is about no field of it is raised anew."""
    if refusal.field != form.name and refusal.word != "too-fast":
        raise refusal
    status = STATUS_OF_WORD.get(refusal.word, 422)
    response = site.page(
        request, "resources/one_field.html", status=status, form=form, typed=typed, problems=problems_of(refusal)
    )
    response.headers.update(RETRY if status == 429 else {})
    return response
