"""Passkeys: made by whoever is signed in, good for signing in without a name, and each thing that is wrong is refused."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from node.accounts import actions, passkeys
from node.accounts.challenges import MOST_CHALLENGES, Challenges
from node.accounts.leaving import leave
from schemas.refusal import Refusal
from tests.accounts.acting import acting, do
from tests.accounts.authenticator import Authenticator, octets, words
from tests.web.town import SECURE, Town, build_town

HOST = "riverside.example"


async def ask(browser: httpx.AsyncClient, path: str, given: dict[str, Any] | None = None) -> httpx.Response:
    return await browser.post(path, json=given or {}, headers={"accept": "application/json"})


async def add(browser: httpx.AsyncClient, device: Authenticator, name: str = "My phone") -> httpx.Response:
    options = (await ask(browser, "/api/passkeys/options")).json()
    return await ask(browser, "/api/passkeys", {"name": name, "credential": device.create(options)})


async def sign_in(browser: httpx.AsyncClient, device: Authenticator) -> httpx.Response:
    options = (await ask(browser, "/api/passkeys/sign-in/options")).json()
    return await ask(browser, "/api/passkeys/sign-in", {"credential": device.get(options)})


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(SECURE)


async def test_a_passkey_that_was_added_signs_in_without_a_name(town: Town, device: Authenticator) -> None:
    async with town.signed_in(name="Amina") as amina:
        added = await add(amina, device)
        account = await amina.get("/account")

    async with town.browser() as fresh:
        answers = [await sign_in(fresh, device) for _ in range(2)]
        wall = await fresh.get("/")

    assert added.status_code == 204 and "My phone" in account.text
    assert [answer.status_code for answer in answers] == [204, 204]
    assert "__Host-comarca=" in answers[0].headers["set-cookie"]
    assert "Amina" in wall.text


async def test_the_browser_is_asked_for_a_passkey_of_our_host_that_it_finds_by_itself(town: Town) -> None:
    async with town.signed_in(name="Amina") as amina:
        making = (await ask(amina, "/api/passkeys/options")).json()
        using = (await ask(amina, "/api/passkeys/sign-in/options")).json()

    assert making["rp"]["id"] == using["rpId"] == HOST
    assert making["authenticatorSelection"]["residentKey"] == "required"
    assert making["attestation"] == "none"
    assert not using.get("allowCredentials")
    assert len(octets(making["challenge"])) == 32


async def test_several_passkeys_of_one_person_are_named_and_removed_apart(town: Town) -> None:
    phone, stick = Authenticator(SECURE), Authenticator(SECURE, number=2)
    async with town.signed_in(name="Amina") as amina, town.signed_in(name="Bo") as bo:
        await add(amina, phone, "My phone")
        await add(amina, stick, "The stick")
        await bo.post("/account/passkeys/1/remove")
        await amina.post("/account/passkeys/1/remove")
        account = (await amina.get("/account")).text

    async with town.browser() as fresh:
        gone, kept = await sign_in(fresh, phone), await sign_in(fresh, stick)

    assert phone.handle == stick.handle
    assert "The stick" in account and "My phone" not in account
    assert (gone.status_code, kept.status_code) == (422, 204)


async def test_nobody_removes_another_persons_passkey(town: Town, device: Authenticator) -> None:
    async with town.signed_in(name="Amina") as amina, town.signed_in(name="Bo") as bo:
        await add(amina, device)
        await bo.post("/account/passkeys/1/remove")

    async with town.browser() as fresh:
        assert (await sign_in(fresh, device)).status_code == 204


async def test_an_answer_works_once(town: Town, device: Authenticator) -> None:
    async with town.signed_in() as amina:
        await add(amina, device)

    async with town.browser() as fresh:
        options = (await ask(fresh, "/api/passkeys/sign-in/options")).json()
        answer = {"credential": device.get(options)}
        first, second = [await ask(fresh, "/api/passkeys/sign-in", answer) for _ in range(2)]

    assert (first.status_code, second.status_code) == (204, 422)


@pytest.mark.parametrize(("seconds", "status"), [(299, 204), (300, 422)])
async def test_a_challenge_is_good_for_five_minutes(
    town: Town, device: Authenticator, seconds: int, status: int
) -> None:
    async with town.signed_in() as amina:
        await add(amina, device)

    async with town.browser() as fresh:
        options = (await ask(fresh, "/api/passkeys/sign-in/options")).json()
        town.clock.seconds += seconds
        answer = await ask(fresh, "/api/passkeys/sign-in", {"credential": device.get(options)})

    assert answer.status_code == status


async def test_a_challenge_for_one_person_adds_no_passkey_to_another(town: Town, device: Authenticator) -> None:
    async with town.signed_in(name="Amina") as amina, town.signed_in(name="Bo") as bo:
        options = (await ask(amina, "/api/passkeys/options")).json()
        answer = await ask(bo, "/api/passkeys", {"name": "", "credential": device.create(options)})

    assert (answer.status_code, answer.json()["reason"]) == (422, "passkey")


async def test_a_challenge_for_signing_in_adds_nothing_and_one_for_adding_signs_nobody_in(
    town: Town, device: Authenticator
) -> None:
    async with town.signed_in() as amina:
        await add(amina, device)
        making = (await ask(amina, "/api/passkeys/options")).json()
        using = (await ask(amina, "/api/passkeys/sign-in/options")).json()
        crossed = device.get({**using, "challenge": making["challenge"]})
        entered = await ask(amina, "/api/passkeys/sign-in", {"credential": crossed})
        second = Authenticator(SECURE, number=2).create({**making, "challenge": using["challenge"]})
        added = await ask(amina, "/api/passkeys", {"name": "", "credential": second})

    assert (entered.status_code, added.status_code) == (422, 422)


def changed(before: bytes) -> bytes:
    return before[:-1] + bytes([before[-1] ^ 1])


def tampered(credential: dict[str, Any], what: str) -> dict[str, Any]:
    response = dict(credential["response"])
    match what:
        case "signature":
            response["signature"] = words(changed(octets(response["signature"])))
        case "authenticator data":
            response["authenticatorData"] = words(changed(octets(response["authenticatorData"])))
        case "user handle":
            response["userHandle"] = words(b"somebody else")
        case "client data":
            response["clientDataJSON"] = words(octets(response["clientDataJSON"]).replace(b"false", b"true "))
        case "empty":
            return {}
        case "not words":
            response["clientDataJSON"] = 7
        case "another credential":
            return {**credential, "rawId": words(b"unknown"), "id": words(b"unknown")}
    return {**credential, "response": response}


WRONGS = (
    "signature", "authenticator data", "user handle", "client data", "empty", "not words", "another credential"
)  # fmt: skip


@pytest.mark.parametrize("what", WRONGS)
async def test_whatever_was_changed_on_the_way_signs_nobody_in(town: Town, device: Authenticator, what: str) -> None:
    async with town.signed_in() as amina:
        await add(amina, device)

    async with town.browser() as fresh:
        options = (await ask(fresh, "/api/passkeys/sign-in/options")).json()
        wrong = {"credential": tampered(device.get(options), what)}
        answer = await ask(fresh, "/api/passkeys/sign-in", wrong)

    assert (answer.status_code, answer.json()["reason"]) == (422, "passkey")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("origin", "rp_id"), [("https://evil.example", HOST), (SECURE, "evil.example")])
async def test_what_was_signed_for_another_site_is_refused(
    town: Town, device: Authenticator, origin: str, rp_id: str
) -> None:
    async with town.signed_in() as amina:
        await add(amina, device)

    async with town.browser() as fresh:
        options = (await ask(fresh, "/api/passkeys/sign-in/options")).json()
        device.origin = origin
        answer = await ask(fresh, "/api/passkeys/sign-in", {"credential": device.get(options, rp_id=rp_id)})

    assert answer.status_code == 422


async def test_a_device_whose_count_goes_back_is_refused_and_one_that_counts_nothing_is_not(town: Town) -> None:
    copied, plain = Authenticator(SECURE), Authenticator(SECURE, number=2, counts=False)
    async with town.signed_in() as amina:
        await add(amina, copied)
        await add(amina, plain)

    async with town.browser() as fresh:
        forward = await sign_in(fresh, copied)
        copied.count = 0
        back = await sign_in(fresh, copied)
        uncounted = [await sign_in(fresh, plain) for _ in range(2)]

    assert (forward.status_code, back.status_code) == (204, 422)
    assert [answer.status_code for answer in uncounted] == [204, 204]


async def test_the_same_passkey_is_not_added_twice(town: Town, device: Authenticator) -> None:
    async with town.signed_in() as amina, town.signed_in(name="Bo") as bo:
        answers = [await add(amina, device), await add(bo, device)]

    assert [answer.status_code for answer in answers] == [204, 422]


def test_of_two_uses_with_one_count_one_gets_in(town: Town) -> None:
    amina = town.member()
    columns = {"credential_id": b"c", "public_key": b"k", "sign_count": 3, "user_handle": b"h"}
    do(town, lambda c: passkeys.add(c, acting(town, amina), name="", columns=columns))
    with town.store.reading() as connection:
        found = passkeys.find(connection, credential={"rawId": words(b"c")})

    def try_it(_: int) -> bool:
        try:
            do(town, lambda c: passkeys.count_on(c, found=found, sign_count=4, now=town.clock.now()))
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_it, range(8))) == 1


async def test_who_has_left_signs_in_by_no_passkey(town: Town, device: Authenticator) -> None:
    async with town.signed_in() as amina:
        await add(amina, device)
    do(town, lambda c: leave(c, acting(town, 1), member_id=1, features=(), alone_is_meant=True))

    async with town.browser() as fresh:
        assert (await sign_in(fresh, device)).status_code == 422


def test_challenges_are_bounded_and_the_oldest_go_first(town: Town) -> None:
    challenges = Challenges()

    for n in range(MOST_CHALLENGES + 50):
        challenges.new(town.site.randomness, monotonic=float(n) / 1000, member_id=1)
    full = len(challenges)
    challenges.new(town.site.randomness, monotonic=10_000.0, member_id=1)

    assert full == MOST_CHALLENGES
    assert len(challenges) == 1


async def test_whoever_asks_without_end_keeps_nobody_from_signing_in(town: Town, device: Authenticator) -> None:
    async with town.signed_in() as amina:
        await add(amina, device)

    async with town.browser() as flooder, town.browser() as fresh:
        options = (await ask(fresh, "/api/passkeys/sign-in/options")).json()
        for _ in range(MOST_CHALLENGES + 1):
            await ask(flooder, "/api/passkeys/sign-in/options")
        answer = await ask(fresh, "/api/passkeys/sign-in", {"credential": device.get(options)})

    assert answer.status_code == 204


def _answer(challenge: bytes) -> dict[str, Any]:
    return {"response": {"clientDataJSON": words(json.dumps({"challenge": words(challenge)}).encode())}}


@pytest.mark.parametrize("changed", [0, 7, 8, 15, 16, 31])
def test_a_challenge_that_we_did_not_make_is_not_taken(town: Town, changed: int) -> None:
    challenges = Challenges()
    made = challenges.new(town.site.randomness, monotonic=0.0, member_id=None)
    forged = bytes(octet ^ (at == changed) for at, octet in enumerate(made))

    for challenge in (forged, b"", made[:16], made + b"x"):
        with pytest.raises(Refusal):
            challenges.take(_answer(challenge), monotonic=1.0, member_id=None)

    assert challenges.take(_answer(made), monotonic=1.0, member_id=None).challenge == made


def test_what_was_used_up_is_forgotten_with_its_time(town: Town) -> None:
    challenges = Challenges()
    for at in range(5):
        made = challenges.new(town.site.randomness, monotonic=float(at), member_id=None)
        challenges.take(_answer(made), monotonic=float(at), member_id=None)
    many = len(challenges)

    late = challenges.new(town.site.randomness, monotonic=900.0, member_id=None)
    challenges.take(_answer(late), monotonic=900.0, member_id=None)

    assert (many, len(challenges)) == (5, 1)


@pytest.mark.parametrize(
    ("url", "offered"),
    [
        ("http://127.0.0.1:8101", False),
        ("https://192.0.2.7", False),
        ("https://[2001:db8::1]", False),
        ("http://riverside.example", False),
        ("http://localhost:8101", True),
        ("https://riverside.example", True),
    ],
)
async def test_passkeys_are_offered_only_where_browsers_have_them(tmp_path: Path, url: str, offered: bool) -> None:
    town = build_town(tmp_path, url=url)
    try:
        async with town.signed_in() as amina, town.browser() as stranger:
            pages = [(await amina.get("/account")).text, (await stranger.get("/in")).text]
            options = await ask(stranger, "/api/passkeys/sign-in/options")
    finally:
        town.store.close()

    assert [bool(re.search(r"<[a-z]+ data-passkey=", page)) for page in pages] == [offered, offered]
    assert options.status_code == (200 if offered else 422)


async def test_a_session_that_the_browser_had_ends_with_a_new_one(town: Town, device: Authenticator) -> None:
    before = town.session(town.member())
    async with town.browser() as browser:
        browser.cookies.set(town.site.cookie_name, before)
        await add(browser, device)
        await sign_in(browser, device)

    with town.store.reading() as connection:
        assert not actions.viewer_of(connection, session_token=before, now=town.clock.now()).signed_in
