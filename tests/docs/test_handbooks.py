"""The neighbour's handbook speaks of what is on the pages, in the words of the pages, in both languages alike."""

import re

import pytest

from tests.docs.reading import prose, text_of
from tests.web.words_of_the_house import catalogue, words_in_the_source

BOOKS = {"en": "docs/neighbours.md", "es": "docs/es/vecindario.md"}
TWINS = [("docs/neighbours.md", "docs/es/vecindario.md"), ("docs/keepers.md", "docs/es/turno.md")]
_SLANTED = re.compile(r"(?<!\*)\*([^*\n]+)\*(?!\*)")


def _said(code: str) -> set[str]:
    if code == "en":
        return {text for one in words_in_the_source() for text in ((one,) if isinstance(one, str) else one)}
    return {text for m in catalogue(code) if m.id for text in ((m.string,) if isinstance(m.string, str) else m.string)}


def _quoted(code: str) -> list[str]:
    return [
        words
        for words in _SLANTED.findall(prose(text_of(BOOKS[code])))
        if words not in {"slanted letters", "letra inclinada"}
    ]


@pytest.mark.parametrize("code", sorted(BOOKS))
def test_what_is_quoted_stands_on_the_pages(code: str) -> None:
    quoted = _quoted(code)

    assert len(quoted) > 10
    assert [words for words in quoted if words not in _said(code)] == []


def test_both_languages_quote_the_same_words() -> None:
    spanish = {m.id: m.string for m in catalogue("es") if isinstance(m.id, str)}

    assert [spanish.get(words) for words in _quoted("en")] == _quoted("es")


@pytest.mark.parametrize(("english", "spanish"), TWINS)
def test_twins_have_the_same_sections(english: str, spanish: str) -> None:
    levels = [
        [line.split(" ")[0] for line in text_of(name).splitlines() if re.match(r"#+ ", line)]
        for name in (english, spanish)
    ]

    assert levels[0] == levels[1]
