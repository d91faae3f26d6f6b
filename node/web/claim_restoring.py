"""Restoring a backup instead of setting up: the file comes in piece by piece and is judged before anything is put in place.

It stands in front of the routes, since those read a form whole. Nothing is taken before the words of the claim link have
been seen to be right, and what is refused leaves nothing behind.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from node.accounts.after_restore import settle
from node.backup import BackupFailed, Key
from node.backup.incoming import Upload
from node.profile import claiming
from node.web.entering import Attempts
from node.web.forms import Problem
from node.web.site import Site
from schemas.phrase import phrase
from schemas.refusal import Refusal

RESTORE = "/claim/restore"
LONGEST_FIELD = 4_096
MOST_HEADERS = 10
MOST_PARTS = 8


class _Form:
    """Reads `code`, `passphrase` and then `file` out of a multipart form.

    `begin_file` judges before the first piece of the file, and says where its pieces go.
    """

    def __init__(self, boundary: bytes, *, begin_file: Callable[["_Form"], Upload]) -> None:
        self.typed: dict[str, bytes] = {}
        self.upload: Upload | None = None
        self._begin_file = begin_file
        self._name = self._header = b""
        self._parts = 0
        self._is_file = False
        self._headers: dict[bytes, bytes] = {}
        self._value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._data,
            },
        )

    def feed(self, piece: bytes) -> None:
        self._parser.write(piece)

    def end(self) -> None:
        self._parser.finalize()

    def text(self, name: str) -> str:
        return self.typed.get(name, b"").decode("utf-8", "replace")

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise _not_understood()
        self._headers = {}
        self._header = self._value = b""

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header = _short(self._header + data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value = _short(self._value + data[start:end])

    def _header_ends(self) -> None:
        if len(self._headers) >= MOST_HEADERS:
            raise _not_understood()
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"")
        self._is_file = b"filename" in options
        if self._is_file and self.upload is not None:
            raise _not_understood()
        if self._is_file:
            self.upload = self._begin_file(self)

    def _data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if self._is_file:
            assert self.upload is not None
            self.upload.write(piece)
            return
        name = self._name.decode("utf-8", "replace")
        if name not in ("code", "passphrase", "seal"):
            raise _not_understood()
        self.typed[name] = _short(self.typed.get(name, b"") + piece)


class Restoring:
    """What answers POST /claim/restore while nobody has claimed this server."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._attempts = Attempts(per_minute=site.settings.limits.sign_in_per_minute)

    async def answer(self, request: Request) -> Response | tuple[Problem, ...]:
        """The page that says how it goes on, or what is to be mended."""
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        try:
            if kind != b"multipart/form-data" or not boundary:
                raise _not_understood()
            token = await self._take(request, boundary)
        except Refusal as refusal:
            return (Problem(None, refusal.sentence),)
        except FormParserError:
            return (Problem(None, _not_understood().sentence),)
        except BackupFailed:
            return (
                Problem(None, phrase("There is no room for it here, or the disk is at fault. Nothing was changed.")),
            )
        address = None if token is None else f"/in/{token}"
        response = await run_in_threadpool(
            partial(self._site.bare_page, request, "claim_restored.html", status=200, sign_in=address)
        )
        response.headers["cache-control"] = "private, no-store"
        return response

    async def _take(self, request: Request, boundary: bytes) -> str | None:
        with ExitStack() as closing:
            form = _Form(boundary, begin_file=partial(self._judge, closing))
            async for piece in request.stream():
                await run_in_threadpool(form.feed, piece)
            return await run_in_threadpool(self._finish, form)

    def _judge(self, closing: ExitStack, form: _Form) -> Upload:
        """Room for the file, once the words of the link have been seen to be right."""
        site, secret = self._site, claiming.secret_in(form.text("code"))
        now = site.now()
        with site.store.reading() as connection:
            good = claiming.is_open(connection, secret=secret, now=now)
        if not good:
            self._attempts.count(secret, monotonic=site.clock.monotonic())
            raise claiming.not_open()
        return closing.enter_context(Upload(site.settings.directory, most=site.settings.limits.restore))

    def _finish(self, form: _Form) -> str | None:
        form.end()
        upload = form.upload
        if upload is None:
            raise Refusal("no-file", sentence=phrase("No backup came along. Choose the file and send it again."))
        site = self._site
        key = Key(passphrase=form.text("passphrase") or None)
        _, token = upload.check(key=key, settle=partial(settle, clock=site.clock, randomness=site.randomness))
        secret, now = claiming.secret_in(form.text("code")), site.now()

        def step(connection: Any) -> None:
            claiming.spend(connection, secret=secret, now=now)
            upload.commit(now=now)  # if it fails, the link is not spent either

        site.store.write_now(step)
        return token


def _short(words: bytes) -> bytes:
    if len(words) > LONGEST_FIELD:
        raise _not_understood()
    return words


def _not_understood() -> Refusal:
    return Refusal(
        "wrong-shape", sentence=phrase("That form was not understood. Open the page again and send it anew.")
    )
