"""The page about backups: who sees it, what it says, what can be taken along and by whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pyrage
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from federation.council import Council
from node.accounts import actions
from node.app import open_council
from node.backup import Lock, make
from node.backup.record import last_backup, listing
from node.database import Store
from node.web.application import build as build_pages
from node.web.site import Site
from tests.backup.councils import RANDOMNESS, URL, VERSION, Clock, Kept
from tests.sealed_browser import SealedBrowser

PAGE = "/server/backups"


@dataclass
class Pages:
    app: FastAPI
    site: Site
    clock: Clock
    kept: Kept

    def browser(self, member_id: int | None = None) -> httpx.AsyncClient:
        headers = {"accept": "text/html", "sec-fetch-site": "same-origin", "origin": URL}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        browser = SealedBrowser(transport=transport, base_url=URL, headers=headers)
        if member_id is not None:
            browser.cookies.set(self.site.cookie_name, self._session(member_id))
        return browser

    def _session(self, member_id: int) -> str:
        now = self.clock.now()

        def step(connection):  # type: ignore[no-untyped-def]
            token = actions.make_sign_in_link(connection, member_id=member_id, now=now, randomness=RANDOMNESS)
            return actions.sign_in(connection, token=token, now=now, randomness=RANDOMNESS)

        return self.site.store.write_now(step)

    def turn_ends(self) -> None:
        self.site.store.write_now(lambda c: c.execute(text("UPDATE turn SET ends_at = starts_at + 1")))


KEEPER, NEIGHBOUR = 1, 2


@contextmanager
def pages_of(kept: Kept, **changed: object) -> Iterator[Pages]:
    settings = kept.settings.model_copy(update=changed)
    council: Council = open_council(settings, randomness=RANDOMNESS)
    store = Store.open(kept.database)
    site = Site(settings=settings, council=council, store=store, clock=kept.clock, randomness=RANDOMNESS)
    try:
        yield Pages(build_pages(site), site, kept.clock, kept)
    finally:
        store.close()


@pytest.fixture
def pages(kept: Kept) -> Iterator[Pages]:
    with pages_of(kept) as found:
        yield found


@pytest.mark.parametrize(("member", "status"), [(None, 401), (NEIGHBOUR, 403), (KEEPER, 200)])
async def test_only_those_who_may_back_up_see_it(pages: Pages, member: int | None, status: int) -> None:
    async with pages.browser(member) as browser:
        answers = [await browser.get(PAGE), await browser.post(PAGE)]

    assert answers[0].status_code == status
    assert answers[1].status_code == (303 if status == 200 else status)
    assert len(listing(pages.kept.directory / "backups", URL)) == (1 if status == 200 else 0)


async def test_without_a_backup_it_says_so_and_one_is_made_by_the_button(pages: Pages) -> None:
    async with pages.browser(KEEPER) as keeper:
        before = await keeper.get(PAGE)
        await keeper.post(PAGE)
        after = await keeper.get(PAGE)

    assert "There is no verified backup yet" in before.text
    assert "There is no verified backup yet" not in after.text
    assert "It was verified by restoring it on trial." in after.text
    assert 'class="wrong"' not in after.text
    last = last_backup(pages.kept.directory)
    assert last is not None
    assert "riverside.example-20261122T120000Z" in after.text


async def test_after_seven_days_it_is_said_in_red(pages: Pages) -> None:
    async with pages.browser(KEEPER) as keeper:
        await keeper.post(PAGE)
        pages.clock.pass_by(timedelta(days=7) - timedelta(seconds=1))
        young = await keeper.get(PAGE)
        pages.clock.pass_by(timedelta(seconds=1))
        old = await keeper.get(PAGE)

    assert "more than seven days" not in young.text
    assert '<p class="wrong">' in old.text
    assert "more than seven days" in old.text


async def test_whoever_has_the_turn_takes_a_file_along(pages: Pages) -> None:
    made = make(pages.site.settings, clock=pages.clock, version=VERSION)

    async with pages.browser(KEEPER) as keeper:
        answer = await keeper.get(f"{PAGE}/{made.file.name}")

    assert answer.status_code == 200
    assert answer.content == made.file.read_bytes()
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_caretaker_takes_an_encrypted_one_along_but_not_the_keys_in_the_clear(pages: Pages) -> None:
    plain = make(pages.site.settings, clock=pages.clock, version=VERSION)
    lock = Lock((str(pyrage.x25519.Identity.generate().to_public()),))
    sealed = make(pages.site.settings, clock=pages.clock, version=VERSION, lock=lock)
    pages.turn_ends()
    pages.clock.pass_by(timedelta(minutes=1))

    async with pages.browser(KEEPER) as caretaker:
        page = await caretaker.get(PAGE)
        refused = await caretaker.get(f"{PAGE}/{plain.file.name}")
        given = await caretaker.get(f"{PAGE}/{sealed.file.name}")

    assert refused.status_code == 403
    assert "holds the keys" in refused.text
    assert given.content == sealed.file.read_bytes()
    assert f'href="{PAGE}/{sealed.file.name}"' in page.text
    assert f'href="{PAGE}/{plain.file.name}"' not in page.text


@pytest.mark.parametrize(
    "name",
    [
        "last.json",
        "..%2Fcomarca.db",
        "..%2Fkeys%2Frsa.pem",
        "%2Fetc%2Fpasswd",
        "harbour.example-20261122T120000Z.comarca-backup.tar.gz",
        "riverside.example-20261122T120001Z.comarca-backup.tar.gz",
    ],
)
async def test_nothing_but_a_backup_of_this_council_is_given_out(pages: Pages, name: str) -> None:
    folder = pages.kept.directory / "backups"
    make(pages.site.settings, clock=pages.clock, version=VERSION)
    (folder / "harbour.example-20261122T120000Z.comarca-backup.tar.gz").write_bytes(b"not ours")

    async with pages.browser(KEEPER) as keeper:
        answer = await keeper.get(f"{PAGE}/{name}")

    assert answer.status_code == 404


async def test_a_link_out_of_the_folder_is_not_followed(pages: Pages) -> None:
    folder = pages.kept.directory / "backups"
    folder.mkdir()
    name = "riverside.example-20261122T120000Z.comarca-backup.tar.gz"
    (folder / name).symlink_to(pages.kept.directory / "keys" / "rsa.pem")

    async with pages.browser(KEEPER) as keeper:
        answer = await keeper.get(f"{PAGE}/{name}")

    assert answer.status_code == 404


async def test_a_try_that_failed_is_shown_and_the_page_stays(pages: Pages) -> None:
    (pages.kept.directory / "keys" / "rsa.pem").unlink()

    async with pages.browser(KEEPER) as keeper:
        answer = await keeper.post(PAGE)
        page = await keeper.get(PAGE)

    assert answer.status_code == 303
    assert "The last try did not work" in page.text


async def test_it_says_when_none_is_made_by_itself(kept: Kept) -> None:
    off = kept.settings.backup.model_copy(update={"every_hours": 0})

    with pages_of(kept, backup=off) as pages:
        async with pages.browser(KEEPER) as keeper:
            page = await keeper.get(PAGE)

    assert "switched off" in page.text
