"""A whole list put up at once: what becomes of each row is seen first, all of it goes up in one step, and comes down in one."""

import csv
import io
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.features.resources import actions, kinds
from node.features.resources.importing import batches, columns, reading
from node.features.resources.promises.states import State
from node.web.exports.tables import cell
from schemas.records.resource import ResourceForm
from schemas.refusal import Refusal
from tests.features.promising import decline, promise, turn
from tests.features.village import Village, offer

USUAL = {"direction": "offer", "audience": "council", "until": "week"}
LIST = """What;How many;Of what;Where;Until;Phone;Need or offer
Chairs;40;chairs;Mill Lane;31/3/2026;600 600 600;Offered
A lift to the clinic;;;;;;Se necesita
Soup;2,5;litres;;2026-03-05T18:00;;
"""


def read(text: str, **usual: str) -> list[dict[str, str]]:
    table = reading.table_of(text)
    known = columns.known_columns(table, kinds.shipped())
    return [columns.typed_of(line, known, USUAL | usual) for line in table.lines]


def refused(text: str) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        read(text)
    return caught.value.word, caught.value.field


async def sent(browser: httpx.AsyncClient, text: str, **more: str) -> httpx.Response:
    return await browser.post("/import", data={"table": text, **USUAL, "do": "look", **more})


def kept(village: Village, columns: str = "title") -> list[Any]:
    return [tuple(row) for row in village.rows(f"SELECT {columns} FROM resource ORDER BY id")]


async def test_a_list_is_looked_through_put_up_and_taken_down_again(village: Village) -> None:
    member = village.member()

    async with village.browser(member) as browser:
        looked = await sent(browser, LIST, audience="public")
        before = kept(village)
        up = await sent(browser, LIST, audience="public", do="put-up", good="3")
        page = await browser.get("/import")
        (batch,) = {name for (name,) in kept(village, "batch")}
        after = kept(village, "direction, title, quantity, unit, near, audience, by_member")
        down = await browser.post(f"/import/{batch}/undo")

    assert looked.status_code == 200 and "3 rows can be put up" in looked.text and "Phone" in looked.text
    assert "600 600" not in looked.text.replace("600 600 600;Offered", ""), "only in the field, as it was typed"
    assert before == []
    assert (up.status_code, up.headers["location"]) == (303, "/import")
    assert after == [
        ("offer", "Chairs", "40", "chairs", "Mill Lane", "public", member),
        ("need", "A lift to the clinic", None, None, "", "public", member),
        ("offer", "Soup", "2.5", "litres", "", "public", member),
    ]
    assert f"/import/{batch}/undo" in page.text and "3 slips are there" in page.text
    assert down.status_code == 303 and kept(village) == []
    assert len(village.rows("SELECT id FROM replica WHERE gone_at IS NOT NULL")) == 3, "taken back everywhere"


async def test_rows_that_the_rules_refuse_are_left_out_and_say_why(village: Village) -> None:
    text = "What,Kind,How many,Until\nDal,Food,1.000,\nAt 12 Mill Street,,,\nOld bread,Pan,,2020-01-01\n,Food,2,\nWater,Agua,,\n"
    async with village.browser(village.member()) as browser:
        looked = await sent(browser, text, audience="public")
        up = await sent(browser, text, audience="public", do="put-up", good="1")

    for reason in ("can mean two numbers", "Leave out the house number", "has passed", "in a few words what it is"):
        assert reason in looked.text, reason
    assert "4 rows are left out" in looked.text and "Row 3" in looked.text
    assert up.status_code == 303 and kept(village, "title, category") == [("Water", "water")]


async def test_what_has_run_out_since_it_was_looked_through_is_shown_again_and_nothing_goes_up(
    village: Village,
) -> None:
    text = "What,Until\nSoup,2026-03-02T18:00\nChairs,2026-03-20\n"
    async with village.browser(village.member()) as browser:
        await sent(browser, text)
        village.clock.advance(12 * 3600)
        late = await sent(browser, text, do="put-up", good="2")
        again = await sent(browser, text, do="put-up", good="1")

    assert late.status_code == 200 and "1 row can be put up" in late.text
    assert again.status_code == 303 and kept(village) == [("Chairs",)]


