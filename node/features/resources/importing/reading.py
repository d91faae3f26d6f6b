"""From what a spreadsheet saved to rows of cells. Pure; whatever comes is read or refused by name, and never half.

Bytes are UTF-8 (with or without a mark), UTF-16 with one, or else Windows-1252. Cells are parted by
comma, semicolon or tab, whichever parts the first row most. Nothing is worked out: a cell that looks like a formula is its words.
"""

import csv
import io
import re
from dataclasses import dataclass
from typing import Final

from schemas.phrase import phrase
from schemas.refusal import Refusal

MOST_CHARACTERS: Final = 100_000
MOST_BYTES: Final = 400_000
MOST_ROWS: Final = 200
MOST_COLUMNS: Final = 40
_PARTED_BY: Final = (";", ",", "\t")
_SAYS_SEPARATOR: Final = re.compile(r"sep=([;,\t])\n", re.IGNORECASE)
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_ZIP: Final = b"PK\x03\x04"
# The apostrophe that a table of ours puts before what a spreadsheet would work out.
_KEPT_FROM_WORKING: Final = re.compile(r"'(?=[ \n]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")


@dataclass(frozen=True, slots=True)
class Line:
    """One row below the first: its number as the spreadsheet shows it, and its cells by the number of their column."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The names of the columns as they stand in the first row, and the rows that hold anything."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def text_of(data: bytes) -> str:
    """The text of a file. Raises Refusal("workbook", "not-text" or "too-long", "file")."""
    if data.startswith(_ZIP):
        raise Refusal(
            "workbook",
            "file",
            sentence=phrase("That is a whole workbook. Save the sheet as CSV, then choose that file."),
        )
    if len(data) > MOST_BYTES:
        raise _too_long("file")
    try:
        text = data.decode("utf-16" if data.startswith(_WIDE_MARKS) else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\0" in text:
        raise Refusal(
            "not-text", "file", sentence=phrase("That file is no text. Save the sheet as CSV, then choose that file.")
        )
    return text


def table_of(text: str) -> Table:
    """The rows of a text. Raises Refusal("empty", "too-long", "too-many-rows", "too-many-columns" or "not-a-table", "table")."""
    if len(text) > MOST_CHARACTERS:
        raise _too_long("table")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    said = _SAYS_SEPARATOR.match(text)
    text = text[said.end() :] if said is not None else text
    rows = _rows(text, said[1] if said is not None else _parted_by(text))
    filled = [(number, cells) for number, cells in enumerate(rows, start=1) if any(cells)]
    if len(filled) < 2:
        raise Refusal(
            "empty",
            "table",
            sentence=phrase("There is nothing in it. The first row names the columns; one row follows for each thing."),
        )
    if len(filled) - 1 > MOST_ROWS:
        raise Refusal(
            "too-many-rows",
            "table",
            sentence=phrase("That is more than {most} rows. Put them up in parts.", most=MOST_ROWS),
        )
    if max(len(cells) for _, cells in filled) > MOST_COLUMNS:
        raise Refusal(
            "too-many-columns", "table", sentence=phrase("That is more than {most} columns.", most=MOST_COLUMNS)
        )
    (_, columns), *lines = filled
    return Table(columns, tuple(Line(number, cells) for number, cells in lines))


def _parted_by(text: str) -> str:
    first = text.lstrip("\n").partition("\n")[0]
    return max(_PARTED_BY, key=lambda sign: len(_rows(first, sign)[0]) if first else 0)


def _rows(text: str, sign: str) -> list[tuple[str, ...]]:
    try:
        return [tuple(_cell(cell) for cell in row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign)]
    except csv.Error:
        raise Refusal("not-a-table", "table", sentence=phrase("This cannot be read as rows and columns.")) from None


def _cell(cell: str) -> str:
    return _KEPT_FROM_WORKING.sub("", cell.strip(), count=1) if cell.startswith("'") else cell.strip()


def _too_long(field: str) -> Refusal:
    return Refusal("too-long", field, sentence=phrase("That is too much at once. Put it up in parts."))
