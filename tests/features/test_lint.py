"""House numbers and words for an illness are found, ordinary notes are let through, and no text makes it slow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.lint import health_words, house_number

HOUSES = """12 Mill Lane|12b Mill Lane|Mill Lane 12|Canal Street 9|Canal Street, 9|canal street 9|12 mill lane
12 kings road|12, Old Mill Lane|Mill Lane no. 12|Mill Lane (12)|Calle Mayor 5|C/ Mayor, 5|c/mayor 5|calle  mayor   5
Avda. de la Constitución nº 12|Calle 13 # 5-20|Plaza Mayor 3|Carrer de Mallorca 12|flat 3|flat 3b|apt. 4|piso 2
Cherry Tree Close 4|4 Cherry Tree Close|12-14 Mill Lane|5 Calle Mayor|Dal at 12 Mill Lane, 18:00|221b Baker Street
40 portions at Mill Lane 12|12345 Main St|Eviction attempt, Canal Street 9|Paseo de Gracia, 43|Av. Diagonal 211
calle de la luna 7 bajo|King St. #4|Mill Lane 12 is where|Mill Lane 12A|Calle Mayor número 7|Calle Mayor, n.º 7
Tennis Court Road 2|2 Tennis Court Road|Hampton Court 2|Mill Park 2"""
ORDINARY = """40 portions of dal|40 portions|18:00|Block C|flat-pack|3 flat-pack shelves|Near Mill Lane|Mill Lane, 18:00
40 portions of dal, Mill Lane, 18:00|Mill Lane at 6|Mill Lane until 20:00|Mill Lane 40 portions|5th Avenue|42nd Street
Calle 13|Calle Mayor a las 18|Calle Mayor, 40 raciones|Calle Mayor desde las 18|10 fans near mill lane|bus 12
2 chairs Mill Lane|4 wheel drive|a 3 way adapter|6 pm Mill Lane|6 PM Mill Lane|18h Mill Lane|Mill Lane 18h|Resolution 14
Tenants’ hall kitchen|2 hours of company on Mill Lane|40 street lamps|Block C 3 fans|5 km from Mill Lane|2.5 kg rice
room for 12 in the hall|Mill Lane 2.5 kg rice|Plaza Mayor, 18:00|Plaza Mayor 40 sillas|Mill Lane 40 people
Tennis Court 2|Old Tennis Court 2, 18:00|4 Tennis Court|tennis court 2|Car Park 3|Basketball Court 1"""


def _each(table: str) -> list[str]:
    return [text for line in table.splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", _each(HOUSES))
def test_a_house_number_beside_a_street_is_found(text: str) -> None:
    assert house_number(text) is not None


@pytest.mark.parametrize("text", _each(ORDINARY))
def test_an_ordinary_note_is_let_through(text: str) -> None:
    assert house_number(text) is None


NAMES = st.sampled_from(["Mill", "Canal", "Cherry", "Baker", "Old", "Harbour", "Queens"])
STREETS = st.sampled_from(["Street", "Lane", "Road", "Avenue", "street", "lane", "road", "Close", "Court", "Square"])
CALLES = st.sampled_from(["Calle", "calle", "C/", "Avenida", "Avda.", "Plaza", "Paseo", "Camino"])
NUMBERS = st.integers(min_value=1, max_value=9999)


@given(
    name=NAMES,
    street=STREETS,
    number=NUMBERS,
    before=st.booleans(),
    around=st.sampled_from(["", "Dal at ", "Come to "]),
)
def test_no_english_address_passes(name: str, street: str, number: int, before: bool, around: str) -> None:
    address = f"{number} {name} {street}" if before else f"{name} {street} {number}"

    assert house_number(f"{around}{address}") is not None


@given(
    calle=CALLES,
    name=st.sampled_from(["Mayor", "de la Luna", "San Juan", "del Sol"]),
    number=NUMBERS,
    comma=st.booleans(),
)
def test_no_spanish_address_passes(calle: str, name: str, number: int, comma: bool) -> None:
    assert house_number(f"{calle} {name}{',' if comma else ''} {number}") is not None


@given(
    number=NUMBERS, thing=st.sampled_from(["portions", "chairs", "fans", "kg of rice", "litres", "sillas", "raciones"])
)
def test_counted_things_pass_beside_a_street_name(number: int, thing: str) -> None:
    assert house_number(f"{number} {thing}, Mill Lane") is None
    assert house_number(f"Mill Lane, {number} {thing}") is None


@given(text=st.text(max_size=300))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    assert house_number(text) is None or any(sign.isdigit() for sign in text)


@pytest.mark.parametrize(
    "piece", ["a ", "12 ", "calle ", "12 Mill ", "Mill Lane ", "c/", "1", "1-", " ", "mayor", "m.", "A'"]
)
@pytest.mark.parametrize("start", ["", "calle ", "12 ", "Mill Lane"])
def test_no_text_makes_the_search_run_away(piece: str, start: str) -> None:
    # A search that doubled with every letter would never come back from this.
    house_number(start + piece * (4_000 // len(piece)))


@pytest.mark.parametrize(
    "text", ["Insulin fridge space", "she is diabetic", "para una persona enferma", "Quimioterapia el lunes"]
)
def test_a_word_for_an_illness_is_found(text: str) -> None:
    assert health_words(text) is not None


@pytest.mark.parametrize(
    "text", ["Healthy food", "A long stroll", "Sidra de manzana", "Still warm", "40 portions of dal"]
)
def test_other_words_are_no_illness(text: str) -> None:
    assert health_words(text) is None
