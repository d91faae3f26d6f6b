"""Pictures stay within their frame, say nothing but what is so, and stand above a table of the same."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from node.web.pictures import (
    BAR_LENGTH,
    ROUND_THE_MIDDLE,
    WIDTH,
    Amounts,
    Lasting,
    Neighbour,
    bars,
    circle,
    strip,
)
from tests.web.reading import Page
from tests.web.town import NOON, Town

COUNTS = st.integers(0, 10_000)
AMOUNTS = st.builds(Amounts, st.text(max_size=9), st.just("told us just now"), st.booleans(), COUNTS, COUNTS)
MOMENTS = st.timedeltas(timedelta(days=-30), timedelta(days=30)).map(lambda away: NOON + away)
NEIGHBOURS = st.builds(
    Neighbour, st.text(max_size=9), st.just("linked up"), st.sampled_from(["whole", "broken", "dotted"])
)


@given(st.lists(AMOUNTS, max_size=20))
def test_bars_keep_their_order_and_one_scale(amounts: list[Amounts]) -> None:
    made = bars(amounts)

    assert [row.of for row in made.rows] == amounts
    most = max([1, *(max(one.needs, one.offers) for one in amounts)])
    for row in made.rows:
        for count, length in ((row.of.needs, row.need), (row.of.offers, row.offer)):
            assert 0 <= length <= BAR_LENGTH and (length > 0) == (count > 0)
            assert length == 4.0 or abs(length - BAR_LENGTH * count / most) < 0.1
    assert made.height >= max((row.top for row in made.rows), default=0)


@given(st.lists(st.tuples(MOMENTS, MOMENTS), max_size=12))
def test_a_strip_holds_every_beginning_every_end_and_now(pairs: list[tuple]) -> None:  # type: ignore[type-arg]
    lasting = [Lasting("A call", "alert", "en", min(pair), max(pair)) for pair in pairs]

    made = strip(lasting, now=NOON)

    assert 0 <= made.now_at <= WIDTH
    for span in made.spans:
        assert 0 <= span.left <= WIDTH and span.width > 0
        assert span.left + span.width <= WIDTH + 4
        if span.of.ends - span.of.begins > timedelta(days=1):
            assert (span.left <= made.now_at) == (span.of.begins <= NOON) or abs(span.left - made.now_at) < 0.2


@given(st.lists(NEIGHBOURS, max_size=20))
def test_a_circle_has_room_for_all_that_it_places(neighbours: list[Neighbour]) -> None:
    made = circle(neighbours)

    assert [one.of for one in made.placed] == neighbours[:ROUND_THE_MIDDLE]
    assert list(made.neighbours) == neighbours
    for one in made.placed:
        assert 50 <= one.x <= WIDTH - 50 and 8 <= one.y <= made.height - 8
        assert 10 <= one.label_y <= made.height - 14
    assert len({(one.x, one.y) for one in made.placed}) == len(made.placed)


async def test_the_picture_of_nearby_councils_tells_how_each_is_linked_and_the_table_the_same(town: Town) -> None:
    town.meet()
    town.meet("https://mill.example", name="Mill", heard=NOON - timedelta(days=2))
    town.meet("https://tannery.example", name="Tannery", state="they-asked", heard=None)

    async with town.browser() as passer_by, town.signed_in() as neighbour:
        anybodys, theirs = (await passer_by.get("/councils")).text, (await neighbour.get("/councils")).text

    figure = theirs[theirs.index("<figure") : theirs.index("</figure>")]
    drawing, table = figure.split("<details>")
    for name, words in (("Harbour", "linked up"), ("Mill", "silent"), ("Tannery", "asks to link up")):
        assert name in drawing and words in drawing
        assert name in table and words in table
    assert (drawing.count("stroke-dasharray"), drawing.count('role="img"')) == (2, 1)
    assert "Tannery" not in anybodys
    assert Page.read(theirs).weak_points() == []
