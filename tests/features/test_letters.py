"""A reply reaches whoever asked: letters from the queue to a real mail server, and everything that must never stand in one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from federation.tables import table_of
from node.accounts.leaving import leave
from node.features.resources import actions, tidying
from node.features.resources.letters import contact, posting, timing, writing
from node.features.resources.letters.matters import WITHOUT_A_NOTE, About, number_of
from node.features.resources.promises import keeping
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Reply
from node.features.resources.tables import Resource
from node.installed import FEATURES
from node.profile.tables import ProfileRow
from tests.features.letter_office import DAY, EVENING, ROSA, Office, letter_office, posting_of
from tests.features.promising import refused
from tests.features.village import BASE, START, village_in
from tests.mail_server import Got

HOUR = 3600


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with letter_office(tmp_path) as built:
        yield built


def rests(office: Office, days: str) -> None:
    profile = table_of(ProfileRow)
    values = {"id": 1, "name": "Riverside", "language": "en", "changed_at": START, "rest_days": days}
    office.village.do(lambda c: c.execute(profile.insert().values(**values)))


def is_about(got: Got, row: Resource) -> bool:
    return number_of(row) in got.text


async def test_an_answer_reaches_whoever_asked_in_their_language_and_says_nothing_about_it(office: Office) -> None:
    row, helper = office.asks(), office.neighbour()
    office.promises(row, helper)

    early = await office.goes()
    [got] = await office.goes_after(EVENING)

    assert early == []
    assert (got.to, got.message["Content-Language"]) == (ROSA, "es")
    assert f"Hay una respuesta para la nota {number_of(row)}." in got.text and f"{BASE}/note" in got.text
    for secret in ("fans", "Six", "Rosa", "Amina", "Mill Lane", "portions", row.public_id, ROSA):
        assert secret not in got.text.replace(BASE, "") and secret not in str(got.message["Subject"])
    assert office.waiting() == []


async def test_an_address_gets_one_letter_a_day_about_all_its_notes(office: Office) -> None:
    helper = office.neighbour()
    rows = [office.asks(language="en"), office.asks(language="en")]
    other = office.asks(address="ben@elsewhere.example", language="en")
    for row in (*rows, other):
        office.promises(row, helper)
        office.promises(row, helper)

    both, single = sorted(await office.goes_after(EVENING), key=lambda one: one.to, reverse=True)

    assert (both.to, single.to) == (ROSA, "ben@elsewhere.example")
    assert all(both.text.count(number_of(row)) == 1 for row in rows)
    assert both.message["Subject"] == "About 2 notes"
    assert number_of(other) not in both.text
    assert await office.goes_after(DAY) == []


async def test_what_cannot_wait_goes_at_once_on_a_rest_day_too_and_the_rest_after_it(office: Office) -> None:
    rests(office, '["MO", "TU", "2026-03-04"]')
    helper = office.neighbour("amina@here.example", how="at-once")
    urgent, calm = office.asks(can_wait=False), office.asks(address="ben@elsewhere.example")
    for row in (urgent, calm):
        office.promises(row, helper)
    office.promises(calm, helper, state=State.AGREED)
    office.tells(calm, About.PROMISE_AGREED, member=helper)

    [first] = await office.goes()
    quiet = [await office.goes_after(DAY) for _ in range(2)]
    morning = await office.goes_after(DAY - HOUR)
    evening = await office.goes_after(9 * HOUR)

    assert first.to == ROSA
    assert quiet == [[], []]
    assert [one.to for one in morning] == ["amina@here.example"]
    assert [one.to for one in evening] == ["ben@elsewhere.example"]


async def test_a_rest_day_that_is_named_later_holds_back_what_is_due_on_it(office: Office) -> None:
    office.promises(office.asks(), office.neighbour())
    rests(office, '["MO"]')

    on_the_day = await office.goes_after(EVENING)
    assert on_the_day == []
    assert len(await office.goes_after(DAY)) == 1


async def test_what_is_over_when_the_letter_would_go_is_not_written(office: Office) -> None:
    helper, keeper = office.neighbour(), office.village.member("Keeper", keeper=True)
    names = ("closed", "down", "declined", "back", "told")
    rows = [office.asks(address=f"{name}@somewhere.example") for name in names]
    closed, down, *_, told = rows
    made = [office.promises(row, helper) for row in rows]
    acting = office.village.acting(keeper, keeper=True)
    office.village.do(lambda c: actions.close(c, closed.public_id, "met", acting))
    office.village.do(lambda c: actions.take_down(c, down.public_id, acting))
    office.village.do(lambda c: keeping.decline(c, acting, made[2].id or 0))
    office.village.do(lambda c: keeping.turn_to(c, acting, made[3].id or 0, State.GIVEN_BACK))

    letters = await office.goes_after(EVENING)

    assert [one.to for one in letters] == ["told@somewhere.example"]
    assert is_about(letters[0], told)
    assert office.waiting() == []


@pytest.mark.parametrize(
    ("about", "to_member", "before", "said"),
    [
        (About.GIVEN_BACK, False, "", "came back"),
        (About.STILL_NEEDED, False, "asked", "still needed"),
        (About.OUTCOME, False, "", "work out"),
        (About.REPLY, False, "theirs", "message"),
        (About.REPLY, True, "askers", "message"),
        (About.PROMISE_AGREED, True, "agreed", "is agreed"),
        (About.NOT_NEEDED, True, "closed", "not needed any more"),
    ],
)
async def test_each_matter_is_told_to_the_one_whom_it_concerns(
    office: Office, about: About, to_member: bool, before: str, said: str
) -> None:
    row, helper = office.asks(language="en"), office.neighbour("amina@here.example")
    if before == "asked":
        office.sets("resource", row.id or 0, asked_at=START)
    elif before == "agreed":
        office.promises(row, helper, state=State.AGREED)
        office.village.do(lambda c: writing.forget(c, resource_id=row.id))
    elif before == "closed":
        office.sets("resource", row.id or 0, state="closed")
    elif before:
        values = Reply(resource_id=row.id or 0, from_asker=before == "askers", words="On Friday?", at=START)
        replies = table_of(Reply)
        office.village.do(lambda c: c.execute(replies.insert().values(**values.model_dump(exclude={"id"}))))
    office.tells(row, about, member=helper if to_member else None)

    [got] = await office.goes_after(EVENING)

    assert got.to == ("amina@here.example" if to_member else ROSA)
    assert said in got.text and is_about(got, row) and "Friday" not in got.text
    assert (f"{BASE}/mine" in got.text) is to_member


async def test_a_promise_of_a_note_that_is_gone_is_told_without_its_number(office: Office) -> None:
    helper = office.neighbour("amina@here.example")
    acting = office.village.acting()
    office.village.do(lambda c: writing.write(c, acting, about=About.NOT_NEEDED, member_id=helper))

    [got] = await office.goes_after(EVENING)

    assert "Something that you promised is not needed any more." in got.text


@pytest.mark.parametrize("about", [one for one in About if one not in WITHOUT_A_NOTE])
def test_a_letter_about_no_note_is_nobodys(tmp_path: Path, about: About) -> None:
    with village_in(tmp_path) as village:
        acting = village.acting()
        with pytest.raises(ValueError, match="needs its note"):
            village.do(lambda c: writing.write(c, acting, about=about, member_id=1))


async def test_whoever_wants_none_or_has_not_confirmed_gets_none(office: Office) -> None:
    helper = office.neighbour()
    owners = [
        office.neighbour("never@here.example", how="never"),
        office.neighbour("unconfirmed@here.example", confirmed=False),
        office.neighbour(),
    ]
    office.village.do(lambda c: writing.forget(c, member_id=owners[1]))
    for owner in owners:
        office.promises(office.asks(address="").model_copy(update={"by_member": owner}), helper)
    unconfirmed = office.asks(confirmed=False)
    office.village.do(lambda c: writing.forget(c, resource_id=unconfirmed.id))
    office.promises(unconfirmed, helper)

    assert office.waiting() == []
    assert await office.goes_after(EVENING) == []


async def test_a_letter_never_outlives_the_address(office: Office) -> None:
    row = office.asks()
    office.promises(row, office.neighbour())
    office.sets("resource", row.id or 0, erase_at=START + timedelta(hours=1))

    assert await office.goes_after(EVENING) == []
    assert office.waiting() == []


async def test_forgetting_a_contact_and_leaving_forget_the_letters(office: Office) -> None:
    row, helper = office.asks(), office.neighbour("amina@here.example")
    office.promises(row, helper, state=State.AGREED)
    office.tells(row, About.PROMISE_AGREED, member=helper)
    office.sets("resource", row.id or 0, erase_at=START)
    acting = office.village.acting(helper)

    office.village.do(lambda c: tidying.tidy(c, START))
    after_tidying = office.waiting(), office.now(row).contact
    office.village.do(lambda c: writing.write(c, acting, about=About.NOT_NEEDED, member_id=helper))
    office.village.do(lambda c: leave(c, acting, member_id=helper, features=FEATURES, alone_is_meant=True))

    assert after_tidying == ([], None)
    assert office.waiting() == []
    [member] = office.village.rows("SELECT mail, mail_ok_at, mail_how FROM member WHERE id = :id", id=helper)
    assert tuple(member) == ("", None, "daily")


async def test_what_could_not_go_is_tried_again_ever_later_and_given_up_quietly(office: Office) -> None:
    office.server.answers[ROSA] = "451 come again"
    office.promises(office.asks(), office.neighbour())
    office.village.clock.advance(EVENING)
    waits = []

    while office.waiting():
        assert await office.goes() == []
        for row in office.village.rows("SELECT due_at FROM letter"):
            waits.append(row.due_at / 1e6 - office.village.clock.now().timestamp())
            office.village.clock.advance(waits[-1])

    assert len(waits) == timing.TRIES - 1
    assert waits == sorted(waits) and waits[0] == 300 and waits[-1] == 6 * HOUR
    assert 1.5 * DAY < sum(waits) < 3 * DAY


async def test_an_address_that_is_refused_for_good_is_not_tried_again_and_keeps_nobody_waiting(office: Office) -> None:
    office.server.answers[ROSA] = "550 no such box"
    helper = office.neighbour()
    office.promises(office.asks(), helper)
    office.promises(office.asks(address="ben@elsewhere.example"), helper)

    assert [one.to for one in await office.goes_after(EVENING)] == ["ben@elsewhere.example"]
    assert office.waiting() == []


async def test_one_that_cannot_be_written_keeps_nobody_waiting(
    office: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    odd = office.asks(confirmed=False)
    office.sets("resource", odd.id or 0, contact="=?utf-8?q?Quince?=@somewhere.example")
    office.asks(confirmed=False, address="ben@elsewhere.example")

    letters = await office.goes()

    assert [one.to for one in letters] == ["ben@elsewhere.example"]
    assert office.waiting() == []
    assert "Quince" not in "".join(capfd.readouterr())


async def test_while_nobody_takes_letters_they_wait_and_the_server_is_left_alone(office: Office) -> None:
    helper = office.neighbour()
    for name in ("a", "b", "c"):
        office.promises(office.asks(address=f"{name}@somewhere.example"), helper)
    office.server.answers["HELLO"] = "421 closed"
    office.village.clock.advance(EVENING)

    await office.goes()
    await office.goes()
    came = len(office.server.heard)
    del office.server.answers["HELLO"]
    early = await office.goes()
    later = await office.goes_after(posting.PAUSE)
    last = await office.goes_after(posting.PAUSE)

    assert came == 0 and early == []
    assert sorted(one.to for one in later + last) == [
        "a@somewhere.example",
        "b@somewhere.example",
        "c@somewhere.example",
    ]


async def test_a_crash_between_sending_and_keeping_doubles_a_letter_and_loses_none(office: Office) -> None:
    office.promises(office.asks(), office.neighbour())
    office.village.clock.advance(EVENING)
    store = office.village.store
    broken = posting_of(office.village, office.village.site.settings)

    async def cut(_step: object) -> None:
        raise RuntimeError("the power is gone")

    object.__setattr__(broken._bench, "store", type("Cut", (), {"read": store.read, "write": staticmethod(cut)})())
    with pytest.raises(RuntimeError):
        await broken.send_what_is_due()
    again = await office.goes()

    assert len(again) == 2 and len({one.text for one in again}) == 1
    assert office.waiting() == []


async def test_letters_that_could_not_be_told_in_a_fortnight_go(office: Office) -> None:
    office.promises(office.asks(until=None, ends_at=(START + timedelta(days=60)).isoformat()), office.neighbour())
    clock = office.village.clock

    office.village.do(lambda c: posting.tidy(c, clock.now() + timedelta(days=13)))
    kept = office.waiting()
    office.village.do(lambda c: posting.tidy(c, clock.now() + timedelta(days=15)))

    assert (kept, office.waiting()) == (["promise-made"], [])


def test_without_a_mail_server_nothing_is_queued_and_no_address_is_taken(tmp_path: Path) -> None:
    with village_in(tmp_path) as village:
        member = village.member()
        acting = village.acting(member)

        village.do(lambda c: writing.write(c, acting, about=About.NOT_NEEDED, member_id=member))

        assert refused(village, lambda c: contact.own(c, acting, address=ROSA, how="daily")) == ("no-letters", "mail")
        village.do(lambda c: contact.own(c, acting, address="", how=""))
        assert village.rows("SELECT * FROM letter") == []
        assert not contact.offered(village.site.settings)
