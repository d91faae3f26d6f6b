"""One's own account: the shown name, the language, and where one is signed in, each of them one's own alone."""

import re
from datetime import timedelta

import httpx

from node.accounts import actions
from tests.web.town import Town


def sessions_of(page: httpx.Response) -> list[str]:
    return re.findall(r"/account/sessions/(\d+)/end", page.text)


async def test_a_name_is_changed_and_may_be_blank(town: Town) -> None:
    async with town.signed_in(name="Amina") as amina:
        answer = await amina.post("/account", data={"name": "Amina of the mill", "language": ""})
        told = await amina.get(answer.headers["location"])
        changed = await amina.get("/")
        await amina.post("/account", data={"name": ""})
        blank = await amina.get("/")

    assert "That is how it is now." in told.text
    assert "Amina of the mill" in changed.text
    assert "Amina" not in blank.text and '<a href="/account">Your account</a></p>' in blank.text


async def test_a_name_fits_on_one_line(town: Town) -> None:
    async with town.signed_in(name="Amina") as amina:
        answers = [await amina.post("/account", data={"name": name}) for name in ("x" * 81, "a\u2028b", "x" * 80)]

    assert [answer.status_code for answer in answers] == [422, 422, 303]


async def test_the_language_of_ones_pages_comes_along_to_every_browser(town: Town) -> None:
    member_id = town.member("Amina")
    async with town.browser() as first, town.browser() as second:
        await first.post("/in", data={"code": town.link(member_id)})
        await first.post("/account", data={"name": "Amina", "language": "es"})
        await second.post("/in", data={"code": town.link(member_id)})
        pages = [await browser.get("/account") for browser in (first, second)]
        unknown = await first.post("/account", data={"name": "Amina", "language": "xx"})

    assert [page.headers["content-language"] for page in pages] == ["es", "es"]
    assert unknown.status_code == 422


async def test_a_session_is_shown_by_its_days_and_ended_from_another_browser(town: Town) -> None:
    member_id = town.member("Amina")
    lost = town.session(member_id)
    town.clock.pass_by(timedelta(days=2))

    async with town.browser() as browser:
        browser.cookies.set(town.site.cookie_name, town.session(member_id))
        page = await browser.get("/account")
        [other] = sessions_of(page)
        await browser.post(f"/account/sessions/{other}/end")
        after = await browser.get("/account")

    assert "since 18 November" in page.text and "Here" in page.text
    assert sessions_of(after) == []
    with town.store.reading() as connection:
        assert not actions.viewer_of(connection, session_token=lost, now=town.clock.now()).signed_in


async def test_all_other_sessions_end_at_once_and_this_one_stays(town: Town) -> None:
    member_id = town.member("Amina")
    others = [town.session(member_id) for _ in range(3)]

    async with town.browser() as browser:
        browser.cookies.set(town.site.cookie_name, town.session(member_id))
        await browser.post("/account/sessions/end-others")
        page = await browser.get("/account")

    assert page.status_code == 200 and sessions_of(page) == []
    with town.store.reading() as connection:
        alive = [actions.viewer_of(connection, session_token=token, now=town.clock.now()).signed_in for token in others]
    assert alive == [False, False, False]


async def test_nobody_ends_another_persons_session(town: Town) -> None:
    amina = town.session(town.member("Amina"))

    async with town.signed_in(name="Bo") as bo:
        for number in range(1, 4):
            await bo.post(f"/account/sessions/{number}/end")

    with town.store.reading() as connection:
        assert actions.viewer_of(connection, session_token=amina, now=town.clock.now()).signed_in


async def test_signing_out_clears_what_the_browser_kept(town: Town) -> None:
    async with town.signed_in() as amina:
        answer = await amina.post("/out")

    assert answer.headers["clear-site-data"] == '"cache", "storage"'


async def test_links_stand_on_the_account_page_for_those_who_may_follow_them(town: Town) -> None:
    async with town.signed_in(keeper=True) as keeper, town.signed_in(name="Bo") as neighbour:
        keepers, neighbours = (await keeper.get("/account")).text, (await neighbour.get("/account")).text

    for address in ("/invites", "/server", "/server/backups"):
        assert f'href="{address}"' in keepers
        assert f'href="{address}"' not in neighbours
    assert 'href="/turns"' in neighbours
