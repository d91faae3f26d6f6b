"""The line of 200 bytes: whatever was typed, it fits, it says first what it is, and nothing in it can turn or break it."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.features.alerts.line import CODE_LENGTH, LONGEST, Said, code_of, cut, line
from schemas.records.alert import Ended
from tests.features.notes_of_calls import CALL

CALLED = Said(
    drill=False,
    event="Flood",
    title="Water in the mill race",
    wanted="Pumps, sandbags",
    near="Mill Lane",
    until="2026-03-02 15:00 CET",
    council="Harbour",
    address="riverside.example/c/bcdfgh",
    code="bcdfgh",
)
TURNING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
anything = st.text(max_size=400) | st.text("\u202e\u2066\n\t e\u0301\u200d👩🏽👍🇪🇸ع", max_size=120)
said = st.builds(
    Said,
    drill=st.booleans(),
    event=anything,
    title=anything,
    wanted=anything,
    near=anything,
    until=st.sampled_from(["", "2026-03-02 15:00 CET"]),
    council=anything,
    address=st.sampled_from([CALLED.address, "x" * 101, "", "münchen.example/c/bcdfgh"]),
    code=st.just("bcdfgh"),
    language=st.sampled_from(["en", "es", "es-MX", "ar"]),
    over=st.booleans(),
    ended=st.none() | st.sampled_from(Ended),
)


@given(said=said)
def test_it_always_fits_and_is_one_line_without_signs_that_steer(said: Said) -> None:
    found = line(said)

    assert len(found.encode()) <= LONGEST
    assert not TURNING & set(found)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp") for sign in found)
    assert "  " not in found
    assert found == found.strip()


@given(said=said)
def test_it_says_first_what_it_is_and_last_where_to_read_on(said: Said) -> None:
    found = line(said)

    spanish = said.language.startswith("es")
    drill, over = ("SIMULACRO", "TERMINADA") if spanish else ("DRILL", "OVER")
    head = found.partition(":")[0]
    assert head.startswith(drill) == said.drill
    assert (over in head) == said.over
    assert (said.until in found) == (not said.over or not said.until)
    assert found.endswith(said.address if 0 < len(said.address.encode()) <= 100 else "bcdfgh")


@given(said=said, more=st.integers(0, 60))
def test_what_fits_is_never_cut(said: Said, more: int) -> None:
    short = replace(CALLED, drill=said.drill, title="x" * more)

    assert "…" not in line(short)
    assert "x" * more in line(short)


def test_a_call_in_one_line() -> None:
    assert line(CALLED) == (
        "HELP: Flood; Water in the mill race; wanted: Pumps, sandbags; near Mill Lane; Harbour;"
        " until 2026-03-02 15:00 CET; riverside.example/c/bcdfgh"
    )


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({"drill": True}, "DRILL: Flood"),
        ({"drill": True, "language": "es"}, "SIMULACRO: Flood"),
        ({"over": True}, "OVER: Flood"),
        ({"over": True, "language": "es"}, "TERMINADA: Flood"),
        ({"over": True, "drill": True}, "DRILL, OVER: Flood"),
        ({"over": True, "drill": True, "language": "es"}, "SIMULACRO, TERMINADA: Flood"),
        ({"over": True, "ended": Ended.FALSE}, "OVER (false): Flood"),
        ({"over": True, "ended": Ended.WITHDRAWN, "language": "es-AR"}, "TERMINADA (retirada): Flood"),
        ({"over": True, "ended": Ended.OVER}, "OVER: Flood"),
    ],
)
def test_the_first_word(changes: dict[str, object], begins: str) -> None:
    assert line(replace(CALLED, **changes)).startswith(begins)  # type: ignore[arg-type]


def test_what_is_over_wants_nothing_and_holds_until_nothing() -> None:
    assert line(replace(CALLED, over=True)) == (
        "OVER: Flood; Water in the mill race; near Mill Lane; Harbour; riverside.example/c/bcdfgh"
    )


def test_long_words_are_cut_and_short_ones_are_not() -> None:
    found = line(replace(CALLED, title="Water " * 40, wanted="Pumps " * 40))

    assert len(found.encode()) > LONGEST - 12
    assert all(kept in found for kept in ("Flood", "near Mill Lane", "Harbour", CALLED.until, CALLED.address))


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("ñandú", 7, "ñandú"),
        ("ñandúes", 7, "ñan…"),
        ("e\u0301e\u0301", 5, ""),
        ("ae\u0301e\u0301", 6, "a…"),
        ("👩‍🚒👩‍🚒", 14, "👩‍🚒…"),
        ("🇪🇸🇪🇸", 14, "🇪🇸…"),
        ("👍🏽👍🏽", 10, ""),
        ("word and word", 8, "word…"),
        ("abc", 2, ""),
    ],
)
def test_no_character_is_cut(text: str, most: int, kept: str) -> None:
    assert cut(text, most) == kept


@given(text=anything, most=st.integers(0, 60))
def test_what_is_cut_fits_and_is_the_beginning(text: str, most: int) -> None:
    found = cut(text, most)

    assert len(found.encode()) <= most
    assert found == text or text.startswith(found.removesuffix("…"))


def test_a_code_is_six_letters_and_the_same_on_every_wall() -> None:
    codes = {code_of(f"{CALL}{n}") for n in range(300)}

    assert len(codes) == 300
    assert all(len(code) == CODE_LENGTH and code.isalpha() and code.islower() for code in codes)
    assert code_of(CALL) == "vnxsvj"
