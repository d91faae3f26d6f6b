"""The key pages as pictures, read from the right too; `tests/person/picturing.py` says where they go."""

from pathlib import Path

from playwright.sync_api import Browser

from node.web.site import LANGUAGE_COOKIE
from tests.person.browsing import in_a_browser, person
from tests.person.picturing import WIDTHS, bad_pictures, folder_for, in_all_looks, pictures
from tests.person.pseudo import pseudo_pages
from tests.person.region import Region

pytestmark = in_a_browser()


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
        "account": "/account",
        "turns": "/turns",
        "poster": "/poster",
        "server": "/server",
    }


def test_the_key_pages_can_be_looked_at(region: Region, browser: Browser, tmp_path: Path) -> None:
    made: list[Path] = []
    pages, folder = key_pages(region), folder_for(tmp_path)
    with person(browser, region.riverside) as stranger:
        stranger.opens("/in")
        made += in_all_looks(stranger, "sign-in", into=folder)
    with person(browser, region.riverside, keeper=True) as keeper, pseudo_pages(region.riverside) as mirrored:
        for name, path in pages.items():
            assert keeper.opens(path) == 200
            made += in_all_looks(keeper, name, into=folder)
        keeper.page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "ar-XB", "url": mirrored}])
        keeper.origin = mirrored
        for name, path in (pages | {"sign-in": "/in"}).items():
            assert keeper.opens(path) == 200
            made += pictures(keeper, name, into=folder, look="rtl")

    assert len(made) == len(WIDTHS) * 4 * (len(pages) + 1)
    assert bad_pictures(made) == []
