"""A list as a table (RFC 4180), for spreadsheets. It must never hold a cell that a spreadsheet would take for a formula."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

from node.web.exports.listed import Addressed
from node.web.templating import seen_only

BYTE_ORDER_MARK = "\ufeff"
"""Without it the commonest spreadsheet reads UTF-8 as something else."""

COLUMNS = ("kind", "title", "words", "about", "from", "address", "page", "language", "updated", "ends_at")
# What a spreadsheet begins a formula with, the wide forms of East Asian keyboards among them.
_FORMULA = re.compile(r"[ \n]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
# Where lists are parted by semicolons a spreadsheet reads our commas as words, and begins a new cell in the middle of ours.
_FORMULA_INSIDE = re.compile(r"([;\t\r\n] *)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def table(slips: Iterable[Addressed], *, columns: tuple[str, ...]) -> bytes:
    """UTF-8 with a byte order mark, a header row of fixed English words, lines that end in CR LF; times in UTC (RFC 3339)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow((*COLUMNS, *columns))
    for one in slips:
        slip = one.slip
        usual = (
            slip.kind,
            slip.title,
            slip.words,
            " · ".join(one.about),
            slip.source,
            one.address,
            one.page,
            slip.language,
            slip.updated,
            slip.ends_at,
        )
        writer.writerow([cell(value) for value in (*usual, *(one.details.get(name) for name in columns))])
    return (BYTE_ORDER_MARK + text.getvalue()).encode("utf-8", "replace")


def cell(value: object) -> str:
    """A value as a spreadsheet can do no harm with it: an apostrophe goes before what would be worked out."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    text = _FORMULA_INSIDE.sub(r"\1'", _CONTROL.sub("", str(seen_only(str(value)))))
    return f"'{text}" if _FORMULA.match(text) else text
