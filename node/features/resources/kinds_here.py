"""The kinds that this council uses: those of the file, and its own, added without code and kept with the resolution they come from.

An own kind travels as its category and its words, never by name. What stays home says so in its id, and goes on doing so:
a kind can come to stay home, never to leave. A kind that is no longer used is retired, so that old notes keep its name.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, select

from federation.tables import table_of
from node.feature import Acting
from node.features.resources import kinds, wording
from node.features.resources.kinds import OWN, STAYS_HOME, Asks, Kind
from node.features.resources.tables import Resource
from node.profile.tables import CouncilRule
from node.recipes import Both
from node.rights import Right
from schemas.context import CATEGORIES, Category
from schemas.phrase import phrase
from schemas.refusal import Refusal

RULE: Final = "kinds"
MOST: Final = 60
MOST_ASKED: Final = 5
LONGEST_NAME: Final = 60
LONGEST_QUESTION: Final = 100
_PUBLIC_ID: Final = re.compile(r"[a-z2-7]{26}")
_RULES: Final = table_of(CouncilRule)
_RESOURCES: Final = table_of(Resource)


class OwnKind(Kind):
    """One of the council's own. `because` is the address of the resolution that it comes from, empty for none."""

    retired: bool = False
    because: str = ""


_KEPT: Final = TypeAdapter(tuple[OwnKind, ...])


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of an own kind, as typed: names in our page languages, one is enough; questions one a line."""

    name_en: str = ""
    name_es: str = ""
    category: str = "other"
    sensitive: bool = False
    questions: str = ""
    because: str = ""


def own(connection: Connection) -> tuple[OwnKind, ...]:
    """The council's own kinds, retired ones too, in the order in which they came."""
    value = connection.execute(select(_RULES.c.value).where(_RULES.c.name == RULE)).scalar_one_or_none()
    return () if value is None else _KEPT.validate_json(value)


def find(connection: Connection, kind_id: str) -> Kind | None:
    """The kind of this id, of the file or our own, retired or not; None if there is none."""
    if not kind_id.startswith((OWN, STAYS_HOME)):
        return kinds.find(kind_id)
    return next((kind for kind in own(connection) if kind.id == kind_id), None)


def chosen(connection: Connection, kind_id: str, *, before: str = "") -> Kind | None:
    """The same, as somebody chooses it: what is retired cannot be chosen anew, only kept where it was there `before`."""
    kind = find(connection, kind_id)
    return None if isinstance(kind, OwnKind) and kind.retired and kind_id != before else kind


def of(connection: Connection, row: Resource) -> Kind | None:
    """The kind of a record; where no finer one was chosen, the one that stands for all of its category."""
    return find(connection, row.kind or row.category)


def usable(connection: Connection, *, keep: str = "") -> list[Kind]:
    """What can be chosen: all that are not retired, and `keep`, which a record has already."""
    ours = [kind for kind in own(connection) if not kind.retired or kind.id == keep]
    return [*kinds.shipped(), *ours]


def grouped(found: Iterable[Kind]) -> list[tuple[Category, str, list[Kind]]]:
    """The kinds under their categories: (category, its name, the kinds), the category's own kind first, what fits nowhere last."""
    by_category: dict[str, list[Kind]] = {category: [] for category in CATEGORIES}
    for kind in found:
        by_category[kind.category].append(kind)
    return [(category, words, by_category[category]) for category, words in wording.CATEGORIES if by_category[category]]


def add(connection: Connection, said: Said, acting: Acting) -> OwnKind:
    """A new kind of our own. Raises Refusal("name", "category", "questions", "because" or "too-many")."""
    acting.viewer.require(Right.SET_UP)
    before = own(connection)
    if len(before) >= MOST:
        raise Refusal("too-many", None, sentence=phrase("That is enough kinds. Retire one that nobody uses."))
    if said.category not in CATEGORIES:
        raise Refusal("category", "category", sentence=phrase("Choose under which of these it stands."))
    names = _names(said)
    _check_free(names, before)
    taken = {kind.id for kind in before}
    made = OwnKind(
        id=_new_id(names, STAYS_HOME if said.sensitive else OWN, taken),
        category=said.category,
        names=names,
        sensitive=said.sensitive,
        notes=_asked(said.questions),
        because=_because(said.because, acting),
    )
    _keep(connection, (*before, made), acting, because=made.because)
    return made


