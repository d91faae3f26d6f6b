"""A backup instead of a new name: only with the words of the link, only while nobody has claimed, whole or not at all."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from node.cli.beginning import CLAIM_WORDS
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import command
from tests.claim.conftest import NewServer
from tests.cluster.commands import data

WRONG = "aaaa-bbbb-cccc-dddd-eeee-ffff-gggg"


async def _sends(server: NewServer, code: str, file: bytes, **more: str) -> httpx.Response:
    async with server.browser() as browser:
        browser.sealed = False  # type: ignore[attr-defined]  # nobody is signed in
        return await browser.post(
            "/claim/restore", data={"code": code, "passphrase": "", **more}, files={"file": ("backup", file)}
        )


async def test_without_the_words_of_the_link_not_a_byte_is_taken(new_server: NewServer) -> None:
    new_server.link()

    answer = await _sends(new_server, WRONG, b"x" * 200_000)

    assert answer.status_code == 422
    assert "not the newest one" in answer.text
    assert not (new_server.village.site.settings.directory / "incoming" / "upload").exists()


async def test_what_is_no_backup_is_refused_and_the_link_stays_good(new_server: NewServer) -> None:
    link = new_server.link()

    answer = await _sends(new_server, link, b"x" * 200_000)
    async with new_server.browser() as browser:
        claimed = await browser.post("/claim", data={"code": link, "name": "Riverside", "language": "en"})

    assert answer.status_code == 422
    assert link.partition("#")[2] not in answer.text
    assert claimed.status_code == 303


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"code=x"),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b"no boundary in it"),
        ("multipart/form-data; boundary=x", b'--x\r\ncontent-disposition: form-data; name="y"\r\n\r\n1\r\n--x--\r\n'),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="code"\r\n\r\n1\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\n" + b"".join(b"a%d: b\r\n" % n for n in range(20)) + b"\r\n1\r\n--x--\r\n",
        ),
        ("multipart/form-data; boundary=x", b"--x\r\na: " + b"b" * 9_000 + b"\r\n\r\n1\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="code"\r\n\r\n' + b"1" * 9_000,
        ),
    ],
)
async def test_another_form_is_not_understood(new_server: NewServer, media_type: str, body: bytes) -> None:
    async with new_server.browser() as browser:
        answer = await browser.post("/claim/restore", content=body, headers={"content-type": media_type})

    assert answer.status_code == 422
    assert 'id="problems-title"' in answer.text


async def test_a_form_of_parts_without_end_is_not_read_to_its_end(new_server: NewServer) -> None:
    part = b'--x\r\ncontent-disposition: form-data; name="code"\r\n\r\n\r\n'
    sent = 0

    async def parts() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 1
            yield part

    async with new_server.browser() as browser:
        media_type = "multipart/form-data; boundary=x"
        answer = await browser.post("/claim/restore", content=parts(), headers={"content-type": media_type})

    assert answer.status_code == 422
    assert sent < 20


async def test_a_claimed_server_takes_no_backup(new_server: NewServer) -> None:
    link = new_server.link()
    async with new_server.browser() as browser:
        await browser.post("/claim", data={"code": link, "name": "Riverside", "language": "en"})

    answer = await _sends(new_server, link, b"x")

    assert answer.status_code in (404, 405)


@contextmanager
def _served(directory: Path, out: Path) -> Iterator[None]:
    with out.open("w") as said:
        process = subprocess.Popen(command("serve", str(directory)), stdout=said, stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def _page(url: str) -> str:
    try:
        return httpx.get(url + "/").text
    except httpx.TransportError:
        return ""


@pytest.mark.cluster
def test_a_backup_takes_the_place_of_a_new_server(tmp_path: Path) -> None:
    with claim_ports((8116,)) as claims:
        port = claims.ports[0]
        url, out = f"http://{LOOPBACK}:{port}", tmp_path / "out"
        data("init", tmp_path / "old", "--name", "Hillside", "--url", url, "--port", port, "--keeper", "")
        backup = Path(data("backup", tmp_path / "old", "--to", tmp_path)["file"])
        data("init", tmp_path / "new", "--url", url, "--port", port)

        with _served(tmp_path / "new", out):
            wait_for(
                lambda: CLAIM_WORDS in out.read_text() and "waits to be set up" in _page(url), "it waits", within=20
            )
            lines = out.read_text().splitlines()
            code = lines[lines.index(CLAIM_WORDS) + 1]
            answer = httpx.post(
                url + "/claim/restore",
                data={"code": code, "passphrase": ""},
                files={"file": (backup.name, backup.read_bytes())},
                headers={"origin": url},
                timeout=30,
            )
            wait_for(lambda: "Hillside" in _page(url), "the restored wall is there", within=20)
            door = answer.text.partition('href="/in/')[2].partition('"')[0]
            with httpx.Client(base_url=url, headers={"origin": url}) as keeper:
                signed_in = keeper.post("/in", data={"code": door})

    assert answer.status_code == 200
    assert signed_in.status_code == 303
