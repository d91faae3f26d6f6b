"""The text of anybody's HTML, in one pass over it.

The parser of the standard library takes half a minute for 64 kB of `<a <a <a`, and raises for some of what strangers write: what is
read here comes from strangers, on the thread that answers everybody. So every character is looked at a bounded number of times,
and nothing is refused: what is no tag is text.
"""

import html
import re
from typing import Final

from schemas.base import LONGEST_TEXT

_BREAKS: Final = frozenset({"br", "div", "h1", "h2", "h3", "h4", "li", "ol", "p", "tr", "ul"})
_RAW: Final = frozenset({"script", "style"})
_UNSPOKEN: Final = "template"

# What begins with "<" and is no text. Each form also ends with the text itself, as the standard has it: then all has been read,
# once. Quotation marks count only where a value begins.
_MARK: Final = re.compile(
    r"<!--(?:>|->|.*?(?:--!?>|\Z))"
    r"|<[!?][^>]*+(?:>|\Z)"
    r"|<(/?)([A-Za-z][^\s/>]*+)(?:[^>=]|=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))?)*+(?:>|\Z)"
    r"|</[^A-Za-z>][^>]*+(?:>|\Z)"
    r"|</>",
    re.DOTALL,
)
_ENDS_OF_RAW: Final = {name: re.compile(rf"</{name}(?=[\s/>]|\Z)", re.IGNORECASE) for name in sorted(_RAW)}
# A number of so many digits is no character, and to find that out by reading it takes the square of their count.
_NO_CHARACTER: Final = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9A-Fa-f]{7,});?")


def plain_text(markup: str) -> str:
    """The text of anybody's HTML, tags gone, blocks on lines of their own. What it returns must still be escaped to be shown."""
    markup = markup[:LONGEST_TEXT]
    spoken: list[str] = []
    hidden, at = 0, 0
    while (mark := _MARK.search(markup, at)) is not None:
        if not hidden:
            spoken.append(_characters(markup[at : mark.start()]))
        at = mark.end()
        closing, name = mark[1], (mark[2] or "").lower()
        if name == _UNSPOKEN:
            hidden = max(0, hidden - 1) if closing else hidden + 1
        elif name in _BREAKS and not hidden:
            spoken.append("\n")
        elif name in _RAW and not closing:
            end = _ENDS_OF_RAW[name].search(markup, at)
            at = len(markup) if end is None else end.start()
    if not hidden:
        spoken.append(_characters(markup[at:]))
    lines = (" ".join(line.split()) for line in "".join(spoken).split("\n"))
    return "\n".join(line for line in lines if line)


def _characters(text: str) -> str:
    return html.unescape(_NO_CHARACTER.sub("\ufffd", text)) if "&" in text else text
