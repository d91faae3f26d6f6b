"""What readers set for themselves: own colours, no movement, letters further apart, text twice, pages four times as large."""

from playwright.sync_api import Browser

from tests.person.browsing import PHONE, WIDE, Person, in_a_browser, person
from tests.person.looking import clipped, pale, sideways, sound
from tests.person.region import Region
from tests.person.routes import pages_of

pytestmark = in_a_browser()

NARROW, LOW = 320, 256

# A sheet of the reader's own: one that is changed underway does not always follow the width of the window.
RULES = """words => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(words)
  document.adoptedStyleSheets = [sheet]
}"""
# WCAG 2.2, 1.4.12: nobody may lose a word by these.
SPACING = (
    "*, *::before, *::after { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }",
    "p { margin-block-end: 2em !important }",
)
TWICE = ("html { font-size: 200% !important }",)

# Where the system paints the grounds, only edges and shapes are left to tell a button, a field or a kind by.
EDGELESS = """() => [...document.querySelectorAll('.btn,input:not([type=hidden]),select,textarea,.slip,.shape')].filter(e => {
  if (!e.checkVisibility()) return false
  const style = getComputedStyle(e)
  if (e.matches('.shape')) return style.fill === getComputedStyle(document.body).backgroundColor || style.fill === 'none'
  if (e.matches('[type=radio],[type=checkbox],[type=file]')) return false
  return parseFloat(style.borderTopWidth) < 1 || style.borderTopStyle === 'none'
}).map(e => `no edge: ${e.outerHTML.slice(0, 90)}`)"""

MOVING = """() => [
  ...document.getAnimations().map(a => `moves: ${a.effect.target.outerHTML.slice(0, 90)}`),
  ...[...document.querySelectorAll('*')].filter(e => {
    const style = getComputedStyle(e)
    return style.transitionDuration.split(', ').some(t => parseFloat(t) > 0) || style.scrollBehavior === 'smooth'
  }).map(e => `would move: ${e.outerHTML.slice(0, 90)}`),
]"""

# WCAG 2.2, 2.4.11: what stays in place while the page moves must leave most of a small window free.
STAYING = """() => [...document.querySelectorAll('body *')].filter(e => {
  const r = e.getBoundingClientRect()
  return ['fixed', 'sticky'].includes(getComputedStyle(e).position) && r.height > innerHeight / 4 && e.checkVisibility()
}).map(e => `stays over the page: ${e.outerHTML.slice(0, 90)}`)"""


def in_own_colours(one: Person) -> list[str]:
    one.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    faults: list[str] = one.measures(EDGELESS) + one.measures(MOVING) + pale(one)
    one.page.emulate_media(forced_colors="none", reduced_motion="no-preference")
    return [f"in the reader's own colours, {fault}" for fault in faults]


def with_rules(one: Person, rules: tuple[str, ...], *, widths: tuple[int, ...]) -> list[str]:
    one.measures(RULES, "\n".join(rules))
    assert one.measures("() => document.adoptedStyleSheets[0].cssRules.length") == len(rules)
    return [fault for width in widths for fault in sideways(one, width) + clipped(one)]


def test_no_page_loses_anything_by_what_readers_set(region: Region, browser: Browser) -> None:
    faults: dict[str, list[str]] = {}
    with person(browser, region.riverside, keeper=True) as keeper:
        for path in pages_of(region):
            keeper.opens(path)
            found = in_own_colours(keeper)
            found += [f"letters apart: {fault}" for fault in with_rules(keeper, SPACING, widths=(NARROW, WIDE))]
            keeper.opens(path)
            found += [f"text twice as large: {fault}" for fault in with_rules(keeper, TWICE, widths=(PHONE, WIDE))]
            keeper.widens(WIDE)
            faults[path] = found

    assert sound(faults)


def test_a_page_four_times_as_large_is_read_in_one_column(region: Region, browser: Browser) -> None:
    faults: dict[str, list[str]] = {}
    with person(browser, region.riverside, keeper=True, width=NARROW, device_scale_factor=4) as keeper:
        for path in pages_of(region):
            keeper.opens(path)
            keeper.widens(NARROW, height=LOW)
            faults[path] = keeper.measures(STAYING) + clipped(keeper) + sideways(keeper, NARROW)

    assert sound(faults)
