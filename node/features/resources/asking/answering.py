"""What whoever asked can do about promises on their note, from its private page: the same verbs as neighbours have.

That it is whoever asked has been judged by number and phrase, or by the link. A helper stands here by a number and never by name:
whoever asks has no account, and names are for those who have one.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from node.feature import ANYBODY, Acting
from node.features.resources.asking import talking
from node.features.resources.items import Doing
from node.features.resources.promises import acts, keeping, part
from node.features.resources.promises.part import Shown
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from schemas.phrase import phrase
from schemas.refusal import Refusal

PATH: Final = "/note/promise"
_VERBS: Final[Mapping[str, Callable[..., object]]] = {
    "agree": acts.agree,
    "not-this-time": acts.not_this_time,
    "done": acts.confirm,
    "give-back": acts.give_back,
}


def promised(connection: Connection, row: Resource) -> list[Shown]:
    """What is promised on the note, as whoever asked is shown it, oldest first, with what they can do about each."""
    names = talking.names(connection, row)
    found = []
    for one in keeping.of_resource(connection, row.id or 0, *part.SHOWN):
        shown = part.shown(connection, ANYBODY, one, row, as_asker=True)
        if shown is not None:
            who = names.get(one.id or 0, shown.who if one.by_actor else phrase("One of us"))
            doings = tuple(_here(one, doing) for doing in shown.doings)
            found.append(replace(shown, who=who, doings=doings, good_to_know=()))
    return found


def answer(connection: Connection, row: Resource, typed: Mapping[str, str], acting: Acting) -> None:
    """Agree, say "not this time", confirm or say how it went. Raises Refusal("not-found") for what is not about this note,
    and those of the verbs."""
    public_id, verb = typed.get("promise", ""), typed.get("verb", "")
    if keeping.named(connection, public_id).resource_id != row.id or verb not in {*_VERBS, "outcome"}:
        raise Refusal("not-found", sentence=phrase("There is no promise under this address."))
    if verb == "outcome":
        acts.say_outcome(connection, acting, public_id, typed.get("outcome", ""), as_asker=True)
    else:
        _VERBS[verb](connection, acting, public_id, as_asker=True)


def _here(one: Promise, doing: Doing) -> Doing:
    """The same button for the note's own page."""
    fields = {**doing.fields, "promise": one.public_id, "verb": doing.path.rpartition("/")[2]}
    return replace(doing, path=PATH, fields=fields)
