"""The measures themselves: a page that is spoilt on purpose is found out by each of them, and the same page unspoilt by none."""

from playwright.sync_api import Browser

from tests.person import axe
from tests.person.browsing import in_a_browser, person
from tests.person.looking import clipped, head_faults, pale, sideways, small_targets
from tests.person.reading import document_faults, parse_errors
from tests.person.region import Region

pytestmark = in_a_browser()

NARROW = 320
SPOIL = """() => {
  const e = document.createElement('a'); e.href = '/'; e.textContent = 'x'; e.id = 'spoilt'
  document.querySelector('main').append(e); e.className = 'spoilt'
  const sheet = document.styleSheets[0], rule = 'display: block; width: 9px; height: 9px; margin-left: 700px; color: #999'
  sheet.insertRule(`.spoilt { ${rule} }`, sheet.cssRules.length)
  document.querySelector('main').append(document.createElement('h1'))
}"""
SPOIL_DOCUMENT = """() => {
  const add = words => document.querySelector('main').insertAdjacentHTML('beforeend', words)
  add('<p id="main"></p>')
  add('<input name="nameless">')
  add('<a href="#nowhere">away</a>')
  add('<h6>too deep</h6>')
  add('<p style="color: red">red</p>')
}"""


def test_what_is_seen_of_a_spoilt_page_is_told(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, width=NARROW) as stranger:
        stranger.opens("/help")
        before = sideways(stranger, NARROW) + small_targets(stranger) + pale(stranger) + head_faults(stranger)
        stranger.measures(SPOIL)
        after = sideways(stranger, NARROW) + small_targets(stranger) + pale(stranger) + head_faults(stranger)

    assert before == []
    assert [fault.split()[0] for fault in after] == ["at", "small", "pale", "2"]


def test_what_is_heard_of_a_spoilt_page_is_told(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, scripts=True) as stranger:
        stranger.opens("/help")
        axe.bring(stranger)
        before = document_faults(stranger) + axe.violations(stranger)
        stranger.measures(SPOIL_DOCUMENT)
        after, rules = document_faults(stranger), {fault.split()[1] for fault in axe.violations(stranger)}

    assert before == []
    told = ("id twice", "field without a label", "#nowhere leads nowhere", "heading jumps", "not under our policy")
    assert [words for words in told if not any(fault.startswith(words) for fault in after)] == []
    assert {"label:", "heading-order:"} <= rules


def test_words_that_are_cut_off_are_told(region: Region, browser: Browser) -> None:
    cut = """() => {
      const sheet = document.styleSheets[0]
      sheet.insertRule('.lead { white-space: nowrap; overflow: hidden; width: 9rem }', sheet.cssRules.length)
    }"""
    with person(browser, region.riverside) as stranger:
        stranger.opens("/help")
        before = clipped(stranger)
        stranger.measures(cut)
        after = clipped(stranger)

    assert before == []
    assert len(after) == 1 and "lead" in after[0]


def test_a_strict_parser_finds_what_a_browser_forgives() -> None:
    sound = "<!doctype html><html lang=en><head><title>a</title></head><body><p>b</p></body></html>"

    assert parse_errors(sound) == []
    assert parse_errors(sound.replace("<p>b</p>", "<p>b</p></p>")) != []
    assert parse_errors(sound.replace("<!doctype html>", "")) != []
    assert parse_errors(sound.replace("<p>", "<p class=a class=b>")) != []
