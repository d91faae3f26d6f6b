"""What a script makes lively is whole without it: the way out, drafts, the live line, and refusals in the page's language."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.settings import Settings
from node.web.forms import misfit
from node.web.tongues import Tongue
from schemas.phrase import Phrase
from tests.features.village import Village, village_in
from tests.web.reading import Page
from tests.web.town import Town

WHOLE = "Write how many there are: more than nothing, or leave it empty."
RISKY = ("/put-up/need", "/put-up/alert", "/put-up/drill", "/alerts")
DRAFTED = {"/put-up/need": "need", "/put-up/offer": "offer", "/put-up/alert": "alert", "/put-up/drill": "drill", "/put-up/resolution": "resolution"}  # fmt: skip  # noqa: E501
LIVE = ("/", "/board", "/alerts")


class Shouting:
    """A catalogue of a language in which everything is shouted."""

    def gettext(self, message: str, /) -> str:
        return re.sub(r"(\{\w+\}|%\(\w+\)s|<[^>]*>)|(\w+)", lambda found: found[1] or found[2].upper(), message)

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        return self.gettext(one if count == 1 else many)


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with village_in(tmp_path) as built:
        yield built


@pytest.mark.parametrize("path", RISKY)
async def test_the_way_out_comes_first_and_is_a_plain_link_that_tells_nobody(village: Village, path: str) -> None:
    async with village.browser(village.member()) as neighbour:
        page = Page.read((await neighbour.get(path)).text)

    inside = page.elements[[tag for tag, _ in page.elements].index("main") + 1 :]
    first = next(given for tag, given in inside if tag in ("a", "button", "input"))
    assert first["href"] == Settings.model_fields["leave_to"].default
    assert "noreferrer" in first["rel"].split() and "data-leave" in first


async def test_the_way_out_stands_only_where_somebody_may_be_at_risk(village: Village) -> None:
    async with village.browser(village.member()) as neighbour:
        texts = {path: (await neighbour.get(path)).text for path in ("/", "/board", "/put-up/offer", "/help")}

    assert [path for path, text in texts.items() if "data-leave" in text] == []


@pytest.mark.parametrize("path", DRAFTED)
async def test_a_long_form_keeps_a_draft_under_a_name_of_its_own_and_of_whoever_writes(
    village: Village, path: str
) -> None:
    amina, bo = village.member("Amina"), village.member("Bo")
    found = []

    for member in (amina, bo):
        async with village.browser(member) as neighbour:
            page = Page.read((await neighbour.get(path)).text)
        found += [given["data-draft"] for _, given in page.all("form") if "data-draft" in given]

    assert found == [f"{DRAFTED[path]}-{amina}", f"{DRAFTED[path]}-{bo}"]
    assert len([given for tag, given in page.all("template") if "data-draft-words" in given]) == 1


@pytest.mark.parametrize("path", ["/in", "/", "/councils", "/account"])
async def test_what_opens_something_is_never_drafted(village: Village, path: str) -> None:
    async with village.browser(None if path == "/in" else village.member()) as browser:
        text = (await browser.get(path)).text

    assert "data-draft=" not in text


@pytest.mark.parametrize("path", LIVE)
async def test_a_live_page_has_a_quiet_line_and_a_plain_way_to_look_again(village: Village, path: str) -> None:
    async with village.browser() as passer_by:
        page = Page.read((await passer_by.get(path)).text)

    [line] = [given for _, given in page.all("div") if "data-live" in given]
    assert (line["data-live"], line["role"]) == ("/wall/live", "status")
    assert [given["href"] for _, given in page.all("a")].count(path) >= 1
    assert "Refresh" in page.said


async def test_no_page_needs_a_script_from_elsewhere_or_more_than_one(town: Town) -> None:
    async with town.browser() as browser:
        page = Page.read((await browser.get("/")).text)

    [script] = list(page.all("script"))
    assert script[1]["type"] == "module" and script[1]["src"] == town.site.shelf.address("comarca.js")


async def test_a_refusal_is_said_in_the_language_of_the_page(town: Town) -> None:
    town.site.tongues["es"] = Tongue("es", "Loud", Shouting())

    async with town.signed_in() as neighbour:
        neighbour.headers["accept-language"] = "es"
        answers = [
            await neighbour.get("/nowhere"),
            await neighbour.post("/out", headers={"sec-fetch-site": "cross-site"}),
            await neighbour.post("/broken"),
            await neighbour.post("/full"),
            await neighbour.get("/slip"),
            await neighbour.get("/faulty"),
        ]

    quiet = {}
    for answer in answers:
        main = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
        words = re.sub(r"<[^>]*>|&#?\w+;", " ", main)
        left = [word for word in re.findall(r"\b[a-z]{2,}\b", words) if word != "id"]
        quiet[answer.status_code] = left
    assert quiet == {404: [], 403: [], 503: [], 507: [], 422: [], 500: []}


async def test_a_form_that_an_old_page_sent_is_refused_with_its_words(town: Town) -> None:
    async with town.signed_in() as neighbour:
        neighbour.sealed = False  # type: ignore[attr-defined]
        answer = await neighbour.post("/notes", data={"words": "Forty lanterns", "password": "not to be shown"})

    assert answer.status_code == 403
    assert "Forty lanterns" in answer.text and "not to be shown" not in answer.text


async def test_a_fault_gives_the_words_back_with_its_code_and_one_way_on(town: Town) -> None:
    async with town.signed_in() as neighbour:
        answer = await neighbour.post("/faulty", data={"words": "Forty lanterns"})

    page = Page.read(answer.text)
    assert answer.status_code == 500
    assert "Forty lanterns" in page.said and 'class="kept"' in answer.text
    assert re.search(r'class="code">[A-Z2-7]{4}<', answer.text)
    assert page.weak_points() == []


@pytest.mark.parametrize(
    ("field", "kind", "message", "said"),
    [
        ("title", "missing", "Field required", "Please fill in: title."),
        ("decided_at", "string_too_long", "…", "Please shorten: decided at."),
        ("amount", "int_parsing", "Input should be a valid integer", "Please look at this again: amount."),
        (None, "value_error", "Value error, a quantity is more than nothing", WHOLE),
        (None, "model_type", "Input should be a valid dictionary", "Please look at this form again."),
    ],
)  # fmt: skip
def test_what_a_schema_says_is_told_in_our_words(field: str | None, kind: str, message: str, said: str) -> None:
    problem = misfit(field, kind, message)

    assert problem.sentence == said
    assert isinstance(problem.sentence, Phrase)


def test_every_class_of_these_parts_has_its_rule_in_the_sheet(town: Town) -> None:
    sheet = town.site.shelf.pieces["app.css"].content.decode()
    folder = Path(__file__).parents[2] / "node" / "web" / "templates"
    used = {
        word
        for name in ("moving.html", "links.html", "pictures.html", "offline.html", "kept.html")
        for given in re.findall(r'class="([^"{}]+)"', (folder / name).read_text())
        for word in given.split()
    }

    assert {"leave", "live", "back", "picture", "figure"} <= used
    assert {word for word in used if f".{word}" not in sheet} == set()
