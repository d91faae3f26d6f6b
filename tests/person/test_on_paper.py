"""The wall as a poster and a slip to hang up: what is on the paper, and what stays on the screen."""

import pytest
from playwright.sync_api import Browser

from tests.person.browsing import in_a_browser, person
from tests.person.looking import sideways
from tests.person.region import Region

pytestmark = in_a_browser()

PAPER = 700
ONLY_ON_SCREEN = "nav, .skip, .cta, .who, form, .filters, .links, .noprint"


@pytest.mark.parametrize("page", ["wall", "slip", "alert"])
def test_paper_carries_the_words_and_no_controls(region: Region, browser: Browser, page: str) -> None:
    kind = {"wall": "", "slip": "resource", "alert": "alert"}[page]
    path = region.held(region.riverside, kind, of=region.riverside).removeprefix(region.riverside.url) if kind else "/"
    with person(browser, region.riverside, signed_in=True, width=PAPER, color_scheme="dark") as one:
        one.opens(path)
        slips = one.page.locator(".slip").count()
        controls = one.page.locator(ONLY_ON_SCREEN).locator("visible=true").count()
        one.page.emulate_media(media="print")
        left = one.page.locator(ONLY_ON_SCREEN).locator("visible=true").count()
        ground = one.measures("() => getComputedStyle(document.body).backgroundColor")
        words = one.page.locator("body").inner_text()
        sticking_out = sideways(one, PAPER)
        paper = one.page.pdf(format="A4", prefer_css_page_size=True)

    assert controls > 5 and left == 0
    assert ground == "rgb(255, 255, 255)"
    assert "Riverside" in words and ("Cool room in the tenants' hall" in words or page == "alert")
    assert sticking_out == []
    sheets = paper.count(b"/Type /Page\n")
    assert sheets <= 1 + slips // 5, "a full wall may take more than one sheet"