def change(connection: Connection, kind_id: str, said: Said, acting: Acting) -> tuple[OwnKind, OwnKind]:
    """Rename it, ask other things, or let it stay home from now on; the category stays. Returns it as it was and as it is now.

    Whoever calls moves the notes of a kind whose id is another now. Raises Refusal as `add` does, "not-found", and
    "stays-home" where what was promised to stay here would leave.
    """
    acting.viewer.require(Right.SET_UP)
    before = own(connection)
    was = _one(before, kind_id)
    if was.sensitive and not said.sensitive:
        raise Refusal(
            "stays-home",
            "sensitive",
            sentence=phrase("What was to stay among our own neighbours stays so. Retire this kind and add another."),
        )
    names = _names(said)
    _check_free(names, tuple(kind for kind in before if kind.id != kind_id))
    changed: dict[str, Any] = {
        "names": names,
        "notes": _asked(said.questions),
        "because": _because(said.because, acting),
        "sensitive": said.sensitive,
    }
    if said.sensitive and not was.sensitive:
        changed["id"] = _new_id(names, STAYS_HOME, {kind.id for kind in before})
    is_now = was.model_copy(update=changed)
    _keep(connection, [is_now if kind.id == kind_id else kind for kind in before], acting, because=is_now.because)
    return was, is_now


def retire(connection: Connection, kind_id: str, acting: Acting, *, retired: bool = True) -> None:
    """Offer it no more, or again. Notes that have it keep it. Raises Refusal("not-found")."""
    acting.viewer.require(Right.SET_UP)
    before = own(connection)
    one = _one(before, kind_id)
    after = one.model_copy(update={"retired": retired})
    _keep(connection, [after if kind.id == kind_id else kind for kind in before], acting, because=one.because)


def _keep(connection: Connection, found: Iterable[OwnKind], acting: Acting, *, because: str) -> None:
    values = {
        "value": _KEPT.dump_json(tuple(found), exclude_defaults=True).decode(),
        "because": because,
        "by_member": acting.viewer.member_id or 0,
        "changed_at": acting.now,
    }
    changed = connection.execute(_RULES.update().where(_RULES.c.name == RULE).values(**values))
    if changed.rowcount == 0:
        connection.execute(_RULES.insert().values(name=RULE, **values))


def _one(found: tuple[OwnKind, ...], kind_id: str) -> OwnKind:
    for kind in found:
        if kind.id == kind_id:
            return kind
    raise Refusal("not-found", sentence=phrase("We have no kind of our own of that name."))


def _names(said: Said) -> Both:
    names = [" ".join(name.split()) for name in (said.name_en, said.name_es)]
    if not any(names):
        raise Refusal("name", "name_en", sentence=phrase("Say in a word or two what it is, in one language at least."))
    if any(len(name) > LONGEST_NAME or not name.isprintable() for name in names):
        raise Refusal("name", "name_en", sentence=phrase("Write a name that fits on one line."))
    return Both(en=names[0] or names[1], es=names[1] or names[0])


def _check_free(names: Both, others: tuple[OwnKind, ...]) -> None:
    """No two kinds are called alike, in either language."""
    for field, language in (("name_en", "en"), ("name_es", "es")):
        called = names.said(language).casefold()
        if any(called == kind.names.said(language).casefold() for kind in (*kinds.shipped(), *others)):
            raise Refusal("name", field, sentence=phrase("There is a kind of that name already."))


def _new_id(names: Both, begin: str, taken: set[str]) -> str:
    stem = _slug(names.en)[: 30 - len(begin)].strip("-") or "kind"
    number = 1
    while (found := f"{begin}{stem}" if number == 1 else f"{begin}{stem}-{number}") in taken:
        number += 1
    return found


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _asked(questions: str) -> tuple[Asks, ...]:
    lines = list(dict.fromkeys(" ".join(line.split()) for line in questions.splitlines() if line.strip()))
    if len(lines) > MOST_ASKED or any(len(line) > LONGEST_QUESTION or not line.isprintable() for line in lines):
        raise Refusal(
            "questions", "questions", sentence=phrase("Ask at most five things, each on a short line of its own.")
        )
    # Named by the words: what was answered before a question was worded anew is not shown as an answer to the new one.
    return tuple(
        Asks(name=f"own-{_slug(line)[:30].strip('-') or n}", label=Both(en=line, es=line))
        for n, line in enumerate(lines)
    )


def _because(typed: str, acting: Acting) -> str:
    address, ours = typed.strip(), f"{acting.council.base_url}/o/"
    if address and not (address.startswith(ours) and _PUBLIC_ID.fullmatch(address.removeprefix(ours))):
        raise Refusal(
            "because", "because", sentence=phrase("Write the address of one of our resolutions, or leave it empty.")
        )
    return address
