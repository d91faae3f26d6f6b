"""Journey 2: somebody without an account asks, hears back and is done, on a telephone, by keyboard, and on paper."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Route

from node.profile.rules_kept import WITHOUT_ACCOUNT, rule, set_rule
from tests.person.browsing import Person, in_a_browser, person
from tests.person.keys import Keyboard
from tests.person.looking import head_faults, sideways, small_targets
from tests.person.region import Region

pytestmark = in_a_browser()

WORDS = "Groceries and a lift to the doctor"
ASKED = """() => {
  const form = document.querySelector('main form[action="/ask"]')
  const seen = [...form.querySelectorAll('input,select,textarea')].filter(e => e.checkVisibility())
  return [seen.length, seen.filter(e => e.required).map(e => e.name)]
}"""


@dataclass
class Slip:
    """What somebody writes down."""

    number: str
    secret: str
    shown: list[str] = field(default_factory=list)


def slip_of(one: Person) -> Slip:
    return Slip(one.page.locator(".slips .code").inner_text(), one.page.locator(".slips code").inner_text())


def sound(one: Person) -> list[str]:
    return head_faults(one) + sideways(one, 320) + sideways(one, 360) + small_targets(one)


@pytest.fixture
def read_first(region: Region) -> Iterator[None]:
    """Riverside reads first what strangers ask for; the demo's shows it at once."""
    here = region.riverside
    usual = here.do(lambda c: rule(c, WITHOUT_ACCOUNT))
    here.do(lambda c: set_rule(c, here.acting(keeper=True), name=WITHOUT_ACCOUNT, value="held"))
    yield
    here.do(lambda c: set_rule(c, here.acting(keeper=True), name=WITHOUT_ACCOUNT, value=usual))


@pytest.mark.usefixtures("read_first")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_need_is_asked_for_by_one_field_and_two_buttons_and_answered(
    region: Region, browser: Browser, scripts: bool
) -> None:
    words = f"{WORDS} {'with' if scripts else 'without'}"
    with (
        person(browser, region.riverside, scripts=scripts) as rosa,
        person(browser, region.riverside, keeper=True, scripts=scripts) as on_call,
        person(browser, region.riverside, scripts=scripts) as later,
    ):
        rosa.opens("/")
        rosa.presses("I need something")
        fields, required = rosa.measures(ASKED)
        rosa.fills(words=words)
        rosa.presses("Put it up")
        slip, faults = slip_of(rosa), sound(rosa)
        paper = rosa.page.pdf(format="A4")
        rosa.presses("To my note")
        held = rosa.main

        on_call.opens("/held")
        slips = on_call.page.locator("main .board > li").filter(has_text=words)
        with on_call.page.expect_navigation(wait_until="load"):
            slips.get_by_role("button", name="Show it").click()
        on_call.opens("/board")
        on_call.presses(words)
        on_call.fills(say="Bo comes at five")
        on_call.presses("Say it")

        later.opens("/note")
        later.fills(number=slip.number.lower().replace("-", " "), secret=slip.secret)
        later.presses("Open it")
        answered, address = later.main, later.path
        faults += sound(later)
        later.fills(say="Thank you")
        later.presses("Say it")
        said = later.main
        later.page.get_by_text("Take it down", exact=True).first.click()
        later.presses("Take it down now")
        gone = later.main
        status = on_call.opens(on_call.path)

    assert fields <= 5 and required == ["words"]
    assert faults == []
    assert paper.count(b"/Type /Page\n") == 1
    assert slip.number in held and "One of us reads it first" in held
    assert address == "/note" and "Bo comes at five" in answered and "Thank you" in said
    assert "Taken down" in gone and status == 404
    assert rosa.said == later.said == on_call.said == [] and rosa.strange == later.strange == []


def test_it_is_asked_for_and_opened_by_keyboard_alone(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside) as rosa:
        keys = Keyboard(rosa)
        rosa.opens("/")
        keys.enters("I need something")
        keys.writes("words", "A pram, by keyboard")
        keys.chooses("urgent", "Space")
        keys.enters("Put it up")
        slip = slip_of(rosa)
        keys.enters("To my note")
        keys.enters("Put it away")
        rosa.opens("/note")
        keys.writes("number", slip.number)
        keys.writes("secret", slip.secret)
        keys.goes("Enter")
        note = rosa.main

    assert "A pram, by keyboard" in note and slip.number in note
    assert keys.unseen == []


def test_leaving_the_page_puts_the_note_away(region: Region, browser: Browser) -> None:
    away = region.riverside.settings.leave_to
    with person(browser, region.riverside, scripts=True) as rosa:
        rosa.page.context.route(f"{away}**", _elsewhere)
        rosa.opens("/ask")
        rosa.fills(words="Somewhere to sleep tonight")
        rosa.presses("Put it up")
        rosa.presses("To my note")
        with rosa.page.expect_request("**/note/away"), rosa.page.expect_navigation(url=f"{away}**", wait_until="load"):
            rosa.page.get_by_role("link", name="Leave this page").click()
        rosa.opens("/note")
        there = rosa.main

    assert "Open your note" in there and "Somewhere to sleep" not in there


def test_on_paper_the_page_for_asking_is_two_cards_and_nothing_else(region: Region, browser: Browser) -> None:
    with person(browser, region.riverside, signed_in=True) as bo:
        bo.opens("/ask")
        on_screen = bo.page.locator(".onpaper").first.is_visible()
        bo.page.emulate_media(media="print")
        cards, form = bo.page.locator(".onpaper:visible").count(), bo.page.locator("main form:visible").count()
        pages = bo.page.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n")
        bo.page.emulate_media(media="screen")
        bo.chooses("told_by", "paper")
        bo.fills(words="Bread, from a card")
        bo.presses("Put it up")
        slip = slip_of(bo)
        bo.opens("/board?text=card")
        board = bo.main

    assert (on_screen, cards, form, pages) == (False, 2, 0, 1)
    assert slip.number and "Bread, from a card" in board


def _elsewhere(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>Weather</title><p>Sunny")
