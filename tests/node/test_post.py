"""The way out for letters, over a real line: TLS before anything is said, one value in one header, an end in time."""

import asyncio
import ssl
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from node import post
from node.post import PostFault, SmtpPost, Taken, Trouble
from node.settings import BadSettings, Settings, load
from node.settings_parts import Mail
from schemas.mail_address import mail_address
from tests.builders import START, SeededRandomness
from tests.mail_server import NAME, SECRET, mail_server

TO = "rosa@somewhere.example"


def settings_of(folder: Path, **mail: Any) -> Settings:
    usual = {"host": "127.0.0.1", "security": "none", "from_address": "council@riverside.example"}
    return load(folder, url="https://riverside.example", mail=usual | mail)


def letter(
    settings: Settings, *, to: str = TO, name: str = "Riverside", subject: str = "About note 7KQ-M4T"
) -> EmailMessage:
    text = "There is an answer for note 7KQ-M4T.\n.\nÑandú\n"
    return post.letter(
        settings, to=to, name=name, subject=subject, text=text, language="es", now=START,
        randomness=SeededRandomness("letter"), stop="https://riverside.example/letters/stop.x",
    )  # fmt: skip


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serving(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def sent(settings: Settings, **given: Any) -> Taken:
    return await asyncio.to_thread(SmtpPost(settings, **given).send, letter(settings))


async def trouble(settings: Settings, **given: Any) -> tuple[Trouble, str]:
    with pytest.raises(PostFault) as caught:
        await asyncio.to_thread(SmtpPost(settings, **given).greet)
    return caught.value.trouble, str(caught.value)


async def test_a_letter_arrives_whole_with_a_way_to_stop_further_ones(tmp_path: Path) -> None:
    async with mail_server() as server:
        assert await sent(settings_of(tmp_path, port=server.port)) is Taken.SENT

    [got] = server.got
    message = got.message
    assert (got.sender, got.to) == ("council@riverside.example", TO)
    assert str(message["From"]) == "Riverside <council@riverside.example>"
    assert (message["To"], message["Subject"], message["Content-Language"]) == (TO, "About note 7KQ-M4T", "es")
    assert message["List-Unsubscribe"] == "<https://riverside.example/letters/stop.x>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert got.text.splitlines() == ["There is an answer for note 7KQ-M4T.", ".", "Ñandú"]
    assert server.heard[0] == "plain ehlo riverside.example"


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_nothing_but_a_greeting_is_said_before_tls(tmp_path: Path, authority: trustme.CA, security: str) -> None:
    (tmp_path / "mail.txt").write_text(f"{SECRET}\n")
    tls = serving(authority)
    async with mail_server(tls=tls, tls_at_once=security == "tls", wants_login=True) as server:
        settings = settings_of(tmp_path, port=server.port, security=security, user=NAME, password_file="mail.txt")
        taken = await sent(settings, context=lambda: trusting(authority))
        agreed = await asyncio.to_thread(SmtpPost(settings, context=lambda: trusting(authority)).greet)

    assert taken is Taken.SENT
    assert "logged in" in agreed and "TLSv1." in agreed
    plain = {line.split()[1].upper() for line in server.heard if line.startswith("plain ")}
    assert plain == ({"EHLO", "STARTTLS"} if security == "starttls" else set())
    assert len(server.got) == 1, "the doctor's question sends no letter"


@pytest.mark.parametrize(
    "case",
    [
        ("starttls", True, "127.0.0.1", None),
        ("starttls", True, "other.example", Trouble.CERTIFICATE),
        ("tls", True, "other.example", Trouble.CERTIFICATE),
        ("starttls", False, "127.0.0.1", Trouble.NO_TLS),
        ("tls", False, "127.0.0.1", Trouble.NO_TLS),
    ],
)
async def test_a_line_that_is_not_safe_is_not_used(
    tmp_path: Path, authority: trustme.CA, case: tuple[str, bool, str, Trouble | None]
) -> None:
    security, offers, name, expected = case
    tls = serving(authority, name) if offers else None
    async with mail_server(tls=tls, tls_at_once=offers and security == "tls") as server:
        settings = settings_of(tmp_path, port=server.port, security=security)
        if expected is None:
            assert await sent(settings, context=lambda: trusting(authority)) is Taken.SENT
            return
        found = await trouble(settings, context=lambda: trusting(authority))
        with pytest.raises(PostFault):
            await sent(settings, context=lambda: trusting(authority))

    assert found[0] is expected
    assert server.got == []
    assert not any("rosa" in line.lower() for line in server.heard)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({TO: "550 no such box"}, Taken.NEVER),
        ({TO: "451 come again"}, Taken.LATER),
        ({"DATA": "554 not like this"}, Taken.NEVER),
        ({"DATA": "452 full"}, Taken.LATER),
        ({"MAIL": "550 who are you"}, Taken.LATER),
        ({}, Taken.SENT),
    ],
)
async def test_only_a_refusal_of_the_letter_or_its_address_is_for_good(
    tmp_path: Path, answers: dict[str, str], expected: Taken
) -> None:
    async with mail_server(answers=answers) as server:
        assert await sent(settings_of(tmp_path, port=server.port)) is expected


