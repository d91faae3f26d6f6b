"""The key pages as pictures, to be looked at: on a telephone and a wide screen, light, dark, from the right, and on paper.

They go to the folder that COMARCA_PICTURES names, else to one that is thrown away: then only that each can be made is tested.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from node.web.site import LANGUAGE_COOKIE
from tests.person.browsing import PHONE, WIDE, Person, in_a_browser, person
from tests.person.pseudo import pseudo_pages
from tests.person.region import Region

pytestmark = in_a_browser("person-too")

FOLDER = "COMARCA_PICTURES"
WIDTHS = (PHONE, WIDE)
MOST_BYTES = 1_500_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    wished = os.environ.get(FOLDER)
    made = Path(wished) if wished else tmp_path
    made.mkdir(parents=True, exist_ok=True)
    return made


def key_pages(region: Region) -> dict[str, str]:
    """Name of the picture and path of the page."""
    slip = region.held(region.riverside, "resource", of=region.riverside).removeprefix(region.riverside.url)
    return {
        "wall": "/",
        "board": "/board",
        "around": "/around",
        "put-up": "/put-up/need",
        "slip": slip,
        "resolutions": "/resolutions",
        "alerts": "/alerts",
        "councils": "/councils",
        "sign-in": "/in",
    }


def pictures(one: Person, name: str, *, into: Path, look: str) -> Iterator[Path]:
    """The page that is open, whole, at both widths."""
    for width in WIDTHS:
        one.widens(width)
        path = into / f"{name}-{width}-{look}.png"
        one.page.screenshot(path=path, full_page=True)
        yield path


def in_all_looks(one: Person, name: str, *, into: Path) -> Iterator[Path]:
    """The page that is open in light and dark and on paper."""
    for look, media, scheme in (("light", "screen", "light"), ("dark", "screen", "dark"), ("print", "print", "light")):
        one.page.emulate_media(media=media, color_scheme=scheme)  # type: ignore[arg-type]
        yield from pictures(one, name, into=into, look=look)
    one.page.emulate_media(media="screen", color_scheme="light")


def size_of(picture: Path) -> tuple[int, int]:
    """Width and height out of a PNG's header (ISO/IEC 15948, 11.2.2)."""
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height


def test_the_key_pages_can_be_looked_at(region: Region, browser: Browser, folder: Path) -> None:
    made: list[Path] = []
    pages = key_pages(region)
    with person(browser, region.riverside, keeper=True) as keeper, pseudo_pages(region.riverside) as mirrored:
        for name, path in pages.items():
            keeper.opens(path)
            made += in_all_looks(keeper, name, into=folder)
        keeper.page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "ar-XB", "url": mirrored}])
        keeper.origin = mirrored
        for name, path in pages.items():
            keeper.opens(path)
            made += pictures(keeper, name, into=folder, look="rtl")

    assert len(made) == len(pages) * len(WIDTHS) * 4
    widths = {picture.name: size_of(picture)[0] for picture in made}
    assert [name for name, width in widths.items() if f"-{width}-" not in name] == [], "as wide as its window"
    assert [picture.name for picture in made if not 5_000 < picture.stat().st_size < MOST_BYTES] == []
