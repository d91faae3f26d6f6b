"""Finding what there is by its words, without a place: what is found, what is not, and what nobody can break by typing."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, Table, text

from federation.moments import microseconds
from node.database import Store
from node.database.sqlite import driver_connection
from node.features.resources import full_text
from node.features.resources.around import around
from node.migrations import new as drafting
from node.migrations import run as migrations
from tests import builders
from tests.features.test_around import fill
from tests.features.village import START, Village, village_in

BOTH = ("public", "neighbours")
SYNTAX = [
    '"',
    "'",
    "*",
    "(",
    ")",
    ":",
    "^",
    "-",
    "+",
    "AND",
    "OR",
    "NOT",
    "NEAR(",
    "title:",
    "{title near}:",
    "\x00",
    "%",
]


@pytest.fixture(scope="module")
def index() -> Iterator[Connection]:
    with builders.database() as connection:
        yield connection


@pytest.fixture(scope="module")
def busy_village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    with village_in(tmp_path_factory.mktemp("village")) as built:
        harbour = built.meet()
        built.hears(harbour, builders.note(harbour, title="Ten folding chairs"))
        yield built


def titles(connection: Connection, typed: str | None, **asked: Any) -> list[str]:
    return [one.title for one in around(connection, now=START, audiences=BOTH, text=typed, **asked)]


def test_every_word_must_be_found_at_the_beginning_of_a_word(index: Connection) -> None:
    fill(
        index,
        [
            {"title": "Forty lanterns", "words": "Warm light.", "near": "Mill Lane"},
            {"title": "A ladder", "words": "Reaches the lanterns."},
            {"title": "Ten fans"},
        ],
    )

    assert titles(index, "lantern") == ["Forty lanterns", "A ladder"]
    assert titles(index, "LANTERNS light mill") == ["Forty lanterns"]
    assert titles(index, "lanterns reaches light") == []
    assert titles(index, "antern") == []


@pytest.mark.parametrize(
    "typed", ["cafe", "CAFÉ", "Cafe\u0301", "caf", "café leche", "d'été", "flat-pack", "flat pac", "米"]
)
def test_accents_case_and_hyphens_do_not_matter(index: Connection, typed: str) -> None:
    fill(index, [{"title": "Café con leche", "words": "d’ete d'été, flat-pack", "near": "米飯"}, {"title": "Tea"}])

    assert titles(index, typed) == ["Café con leche"]


def test_one_or_two_letters_are_a_whole_word(index: Connection) -> None:
    fill(
        index,
        [{"title": "Block C"}, {"title": "Chairs"}, {"title": "TV set"}, {"title": "Tvrtko"}, {"title": "5 l pot"}],
    )

    assert titles(index, "c") == ["Block C"]
    assert titles(index, "tv") == ["TV set"]
    assert titles(index, "5 l") == ["5 l pot"]
    assert titles(index, "cha c") == []


@pytest.mark.parametrize("typed", [None, "", "   ", "\t\n"])
def test_who_looks_for_no_word_is_shown_everything(index: Connection, typed: str | None) -> None:
    fill(index, [{}, {}])

    assert titles(index, typed) == ["Thing 1", "Thing 2"]


@pytest.mark.parametrize("typed", ["!!!", '"', "*", "& - (", "\x00", "🍲"])
def test_where_no_letter_or_digit_is_asked_for_nothing_is_found(index: Connection, typed: str) -> None:
    fill(index, [{"title": "Soup! & bread - (hot) 🍲"}])

    assert titles(index, typed) == []


def test_signs_beside_words_are_passed_over(index: Connection) -> None:
    fill(index, [{"title": "Dal & rice"}, {"title": "Dal"}])

    assert titles(index, '"dal" & (rice)*') == ["Dal & rice"]


def test_what_looks_like_a_query_is_looked_for_as_words(index: Connection) -> None:
    fill(index, [{"title": "Dal"}, {"title": "Rice"}, {"title": "Dal or rice"}])

    assert titles(index, "dal OR rice") == ["Dal or rice"]
    assert titles(index, "title:dal") == []
    assert titles(index, "dal NOT rice") == []


def test_the_conditions_hold_for_what_the_words_find(index: Connection) -> None:
    fill(
        index,
        [
            {"title": "Fans 1", "ends_at": microseconds(START + timedelta(days=3))},
            {"title": "Fans 2", "category": "tools"},
            {"title": "Fans 3", "direction": "need"},
            {"title": "Fans 4", "ends_at": microseconds(START)},
            {"title": "Fans 5", "audience": "neighbours"},
        ],
    )

    assert titles(index, "fans") == ["Fans 2", "Fans 3", "Fans 5", "Fans 1"]
    assert titles(index, "fans", category="tools") == ["Fans 2"]
    assert titles(index, "fans", direction="need") == ["Fans 3"]
    assert titles(index, "fans", limit=1) == ["Fans 2"]
    assert [one.title for one in around(index, now=START, audiences=("public",), text="fans 5")] == []


def test_with_a_place_a_part_of_a_word_is_enough(index: Connection) -> None:
    fill(index, [{"title": "Forty lanterns", "latitude": 41.0, "longitude": 2.0}])

    assert titles(index, "antern", latitude=41.0, longitude=2.0, within_km=5) == ["Forty lanterns"]


def test_the_newest_are_looked_at_and_whole_words_before_others(
    index: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(full_text, "MOST_CANDIDATES", 3)
    fill(index, [{"title": "Fan"}, {"title": "Fans"}, {"title": "Fans"}, {"title": "Fan"}, {"title": "Fans"}])

    assert full_text.candidates(index, "fan") == [4, 1, 5]
    assert full_text.candidates(index, "fans") == [5, 3, 2]


def test_the_words_follow_the_row(index: Connection) -> None:
    fill(index, [{"title": "Fans"}, {"title": "Chairs"}])

    index.execute(text("UPDATE availability SET title = 'Ladders' WHERE replica_id = 1"))
    changed = titles(index, "fans"), titles(index, "ladders")
    index.execute(text("DELETE FROM replica WHERE id = 2"))

    assert changed == ([], ["Ladders"])
    assert full_text.candidates(index, "chairs") == []
    index.execute(text("INSERT INTO availability_text (availability_text, rank) VALUES ('integrity-check', 1)"))


RECORDS = st.lists(st.tuples(st.booleans(), st.sampled_from(["Fans", "fans of wood", "Sillas", "Café"])), max_size=12)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(puts=st.lists(st.tuples(st.integers(1, 5), RECORDS), max_size=4))
def test_the_index_is_right_after_any_puts_and_ends(index: Connection, puts: list[Any]) -> None:
    fill(index, [{} for _ in range(5)])

    for number, changes in puts:
        for stays, title in changes:
            step = "UPDATE availability SET title = :title WHERE replica_id = :number"
            if not stays:
                step = "DELETE FROM availability WHERE replica_id = :number AND :title <> ''"
            index.execute(text(step), {"title": title, "number": number})

    index.execute(text("INSERT INTO availability_text (availability_text, rank) VALUES ('integrity-check', 1)"))
    left = index.execute(text("SELECT title FROM availability WHERE title LIKE 'fans%'")).scalars().all()
    assert sorted(titles(index, "fans")) == sorted(left)


ANYTHING = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(st.sampled_from(SYNTAX), st.text(max_size=8)), max_size=12).map(" ".join),
    st.lists(st.sampled_from([*SYNTAX, "fans"]), max_size=12).map("".join),
)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.one_of(ANYTHING, st.text(st.characters(categories=["Cs", "L", "Mn"]), max_size=9)))
def test_no_text_makes_the_search_fail(index: Connection, typed: str) -> None:
    found = full_text.candidates(index, typed)

    assert len(full_text.words_of(typed)) <= full_text.MOST_WORDS
    assert not found or full_text.words_of(typed)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=ANYTHING)
def test_no_text_makes_a_page_or_an_answer_fail(busy_village: Village, typed: str) -> None:
    async def ask() -> dict[str, int]:
        async with busy_village.browser() as browser:
            return {
                path: (await browser.get(path, params={"text": typed, "near": ""})).status_code
                for path in ("/region/availability", "/around", "/board.json")
            }

    answered = asyncio.run(ask())

    assert answered["/around"] == 200
    assert set(answered.values()) <= ({200} if len(typed) <= 200 else {200, 422})


async def test_the_words_of_what_is_gone_leave_the_file_with_a_purge(village: Village, tmp_path: Path) -> None:
    harbour = village.meet()
    for title in ("Marzipan", "Ladder", "Ladder"):
        village.hears(harbour, builders.note(harbour, title=title))
    village.do(lambda c: c.execute(text("DELETE FROM replica WHERE name = 'Marzipan'")))
    before = words_kept(village.store)

    more = village.do(lambda c: full_text.purge(c, True))
    while more:
        more = village.do(lambda c: full_text.purge(c, False))

    assert ("marzipan" in before, "ladder" in before) == (True, True)
    after = words_kept(village.store)
    assert ("marzipan" in after, "ladder" in after) == (False, True)
    assert len(village.see(lambda c: titles(c, "ladder"))) == 2


def words_kept(store: Store) -> str:
    """Everything that the index keeps, as text: terms share their beginnings with the one before, so look for whole ones."""
    with store.reading() as connection:
        blocks = driver_connection(connection).execute("SELECT block FROM availability_text_data").fetchall()
    return b" ".join(block for (block,) in blocks).decode("latin-1")


def test_a_draft_leaves_the_index_alone(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    shutil.copytree(migrations.VERSIONS, versions, ignore=shutil.ignore_patterns("__pycache__"))
    metadata = drafting.every_table()
    wanted = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        table.to_metadata(wanted)
    Table("lantern", wanted, Column("id", Integer, primary_key=True))

    written = drafting.draft("Lanterns", wanted, versions=versions)

    assert written is not None
    assert "lantern" in written.read_text(encoding="utf-8")
    assert "availability_text" not in written.read_text(encoding="utf-8")
