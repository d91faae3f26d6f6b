"""Who is here: told to whoever has the server turn, and what they do there for a neighbour without a command line."""

import re
from datetime import timedelta

import httpx
import pytest

from node.accounts import handing_over, passwords, people, recovery, turns
from node.installed import FEATURES
from schemas.refusal import Refusal
from tests.features.village import Village

PAGES = ("/people", "/people/2/end")
DOINGS = ("sign-in-link", "end-sign-ins", "end")
WHERE_FROM = r"https://riverside\.example/in/([\w-]+)"


async def ask(browser: httpx.AsyncClient, doing: str, number: int, **typed: str) -> httpx.Response:
    return await browser.post(f"/people/{number}/{doing}", data=typed)


async def enter(village: Village, code: str) -> int:
    async with village.browser() as browser:
        return (await browser.post("/in", data={"code": code})).status_code


def sign_ins(village: Village, number: int) -> dict[str, int]:
    """How many of each way of signing in somebody has."""
    tables = ("session", "sign_in_link", "recovery_code", "password", "passkey")
    return {table: len(village.rows(f"SELECT id FROM {table} WHERE member_id = :id", id=number)) for table in tables}


def everybody(village: Village) -> list[people.Person]:
    return village.see(lambda c: people.everybody(c, now=village.clock.now()))


def turn_ends(village: Village) -> None:
    village.clock.advance(timedelta(weeks=13).total_seconds())


@pytest.mark.parametrize("role", ["nobody", "neighbour", "caretaker", "keeper"])
async def test_names_are_shown_to_whoever_has_the_turn_and_to_nobody_else(village: Village, role: str) -> None:
    amina, bo = village.member("Amina", keeper=True), village.member("Boubacar")
    if role == "caretaker":
        turn_ends(village)
    who = {"nobody": None, "neighbour": bo, "caretaker": amina, "keeper": amina}[role]

    async with village.browser(who) as browser:
        answers = [await browser.get(path) for path in PAGES]
        answers += [await ask(browser, doing, bo) for doing in DOINGS]

    allowed = role == "keeper"
    refusal = {"nobody": 401, "neighbour": 403, "caretaker": 403}
    codes = [answer.status_code for answer in answers]
    assert codes == ([200, 200, 200, 200, 422] if allowed else [refusal[role]] * 5)
    others = "Amina" if who == bo else "Boubacar"
    assert [others in answer.text for answer in answers] == [allowed] * 5
    assert all(answer.headers["cache-control"] == "private, no-store" for answer in answers if allowed)


async def test_the_page_says_since_which_month_and_who_has_or_learns_the_turn(village: Village) -> None:
    amina, bo = village.member("Amina", keeper=True), village.member("Bo")
    village.member("")
    village.do(lambda c: handing_over.choose_learner(c, village.acting(amina, keeper=True), to=bo))

    async with village.browser(amina) as browser:
        page = await browser.get("/people")

    month = f"here since {village.clock.now():%B %Y}"
    rows = re.findall(r"<li>\s*<p>(.*?)</p>", page.text, flags=re.DOTALL)
    told = [re.sub(r"<[^>]+>", "", row) for row in rows]
    assert told == [
        f"Amina · you · {month} · has the server turn",
        f"Bo · {month} · is learning the server turn",
        f"a neighbour without a shown name (3) · {month}",
    ]


def test_two_who_are_called_alike_are_told_apart_by_their_number(village: Village) -> None:
    for name in ("Bo", "Kim", "bo", ""):
        village.member(name)

    names = [one.called for one in everybody(village)]

    assert names == ["Bo (1)", "Kim", "bo (3)", "a neighbour without a shown name (4)"]


