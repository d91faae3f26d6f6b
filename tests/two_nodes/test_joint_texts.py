"""Several councils decide about one text: everybody counts the same, whoever was away and whatever came first."""

from pathlib import Path

from protocol.agreement.tally import Answer
from tests.two_nodes.deciding import answer, ask, open_text, standing
from tests.two_nodes.region import link_up, region, until


async def test_three_councils_answer_and_all_of_them_count_the_same(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", "hillside") as (riverside, harbour, hillside):
        await link_up(riverside, harbour)
        await link_up(riverside, hillside)
        text = open_text(riverside)

        ask(riverside, text, harbour, hillside)
        await until(lambda: standing(harbour, text) and standing(hillside, text))
        answer(harbour, text, "TentativeAccept", "As long as the stove is looked after.")
        answer(hillside, text, "Reject", "Not at night.")

        wanted = {
            "Riverside": Answer.AGREED,
            "Harbour": Answer.WITH_RESERVATIONS,
            "Hillside": Answer.OBJECTED,
        }
        for town in (riverside, harbour, hillside):
            await until(lambda town=town: standing(town, text) == wanted)
