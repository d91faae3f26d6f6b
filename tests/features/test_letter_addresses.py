"""An address is written to once its owner says so, is nobody else's to fill, and goes with one press of a button."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.features.resources.letters import contact, links, posting
from node.features.resources.letters.matters import number_of
from tests.features.letter_office import DAY, EVENING, ROSA, Office, letter_office
from tests.features.promising import refused
from tests.features.village import BASE
from tests.mail_server import Got

HOUR = 3600


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with letter_office(tmp_path) as built:
        yield built


def path_in(got: Got) -> str:
    """The link to one of our own pages that a letter asks to open, without its origin."""
    [found] = re.findall(rf"^{BASE}(/letters/\S+)$", got.text, re.MULTILINE)
    return str(found)


async def test_one_letter_asks_and_nothing_else_goes_until_it_is_answered(office: Office) -> None:
    row, helper = office.asks(confirmed=False, language="en"), office.neighbour()
    office.promises(row, helper)

    [asking] = await office.goes()
    nothing = await office.goes_after(EVENING)
    async with office.village.browser() as browser:
        opened = await browser.get(path_in(asking))
        still = contact.standing(office.now(row))
        pressed = await browser.post(path_in(asking))
        twice = await browser.post(path_in(asking))
    office.promises(row, helper)
    [told] = await office.goes_after(DAY)

    assert (asking.to, asking.message["List-Unsubscribe"]) == (ROSA, None)
    assert "Riverside" in asking.text and number_of(row) in asking.text and "fans" not in asking.text
    assert (nothing, still) == ([], "waiting"), "opening a link, as mail programs do, confirms nothing"
    assert (opened.status_code, pressed.status_code, twice.status_code) == (200, 200, 200)
    assert contact.standing(office.now(row)) == "confirmed"
    assert ROSA not in opened.text + pressed.text, "an address is shown to nobody"
    assert told.to == ROSA and "There is an answer" in told.text


async def test_a_link_confirms_its_own_address_alone_and_not_for_ever(office: Office) -> None:
    row, other = office.asks(confirmed=False), office.asks(confirmed=False, address="ben@elsewhere.example")
    letters = {one.to: path_in(one) for one in await office.goes()}
    acting, number = office.village.acting(), row.id or 0
    good = letters[ROSA].rpartition("/")[2]
    whose, until, proof = good.split(".")
    forged = (
        f"note-{other.id}.{until}.{proof}",
        f"{whose}.{int(until) + 1}.{proof}",
        f"{whose}.{until}.{proof[:-1]}a",
        f"{whose}.{until}",
        f"member-{row.id}.{until}.{proof}",
        f"note-{'9' * 30}.{until}.{proof}",
        f"note-.{until}.{proof}",
        f"{whose}.{'9' * 11}.{proof}",
        "note-1.²³.x",
        good * 9,
        "",
    )

    for token in forged:
        assert refused(office.village, lambda c, token=token: contact.confirmed(c, acting, token)) == (
            "not-found",
            None,
        )
    office.village.do(
        lambda c: contact.given(c, acting, resource_id=number, address="new@elsewhere.example", language="es")
    )
    assert refused(office.village, lambda c: contact.confirmed(c, acting, good)) == ("not-found", None)
    office.village.do(lambda c: contact.given(c, acting, resource_id=number, address=ROSA, language="es"))
    office.village.do(lambda c: contact.confirmed(c, acting, good))
    assert [contact.standing(office.now(one)) for one in (row, other)] == ["confirmed", "waiting"]

    office.village.clock.advance(links.GOOD_FOR.total_seconds() + 1)
    bens = letters["ben@elsewhere.example"]
    async with office.village.browser() as browser:
        assert (await browser.get(bens)).status_code == 404
        assert (await browser.post(bens)).status_code == 404
    assert contact.standing(office.now(other)) == "waiting"


async def test_an_address_given_again_asks_again_and_a_confirmed_one_does_not(office: Office) -> None:
    row = office.asks(confirmed=False)
    acting, number = office.village.acting(), row.id or 0

    def given(address: str) -> None:
        office.village.do(lambda c: contact.given(c, acting, resource_id=number, address=address, language="es"))

    given(ROSA)
    assert office.waiting() == ["confirm"], "one letter, however often the form is sent"
    token = path_in((await office.goes())[0]).rpartition("/")[2]
    office.village.do(lambda c: contact.confirmed(c, acting, token))
    given(ROSA)
    assert (office.waiting(), contact.standing(office.now(row))) == ([], "confirmed")
    given("")
    assert (contact.standing(office.now(row)), office.now(row).contact_language) == ("none", "")
    assert refused(office.village, lambda c: contact.given(
        c, acting, resource_id=number, address="rosa@somewhere.example\nBcc: all@elsewhere.example", language="es"
    )) == ("address", "contact")  # fmt: skip


async def test_nobody_is_flooded_through_us(office: Office) -> None:
    for _ in range(posting.CONFIRMATIONS_A_DAY + 4):
        office.asks(confirmed=False, address=ROSA)
    office.asks(confirmed=False, address="ben@elsewhere.example")

    first = [one.to for one in await office.goes()]
    next_day = [one.to for one in await office.goes_after(DAY)]

    assert first.count(ROSA) == posting.CONFIRMATIONS_A_DAY
    assert first.count("ben@elsewhere.example") == 1
    assert (next_day, office.waiting()) == ([], []), "what was too much is dropped, not saved up"


async def test_many_addresses_at_once_wait_their_turn_and_all_are_asked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.posting._to_all = posting.Buckets(per_minute=1, burst=2, limit=1)
    for number in range(5):
        office.asks(confirmed=False, address=f"number{number}@somewhere.example")

    by_minute = [len(await office.goes_after(seconds)) for seconds in (0, 60, 60, 60)]

    assert by_minute == [2, 1, 1, 1]


async def test_one_press_stops_all_letters_to_an_address_wherever_it_was_left(office: Office) -> None:
    rows = [office.asks(address="Rosa@somewhere.example"), office.asks(address="rosa@somewhere.example")]
    member, other = office.neighbour("Rosa@somewhere.example"), office.asks(address="ben@elsewhere.example")
    for row in (*rows, other):
        office.promises(row, member)
    rosas = next(one for one in await office.goes_after(EVENING) if one.to.startswith("Rosa"))
    header = rosas.message["List-Unsubscribe"].strip("<>").removeprefix(BASE)
    for row in (*rows, other):
        office.promises(row, member)

    async with office.village.browser() as browser:
        shown = await browser.get(header)
    unchanged = [contact.standing(office.now(row)) for row in rows]
    async with office.village.program() as program:
        form = {"content-type": "application/x-www-form-urlencoded"}
        answers = [await program.post(header, content="List-Unsubscribe=One-Click", headers=form) for _ in range(2)]
        unknown = await program.post("/letters/stop.aaaa", content="List-Unsubscribe=One-Click", headers=form)

    assert header in rosas.text, "in plain words too"
    assert (shown.status_code, unchanged) == (200, ["confirmed", "confirmed"])
    assert [one.status_code for one in (*answers, unknown)] == [200, 200, 200]
    assert [contact.standing(office.now(row)) for row in rows] == ["none", "none"]
    assert [tuple(row) for row in office.village.rows("SELECT mail, mail_ok_at FROM member")] == [("", None)]
    assert [one.to for one in await office.goes_after(DAY)] == ["ben@elsewhere.example"]


async def test_a_neighbour_says_where_and_how_often_on_their_own_page(office: Office) -> None:
    member = office.neighbour()
    async with office.village.browser(member) as browser:
        wrong = await browser.post("/account/mail", data={"mail": "amina at home", "mail_how": "at-once"})
        odd = await browser.post("/account/mail", data={"mail": "amina@here.example", "mail_how": "hourly"})
        kept = await browser.post("/account/mail", data={"mail": "amina@here.example", "mail_how": "at-once"})
        waiting = await browser.get("/account")
        [asking] = await office.goes()
        await browser.post(path_in(asking))
        page = await browser.get("/account")
        taken = await browser.post("/account/data")
    [row] = office.village.rows("SELECT mail, mail_ok_at, mail_how FROM member")

    assert (wrong.status_code, odd.status_code, kept.status_code) == (422, 422, 303)
    assert "amina at home" in wrong.text and 'href="#f-mail"' in wrong.text and 'href="#f-mail_how"' in odd.text
    assert "one letter there" in waiting.text and "one letter there" not in page.text
    assert (row.mail, row.mail_ok_at is not None, row.mail_how) == ("amina@here.example", True, "at-once")
    assert asking.to == "amina@here.example" and asking.message["Subject"] == "Shall we write to this address?"
    assert taken.status_code == 200

    async with office.village.browser(member) as browser:
        assert (await browser.post("/account/mail/remove")).status_code == 303
    assert tuple(office.village.rows("SELECT mail, mail_ok_at, mail_how FROM member")[0]) == ("", None, "daily")


async def test_pages_of_ones_own_mail_are_ones_own(office: Office) -> None:
    async with office.village.browser() as browser:
        for path in ("/account/mail", "/account/mail/remove"):
            assert (await browser.post(path, data={"mail": ROSA, "mail_how": "daily"})).status_code == 401


async def test_what_is_taken_along_has_the_address(office: Office) -> None:
    from node.accounts.taking_along import everything_of
    from node.installed import FEATURES

    member = office.neighbour("amina@here.example", how="at-once")

    account = office.village.see(lambda c: everything_of(c, office.village.acting(member), features=FEATURES))[0]

    assert (account["mail"], account["mail_how"]) == ("amina@here.example", "at-once")
