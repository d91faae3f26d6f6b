"""Who is asked about an open need: within what they said, in the assembly's order, and "not this time" leaves nothing behind."""

import httpx
import pytest

from node.features.resources import own_limits
from node.features.resources.matching import asking
from node.features.resources.own_limits import Wish
from node.profile import rules_kept
from tests.features.promising import promise, put_up
from tests.features.village import Village

ASKED = "Could you help here?"


def wanted(village: Village, member: int, title: str = "Bread for Sunday", **given: object) -> str:
    usual = {"direction": "need", "title": title, "words": "", "audience": "council", "quantity": "4", "near": ""}
    return put_up(village, member, **(usual | given)).public_id


def says(village: Village, member: int, **wish: object) -> None:
    village.do(lambda c: own_limits.keep(c, village.acting(member), Wish(**wish)))  # type: ignore[arg-type]


async def mine(village: Village, browser: httpx.AsyncClient) -> str:
    return (await browser.get("/mine")).text


async def test_somebody_who_said_what_they_can_do_is_asked_and_told_why(village: Village) -> None:
    asker, cook = village.member("Noor"), village.member()
    says(village, cook, per_week="2", kinds=("food",), languages="español, English")
    wanted(village, asker)

    async with village.browser(cook) as browser:
        page = await mine(village, browser)

    assert ASKED in page and "Bread for Sunday" in page
    assert "It is among the kinds you named. Your week has room: 0 of 2 so far." in page
    assert "You speak the language it is written in." in page
    assert "what cannot wait" in page and "who has waited longest" in page


async def test_nobody_is_asked_twice_for_their_own_beyond_their_week_or_on_a_break(village: Village) -> None:
    asker, cook = village.member("Noor"), village.member()
    says(village, cook, per_week="1", kinds=("food",))
    says(village, asker, kinds=("food",))
    need = wanted(village, asker)

    async with village.browser(cook) as browser, village.browser(asker) as own:
        assert ASKED in await mine(village, browser)
        assert ASKED not in await mine(village, own)
        promise(village, cook, resource_id=village.rows("SELECT id FROM resource")[0].id, amount="1")
        wanted(village, asker, "Soup for Monday")
        assert ASKED not in await mine(village, browser)
        says(village, cook, per_week="5", kinds=("food",))
        page = await mine(village, browser)
        assert "Soup for Monday" in page and page.count(ASKED) == 1
        village.do(lambda c: own_limits.take_a_break(c, village.acting(cook), back_on=None, all_back=False))
        assert ASKED not in await mine(village, browser)
    assert need


async def test_not_this_time_is_kept_on_the_device_alone_and_another_is_asked_at_once(village: Village) -> None:
    asker, cook, baker = village.member("Noor"), village.member(), village.member("Baker")
    says(village, cook, kinds=("food",))
    says(village, baker, kinds=("food",))
    need = wanted(village, asker)
    tables = [
        row.name
        for row in village.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'")
    ]
    counts = lambda: [village.rows(f'SELECT count(*) AS n FROM "{name}"')[0].n for name in tables if name != "session"]  # noqa: E731

    async with village.browser(cook) as browser, village.browser(baker) as other:
        before = counts()
        answer = await browser.post("/mine/not-now", data={"note": need})
        assert answer.status_code == 303
        assert "; Path=/mine;" in answer.headers["set-cookie"], "no other page is told of it"
        assert ASKED not in await mine(village, browser)
        assert ASKED in await mine(village, other)
        assert counts() == before


@pytest.mark.parametrize("typed", ["", "x" * 26, "../../etc", "a.b;c", "é" * 26])
async def test_what_is_no_name_of_a_note_is_not_put_into_the_cookie(village: Village, typed: str) -> None:
    cook = village.member()

    async with village.browser(cook) as browser:
        answer = await browser.post("/mine/not-now", data={"note": typed})

    assert answer.status_code == 303
    assert typed not in answer.headers["set-cookie"] or not typed or typed == "x" * 26


async def test_a_passer_by_has_nothing_to_put_off(village: Village) -> None:
    async with village.browser() as browser:
        answer = await browser.post("/mine/not-now", data={"note": "a" * 26})

    assert answer.status_code in (303, 401, 403) and "not_now" not in answer.headers.get("set-cookie", "")


def test_the_order_is_the_assemblys_once_it_set_one(village: Village) -> None:
    keeper = village.member("Ibrahim", keeper=True)
    acting = village.acting(keeper, keeper=True)

    assert village.see(asking.order) == ("cannot-wait", "longest")
    village.do(lambda c: rules_kept.set_rule(c, acting, name=rules_kept.PRIORITIES, value="kind:food longest"))
    assert village.see(asking.order) == ("kind:food", "longest")


def test_languages_are_understood_by_tag_and_by_name() -> None:
    assert asking.spoken("Español, en; Arabic a little; italiano") == {"es", "en", "ar", "it"}
    assert asking.spoken("") == frozenset()


def test_what_is_beyond_what_somebody_said_is_not_compared_with_all_that_they_offer(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker, cook = village.member("Noor"), village.member()
    for n in range(4):
        wanted(village, asker, f"Bread {n}")
        put_up(village, cook, title=f"Loaves {n}")
    compared: list[object] = []
    true_fits = asking.fits
    monkeypatch.setattr(asking, "fits", lambda *notes, **given: compared.append(notes) or true_fits(*notes, **given))

    says(village, cook, kinds=("money",))
    beyond = village.see(lambda c: asking.could_you(c, village.acting(cook)))
    far = len(compared)
    says(village, cook)
    within = village.see(lambda c: asking.could_you(c, village.acting(cook)))

    assert (beyond, far) == ([], 0)
    assert len(within) == asking.MOST and len(compared) == asking.MOST * 4, "the fourth need is not looked at"
