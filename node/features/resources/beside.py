"""What stands beside the words of a need or an offer: what its kind asks for, and the hours and ways in of a standing place.

It is kept apart here, so that it can be shown and changed line by line. Others are told of it in the words, and of nothing that
the words themselves could not say: `rules.check_words` has judged both.
"""

from collections.abc import Mapping
from typing import Final

import orjson

from node.features.resources.kinds import Kind
from node.features.resources.tables import Resource
from node.recipes import Both
from schemas.wording import words_for

LONGEST: Final = 200
YES: Final = "yes"
STANDS: Final = "stands"
STANDS_AT: Final = "stands-at"
"""How a standing place was found last, and when (RFC 3339): kept among the notes, and told to nobody elsewhere."""


def notes_of(row: Resource) -> dict[str, str]:
    """What is noted of a record: name to words. Nothing where nothing is."""
    return {} if not row.notes else {str(name): str(words) for name, words in orjson.loads(row.notes).items()}


def as_kept(kind: Kind | None, said: Mapping[str, str], *, before: Mapping[str, str]) -> str:
    """The notes as they are kept, JSON: of what was said, what this kind asks for; how the place was found stays as it was."""
    asked = () if kind is None else kind.notes
    kept = {one.name: YES if one.tick else said[one.name] for one in asked if said.get(one.name)}
    kept |= {name: before[name] for name in (STANDS, STANDS_AT) if name in before}
    return orjson.dumps(kept).decode() if kept else ""


def answers(kind: Kind | None, notes: Mapping[str, str]) -> list[tuple[Both, str]]:
    """What was said to what the kind asks for: (label, words), the words empty where the label says it all."""
    asked = () if kind is None else kind.notes
    return [(one.label, "" if one.tick else notes[one.name]) for one in asked if notes.get(one.name)]


def words_told(row: Resource, kind: Kind | None) -> str:
    """The words as others are told them: with what is noted beside them, each on a line of its own, in the note's language."""
    said = words_for(row.language)
    lines = [row.words]
    lines += [
        f"{label.said(row.language)}: {words}" if words else f"{label.said(row.language)}."
        for label, words in answers(kind, notes_of(row))
    ]
    lines += [f"{said[name]}: {words}" for name, words in (("hours", row.hours), ("access", row.access)) if words]
    return "\n".join(line for line in lines if line)