async def test_a_wrong_password_is_told_without_any_secret(tmp_path: Path) -> None:
    (tmp_path / "mail.txt").write_text("wrong one")
    async with mail_server(wants_login=True) as server:
        found, words = await trouble(settings_of(tmp_path, port=server.port, user=NAME, password_file="mail.txt"))
        missing, _ = await trouble(settings_of(tmp_path, port=server.port, user=NAME, password_file="none.txt"))

    assert found is Trouble.LOGIN
    assert missing is Trouble.PASSWORD_FILE
    assert SECRET not in words and "wrong one" not in words


async def test_nobody_there_and_nobody_fit_for_it_are_told(tmp_path: Path) -> None:
    async with mail_server() as server:
        settings = settings_of(tmp_path, port=server.port)
    assert (await trouble(settings))[0] is Trouble.UNREACHABLE

    async with mail_server(answers={"HELLO": "554 closed on Mondays"}) as server:
        assert (await trouble(settings_of(tmp_path, port=server.port)))[0] is Trouble.REFUSED


async def test_a_server_that_says_nothing_is_left_in_time_and_at_a_word(tmp_path: Path) -> None:
    async with mail_server(silent=True) as server:
        settings = settings_of(tmp_path, port=server.port)
        assert (await trouble(settings, whole_seconds=0.05))[0] is Trouble.UNREACHABLE
        assert (await trouble(settings, step_seconds=0.05))[0] is Trouble.UNREACHABLE

        server.somebody_came.clear()
        waiting = SmtpPost(settings)
        asked = asyncio.create_task(asyncio.to_thread(waiting.send, letter(settings)))
        await server.somebody_came.wait()
        waiting.close()
        with pytest.raises(PostFault):
            await asked


LINES = st.text(st.sampled_from('a@.<>,;:"\\ \r\n\t\0é-_\u2028'), max_size=40)


@given(typed=st.one_of(LINES, st.tuples(st.just("a@b.example"), LINES).map("".join)))
def test_what_passes_as_an_address_stays_one_address_in_an_envelope_and_a_header(typed: str) -> None:
    address = mail_address(typed)
    if address is None:
        return

    assert address.isascii() and address.isprintable() and not set(address) & set(' <>,;:"\\\r\n()[]')
    assert address.count("@") == 1 and len(address) <= 254
    assert mail_address(address) == address


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("rosa@example.org", "rosa@example.org"),
        ("  Rosa.M+fans@Example.ORG\t", "Rosa.M+fans@example.org"),
        ("rosa@example", None),
        ("rosa@[127.0.0.1]", None),
        ("rosa@127.0.0.1", None),
        ("rosa@example.org\r\nBcc: x@y.example", None),
        ("rosa@example.org,x@y.example", None),
        ('"rosa m"@example.org', None),
        (".rosa@example.org", None),
        ("=?utf-8?q?rosa?=@example.org", None),
        ("rosa=?@example.org", None),
        ("rosa=2?=@example.org", "rosa=2?=@example.org"),
        ("rosa@-example.org", None),
        ("r" * 65 + "@example.org", None),
        ("", None),
    ],
)
def test_addresses_are_read_narrowly(typed: str, kept: str | None) -> None:
    assert mail_address(typed) == kept


RIVERSIDE = Settings(
    directory=Path(), url="https://riverside.example", mail=Mail(from_address="council@riverside.example")
)
HOSTILE = st.text(st.sampled_from('R\r\n: @<>,"Bcc\u2028\x00\x0bñ'), max_size=30)


@examples(max_examples=40)
@given(name=HOSTILE, subject=HOSTILE)
def test_no_name_and_no_subject_reaches_beyond_its_own_header(name: str, subject: str) -> None:
    message = letter(RIVERSIDE, name=name, subject=subject)
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert sorted(read.keys()) == sorted(message.keys())
    assert "bcc" not in {key.lower() for key in read}
    assert read["To"] == TO


@pytest.mark.parametrize(
    ("mail", "named"),
    [
        ({"host": "smtp.example.org"}, "from_address"),
        ({"host": "smtp.example.org", "from_address": "c@r.example", "security": "none"}, "on this machine"),
        ({"host": "10.0.0.5", "from_address": "c@r.example", "security": "none"}, "on this machine"),
        ({"host": "smtp.example.org", "from_address": "c@r.example", "user": "c"}, "password_file"),
        ({"host": "smtp.example.org", "from_address": "c at r"}, "no mail address"),
        ({"host": "smtp.example.org", "from_address": "c@r.example", "security": "ssl"}, "security"),
        ({"host": "smtp example", "from_address": "c@r.example"}, "host"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, mail: dict[str, str], named: str) -> None:
    with pytest.raises(BadSettings, match=named):
        load(tmp_path, url="https://riverside.example", mail=mail)


def test_settings_that_can_be_meant_are_taken(tmp_path: Path) -> None:
    given = {"host": "smtp.example.org", "from_address": "c@r.example", "user": "c", "password_file": "mail.txt"}
    loopback = {"host": "::1", "from_address": "c@r.example", "security": "none"}

    for mail in (given, loopback):
        assert load(tmp_path, url="https://riverside.example", mail=mail).mail.on
    assert not load(tmp_path, url="https://riverside.example").mail.on
