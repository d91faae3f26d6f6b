"""Every page against WCAG 2.0 to 2.2 and good practice: in light, in the dark, and for those who read from the right."""

from itertools import chain

from playwright.sync_api import Browser

from tests.person import axe
from tests.person.browsing import WIDE, Person, in_a_browser, person
from tests.person.looking import pale, sideways, sound
from tests.person.moments import mistakes, shown_once
from tests.person.region import Region
from tests.person.routes import pages_of

pytestmark = in_a_browser()

NARROW = 320
MIRROR = "() => { document.documentElement.dir = 'rtl' }"


def in_light_and_dark(one: Person) -> list[str]:
    """The page that is open, in light and then in the dark."""
    faults = []
    for scheme in ("light", "dark"):
        one.page.emulate_media(color_scheme=scheme)
        found = axe.violations(one, only_looks=scheme == "dark") + pale(one)
        faults += [f"{scheme} {fault}" for fault in found]
    return faults


def in_every_light(one: Person) -> list[str]:
    """The page that is open, in light and dark, and then mirrored."""
    faults = in_light_and_dark(one)
    one.measures(MIRROR)
    faults += [f"mirrored {fault}" for fault in axe.violations(one, only_looks=True)]
    faults += [f"mirrored {fault}" for width in (NARROW, WIDE) for fault in sideways(one, width)]
    one.widens(WIDE)
    return faults


def test_axe_finds_nothing_on_any_page_that_a_keeper_opens(region: Region, browser: Browser) -> None:
    faults = {}
    with person(browser, region.riverside, keeper=True, scripts=True, width=WIDE) as keeper:
        axe.accompany(keeper)
        for path in (*pages_of(region), region.gone, "/nowhere"):
            keeper.opens(path)
            faults[path] = in_every_light(keeper)
        for moment in chain(mistakes(keeper, pages_of(region)), shown_once(keeper)):
            faults[moment] = in_light_and_dark(keeper)

    assert sound(faults)


def test_axe_finds_nothing_on_any_page_that_a_stranger_opens(region: Region, browser: Browser) -> None:
    faults: dict[str, list[str]] = {}
    shut: list[str] = []
    with person(browser, region.riverside, scripts=True) as stranger:
        axe.accompany(stranger)
        for path in (*pages_of(region), region.gone, "/nowhere"):
            if stranger.opens(path) == 401:
                shut.append(path)
            if len(shut) < 2 or stranger.status != 401:  # behind every shut door is the same page
                faults[path] = axe.violations(stranger)

    assert sound(faults)
