"""Companions: asked, agreed to, ended by either; a first small thing; and nothing that follows from any of it."""

from datetime import timedelta

import pytest

from node.accounts import companions
from node.accounts.actions import add_member
from node.accounts.companions import Together
from node.accounts.leaving import leave
from node.installed import FEATURES
from tests.features.promising import put_up, refused
from tests.features.village import START, Village


def newcomer(village: Village, inviter: int, name: str = "Noor") -> int:
    return village.do(lambda c: add_member(c, name=name, keeper=False, now=village.clock.now(), introduced_by=inviter))


def seen(village: Village, member: int) -> Together | None:
    return village.see(lambda c: companions.companion_of(c, member, now=village.clock.now()))


def test_one_asks_the_other_agrees_and_after_six_weeks_it_is_over(village: Village) -> None:
    keeper, amina = village.member("Cem", keeper=True), village.member("Amina")
    noor, bo = newcomer(village, amina), village.member("Bo")

    offered = village.see(lambda c: companions.suggested(c, noor, now=START))
    village.do(lambda c: companions.ask(c, village.acting(noor), to=amina))
    asked = (seen(village, noor), village.see(lambda c: companions.along_with(c, amina, now=START)))
    village.do(lambda c: companions.agree(c, village.acting(amina), to=noor))
    agreed = seen(village, noor)
    village.clock.advance(companions.LASTS.total_seconds())

    assert offered == [(amina, "Amina"), (keeper, "Cem")]
    assert asked == (Together(amina, "Amina", None), [Together(noor, "Noor", None)])
    assert agreed == Together(amina, "Amina", START + companions.LASTS)
    assert seen(village, noor) is None
    assert village.see(lambda c: companions.along_with(c, amina, now=village.clock.now())) == []
    for nobody in (bo, noor, 0, 2**70):
        word = refused(village, lambda c, nobody=nobody: companions.ask(c, village.acting(noor), to=nobody))
        assert word == ("companion", "to")


@pytest.mark.parametrize("how", ["declined", "ended", "the other left", "ended later"])
def test_either_ends_it_and_nothing_is_left(village: Village, how: str) -> None:
    village.member("Cem", keeper=True)
    amina = village.member("Amina")
    noor = newcomer(village, amina)
    before = village.rows("SELECT * FROM member WHERE id = :id", id=noor)
    village.do(lambda c: companions.ask(c, village.acting(noor), to=amina))
    if how == "ended later":
        village.do(lambda c: companions.agree(c, village.acting(amina), to=noor))

    if how == "declined":
        village.do(lambda c: companions.decline(c, village.acting(amina), to=noor))
    elif how == "the other left":
        village.do(lambda c: leave(c, village.acting(amina), member_id=amina, features=FEATURES, alone_is_meant=False))
    else:
        village.do(lambda c: companions.end(c, village.acting(noor)))

    after = village.rows("SELECT * FROM member WHERE id = :id", id=noor)
    if how != "the other left":
        assert after == before
    assert (after[0].companion, after[0].companion_until) == (None, None)
    assert refused(village, lambda c: companions.agree(c, village.acting(amina), to=noor))[0] == "not-asked"


def test_whoever_takes_a_break_is_not_suggested(village: Village) -> None:
    village.member("Cem", keeper=True)
    amina = village.member("Amina")
    noor = newcomer(village, amina)
    village.do(lambda c: c.exec_driver_sql("UPDATE member SET paused_at = 0 WHERE id = ?", (amina,)))

    assert [name for _, name in village.see(lambda c: companions.suggested(c, noor, now=START))] == ["Cem"]


async def test_the_account_page_asks_answers_and_shows_something_small(village: Village) -> None:
    village.member("Cem", keeper=True)
    amina = village.member("Amina Quince")
    noor = newcomer(village, amina)
    put_up(village, amina, direction="need", title="Carry forty crates", until="tonight")
    put_up(village, amina, direction="need", title="Water two plants", quantity="2", unit="plants", audience="council")
    put_up(
        village, amina, direction="need", title="A stamp", quantity="1", unit="stamp", kind="bail", audience="council"
    )
    put_up(village, noor, direction="need", title="My own lamp", quantity="1", unit="lamp")
    async with village.browser(noor) as new, village.browser(amina) as old:
        first = (await new.get("/account?said=joined")).text
        await new.post("/account/companion", data={"to": f"{amina}"})
        asks = (await old.get("/account")).text
        await old.post("/account/companion/answer", data={"to": f"{noor}", "agreed": "yes"})
        goes = (await new.get("/account")).text
        await new.post("/account/companion/end")
        village.clock.advance(timedelta(weeks=9).total_seconds())
        later = (await new.get("/account")).text

    assert "Would you like somebody to show you around?" in first and "Amina Quince" in first
    assert "Water two plants" in first
    assert not any(title in first for title in ("Carry forty", "A stamp", "My own lamp"))
    assert "asks whether you would show them around" in asks
    assert "shows you around" in goes
    assert "Going along together" not in later and "Quince" not in later
