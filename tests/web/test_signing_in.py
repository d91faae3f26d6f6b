"""Signing in happens once for each link, by a button, and ends when it should."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from federation.tables import table_of
from node.accounts import actions
from node.accounts.tables import Member, Session, SignInLink
from node.web.signing_in import code_in
from schemas.refusal import Refusal
from tests.web.town import Town


async def test_opening_the_link_shows_a_button_and_spends_nothing(town: Town) -> None:
    token = town.link(town.member())

    async with town.browser() as browser:
        first = await browser.get(f"/in/{token}")
        second = await browser.get(f"/in/{token}")

    assert first.status_code == second.status_code == 200
    assert f'value="{token}"' in second.text and 'method="post" action="/in"' in second.text
    assert not first.cookies
    assert first.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    "written", ["{token}", "  {token}\n", "http://127.0.0.1:8101/in/{token}", "127.0.0.1:8101/in/{token}/"]
)
async def test_the_code_or_the_whole_link_signs_in_once(town: Town, written: str) -> None:
    token = town.link(town.member("Amina"))
    pasted = written.format(token=token)

    async with town.browser() as browser, town.browser() as other:
        entered = await browser.post("/in", data={"code": pasted})
        wall = await browser.get("/")
        again = await other.post("/in", data={"code": pasted})

    assert entered.status_code == 303 and entered.headers["location"] == "/"
    assert "Amina" in wall.text
    assert again.status_code == 401 and "used already" in again.text
    assert not again.cookies


async def test_a_link_whose_time_has_run_out_signs_nobody_in(town: Town) -> None:
    token = town.link(town.member(), minutes=30)
    town.clock.pass_by(timedelta(minutes=30))

    async with town.browser() as browser:
        answer = await browser.post("/in", data={"code": token})

    assert answer.status_code == 401
    assert not answer.cookies


async def test_the_link_of_someone_who_has_left_signs_nobody_in_and_their_session_shows_nothing(town: Town) -> None:
    member_id = town.member("Amina")
    token, session = town.link(member_id), town.session(member_id)
    members = table_of(Member)
    town.store.write_now(lambda c: c.execute(members.update().values(ended_at=town.clock.now())))

    async with town.browser() as browser:
        answer = await browser.post("/in", data={"code": token})
        browser.cookies.set(town.site.cookie_name, session)
        wall = await browser.get("/")

    assert answer.status_code == 401
    assert "Amina" not in wall.text


async def test_of_two_steps_in_one_batch_only_one_spends_the_link(town: Town) -> None:
    token, now = town.link(town.member()), town.clock.now()

    def enter(connection: actions.Connection) -> str:
        return actions.sign_in(connection, token=token, now=now, randomness=town.site.randomness)

    first = town.store.write(enter)
    second = town.store.write(enter)

    assert await first
    with pytest.raises(Refusal, match="used already"):
        await second


async def test_a_session_lasts_thirty_days_after_the_last_visit_and_no_longer(town: Town) -> None:
    async with town.signed_in() as browser:
        for _ in range(3):
            town.clock.pass_by(timedelta(days=29))
            assert "Sign out" in (await browser.get("/help")).text
        town.clock.pass_by(timedelta(days=30))
        after = await browser.get("/help")

    assert "Sign out" not in after.text


async def test_a_renewed_session_is_written_at_most_once_a_day(town: Town) -> None:
    sessions = table_of(Session)

    def seen_at() -> object:
        with town.store.reading() as connection:
            return connection.execute(select(sessions.c.last_seen_at)).scalar_one()

    async with town.signed_in() as browser:
        signed_in_at = seen_at()
        town.clock.pass_by(timedelta(hours=23))
        await browser.get("/")
        same_day = seen_at()
        town.clock.pass_by(timedelta(hours=2))
        answer = await browser.get("/")

    assert same_day == signed_in_at
    assert seen_at() == town.clock.now()
    assert town.site.cookie_name in answer.headers["set-cookie"]


async def test_signing_out_ends_this_session_and_leaves_the_others(town: Town) -> None:
    member_id = town.member("Amina")
    here, there = town.session(member_id), town.session(member_id)

    async with town.browser() as browser:
        browser.cookies.set(town.site.cookie_name, here)
        out = await browser.post("/out")
        browser.cookies.clear()
        browser.cookies.set(town.site.cookie_name, here)
        after = await browser.get("/")
        browser.cookies.clear()
        browser.cookies.set(town.site.cookie_name, there)
        elsewhere = await browser.get("/")

    assert out.status_code == 303 and "max-age=0" in out.headers["set-cookie"].lower()
    assert "Amina" not in after.text
    assert "Amina" in elsewhere.text


async def test_ending_all_sessions_of_a_member_ends_open_links_too(town: Town) -> None:
    member_id = town.member("Amina")
    session, token = town.session(member_id), town.link(member_id)

    ended = town.store.write_now(lambda c: actions.end_sessions(c, member_id=member_id))

    async with town.browser() as browser:
        answer = await browser.post("/in", data={"code": token})
        browser.cookies.set(town.site.cookie_name, session)
        wall = await browser.get("/")
    assert ended == 1
    assert answer.status_code == 401
    assert "Amina" not in wall.text


async def test_signing_in_again_ends_the_session_that_the_browser_had(town: Town) -> None:
    member_id = town.member("Amina")
    before, token = town.session(member_id), town.link(member_id)

    async with town.browser() as browser:
        browser.cookies.set(town.site.cookie_name, before)
        await browser.post("/in", data={"code": token})

    with town.store.reading() as connection:
        assert actions.viewer_of(connection, session_token=before, now=town.clock.now()).signed_in is False


async def test_the_cookie_is_named_after_the_port_on_plain_http_and_locked_to_the_host_under_https(
    town: Town, secure_town: Town
) -> None:
    lines = {}
    for name, place in (("plain", town), ("secure", secure_town)):
        async with place.browser() as browser:
            answer = await browser.post("/in", data={"code": place.link(place.member())})
            lines[name] = answer.headers["set-cookie"]

    assert lines["plain"].startswith("comarca-8101=") and "Secure" not in lines["plain"]
    assert (
        lines["secure"].startswith("__Host-comarca=")
        and "Secure" in lines["secure"]
        and "Domain" not in lines["secure"]
    )
    assert all("HttpOnly" in line and "SameSite=lax" in line and "Path=/" in line for line in lines.values())


async def test_a_program_spends_a_code_and_uses_the_session_as_bearer(town: Town) -> None:
    token = town.link(town.member("Amina"))
    title = "A slip for neighbours"
    town.hold(title, audience="neighbours")

    async with town.program() as program:
        opened = await program.post("/api/session", json={"code": token})
        bearer = {"authorization": f"Bearer {opened.json()['session']}"}
        with_it = await program.get("/wall.json", headers=bearer)
        without = await program.get("/wall.json")
        closed = await program.delete("/api/session", headers=bearer)
        after = await program.get("/wall.json", headers=bearer)

    assert opened.status_code == 201 and closed.status_code == 204
    assert title in with_it.text
    assert title not in without.text and title not in after.text


async def test_wrong_codes_are_slowed_down_but_a_good_one_still_gets_in(town: Town) -> None:
    token = town.link(town.member())

    async with town.browser() as browser:
        answers = [await browser.post("/in", data={"code": "a-wrong-code-" + str(n)}) for n in range(12)]
        good = await browser.post("/in", data={"code": token})
        town.clock.pass_by(timedelta(minutes=5))
        later = await browser.post("/in", data={"code": "a-wrong-code"})

    assert answers[0].status_code == 401 and answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"] == "60"
    assert good.status_code == 303
    assert later.status_code == 401


async def test_many_different_wrong_codes_are_slowed_down_in_all(town: Town) -> None:
    async with town.program(accept="application/json") as program:
        answers = [await program.post("/api/session", json={"code": f"{n:08}-wrong"}) for n in range(61)]

    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"] == "60"


def test_only_hashes_of_tokens_are_kept(town: Town) -> None:
    member_id = town.member()
    link, session = town.link(member_id), town.session(member_id)

    with town.store.reading() as connection:
        kept = [
            connection.execute(select(table_of(table).c.token_hash)).scalars().all() for table in (SignInLink, Session)
        ]
        everything = "\n".join(
            str(row)
            for name in ("member", "sign_in_link", "session")
            for row in connection.execute(text(f"SELECT * FROM {name}"))
        )

    assert hashlib.sha256(link.encode()).hexdigest() in kept[0]
    assert kept[1] == [hashlib.sha256(session.encode()).hexdigest()]
    assert link not in everything and session not in everything


def test_signing_in_sweeps_out_what_has_run_out(town: Town) -> None:
    member_id = town.member()
    town.session(member_id)
    town.link(member_id)
    town.clock.pass_by(timedelta(days=31))

    town.session(member_id)

    with town.store.reading() as connection:
        counts = [
            connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in ("session", "sign_in_link")
        ]
    assert counts == [1, 1]


def test_nobody_gets_a_link_for_a_number_that_is_not_there(town: Town) -> None:
    with pytest.raises(Refusal) as refused:
        town.link(99)

    assert refused.value.word == "not-found"


@pytest.mark.parametrize(
    ("pasted", "code"), [("abc", "abc"), (" https://x.example/in/abc ", "abc"), ("/in/abc/", "abc"), ("", "")]
)
def test_a_code_is_read_out_of_what_was_pasted(pasted: str, code: str) -> None:
    assert code_in(pasted) == code