async def test_what_somebody_has_promised_stays_and_the_rest_goes(village: Village) -> None:
    member, other = village.member(), village.member("Bo")
    acting, text = village.acting(member), "What,How many,Of what\nDal,4,portions\nRice,4,portions\nBeans,4,portions\n"
    looked = village.see(lambda c: batches.look_through(c, text, USUAL, acting))
    batch = village.do(lambda c: batches.put_up(c, looked.good, acting))
    ids = dict(kept(village, "title, id"))
    promise(village, other, resource_id=ids["Dal"], amount="2")
    given_back = promise(village, other, resource_id=ids["Rice"], amount="2", state=State.AGREED)
    turn(village, given_back, State.GIVEN_BACK)
    decline(village, promise(village, other, resource_id=ids["Beans"], amount="1"))

    (there,) = village.see(lambda c: batches.of_member(c, acting.viewer))
    gone = village.do(lambda c: batches.undo(c, batch, acting))
    (left,) = village.see(lambda c: batches.of_member(c, acting.viewer))

    assert (there.there, there.free, gone) == (3, 2, 2)
    assert (left.there, left.free) == (1, 0) and kept(village) == [("Dal",)]
    assert village.do(lambda c: batches.undo(c, batch, acting)) == 0


def test_a_list_is_undone_by_whoever_put_it_up_or_has_the_server_turn(village: Village) -> None:
    acting = village.acting(village.member())
    form = ResourceForm.model_validate(offer())
    first = village.do(lambda c: batches.put_up(c, [form], acting))
    second = village.do(lambda c: batches.put_up(c, [form], acting))
    village.do(lambda c: actions.put_up(c, form, acting))
    stranger, keeper = (
        village.acting(village.member("Bo")),
        village.acting(village.member("Kim", keeper=True), keeper=True),
    )

    for whose, batch in ((stranger, first), (acting, "none-such"), (acting, ""), (keeper, "")):
        with pytest.raises(Refusal) as caught:
            village.do(lambda c, whose=whose, batch=batch: batches.undo(c, batch, whose))
        assert caught.value.word == "not-found"
    assert village.do(lambda c: batches.undo(c, first, acting)) == 1
    assert village.do(lambda c: batches.undo(c, second, keeper)) == 1
    assert len(kept(village)) == 1, "what came by a form is no list"


def test_should_one_be_refused_none_goes_up(village: Village) -> None:
    acting = village.acting(village.member())
    forms = [ResourceForm.model_validate(offer(title=title)) for title in ("Soup", "At 12 Mill Street")]

    with pytest.raises(Refusal):
        village.do(lambda c: batches.put_up(c, forms, acting))

    assert kept(village) == []


async def test_a_file_is_read_in_the_signs_that_spreadsheets_write(village: Village) -> None:
    async with village.browser(village.member()) as browser:

        async def chosen(data: bytes) -> httpx.Response:
            return await browser.post("/import", data=USUAL, files={"file": ("list.csv", data, "text/csv")})

        for signs in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
            answer = await chosen("Título,Cuántas\nCañas «dulces»,3\n".encode(signs))
            assert (
                answer.status_code == 200 and '<strong lang="en" dir="auto">Cañas «dulces»</strong>' in answer.text
            ), signs
        for data, reason in ((b"PK\x03\x04rest", "whole workbook"), (b"What\n\x00\x01\n", "is no text")):
            answer = await chosen(data)
            assert reason in answer.text and answer.status_code in (400, 422)

    assert kept(village) == []


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_cells_are_parted_by_what_parts_the_first_row(sign: str) -> None:
    text = (
        sign.join(("Qué", "Más", "Cerca de")) + "\r\n" + sign.join(('"Pan, leche; o\nagua"', "", "La plaza")) + "\r\n"
    )

    (row,) = read(text)

    assert (row["title"], row["near"]) == ("Pan, leche; o\nagua", "La plaza") and "words" not in row
    assert read(f"sep={sign}\n{text}") == read("\ufeff" + text) == [row]


def test_every_refusal_of_a_whole_list_has_its_word_beside_one_that_passes() -> None:
    row = "Soup" + "," * (reading.MOST_COLUMNS - 1)
    assert len(read("What\n" + "Soup\n" * reading.MOST_ROWS)) == reading.MOST_ROWS
    assert read(f"What{row[4:]}\n{row}\n")[0]["title"] == "Soup"

    assert refused("What\n" + "Soup\n" * (reading.MOST_ROWS + 1)) == ("too-many-rows", "table")
    assert refused(f"What,{row[4:]}\n{row},\n") == ("too-many-columns", "table")
    assert refused("What\n" + "x" * reading.MOST_CHARACTERS) == ("too-long", "table")
    assert refused("What\n") == refused("\n\n") == refused("") == ("empty", "table")
    assert refused("Name,Phone\nAna,600\n") == ("no-title", "table"), "a column of names is none of things"
    with pytest.raises(Refusal) as caught:
        reading.text_of(b"a" * (reading.MOST_BYTES + 1))
    assert caught.value.word == "too-long"


