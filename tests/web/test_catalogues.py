"""The catalogues hold every word of the pages, whole, in every language, and none that we do not say."""

import gettext
import re
from string import Formatter

import pytest

from node.web.tongues import ENGLISH, NAMES
from tests.web.reading import BANNED
from tests.web.words_of_the_house import LOCALES, catalogue, compiled, words_in_the_source

OTHERS = sorted(set(NAMES) - {ENGLISH})
# primitives.md section 8, last column: what does not stand on a page in Spanish.
NOT_SAID = re.compile(
    r"\b(concejos?|nodos?|instancias?|usuari[oa]s?|client[ea]s?|beneficiari[oa]s?|voluntari[oa]s?|administrador(?:es|a|as)?|"
    r"alivio|sesión de usuario|incidentes?|ticket|token|tablero de control|panel de control|enviar formulario|"
    r"vetar|veto|moción|federación|par(?:es)? remot[oa]s?|testimonios?)\b",
    re.IGNORECASE,
)
NAMED = re.compile(r"%\((\w+)\)[sd]")


def _fields(text: str) -> set[str]:
    """The values that a template fills in, of both kinds."""
    named = set(NAMED.findall(text))
    try:
        return named | {name for _, name, _, _ in Formatter().parse(text) if name}
    except ValueError:
        return named


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_holds_exactly_the_words_of_the_source(code: str) -> None:
    held = {tuple(m.id) if isinstance(m.id, (tuple, list)) else m.id for m in catalogue(code) if m.id}

    assert held - words_in_the_source() == set(), "type: make catalogues"
    assert words_in_the_source() - held == set(), "type: make catalogues"


@pytest.mark.parametrize("code", OTHERS)
def test_every_word_is_translated_and_none_is_a_guess(code: str) -> None:
    messages = [message for message in catalogue(code) if message.id]

    missing = [m.id for m in messages if not m.string or (isinstance(m.string, tuple) and not all(m.string))]
    assert missing == []
    assert [m.id for m in messages if m.fuzzy] == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_fills_in_the_same_values_and_keeps_the_same_tags(code: str) -> None:
    wrong = []
    for message in catalogue(code):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        fields = set().union(*(_fields(one) for one in ids))
        tags = sorted(re.findall(r"</?\w+[^>]*>", ids[-1]))
        for string in strings:
            if not _fields(string) <= fields or _fields(ids[-1]) - _fields(strings[-1]):
                wrong.append((ids, string))
            if sorted(re.findall(r"</?\w+[^>]*>", string)) != tags:
                wrong.append((ids, string))
    assert wrong == []


@pytest.mark.parametrize("code", OTHERS)
def test_the_compiled_catalogue_is_that_of_the_words(code: str) -> None:
    path = LOCALES / code / "LC_MESSAGES/comarca.mo"

    assert path.read_bytes() == compiled(catalogue(code)), "type: make words"
    with path.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Wall") == "Mural"


def test_no_word_that_we_do_not_say_stands_in_a_catalogue() -> None:
    english = [text for one in words_in_the_source() for text in ((one,) if isinstance(one, str) else one)]
    spanish = [
        text for m in catalogue("es") if m.id for text in ((m.string,) if isinstance(m.string, str) else m.string)
    ]

    assert [text for text in english if BANNED.search(text)] == []
    assert [text for text in spanish if NOT_SAID.search(text)] == []


def test_the_guards_of_this_file_can_fail() -> None:
    assert NOT_SAID.search("Los usuarios de este nodo")
    assert BANNED.search("Delete this user")
    assert _fields("until {day} %(name)s") == {"day", "name"}
