"""What could go together with a note, on its page: explained, for neighbours of ours only, and kept nowhere."""

from typing import Any

from node.features.resources.promises.states import State
from schemas.context import CATEGORIES
from tests import builders
from tests.features.promising import promise, put_up
from tests.features.village import Village

WANTED = {"direction": "need", "title": "Bread for Sunday", "words": "", "audience": "council"}


async def page_of(village: Village, public_id: str, member: int | None) -> str:
    async with village.browser(member) as browser:
        answer = await browser.get(f"/o/{public_id}")
    return answer.text if answer.status_code == 200 else ""


def wanted(village: Village, member: int, **given: Any) -> str:
    return put_up(village, member, **(WANTED | {"quantity": "4"} | given)).public_id


async def test_a_need_without_a_place_is_shown_what_could_meet_it_and_why(village: Village) -> None:
    cook, asker = village.member(), village.member("Noor")
    put_up(village, cook, title="Fresh loaves", audience="council")
    need = wanted(village, asker, near="")

    page = await page_of(village, need, asker)

    assert "What could meet it" in page and "Fresh loaves" in page
    assert "There is enough for all of it." in page


async def test_a_nearby_councils_offer_is_among_it_with_its_source(village: Village) -> None:
    asker, theirs = village.member("Noor"), village.meet()
    note = builders.note(theirs, title="Soup and bread")
    note["publishes"]["resourceConformsTo"] = CATEGORIES["food"]
    village.hears(theirs, note)
    need = wanted(village, asker, near="Mill Lane")

    page = await page_of(village, need, asker)

    assert "Soup and bread" in page and "Harbour" in page


async def test_an_offer_shows_the_needs_it_could_help_with(village: Village) -> None:
    cook, asker = village.member(), village.member("Noor")
    wanted(village, asker)
    loaves = put_up(village, cook, title="Fresh loaves", audience="council")

    assert "Bread for Sunday" in await page_of(village, loaves.public_id, cook)


async def test_a_passer_by_is_shown_none_of_it(village: Village) -> None:
    cook, asker = village.member(), village.member("Noor")
    put_up(village, cook, title="Fresh loaves", audience="public")
    need = wanted(village, asker, audience="public")

    page = await page_of(village, need, None)

    assert "Bread for Sunday" in page
    assert "What could meet it" not in page and "Fresh loaves" not in page


async def test_what_is_promised_away_is_not_proposed(village: Village) -> None:
    cook, asker = village.member(), village.member("Noor")
    loaves = put_up(village, cook, title="Fresh loaves", audience="council")
    need = wanted(village, asker)

    promise(village, cook, resource_id=loaves.id, amount="40", state=State.AGREED)

    assert "Fresh loaves" not in await page_of(village, need, asker)
