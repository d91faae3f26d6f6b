"""Headers on every answer, and no form from elsewhere."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from node.web.application import build
from node.web.guard import CONTENT_POLICY
from tests.sealed_browser import SealedBrowser
from tests.web.town import SECURE, Town, build_town

EVERYWHERE = (
    "/", "/wall.json", "/help", "/in", "/in/some-code", "/councils", "/councils.json", "/openapi.json", "/nowhere", "/api/nowhere",
    "/slip?id=x", "/slip", "/api/objects", "/api/objects?id=x", "/o/none", "/faulty", "/api/number?n=many",
)  # fmt: skip


def static_addresses(town: Town) -> list[str]:
    return [town.site.shelf.address(name) for name in town.site.shelf.pieces]


async def test_every_answer_carries_the_headers_whatever_its_status(town: Town) -> None:
    addresses = [*EVERYWHERE, *static_addresses(town), "/static/old/app.css", "/static/old/none.css"]

    async with town.browser() as browser:
        answers = [await browser.get(address) for address in addresses]
        answers += [await browser.post("/full"), await browser.post("/broken"), await browser.put("/")]
        answers += [await browser.post("/out", headers={"sec-fetch-site": "cross-site"})]

    statuses = {answer.status_code for answer in answers}
    assert {200, 403, 404, 405, 422, 500, 503, 507} <= statuses
    for answer in answers:
        where = f"{answer.request.method} {answer.url}"
        assert answer.headers["content-security-policy"] == CONTENT_POLICY, where
        assert answer.headers["x-content-type-options"] == "nosniff", where
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", where
        assert "geolocation=()" in answer.headers["permissions-policy"], where
        assert answer.headers["cache-control"], where
        assert "strict-transport-security" not in answer.headers, where


async def test_a_head_request_gets_the_headers_of_the_page_without_its_body(town: Town) -> None:
    async with town.browser() as browser:
        head, get = await browser.head("/help"), await browser.get("/help")

    assert head.status_code == get.status_code == 200
    assert head.content == b"" and get.content
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_a_cookie_of_ours_is_seen_among_strange_ones(secure_town: Town) -> None:
    cookie = f'a="b c"@[]; {secure_town.site.cookie_name}={secure_town.session(secure_town.member())}'

    async with secure_town.program(accept="text/html", cookie=cookie) as browser:
        wall = await browser.get("/")
        refused = await browser.post("/out", json={})
        accepted = await browser.post("/out", json={}, headers={"origin": SECURE})

    assert "Sign out" in wall.text
    assert refused.status_code == 403 and accepted.status_code == 303


def test_the_content_policy_allows_what_is_our_own_and_nothing_else() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_POLICY.split("; "))

    assert rules.pop("default-src") == rules.pop("base-uri") == rules.pop("frame-ancestors") == "'none'"
    ours = (
        "style-src",
        "script-src",
        "connect-src",
        "worker-src",
        "manifest-src",
        "font-src",
        "img-src",
        "form-action",
    )
    assert rules == dict.fromkeys(ours, "'self'")


async def test_under_https_nothing_is_told_to_other_sites_and_https_is_remembered(secure_town: Town) -> None:
    async with secure_town.browser() as browser:
        answer = await browser.get("/in/some-code")

    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_what_a_signed_in_neighbour_sees_is_kept_by_no_cache(town: Town) -> None:
    async with town.signed_in() as neighbour, town.browser() as passer_by:
        theirs = await neighbour.get("/")
        anybodys = await passer_by.get("/")

    assert theirs.headers["cache-control"] == "private, no-store"
    assert anybodys.headers["cache-control"] == "no-cache"
    assert "Cookie" in theirs.headers["vary"] and "Cookie" in anybodys.headers["vary"]


OURS = [
    {"sec-fetch-site": "same-origin", "origin": "null"},
    {"sec-fetch-site": "same-origin", "origin": SECURE},
    {"origin": SECURE},
    {"sec-fetch-site": "none"},
]
THEIRS = [
    {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"},
    {"sec-fetch-site": "same-site", "origin": "https://other.riverside.example"},
    {"sec-fetch-site": "cross-site", "origin": SECURE},
    {"sec-fetch-site": "none", "origin": "https://elsewhere.example"},
    {"origin": "https://elsewhere.example"},
    {"origin": "http://riverside.example"},
    {"origin": "https://riverside.example:8443"},
    {"origin": "null"},
    {},
]


def with_cookie(town: Town, headers: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(town.app, raise_app_exceptions=False)
    program = SealedBrowser(transport=transport, base_url=town.url, headers={"accept": "text/html", **headers})
    program.cookies.set(town.site.cookie_name, town.session(town.member()), domain="riverside.example")
    return program


@pytest.mark.parametrize("headers", OURS)
async def test_a_form_from_our_own_page_is_acted_on(secure_town: Town, headers: dict[str, str]) -> None:
    async with with_cookie(secure_town, headers) as browser:
        answer = await browser.post("/notes", data={"words": "A ladder"})

    assert answer.status_code == 303


@pytest.mark.parametrize("headers", THEIRS)
@pytest.mark.parametrize("body", [{"data": {"words": "A ladder"}}, {"json": {"words": "A ladder"}}, {}])
async def test_a_form_from_elsewhere_that_carries_our_cookie_is_refused(
    secure_town: Town, headers: dict[str, str], body: dict[str, object]
) -> None:
    async with with_cookie(secure_town, headers) as browser:
        answer = await browser.post("/out", **body)  # type: ignore[arg-type]
        still_in = await browser.get("/")

    assert answer.status_code == 403
    assert "another site" in answer.text and "<h1>" in answer.text
    assert "Sign out" in still_in.text


async def test_a_form_from_elsewhere_cannot_sign_a_browser_in_either(secure_town: Town) -> None:
    token = secure_town.link(secure_town.member())

    async with secure_town.program(accept="text/html", origin="https://elsewhere.example") as browser:
        refused = await browser.post("/in", data={"code": token})
        browser.headers["origin"] = SECURE
        accepted = await browser.post("/in", data={"code": token})

    assert refused.status_code == 403 and not refused.cookies
    assert accepted.status_code == 303


async def test_a_program_with_its_own_words_needs_no_origin(secure_town: Town) -> None:
    session = secure_town.session(secure_town.member())

    async with secure_town.program(authorization=f"Bearer {session}") as program:
        answer = await program.delete("/api/session")

    assert answer.status_code == 204


@pytest.mark.parametrize("declared", [True, False])
async def test_more_bytes_than_the_server_takes_are_refused(town: Town, declared: bool) -> None:
    size = town.site.settings.limits.body + 1

    async def pieces():  # type: ignore[no-untyped-def]
        yield b"words="
        for _ in range(0, size, 65_536):
            yield b"a" * 65_536

    async with town.signed_in() as browser:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await browser.post(
            "/notes", content=b"words=" + b"a" * size if declared else pieces(), headers=headers
        )

    assert answer.status_code == 413
    assert "more than this server takes" in answer.text


async def test_static_files_are_kept_for_a_year_under_an_address_that_changes_with_them(town: Town) -> None:
    async with town.browser() as browser:
        page = (await browser.get("/")).text
        [style] = re.findall(r'rel="stylesheet" href="([^"]+)"', page)
        sheet = await browser.get(style)
        font = await browser.get(style.replace("app.css", "wall-700.woff2"))
        old = await browser.get("/static/000000000000/app.css")

    assert sheet.headers["content-type"] == "text/css; charset=utf-8" and font.headers["content-type"] == "font/woff2"
    assert "immutable" in sheet.headers["cache-control"]
    assert old.status_code == 200 and old.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["../guard.py", "..%2fguard.py", "%2e%2e/site.py", "app.css/../../site.py"])
async def test_nothing_but_the_shelf_is_served(town: Town, name: str) -> None:
    async with town.browser() as browser:
        answer = await browser.get(f"/static/{town.site.shelf.version}/{name}")

    assert answer.status_code == 404


def test_style_script_and_font_stay_within_their_weight(town: Town) -> None:
    pieces = town.site.shelf.pieces
    scripts = [piece.packed or b"" for name, piece in pieces.items() if name.endswith(".js")]

    assert len(pieces["app.css"].packed or b"") <= 6 * 1024
    assert 0 < sum(map(len, scripts)) <= 10 * 1024
    assert len(pieces["wall-700.woff2"].content) <= 25 * 1024
    assert b"Open Font License" in pieces["wall-700.OFL.txt"].content or b"OFL" in pieces["wall-700.OFL.txt"].content


def test_the_frameworks_telemetry_is_off_whatever_the_environment_says(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")

    built = build(town.site)

    assert not built._native_telemetry.enabled()
    assert [name for name, on in built._telemetry.items() if on] == []


async def _sends(town: Town, *pieces: bytes, then: str = "") -> list[Any]:
    """What is answered to a form of which these pieces come; then it stands still, or the line is cut."""
    messages: list[Any] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    answered: list[Any] = []
    headers = [(b"content-type", b"application/x-www-form-urlencoded"), (b"sec-fetch-site", b"same-origin")]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/in",
        "raw_path": b"/in",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": headers,
        "server": ("127.0.0.1", 8101),
        "client": None,
    }

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        if then:
            return {"type": then}
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        answered.append(message)

    async with asyncio.timeout(10):
        await town.app(scope, receive, send)
    return answered


async def test_a_form_that_never_comes_to_its_end_holds_no_line_open(tmp_path: Path) -> None:
    town = build_town(tmp_path, limits={"body_deadline": 0.05})

    answered = await _sends(town, b"code=", b"a")
    town.store.close()

    assert answered[0]["status"] == 408
    assert (b"connection", b"close") in answered[0]["headers"]


async def test_whoever_goes_in_the_middle_of_a_form_is_no_fault_of_ours(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    answered = await _sends(town, b"code=", then="http.disconnect")

    assert answered == []
    assert "fault" not in capsys.readouterr().out
