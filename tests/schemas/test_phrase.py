"""A phrase is English as it stands, and remembers enough to be said in another language."""

import copy
import gettext

import pytest

from schemas.phrase import phrase, phrases, said


class Turned(gettext.NullTranslations):
    """A language in which every template is known by its opposite order."""

    def gettext(self, message: str) -> str:
        return {"{place} until {end}": "hasta {end}: {place}", "Friday": "el viernes"}.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return {"{count} chair": ("{count} silla", "{count} sillas")}[msgid1][n != 1]


def test_it_reads_as_english_wherever_a_text_is_wanted() -> None:
    words = phrase("{place} until {end}", place="The {yard}", end=phrase("Friday"))

    assert words == "The {yard} until Friday"
    assert f"{words}!" == "The {yard} until Friday!"


def test_it_is_said_in_another_language_values_that_are_phrases_included() -> None:
    words = phrase("{place} until {end}", place="The {yard}", end=phrase("Friday"))

    assert said(words, Turned()) == "hasta el viernes: The {yard}"
    assert said("{place} until {end}", Turned()) == "{place} until {end}"


@pytest.mark.parametrize(("count", "english", "spanish"), [(1, "1 chair", "1 silla"), (3, "3 chairs", "3 sillas")])
def test_one_and_many(count: int, english: str, spanish: str) -> None:
    words = phrases("{count} chair", "{count} chairs", count)

    assert words == english
    assert said(words, Turned()) == spanish


def test_a_copy_still_knows_its_words() -> None:
    words = copy.copy(phrase("Friday"))

    assert said(words, Turned()) == "el viernes"
