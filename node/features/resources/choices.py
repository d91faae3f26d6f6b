"""What the form of a need or an offer offers to choose from, and what is read out of it. For everybody who shows that form.

What is asked for depends on the kind, and no script is needed to learn it: a form that begins with a kind, comes back, or is
opened again has the fields of that kind.
"""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request

from node.features.resources import kinds_here, recurring_form, rules, wording
from node.features.resources.beside import YES
from node.features.resources.kinds import Kind
from node.places import names_of
from node.web.forms import parse
from node.web.site import Site
from schemas.phrase import Phrase, phrase
from schemas.records.resource import Direction, ResourceForm

FIELDS: Final = (
    *("title", "words", "category", "kind", "quantity", "unit", "near", "audience", "until", "language", "because"),
    *("can_wait", "may_pass_on", "standing"),
)
NOTE: Final = "note_"
NOT_SURE: Final = "other"

Group = tuple[Phrase | str, list[tuple[str, Phrase | str]]]


def of_kinds(found: list[Kind], language: str, *, all_of_it: bool = False) -> list[Group]:
    """Kinds under their categories, in the language of a page. With `all_of_it` the category's own kind stands for all."""
    groups: list[Group] = []
    for category, words, here in kinds_here.grouped(found):
        named = [(kind.id, _named(kind, words, language, all_of_it=all_of_it and kind.id == category)) for kind in here]
        # Where nothing was chosen it is this one already.
        offered = named if all_of_it else [one for one in named if one[0] != NOT_SURE]
        if offered:
            groups.append((words, offered))
    return groups


def choices(
    site: Site, request: Request, typed: Mapping[str, str], *, audiences: tuple[str, ...] = rules.AUDIENCES
) -> dict[str, Any]:
    """Everything that `resources/fields.html` needs for what is typed so far."""
    language = site.tongue(request).code
    with site.store.reading() as connection:
        chosen = kinds_here.find(connection, typed.get("kind") or typed.get("category") or NOT_SURE)
        usable = kinds_here.usable(connection, keep=typed.get("kind", ""))
    stays = chosen is not None and chosen.sensitive
    # A place says how one gets in; what is in it today nobody knows beforehand.
    notes = chosen.notes if chosen is not None and not typed.get("standing") else ()
    return {
        "kinds": of_kinds(usable, language),
        "asks": [
            (f"{NOTE}{one.name}", one.label.said(language), one.hint.said(language) if one.hint else "", one.tick)
            for one in notes
        ],
        "audiences": audiences[:1] if stays else audiences,
        "stays": stays,
        "places": names_of(site),
        "often": recurring_form.CHOICES,
    }


def read(typed: Mapping[str, str], direction: Direction, *, times: Mapping[str, str]) -> ResourceForm:
    """The form as it was sent, with `times` that were read out of it already. Raises NotUnderstood.

    An emptied field of those that were shown says nothing instead of what was.
    """
    given: dict[str, object] = {name: typed[name] for name in FIELDS if name in typed}
    given["notes"] = notes_in(typed)
    if typed.get("standing"):
        given |= {name: typed.get(name, "") for name in ("hours", "access")}
    return parse(ResourceForm, {**given, **times, "direction": direction}, sentences=wording.SENTENCES)


def notes_in(typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed into the fields of a kind."""
    return {name.removeprefix(NOTE): words for name, words in typed.items() if name.startswith(NOTE)}


def typed_notes(notes: Mapping[str, str]) -> dict[str, str]:
    """What was noted, as it stands in the fields of the form."""
    return {f"{NOTE}{name}": words for name, words in notes.items()}


def ticked(said: bool) -> str:
    """A yes or no as it stands in its field."""
    return YES if said else "no"


def _named(kind: Kind, category: Phrase | str, language: str, *, all_of_it: bool) -> Phrase | str:
    name = kind.names.said(language)
    if all_of_it:
        return phrase("{category}: all of it", category=category)
    return phrase("{kind} (stays among us)", kind=name) if kind.sensitive else name
