"""The documentation as its tests read it: the files, their code, their tables and their links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "compose").rglob("*.md"),
    ]
)
NAMES = [str(path.relative_to(ROOT)) for path in FILES]

_FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str = "") -> list[str]:
    """The insides of fenced blocks in one language; "" for those that name none."""
    return [inside for given, inside in _FENCE.findall(text) if given == language]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return _FENCE.sub("", text)


def code(text: str) -> list[str]:
    """Every line of the plain blocks and every code span: what a reader might type."""
    lines = [line.strip() for block in blocks(text) for line in block.splitlines()]
    return [*lines, *_SPAN.findall(prose(text))]


def links(text: str) -> list[str]:
    return _LINK.findall(prose(text))


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the tables under a heading, header rows left out; up to the next heading of any level."""
    start = text.index(f"\n{heading}\n") + len(heading) + 2
    section = re.split(r"^#", prose(text[start:]), maxsplit=1, flags=re.MULTILINE)[0]
    found = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in found]
    ruled = [number for number, row in enumerate(cells) if all(set(cell) <= set("-: ") for cell in row)]
    headers = {number - 1 for number in ruled} | set(ruled)
    return [row for number, row in enumerate(cells) if number not in headers]


def anchors(text: str) -> set[str]:
    """The anchors that headings get: small letters, spaces as hyphens, punctuation gone."""
    heads = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
