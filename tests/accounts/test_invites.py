"""Invites: shown once, used so many times and until a day, taken back, and never told who came by which."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from node.accounts import invites, turns
from schemas.refusal import Refusal
from tests.accounts.acting import acting, do, refused
from tests.web.town import Town


def make(town: Town, by: int, *, uses: int = 1, days: int = 14, named: bool = False) -> str:
    return do(
        town,
        lambda c: invites.make(c, acting(town, by), randomness=town.site.randomness, uses=uses, days=days, named=named),
    )


def join(town: Town, code: str, name: str = "Bo") -> str:
    now, randomness = town.clock.now(), town.site.randomness
    return do(town, lambda c: invites.join(c, code=code, name=name, now=now, randomness=randomness))


def people(town: Town) -> dict[int, str]:
    with town.store.reading() as connection:
        return turns.present(connection)


def test_an_invite_lets_in_as_many_as_it_says_and_no_more(town: Town) -> None:
    code = make(town, town.member(keeper=True), uses=2)

    join(town, code)
    join(town, code, "")

    with pytest.raises(Refusal) as caught:
        join(town, code)
    assert caught.value.word == "sign-in"
    assert list(people(town).values()) == ["Amina", "Bo", ""]


def test_of_many_at_once_an_invite_lets_in_as_many_as_it_says(town: Town) -> None:
    code = make(town, town.member(keeper=True), uses=3)

    def try_it(_: int) -> bool:
        try:
            join(town, code)
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        got_in = list(pool.map(try_it, range(12)))

    assert sum(got_in) == 3
    assert len(people(town)) == 4


def test_an_invite_runs_out_on_its_day(town: Town) -> None:
    code = make(town, town.member(keeper=True), uses=5, days=7)

    town.clock.pass_by(timedelta(days=7) - timedelta(seconds=1))
    join(town, code)
    town.clock.pass_by(timedelta(seconds=1))

    with pytest.raises(Refusal):
        join(town, code)


def test_an_invite_that_was_taken_back_lets_nobody_in_and_takes_its_whole_sheet_along(town: Town) -> None:
    amina = town.member(keeper=True)
    sheet = do(town, lambda c: invites.make_sheet(c, acting(town, amina), randomness=town.site.randomness, days=14))
    join(town, sheet[0])

    do(town, lambda c: invites.end(c, acting(town, amina), invite_id=3))

    for code in sheet[1:]:
        with pytest.raises(Refusal):
            join(town, code)
    assert len(people(town)) == 2


def test_a_sheet_has_eight_slips_that_differ_and_work_once_each(town: Town) -> None:
    amina = town.member(keeper=True)
    sheet = do(town, lambda c: invites.make_sheet(c, acting(town, amina), randomness=town.site.randomness, days=14))

    for code in sheet:
        join(town, code)

    assert len(set(sheet)) == 8
    assert len(people(town)) == 9
    with town.store.reading() as connection:
        [view] = invites.listing(connection, now=town.clock.now())
    assert (view.sheet, view.uses, view.used, view.open) == (True, 8, 8, False)


@pytest.mark.parametrize(
    ("uses", "days", "word"), [(0, 14, "uses"), (101, 14, "uses"), (1, 0, "days"), (1, 91, "days")]
)
def test_an_invite_is_for_some_people_and_some_days(town: Town, uses: int, days: int, word: str) -> None:
    amina, randomness = town.member(keeper=True), town.site.randomness

    def step(connection: object) -> object:
        return invites.make(connection, acting(town, amina), randomness=randomness, uses=uses, days=days)  # type: ignore[arg-type]

    assert refused(town, step) == word
    assert make(town, amina, uses=100, days=90)


def test_only_whose_turn_it_is_invites(town: Town) -> None:
    amina, bo = town.member(keeper=True), town.member("Bo")

    with pytest.raises(Refusal) as neighbour:
        make(town, bo)
    town.clock.pass_by(timedelta(weeks=13))
    with pytest.raises(Refusal) as caretaker:
        make(town, amina)

    assert (neighbour.value.word, caretaker.value.word) == ("not-keeper", "turn-ended")


def test_codes_are_kept_as_hashes_and_read_however_they_are_typed(town: Town) -> None:
    code = make(town, town.member(keeper=True))

    with town.store.reading() as connection:
        kept = str(connection.execute(text("SELECT * FROM invite")).all())
        typed = code.upper().replace("-", " ").replace("O", "0")
        found = invites.look(connection, code=typed, now=town.clock.now())

    assert code not in kept and code.replace("-", "") not in kept
    assert found is not None


def test_who_introduced_somebody_is_kept_with_the_person_and_not_with_the_invite(town: Town) -> None:
    amina = town.member(keeper=True)
    join(town, make(town, amina))

    with town.store.reading() as connection:
        columns = [row.name for row in connection.execute(text("SELECT name FROM pragma_table_info('invite')"))]
        introduced = connection.execute(text("SELECT introduced_by FROM member WHERE id = 2")).scalar()

    assert introduced == amina
    assert not {"joined", "member_id", "used_by"} & set(columns)


async def test_opening_an_invite_says_who_invites_and_uses_nothing_up(town: Town) -> None:
    amina = town.member("Amina", keeper=True)
    plain, named = make(town, amina), make(town, amina, named=True)

    async with town.browser() as stranger:
        pages = [await stranger.get(f"/join/{code}") for code in (plain, named, plain)]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert all("Riverside neighbours" in page.text for page in pages)
    assert ["Amina" in page.text for page in pages] == [False, True, False]
    assert pages[0].headers["cache-control"] == "private, no-store"
    assert len(people(town)) == 1


async def test_whoever_joins_is_signed_in_under_the_name_of_their_choice_or_none(town: Town) -> None:
    code = make(town, town.member(keeper=True), uses=2)

    async with town.browser() as one, town.browser() as other:
        first = await one.post("/join", data={"code": code, "name": " Bo "})
        second = await other.post("/join", data={"code": code})
        boards = [(await who.get("/account")).status_code for who in (one, other)]
        welcome = await one.get(first.headers["location"])

    assert [answer.status_code for answer in (first, second)] == [303, 303]
    assert "You are one of us now" in welcome.text
    assert boards == [200, 200]
    assert list(people(town).values()) == ["Amina", "Bo", ""]


async def test_an_invite_pasted_into_the_sign_in_field_leads_to_joining(town: Town) -> None:
    code = make(town, town.member(keeper=True))

    async with town.browser() as browser:
        answer = await browser.post("/in", data={"code": f"{town.url}/join/{code}"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"/join/{code}")


async def test_a_wrong_invite_is_told_as_such_and_too_many_are_slowed_down(town: Town) -> None:
    code = make(town, town.member(keeper=True))

    async with town.browser() as browser:
        answers = [await browser.get(f"/join/wrong-invite-{n}") for n in range(12)]
        good = await browser.get(f"/join/{code}")

    assert (answers[0].status_code, answers[-1].status_code) == (401, 429)
    assert "That did not go through" in answers[0].text and "sign in first" not in answers[0].text
    assert good.status_code == 200


async def test_codes_stand_in_the_answer_that_made_them_and_on_no_other_page(town: Town) -> None:
    async with town.signed_in(keeper=True) as amina:
        sheet = await amina.post("/invites/sheet")
        link = await amina.post("/invites", data={"uses": "3", "days": "7"})
        listed = await amina.get("/invites")

    codes = re.findall(r"<code[^>]*>([a-z2-7-]{29})</code>", sheet.text)
    [address] = re.findall(rf"{town.url}/join/([a-z2-7-]+)<", link.text)
    assert len(codes) == 8 and sheet.text.count('<svg class="qr"') == 8
    assert sheet.headers["cache-control"] == link.headers["cache-control"] == "private, no-store"
    assert not [code for code in (*codes, address) if code in listed.text]
    assert "0 of 8 used" in listed.text
