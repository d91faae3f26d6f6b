"""The languages that pages are said in: English by itself, the others from compiled gettext catalogues.

A catalogue that is not there is an error at start, never a page half in one language and half in another.
"""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.phrase import Catalogue

FOLDER = Path(__file__).parent / "locale"
DOMAIN = "comarca"
ENGLISH = "en"
NAMES = {"en": "English", "es": "Español"}

_RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}
_MOST_WISHES = 20


class MissingCatalogue(Exception):
    """The words of a language are not compiled. The text says what to type."""


@dataclass(frozen=True)
class Tongue:
    """One language that pages can be said in. `code` is its BCP 47 tag, `name` what it calls itself."""

    code: str
    name: str
    catalogue: Catalogue

    @property
    def direction(self) -> str:
        return direction_of(self.code)


def direction_of(language: str) -> str:
    """ "rtl" or "ltr", by the first part of a BCP 47 tag."""
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def load_tongues(folder: Path = FOLDER, *, names: Mapping[str, str] = NAMES) -> dict[str, Tongue]:
    """Every language of `names`, by code. Raises MissingCatalogue."""
    return {code: Tongue(code, name, _catalogue(folder, code)) for code, name in names.items()}


def choose(wished: str | None, accepted: str, *, council: str, offered: Mapping[str, Tongue]) -> Tongue:
    """The language for one request: what was switched to, else what the browser accepts, else the council's, else English.

    `accepted` is the Accept-Language header (RFC 9110 section 12.5.4); what it says amiss is left out.
    """
    for tag in (wished or "", *_by_weight(accepted), council):
        found = offered.get(tag) or offered.get(tag.partition("-")[0].lower())
        if found is not None:
            return found
    return offered[ENGLISH]


def _by_weight(accepted: str) -> list[str]:
    wishes = []
    for part in accepted.split(",")[:_MOST_WISHES]:
        tag, _, weight = part.partition(";")
        try:
            q = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if tag.strip() and 0 < q <= 1:
            wishes.append((q, tag.strip()))
    return [tag for _, tag in sorted(wishes, key=lambda wish: -wish[0])]


def _catalogue(folder: Path, code: str) -> Catalogue:
    if code == ENGLISH:
        return gettext.NullTranslations()
    try:
        return gettext.translation(DOMAIN, localedir=folder, languages=[code])
    except OSError as error:
        raise MissingCatalogue(f"The words of the language {code!r} are not compiled. Type: make words") from error
