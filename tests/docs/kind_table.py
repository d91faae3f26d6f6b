"""The table of kinds in FEDERATION.md, from the list that the server has. `python -m tests.docs.samples` writes it anew."""

import re

from node.features.resources.kinds import shipped

_TABLE = re.compile(r"<!-- table: kinds -->\n(?:\|.*\n)+")


def made() -> str:
    """The table as it stands in the file, its mark before it."""
    lines = ["| kind | category | English | Español | the same as |", "|---|---|---|---|---|"]
    for kind in shipped():
        same = f"[{kind.wikidata}]({kind.same_as})" if kind.same_as else ""
        home = " (stays home)" if kind.sensitive else ""
        lines.append(f"| `{kind.id}`{home} | `{kind.category}` | {kind.names.en} | {kind.names.es} | {same} |")
    return "<!-- table: kinds -->\n" + "\n".join(lines) + "\n"


def shown(text: str) -> str:
    """The table that a text shows, empty where it has none."""
    found = _TABLE.search(text)
    return found[0] if found else ""


def written_anew(text: str) -> str:
    """The text with the table as it is made now."""
    return _TABLE.sub(lambda _: made(), text)
