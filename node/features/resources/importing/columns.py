"""Which column means what, and which words in it: in English and Spanish, as people name them, and as our own tables do.

What is not known is not guessed at: a column that nobody knows is left out and named, and a cell that could mean two things is
left as it is, to be refused by the rules. A column of names or telephone numbers is never taken. Pure.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from node.features.resources import wording
from node.features.resources.importing.reading import Line, Table
from node.features.resources.kinds import Kind
from schemas.phrase import phrase
from schemas.refusal import Refusal

_HEADS: Final[dict[str, tuple[str, ...]]] = {
    "direction": ("direction", "which", "need or offer", "cual", "necesidad u oferta"),
    "title": ("title", "what", "thing", "item", "titulo", "que", "cosa", "que es"),
    "words": (
        "words",
        "more",
        "more about it",
        "description",
        "details",
        "palabras",
        "mas",
        "algo mas",
        "descripcion",
        "detalles",
    ),
    "category": ("category", "of which kind", "categoria", "clase", "de que clase", "de que tipo"),
    "quantity": (
        "quantity",
        "how many",
        "how much",
        "amount",
        "number",
        "cantidad",
        "cuanto",
        "cuantos",
        "cuantas",
        "numero",
    ),
    "unit": ("unit", "of what", "unidad", "de que"),
    "near": ("near", "place", "where", "area", "cerca", "cerca de", "lugar", "donde", "zona", "barrio"),
    "audience": ("audience", "who can see this", "who can see it", "quien lo ve", "quien puede verlo"),
    "until": ("until", "until when", "ends at", "end", "hasta", "hasta cuando", "fin"),
    "language": ("language", "idioma", "lengua"),
}
# Our own tables call need or offer so; people call the kind of thing so. What stands in the column tells.
_EITHER: Final = frozenset({"kind", "tipo"})
_NEEDS: Final = (
    "need",
    "needs",
    "needed",
    "wanted",
    "what is needed",
    "se necesita",
    "lo que se necesita",
    "necesidad",
    "necesita",
    "hace falta",
)
_OFFERS: Final = (
    "offer",
    "offers",
    "offered",
    "what is offered",
    "se ofrece",
    "lo que se ofrece",
    "oferta",
    "ofrece",
    "hay",
)
_DIRECTIONS: Final = {**dict.fromkeys(_NEEDS, "need"), **dict.fromkeys(_OFFERS, "offer")}
_AUDIENCES: Final = {
    **dict.fromkeys(("council", "only our own neighbours", "our own neighbours", "solo nuestro vecindario"), "council"),
    **dict.fromkeys(
        (
            "neighbours",
            "we and our nearby councils",
            "nearby councils",
            "consejos cercanos",
            "nuestro vecindario y los consejos cercanos",
        ),
        "neighbours",
    ),
    **dict.fromkeys(("public", "everyone", "todo el mundo", "publico"), "public"),
}
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})(?:[ ,T]+([0-9]{1,2}:[0-9]{2}))?")
_YEAR_FIRST: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{1,2}:[0-9]{2})(?::[0-9]{2})?")
_MOMENT: Final = re.compile(r"[0-9T:-]+(?:Z|[+-][0-9]{2}:[0-9]{2})")
_DECIMAL_COMMA: Final = re.compile(r"([0-9]{1,12}),([0-9]{1,2})")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}([.,][0-9]{3})+")


@dataclass(frozen=True, slots=True)
class Known:
    """Which column stands for which field, the names of those that are left out, and what each name of a kind means."""

    where: Mapping[str, int]
    left_out: tuple[str, ...]
    kinds: Mapping[str, dict[str, str]]


def known_columns(table: Table, usable: Iterable[Kind]) -> Known:
    """The first column of each meaning counts; kinds are known by the names of those that are `usable`.

    Raises Refusal("no-title", "table") where none says what it is.
    """
    where: dict[str, int] = {}
    left_out = []
    for number, head in enumerate(table.columns):
        field = _field_of(plain(head), [line.cells[number] for line in table.lines if len(line.cells) > number])
        if field and field not in where:
            where[field] = number
        elif head:
            left_out.append(head[:60])
    if "title" not in where:
        raise Refusal(
            "no-title",
            "table",
            sentence=phrase("No column says what it is. Call one of them “What”; the first row names the columns."),
        )
    return Known(where, tuple(left_out), _by_name(usable))


def typed_of(line: Line, known: Known, usual: Mapping[str, str]) -> dict[str, str]:
    """What a person would have typed into the form for this row; `usual` for what the row leaves open.

    Raises Refusal("number-unclear", "quantity") for a number that could be a thousand times another.
    """
    said = {field: line.cells[n] for field, n in known.where.items() if len(line.cells) > n and line.cells[n]}
    typed = dict(usual) | {
        field: said[field] for field in ("title", "words", "unit", "near", "language") if field in said
    }
    if "direction" in said:
        typed["direction"] = _DIRECTIONS.get(plain(said["direction"]), said["direction"])
    if "audience" in said:
        typed["audience"] = _AUDIENCES.get(plain(said["audience"]), said["audience"])
    if "category" in said:
        typed |= known.kinds.get(plain(said["category"]), {"category": "other"})
    if "quantity" in said:
        typed["quantity"] = _number_of(said["quantity"])
    if "until" in said:
        typed |= _end_of(said["until"])
        typed.pop("until" if "ends_at" in typed else "ends_at", None)
    return typed


def plain(text: str) -> str:
    """Small letters without accents and marks, words with one space between."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(
        sign if sign.isalnum() else " " for sign in apart if not unicodedata.category(sign).startswith("M")
    )
    return " ".join(letters.split())


@cache
def _fields() -> dict[str, str]:
    return {head: field for field, heads in _HEADS.items() for head in heads}


def _field_of(head: str, cells: Sequence[str]) -> str | None:
    if head in _EITHER:
        filled = [plain(cell) for cell in cells if cell]
        return "direction" if filled and all(cell in _DIRECTIONS for cell in filled) else "category"
    return _fields().get(head)


def _by_name(usable: Iterable[Kind]) -> dict[str, dict[str, str]]:
    """What each name of a kind or category means, in the fields of the form; the first of two of one name."""
    found: dict[str, dict[str, str]] = {}
    for category, words in wording.CATEGORY_WORDS.items():
        found[plain(words)] = {"category": category}
    for kind in usable:
        known: dict[str, str] = {"category": kind.category} | ({} if kind.id == kind.category else {"kind": kind.id})
        for name in (kind.id, kind.names.en, kind.names.es):
            found.setdefault(plain(name), known)
    return found


def _number_of(cell: str) -> str:
    if _THOUSANDS.fullmatch(cell):
        raise Refusal(
            "number-unclear",
            "quantity",
            sentence=phrase("{number} can mean two numbers. Write it without a mark for thousands.", number=cell[:30]),
        )
    decimal = _DECIMAL_COMMA.fullmatch(cell)
    return f"{decimal[1]}.{decimal[2]}" if decimal else cell


def _end_of(cell: str) -> dict[str, str]:
    if _MOMENT.fullmatch(cell):
        return {"ends_at": cell}
    day_first, year_first = _DAY_FIRST.fullmatch(cell), _YEAR_FIRST.fullmatch(cell)
    if year_first:
        return {"until": f"{year_first[1]}T{year_first[2]:0>5}"}
    if day_first:
        day = f"{day_first[3]}-{day_first[2]:0>2}-{day_first[1]:0>2}"
        return {"until": f"{day}T{day_first[4]:0>5}" if day_first[4] else day}
    return {"until": cell}
