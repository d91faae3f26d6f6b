"""Pages in languages that nobody speaks: no word was forgotten, none is cut off, and nothing sticks out when words are longer."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select
from sqlmodel import SQLModel

from node.demo.councils import PLACES, SKETCHES
from node.features.resolutions.recipe_files import all_of
from node.features.resources import kinds, kinds_here
from node.features.resources.recipe_files import for_direction
from node.web.site import LANGUAGE_COOKIE
from node.web.templating import seen_only
from node.web.tongues import load_tongues
from tests.person.browsing import PHONE, WIDE, Person, in_a_browser, person
from tests.person.looking import clipped, sideways, sound
from tests.person.moments import mistakes, shown_once
from tests.person.pseudo import CLOSE, OPEN, PSEUDO, pseudo_pages
from tests.person.region import Region
from tests.person.routes import pages_of

pytestmark = in_a_browser()

NARROW = 320

# Whoever's own text it is says so by its language, or is known to us; what is read as code is nobody's language.
UNSAID = """([open, close, known]) => {
  const own = e => e.closest('code,pre,kbd,samp,[translate=no],[lang]:not(html)')
  const unseen = /[\\u200b-\\u200f\\u202a-\\u202e]/g, english = /[A-Za-z]/, whole = known.map(k => k.replace(/\\s+/g, ' '))
  const bare = words => {
    words = words.replace(unseen, '').replace(/\\s+/g, ' ')
    const begun = words.trim().replace(/(…|\\.\\.\\.)$/, '')
    const cut = begun !== words.trim() ? 6 : 40
    if (begun.length >= cut && whole.some(k => k.startsWith(begun))) return ''
    for (const k of whole) words = words.split(k).join('')
    words = words.replace(/\\b[0-9A-Z]{3}-[0-9A-Z]{3}\\b/g, '')  // the number of a note
    return words.replace(/(https?:\\/\\/|127\\.0\\.0\\.1)[^\\s⟧]*|[\\w-]{43}|z6Mk\\w+|\\d\\s?(km|[kMG]B)\\b/g, '')
  }
  const found = new Set(), told = (where, words) => english.test(bare(words)) && found.add(`${where}: ${words.trim().slice(0, 70)}`)
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  let depth = 0
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement, words = texts.currentNode.data
    if (['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEXTAREA'].includes(e.tagName)) continue
    if (!own(e)) told(e.tagName + (e.getAttribute('class') ? `.${e.getAttribute('class')}` : ''), words)
    depth += words.split(open).length - words.split(close).length
  }
  if (depth) found.add(`brackets do not meet: ${depth}`)
  const said = ['title', 'aria-label', 'placeholder', 'alt', 'aria-description', 'aria-roledescription', 'aria-valuetext', 'label']
  for (const name of said)
    for (const e of document.querySelectorAll(`[${name}]`)) if (!own(e)) told(`${e.tagName} ${name}`, e.getAttribute(name))
  for (const e of document.querySelectorAll('input[type=submit],input[type=button],input[type=reset]')) told('button', e.value)
  told('title', document.title)
  return [...found]
}"""
# Names that are the same in every language.
FORMATS = ("JSON", "GeoJSON", "CSV", "Atom", "CAP", "HSDS")
# The columns that hold people's own words.
WRITTEN = (
    "title",
    "words",
    "text",
    "unit",
    "near",
    "place",
    "event",
    "wanted",
    "instruction",
    "name",
    "summary",
    "shown_name",
    "campaign",
    "addressee",
    "carried_out_by",
    "shown_why",
    "gathering_where",
    "gathering_access",
    "gathering_points",
)


def known(region: Region) -> list[str]:
    """All that people wrote here or told us, longest first: the names of councils and places too."""
    texts = {*PLACES, *FORMATS, *(tongue.name for tongue in [*load_tongues().values(), *PSEUDO.values()])}
    for recipe in (*for_direction("need", "en"), *for_direction("offer", "en")):
        texts |= {recipe.name, recipe.prompt, *recipe.preset.values()}
    for begun in all_of("en"):
        texts |= {begun.name, begun.prompt}
    texts |= {kind.names.en for kind in kinds.shipped()}
    texts |= {asks.label.en for kind in kinds.shipped() for asks in kind.notes}
    for sketch in SKETCHES:
        texts |= {sketch.name, sketch.summary}
    with region.riverside.store.reading() as connection:
        texts |= {kind.names.en for kind in kinds_here.own(connection)}
        for table in SQLModel.metadata.sorted_tables:
            for column in table.columns:
                if column.name in WRITTEN:
                    texts |= {text for text in connection.execute(select(column)).scalars() if isinstance(text, str)}
    lines = {str(seen_only(line)) for text in texts for line in (text, *text.splitlines())}
    return sorted((line for line in lines if len(line) > 2), key=len, reverse=True)


@pytest.fixture(scope="module")
def pages(region: Region) -> Iterator[str]:
    with pseudo_pages(region.riverside) as address:
        yield address


@contextmanager
def keeper_who_reads(
    tongue: str, region: Region, browser: Browser, *, pages: str, width: int = PHONE
) -> Iterator[Person]:
    with person(browser, region.riverside, keeper=True, scripts=True, width=width) as one:
        one.page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": tongue, "url": pages}])
        one.origin = pages
        yield one


def looked_at(one: Person, tongue: str, region: Region) -> Iterator[str]:
    """Every page in turn, and every answer to a form that was sent empty."""
    for path in (*pages_of(region), region.gone, "/nowhere"):
        one.opens(path)
        assert one.page.locator("html").get_attribute("lang") == tongue
        yield path
    yield from mistakes(one, pages_of(region))
    yield from shown_once(one)


def faults_of(one: Person, theirs: list[str]) -> list[str]:
    """What is not said, cut off or too wide on the page that is open. `theirs` is what people wrote."""
    faults: list[str] = one.measures(UNSAID, [OPEN, CLOSE, theirs])
    for width in (NARROW, WIDE):
        faults += sideways(one, width) + clipped(one)
    faults += one.said
    one.said.clear()
    return faults


@pytest.mark.parametrize("tongue", PSEUDO)
def test_every_word_of_every_page_is_said_in_the_language_of_its_reader(
    region: Region, browser: Browser, pages: str, tongue: str
) -> None:
    theirs = known(region)
    with keeper_who_reads(tongue, region, browser, pages=pages) as keeper:
        faults = {path: faults_of(keeper, theirs) for path in looked_at(keeper, tongue, region)}

    assert sound(faults)
