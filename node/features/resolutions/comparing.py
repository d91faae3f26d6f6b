"""What an amendment changes, word by word. Pure; it judges nothing and keeps the words as they are."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

_WORDS: Final = re.compile(r"\S+\s*|\s+")
_MOST_WORDS: Final = 6_000


class Change(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words that belong together."""

    change: Change
    words: str


def difference(before: str, after: str) -> list[Piece]:
    """The two texts in one: put together, all but what is new is `before`, and all but what is gone is `after`."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > _MOST_WORDS:  # to compare them would take longer than anybody waits
        return [piece for piece in (Piece(Change.GONE, before), Piece(Change.NEW, after)) if piece.words]
    pieces: list[Piece] = []
    for what, from_, to, from_new, to_new in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            pieces.append(Piece(Change.SAME, "".join(old[from_:to])))
            continue
        if to > from_:
            pieces.append(Piece(Change.GONE, "".join(old[from_:to])))
        if to_new > from_new:
            pieces.append(Piece(Change.NEW, "".join(new[from_new:to_new])))
    return pieces
