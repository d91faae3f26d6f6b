"""Signs that nobody sees do not reach a page: they turn our own words around, or make one name look like another."""

from markupsafe import Markup

from node.web.templating import seen_only
from tests.web.town import Town

OVERRIDE, ISOLATE, ZERO_WIDTH, SOFT_HYPHEN = "\u202e", "\u2067", "\u200b", "\u00ad"


def test_what_turns_words_around_or_has_no_width_goes_and_what_writing_needs_stays() -> None:
    persian, family = "می\u200cخواهم", "\U0001f469\u200d\U0001f467"

    assert seen_only(f"Har{ZERO_WIDTH}bo{SOFT_HYPHEN}ur{OVERRIDE}{ISOLATE}") == "Harbour"
    assert seen_only(persian) == persian and seen_only(family) == family
    assert seen_only("a\u200eb\u200f") == "a\u200eb\u200f"
    assert seen_only(7) == 7


def test_markup_stays_markup_and_text_stays_text() -> None:
    assert isinstance(seen_only(Markup(f"<b>{OVERRIDE}x</b>")), Markup)
    assert not isinstance(seen_only(f"<b>{OVERRIDE}x</b>"), Markup)


async def test_a_nearby_councils_name_and_slip_are_shown_without_them(town: Town) -> None:
    harbour = "https://harbour.example"
    town.meet(harbour, name=f"{OVERRIDE}Har{ZERO_WIDTH}bour<b>")
    address = town.hold(f"Free{ZERO_WIDTH} fans{OVERRIDE}<i>", origin=harbour)

    async with town.browser() as browser:
        pages = [(await browser.get(path)).text for path in ("/councils", f"/slip?id={address}")]

    assert [page for page in pages if OVERRIDE in page or ZERO_WIDTH in page] == []
    assert 'dir="auto">Harbour&lt;b&gt;</a>' in pages[0]
    assert 'dir="auto">Free fans&lt;i&gt;</h1>' in pages[1]
