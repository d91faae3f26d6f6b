"""Every word that templates and code give to be translated, as the catalogues must hold them."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from hatch_build import UNDATED

ROOT = Path(__file__).resolve().parents[2]
LOCALES = ROOT / "node/web/locale"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "phrase": None, "phrases": (1, 2)}


@cache
def words_in_the_source() -> frozenset[str | tuple[str, str]]:
    """Each message, or the pair of one and many."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS)
    return frozenset(tuple(one[2]) if isinstance(one[2], tuple) else one[2] for one in found)


def catalogue(code: str) -> Catalog:
    with (LOCALES / code / "LC_MESSAGES/comarca.po").open("rb") as file:
        return read_po(file, locale=code)


def compiled(words: Catalog) -> bytes:
    words.creation_date = UNDATED
    buffer = BytesIO()
    write_mo(buffer, words)
    return buffer.getvalue()