async def test_a_link_is_shown_once_signs_in_once_and_ends_nothing_else(village: Village) -> None:
    amina, bo = village.member("Amina", keeper=True), village.member("Bo")
    village.session(bo)
    before = sign_ins(village, bo)

    async with village.browser(amina) as browser:
        made = await ask(browser, "sign-in-link", bo)
        listed = await browser.get("/people")
    [code] = re.findall(WHERE_FROM, made.text)
    async with village.browser() as theirs:
        first = await theirs.post("/in", data={"code": code})
        account = await theirs.get("/account")
    second = await enter(village, code)

    assert made.headers["cache-control"] == "private, no-store" and '<svg class="qr"' in made.text
    assert code not in listed.text
    assert (first.status_code, second) == (303, 401)
    assert 'value="Bo"' in account.text
    assert sign_ins(village, bo)["session"] == before["session"] + 1


async def test_a_link_runs_out_after_a_day(village: Village) -> None:
    amina, bo = village.member("Amina", keeper=True), village.member("Bo")

    async with village.browser(amina) as browser:
        codes = [re.findall(WHERE_FROM, (await ask(browser, "sign-in-link", bo)).text)[0] for _ in range(2)]
    village.clock.advance(timedelta(hours=23).total_seconds())
    in_time = await enter(village, codes[0])
    village.clock.advance(timedelta(hours=1).total_seconds())
    late = await enter(village, codes[1])

    assert (in_time, late) == (303, 401)


async def test_whoever_has_the_turn_gets_in_on_a_second_device_of_their_own(village: Village) -> None:
    amina = village.member("Amina", keeper=True)

    async with village.browser(amina) as browser:
        [code] = re.findall(WHERE_FROM, (await ask(browser, "sign-in-link", amina)).text)

    assert await enter(village, code) == 303


async def test_a_lost_phone_is_signed_out_and_what_is_on_paper_stays(village: Village) -> None:
    amina, bo, kim = village.member("Amina", keeper=True), village.member("Bo"), village.member("Kim")
    village.session(kim)
    acting = village.acting(bo)
    village.do(lambda c: recovery.new_sheet(c, acting, randomness=village.site.randomness))
    argon2 = passwords.hashed("four words of mine", name="Bo here", randomness=village.site.randomness)
    village.do(lambda c: passwords.keep(c, acting, name="Bo here", argon2=argon2, session_token=""))

    async with village.browser(amina) as browser, village.browser(bo) as lost:
        [unopened] = re.findall(WHERE_FROM, (await ask(browser, "sign-in-link", bo)).text)
        before = sign_ins(village, bo)
        answer = await ask(browser, "end-sign-ins", bo)
        still = await browser.get("/people")
        outside = await lost.get("/account")

    assert before["session"] == 1
    assert sign_ins(village, bo) == {
        "session": 0, "sign_in_link": 0, "recovery_code": 8, "password": 1, "passkey": 0
    }  # fmt: skip
    assert sign_ins(village, kim)["session"] == 1
    assert (still.status_code, outside.status_code, await enter(village, unopened)) == (200, 401, 401)
    assert "Signed out everywhere" in answer.text and "Signed out everywhere" not in still.text


async def test_an_account_is_ended_once_the_box_is_ticked_and_not_before(village: Village) -> None:
    amina, bo = village.member("Amina", keeper=True), village.member("Bo")

    async with village.browser(amina) as browser, village.browser(bo) as theirs:
        page = await browser.get(f"/people/{bo}/end")
        unsure = await ask(browser, "end", bo)
        still_there = await theirs.get("/account")
        done = await ask(browser, "end", bo, sure="yes")
        gone = await theirs.get("/account")
        twice = await ask(browser, "end", bo, sure="yes")

    assert "Bo" in page.text and "What stays" in page.text
    assert (unsure.status_code, still_there.status_code) == (422, 200)
    assert (done.status_code, done.headers["location"], gone.status_code) == (303, "/people", 401)
    assert twice.status_code == 404
    assert [one.name for one in everybody(village)] == ["Amina"]
    assert set(sign_ins(village, bo).values()) == {0}


