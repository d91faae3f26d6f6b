"""A name and a password: ten characters and no other rule, one answer to whatever is wrong, and tries that are counted."""

import time
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from node.accounts import passwords
from node.accounts.leaving import leave
from tests.accounts.acting import acting, do
from tests.web.town import Town

GOOD = "four words of mine"
NAME = "Amina of the mill"


async def choose(browser: httpx.AsyncClient, name: str = NAME, password: str = GOOD) -> httpx.Response:
    return await browser.post("/account/password", data={"sign_in_name": name, "password": password})


async def enter(town: Town, name: str, password: str) -> httpx.Response:
    async with town.browser() as browser:
        return await browser.post("/in/password", data={"sign_in_name": name, "password": password})


async def test_a_chosen_name_and_password_sign_in_however_the_name_is_spaced_or_written(town: Town) -> None:
    async with town.signed_in() as amina:
        chosen = await choose(amina)

    async with town.browser() as browser:
        answer = await browser.post("/in/password", data={"sign_in_name": " AMINA  of the Mill", "password": GOOD})
        wall = await browser.get("/")

    assert (chosen.status_code, answer.status_code) == (303, 303)
    assert "Amina" in wall.text


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(town: Town) -> None:
    async with town.signed_in() as amina:
        await choose(amina)

    wrong, unknown = await enter(town, NAME, "another password"), await enter(town, "Nobody here", "another password")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text == unknown.text
    assert "another password" not in wrong.text and NAME not in wrong.text


def test_an_unknown_name_is_judged_with_the_same_effort_as_a_known_one(town: Town) -> None:
    with town.store.reading() as connection:
        found = passwords.find(connection, name="Nobody here", key=town.site.council.ed25519)

    assert found == (None, passwords.NOBODYS)
    assert not passwords.hasher().check_needs_rehash(passwords.NOBODYS)
    started = time.process_time()
    with pytest.raises(Exception, match="do not go together"):
        passwords.judge(found, "another password")
    assert time.process_time() - started > 0.002


@pytest.mark.parametrize(
    ("name", "password", "status"),
    [
        (NAME, "short", 422),
        (NAME, "nine char", 422),
        (NAME, "ten chars.", 303),
        (NAME, "aaaaaaaaaa", 303),
        (NAME, "x" * 501, 422),
        ("ab", GOOD, 422),
        ("x" * 61, GOOD, 422),
    ],
)
async def test_ten_characters_are_asked_for_and_nothing_else(town: Town, name: str, password: str, status: int) -> None:
    async with town.signed_in() as amina:
        answer = await choose(amina, name, password)

    assert answer.status_code == status
    assert password not in answer.text


async def test_a_name_is_one_persons_alone(town: Town) -> None:
    async with town.signed_in() as amina, town.signed_in(name="Bo") as bo:
        await choose(amina)
        taken = await choose(bo, NAME.upper())
        own = await choose(bo, "Bo of the mill")

    assert (taken.status_code, own.status_code) == (422, 303)
    assert (await enter(town, NAME, GOOD)).status_code == 303


async def test_a_new_password_ends_the_old_one_and_removing_ends_all(town: Town) -> None:
    async with town.signed_in() as amina:
        await choose(amina)
        await choose(amina, password="another good one")
        old, new = await enter(town, NAME, GOOD), await enter(town, NAME, "another good one")
        await amina.post("/account/password/remove")

    assert (old.status_code, new.status_code) == (401, 303)
    assert (await enter(town, NAME, "another good one")).status_code == 401


async def test_tries_are_counted_before_they_are_judged_so_that_guessing_ends(town: Town) -> None:
    async with town.signed_in() as amina:
        await choose(amina)

    guesses = [await enter(town, NAME, f"a wrong guess {n}") for n in range(6)]
    right = await enter(town, NAME, GOOD)
    town.clock.pass_by(timedelta(minutes=5))
    later = await enter(town, NAME, GOOD)

    assert [guesses[0].status_code, guesses[-1].status_code] == [401, 429]
    assert right.status_code == 429
    assert later.status_code == 303


async def test_neither_the_password_nor_a_bare_hash_of_the_name_is_kept(town: Town) -> None:
    async with town.signed_in() as amina:
        await choose(amina)

    with town.store.reading() as connection:
        [row] = connection.execute(text("SELECT name_hash, argon2 FROM password"))
    assert row.argon2.startswith("$argon2id$") and GOOD not in row.argon2
    other_key = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    assert row.name_hash == passwords.name_hash(NAME, town.site.council.ed25519)
    assert row.name_hash != passwords.name_hash(NAME, other_key)


async def test_who_has_left_signs_in_by_no_password(town: Town) -> None:
    async with town.signed_in() as amina:
        await choose(amina)
    do(town, lambda c: leave(c, acting(town, 1), member_id=1, features=(), alone_is_meant=True))

    assert (await enter(town, NAME, GOOD)).status_code == 401
