"""The kinds file, the numbers of notes and their secret phrases."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.features.resources import kinds, numbers, wording
from schemas.context import CATEGORIES, category_of
from tests import builders

KEY = builders.council("riverside").lookup_key
OTHER_KEY = builders.council("harbour").lookup_key
CODE = "7KQM4T"
SENSITIVE = {"harm-reduction", "reproductive-care", "migration", "custody", "bail"}


def test_every_category_is_a_kind_and_every_kind_stands_under_one() -> None:
    ids = [kind.id for kind in kinds.shipped()]

    assert len(set(ids)) == len(ids) > 50
    assert set(CATEGORIES) <= set(ids)
    for slug, address in CATEGORIES.items():
        kind = kinds.find(slug)
        assert kind is not None
        assert (kind.category, kind.address, kind.names.en) == (slug, address, wording.CATEGORY_WORDS[slug])
    assert {category_of(kind.address) for kind in kinds.shipped() if kind.id not in CATEGORIES} == {"other"}


def test_what_puts_people_in_danger_is_marked_and_nothing_else() -> None:
    assert {kind.id for kind in kinds.shipped() if kind.sensitive} == SENSITIVE
    assert kinds.is_sensitive("custody")
    assert not kinds.is_sensitive("food")
    assert not kinds.is_sensitive("nothing-of-the-kind")


def test_names_are_told_apart_in_both_languages_and_links_are_not_used_twice() -> None:
    for language in ("en", "es"):
        names = [kind.names.said(language) for kind in kinds.shipped()]
        assert len(set(names)) == len(names)
    links = [kind.same_as for kind in kinds.shipped() if kind.same_as]
    assert len(set(links)) == len(links) > 20
    assert "CC0" in kinds.FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", numbers.LANGUAGES)
def test_a_list_has_256_words_that_anybody_can_type(language: str) -> None:
    words = numbers.words_in(language)

    assert len(set(words)) == len(words) == 256
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 10 for word in words)
    assert "CC0" in (numbers.FOLDER / f"{language}.txt").read_text(encoding="utf-8")


def test_a_phrase_has_four_words_of_the_language_and_english_where_there_is_no_list() -> None:
    randomness = builders.SeededRandomness("phrases")

    for language, known in (("en", "en"), ("es-MX", "es"), ("ar", "en")):
        phrase = numbers.new_phrase(randomness, language).split(" ")
        assert len(phrase) == 4
        assert set(phrase) <= set(numbers.words_in(known))


@given(seed=st.integers(0, 10**6))
def test_a_number_is_read_as_it_was_shown_however_it_is_typed(seed: int) -> None:
    code = numbers.new_code(builders.SeededRandomness(f"{seed}"))

    assert (
        numbers.read(numbers.shown(code)) == numbers.read(f" {code.lower()} ") == numbers.read(" ".join(code)) == code
    )


@pytest.mark.parametrize("typed", ["", "7KQ", "7KQM4TT", "AEIOU1", "7KQM40", "'; --", "٧KQM4T", "７" * 7])
def test_what_cannot_be_a_number_is_none(typed: str) -> None:
    assert numbers.read(typed) is None


@pytest.mark.parametrize(
    "again", [str.upper, lambda said: said.replace(" ", "-"), lambda said: f"  {said.replace(' ', ' . ')} "]
)
@pytest.mark.parametrize("said", ["limon puente abeja zorro", "acorn owl kite plum"])
def test_a_phrase_is_the_same_however_it_is_typed(said: str, again: Callable[[str], str]) -> None:
    kept = numbers.phrase_hash(CODE, said, KEY)

    assert numbers.fits(CODE, again(said), kept, KEY)
    assert numbers.fits(CODE, said.replace("limon", "limón"), kept, KEY)


@pytest.mark.parametrize(
    ("code", "typed"), [("7KQM4V", "acorn owl kite"), (CODE, "acorn owl"), (CODE, ""), (CODE, "acornowlkite")]
)
def test_another_phrase_or_another_number_does_not_fit(code: str, typed: str) -> None:
    kept = numbers.phrase_hash(CODE, "acorn owl kite", KEY)

    assert not numbers.fits(code, typed, kept, KEY)
    assert not numbers.fits(CODE, "acorn owl kite", kept, OTHER_KEY)


def test_a_note_without_a_phrase_is_opened_by_none() -> None:
    assert not numbers.fits(CODE, "", None, KEY)
    assert "acorn" not in numbers.phrase_hash(CODE, "acorn owl kite", KEY)