@pytest.mark.parametrize(
    ("typed", "number"),
    [("40", "40"), ("2.5", "2.5"), ("2,5", "2.5"), ("12,75", "12.75"), ("1500", "1500"), ("some", "some")],
)
def test_a_number_is_read_where_it_can_mean_only_one(typed: str, number: str) -> None:
    assert read(f'What;How many\nSoup;"{typed}"\n')[0]["quantity"] == number


@pytest.mark.parametrize("typed", ["1.000", "1,000", "12.500", "1.000.000"])
def test_a_number_that_could_be_a_thousand_times_another_is_asked_about(typed: str) -> None:
    assert refused(f"What;How many\nSoup;{typed}\n") == ("number-unclear", "quantity")


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ("31/3/2026", "2026-03-31"),
        ("31.03.2026 18:00", "2026-03-31T18:00"),
        ("2026-03-31 9:30", "2026-03-31T09:30"),
        ("2026-03-31", "2026-03-31"),
        ("tonight", "tonight"),
        ("whenever", "whenever"),
    ],
)
def test_a_day_is_read_as_people_write_it(typed: str, until: str) -> None:
    (row,) = read(f"What;Until\nSoup;{typed}\n")

    assert row["until"] == until and "ends_at" not in row


def test_kinds_are_known_in_both_languages_and_the_column_of_our_own_tables_is_told_apart() -> None:
    (finer,) = read("What,Tipo\nOne,Pan\n")
    (plain,) = read("What,Of which kind\nOne,Lifts and carrying\n")
    (unknown,) = read("What,Kind\nOne,Luxury\n")
    (ours,) = read("What,Kind\nOne,need\n")

    assert (finer["category"], finer["kind"]) == ("food", "bread")
    assert (plain["category"], unknown["category"], ours["direction"]) == ("transport", "other", "need")
    assert "kind" not in plain | unknown | ours


async def test_a_table_of_ours_is_read_back_as_what_it_was(village: Village) -> None:
    member = village.member()
    acting = village.acting(member)
    for one in (
        {"title": "=cmd|' /C calc'!A1", "words": "One, two;\n“three”", "until": "month"},
        {"direction": "need", "title": "Ladder", "near": "", "quantity": None, "unit": None, "category": "tools"},
        {"title": "-5 degrees", "audience": "council", "language": "es"},
    ):
        form = ResourceForm.model_validate(offer(**one))
        village.do(lambda c, form=form: actions.put_up(c, form, acting))
    said = "direction, title, words, category, quantity, unit, near, audience, language, ends_at / 1000000"
    before = sorted(kept(village, said))

    async with village.browser(member) as browser:
        table = (await browser.get("/board.csv")).content.decode("utf-8")
        village.do(lambda c: c.exec_driver_sql("DELETE FROM resource"))
        up = await sent(browser, table, do="put-up", good="3")

    assert up.status_code == 303 and sorted(kept(village, said)) == before


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf"]), min_size=1).map(str.strip).filter(bool),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_stands_in_a_table_of_ours_is_the_same_when_it_is_read(titles: list[str]) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([["title"], *([cell(title)] for title in titles)])
    told = [title for title in titles if ";" not in title and not title.startswith("'")]

    if len(told) == len(titles) and len(written.getvalue()) < reading.MOST_CHARACTERS:
        assert [row["title"] for row in read(written.getvalue())] == titles


async def test_the_page_is_for_neighbours(village: Village) -> None:
    async with village.browser() as stranger:
        answers = [await stranger.get("/import"), await stranger.post("/import"), await stranger.post("/import/x/undo")]
        board = await stranger.get("/board")
    async with village.browser(village.member()) as neighbour:
        empty = await neighbour.post("/import", data={"table": ""})
        linked = await neighbour.get("/board")

    assert [answer.status_code for answer in answers] == [401] * 3
    assert empty.status_code == 422 and "#f-table" in empty.text
    assert "/import" in linked.text and "/import" not in board.text


@pytest.mark.parametrize(
    "heads",
    [
        "What;More about it;Of which kind;How many;Of what;Near;Until;Need or offer",
        "Qué;Algo más;De qué tipo;Cuánto;De qué;Cerca de;Hasta;Necesidad u oferta",
    ],
)
def test_every_name_of_a_column_that_the_page_tells_is_known(heads: str) -> None:
    known = columns.known_columns(reading.table_of(f"{heads}\nSoup;;;;;;;\n"), kinds.shipped())

    assert known.left_out == ()
    assert list(known.where) == ["title", "words", "category", "quantity", "unit", "near", "until", "direction"]