async def test_ones_own_account_is_left_on_ones_own_page(village: Village) -> None:
    amina, kim = village.member("Amina", keeper=True), village.member("Kim", keeper=True)

    async with village.browser(amina) as browser:
        page = await browser.get(f"/people/{amina}/end")
        posted = await ask(browser, "end", amina, sure="yes")
        out = await ask(browser, "end-sign-ins", amina)
        still = await browser.get("/people")

    assert [answer.headers["location"] for answer in (page, posted, out)] == [
        "/account/leave", "/account/leave", "/account#sessions"
    ]  # fmt: skip
    assert still.status_code == 200
    assert [one.id for one in everybody(village)] == [amina, kim]


@pytest.mark.parametrize("doing", DOINGS)
async def test_for_nobodys_number_there_is_nothing_to_do(village: Village, doing: str) -> None:
    amina = village.member("Amina", keeper=True)

    async with village.browser(amina) as browser:
        answer = await ask(browser, doing, 9, sure="yes")

    assert answer.status_code == 404


def test_nobody_ends_the_account_of_who_has_the_only_server_turn(village: Village) -> None:
    amina, bo = village.member("Amina", keeper=True), village.member("Bo")
    before = village.acting(amina, keeper=True)
    village.do(lambda c: handing_over.hand_over(c, before, to=bo, unticked=True))

    def step(connection):  # type: ignore[no-untyped-def]
        people.let_go(connection, before, member_id=bo, features=FEATURES)

    with pytest.raises(Refusal) as only:
        village.do(step)
    village.do(lambda c: turns.begin(c, member_id=amina, now=village.clock.now()))
    village.do(step)

    assert only.value.word == "hand-over-first" and only.value.sentence.startswith("They have the only server turn")
    assert [one.id for one in everybody(village)] == [amina]


def test_whoever_is_alone_is_not_ended_by_another_way_than_their_own(village: Village) -> None:
    amina = village.member("Amina", keeper=True)
    acting = village.acting(amina, keeper=True)

    with pytest.raises(Refusal) as caught:
        village.do(lambda c: people.let_go(c, acting, member_id=amina, features=FEATURES))

    assert caught.value.word == "alone"


async def test_links_to_the_page_stand_only_where_they_lead_somewhere(village: Village) -> None:
    amina, bo = village.member("Amina", keeper=True), village.member("Bo")

    found = {}
    for number in (amina, bo):
        async with village.browser(number) as browser:
            pages = [await browser.get(path) for path in ("/account", "/turns", "/invites")]
        found[number] = ['href="/people"' in page.text for page in pages]

    assert found == {amina: [True, True, True], bo: [False, False, False]}


async def test_a_new_password_signs_one_out_everywhere_but_here(village: Village) -> None:
    amina, bo = village.member("Amina", keeper=True), village.member("Bo")

    async with village.browser(bo) as here, village.browser(bo) as there, village.browser(amina) as another:
        page = await here.get("/account")
        short = await here.post("/account/password", data={"sign_in_name": "Bo here", "password": "short"})
        untouched = await there.get("/account")
        await here.post("/account/password", data={"sign_in_name": "Bo here", "password": "four words of mine"})
        after = [(await browser.get("/account")).status_code for browser in (here, there, another)]

    assert "A new password signs you out everywhere else." in page.text
    assert (short.status_code, untouched.status_code) == (422, 200)
    assert after == [200, 401, 200]


async def test_a_name_that_is_anothers_ends_no_session(village: Village) -> None:
    amina, bo = village.member("Amina", keeper=True), village.member("Bo")
    typed = {"sign_in_name": "The mill", "password": "four words of mine"}

    async with village.browser(amina) as first, village.browser(bo) as here, village.browser(bo) as there:
        await first.post("/account/password", data=typed)
        taken = await here.post("/account/password", data=typed)
        still = await there.get("/account")

    assert (taken.status_code, still.status_code) == (422, 200)
