"""The doctor speaks to the mail server and sends nothing; `comarca mail try` sends one letter."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from typer.testing import CliRunner, Result

from node.cli.main import application
from node.doctor.finding import Finding, State
from node.doctor.letters import letters
from node.settings import load
from tests.doctor.resting import URL, Resting, resting
from tests.mail_server import NAME, SECRET, mail_server
from tests.node.test_post import serving


async def found(at: Resting, **mail: Any) -> Finding:
    usual = {"host": "127.0.0.1", "security": "none", "from_address": "us@riverside.example"}
    settings = load(at.folder, name="Riverside", url=URL, mail=usual | mail)
    return await letters(replace(at.look, settings=settings, ca_file=mail.pop("ca_file", None)))


async def test_letters_that_are_off_are_no_fault(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        finding = await letters(at.look)

    assert (finding.state, finding.cures) == (State.GOOD, ())


async def test_a_server_that_takes_letters_is_good_and_gets_none(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with resting(tmp_path) as at:
        (at.folder / "word").write_text(SECRET)
        (at.folder / "word").chmod(0o600)
        given = {"user": NAME, "password_file": "word", "security": "starttls"}
        async with mail_server(tls=serving(authority), wants_login=True) as server:
            look = replace(at.look, ca_file=tmp_path / "ca.pem")
            trusted = replace(at, look=look)
            usual = {"host": "127.0.0.1", "from_address": "us@riverside.example", "port": server.port}
            settings = load(at.folder, name="Riverside", url=URL, mail=usual | given)
            good = await letters(replace(trusted.look, settings=settings))
            (at.folder / "word").chmod(0o644)
            open_file = await letters(replace(trusted.look, settings=settings))
            stranger = await letters(replace(look, settings=settings, ca_file=None))

    assert (good.state, "TLSv1." in good.detail) == (State.GOOD, True)
    assert (open_file.state, f"chmod 600 {at.folder / 'word'}") == (State.LOOK, open_file.cures[0].code)
    assert (stranger.state, "certificate" in stranger.detail) == (State.BROKEN, True)
    assert server.got == [] and not any("RCPT" in line.upper() for line in server.heard)
    assert SECRET not in f"{good}{open_file}{stranger}"


async def test_a_server_that_does_not_take_them_is_told_with_a_cure(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        async with mail_server(answers={"HELLO": "554 closed"}) as server:
            refusing = await found(at, port=server.port)
        nobody = await found(at, port=server.port)
        no_file = await found(at, port=server.port, user=NAME, password_file="none")

    for finding in (refusing, nobody, no_file):
        assert finding.state is State.BROKEN
        assert [cure.words != "" for cure in finding.cures] == [True]
    assert "554" in refusing.detail and "cannot be read" in no_file.detail


async def test_letters_that_have_waited_for_hours_are_told(tmp_path: Path) -> None:
    with resting(tmp_path) as at:
        at.raw("INSERT INTO letter (about, written_at, due_at, tries) VALUES ('reply', 0, 0, 4)")
        async with mail_server() as server:
            finding = await found(at, port=server.port)

    assert finding.state is State.LOOK
    assert "mail try" in finding.cures[0].code


@pytest.mark.parametrize(
    ("answers", "address", "code", "said"),
    [
        ({}, "rosa@somewhere.example", 0, "has taken it"),
        ({"rosa@somewhere.example": "550 no"}, "rosa@somewhere.example", 1, "does not take a letter"),
        ({"HELLO": "554 closed"}, "rosa@somewhere.example", 1, "cannot be used"),
        ({}, "rosa at somewhere", 2, "no mail address"),
    ],
)
async def test_one_letter_is_sent_to_try_things_out(
    tmp_path: Path, answers: dict[str, str], address: str, code: int, said: str
) -> None:
    async with mail_server(answers=answers) as server:
        mail = f'host = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\nfrom_address = "us@riverside.example"\n'
        (tmp_path / "comarca.toml").write_text(f'name = "Riverside"\nurl = "{URL}"\n[mail]\n{mail}')
        result = await asyncio.to_thread(_typed, "mail", "try", str(tmp_path), address)

    assert (result.exit_code, said in result.output + result.stderr) == (code, True)
    assert len(server.got) == (code == 0)
    if code == 0:
        assert (server.got[0].to, "neighbours" in server.got[0].text) == (address, True)


def test_without_a_mail_server_there_is_nothing_to_try(tmp_path: Path) -> None:
    (tmp_path / "comarca.toml").write_text(f'url = "{URL}"\n')

    assert _typed("mail", "try", str(tmp_path), "rosa@somewhere.example").exit_code == 2


def _typed(*words: str) -> Result:
    return CliRunner().invoke(application, list(words))
