"""Finding published needs and offers by their words: the full text index and all the SQL of it that is SQLite's own.

The index (FTS5) holds title, words and place name of `availability` and nothing else, so never what stays in this council.
Triggers from the first migration keep it, so that rows which go by cascade leave it too. What a person types is cut into
words here and never reaches the index as a query's syntax.
"""

import unicodedata
from typing import Final

from sqlalchemy import Connection

from node.database.sqlite import driver_connection

MOST_WORDS: Final = 8
MOST_CANDIDATES: Final = 5_000
"""How many rows one search looks at: the newest. A word that half the region uses must not cost a walk through all."""

AMONG: Final = "json_each(?) AS hit CROSS JOIN availability a ON a.replica_id = hit.value"
"""What to select from to look at candidates alone, `a` by name; its value is made by `as_value`."""

PAGES_AT_ONCE: Final = 100
"""How much of the index one step of a purge rewrites: about 20 ms of the writer's time."""

_FOUND: Final = "SELECT rowid FROM availability_text WHERE availability_text MATCH ? ORDER BY rowid DESC LIMIT ?"
_MERGE: Final = "INSERT INTO availability_text (availability_text, rank) VALUES ('merge', ?)"
# From here on in Unicode words stand without spaces, and one sign may be one.
_NO_SPACES_FROM: Final = "\u2e80"


def words_of(text: str) -> list[str]:
    """The words to look for: at most eight, letters, digits and their marks only; "flat-pack" is one word of two parts."""
    found = []
    for typed in text.split():
        word = " ".join("".join(sign if _in_words(sign) else " " for sign in typed).split())
        if any(sign.isalnum() for sign in word):
            found.append(word)
    return found[:MOST_WORDS]


def candidates(connection: Connection, text: str) -> list[int]:
    """Replica ids of rows that have every word of `text`, whatever their case and accents; at most 5,000.

    Whole words count first, then words that begin so; among equals the newest. One or two letters must be a whole word,
    since half the language begins with them. Without a single letter or digit nothing is found.
    """
    words = words_of(text)
    if not words:
        return []
    found = _matching(connection, [_whole(word) for word in words])
    begun = [_whole(word) if _is_short(word) else f"{_whole(word)}*" for word in words]
    if len(found) < MOST_CANDIDATES and not all(map(_is_short, words)):
        found = list(dict.fromkeys([*found, *_matching(connection, begun)]))
    return found[:MOST_CANDIDATES]


def as_value(replica_ids: list[int]) -> str:
    """Candidates as the one bound value that `AMONG` takes."""
    return f"[{','.join(map(str, replica_ids))}]"


def purge(connection: Connection, begin: bool) -> bool:
    """Rewrite part of the index without the words of rows that are gone. Returns whether there is more to rewrite.

    `begin` takes in everything written so far. The words of a deleted row stay in the file until then: SQLite 3.40 only marks
    them (FTS5, 4.7 and 6.10, the `optimize` command in steps).
    """
    raw = driver_connection(connection)
    before = raw.total_changes
    raw.execute(_MERGE, (-PAGES_AT_ONCE if begin else PAGES_AT_ONCE,))
    # The command itself counts as one change.
    return raw.total_changes - before >= 2


def _matching(connection: Connection, terms: list[str]) -> list[int]:
    rows = driver_connection(connection).execute(_FOUND, (" AND ".join(terms), MOST_CANDIDATES))
    return [rowid for (rowid,) in rows]


def _whole(word: str) -> str:
    return f'"{word}"'


def _is_short(word: str) -> bool:
    return len(word) < 3 and max(word) < _NO_SPACES_FROM


def _in_words(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign).startswith("M")
