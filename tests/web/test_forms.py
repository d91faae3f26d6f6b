"""A form that is not understood says which field and what to do, and keeps what was typed."""

import pytest
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, field_validator

from node.feature import Feature
from node.web.forms import NotUnderstood, Problem, Typed, parse, problems_of
from node.web.routes import Routes
from node.web.site import Site
from schemas.refusal import Refusal
from tests.web.reading import Page
from tests.web.town import Town, build_town

MACROS = """{% extends "base.html" %}{% import "forms.html" as forms %}{% block title %}Try{% endblock %}
{% block main %}<h1>Try</h1>
{{ forms.error_summary(problems) }}<form method="post" action="/try">
{{ forms.field("title", "What is it", typed, problems, hint="In your own words.", required=true) }}
{{ forms.textarea("words", "More", typed, problems) }}
{{ forms.select("category", "Kind of thing", [("food", "Food"), ("tools", "Tools")], typed, problems, any="Any kind") }}
{{ forms.audience(["council", "neighbours", "public"], typed, problems) }}
{{ forms.check("standing", "It stays", typed, hint="Until you take it down.") }}
{{ forms.button("Put it up") }}</form>{% endblock %}"""


class Note(BaseModel):
    title: str = Field(min_length=3, max_length=20)
    amount: int = 1

    @field_validator("amount")
    @classmethod
    def _some(cls, amount: int) -> int:
        if amount < 1:
            raise ValueError("There must be at least one.")
        return amount


def _router(site: Site) -> Routes:
    routes = Routes()

    @routes.post("/try")
    def attempt(request: Request, typed: Typed) -> Response:
        try:
            parse(Note, typed)
        except NotUnderstood as error:
            return site.page(request, "try.html", status=422, problems=error.problems, typed=typed)
        return site.page(request, "try.html", problems=(), typed=typed)

    return routes


@pytest.fixture
def town(tmp_path):  # type: ignore[no-untyped-def]
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "try.html").write_text(MACROS)
    built = build_town(tmp_path, features=(Feature(name="try", router=_router, templates=tmp_path / "templates"),))
    yield built
    built.store.close()


async def test_problems_stand_at_the_top_and_at_the_field_and_nothing_typed_is_lost(town: Town) -> None:
    typed = {"title": "x", "words": 'a "b" <c>', "category": "tools", "audience": "public", "standing": "yes"}

    async with town.browser() as browser:
        refused = await browser.post("/try", data=typed)

    page = Page.read(refused.text)
    assert refused.status_code == 422
    assert page.weak_points() == []
    assert refused.text.count("Please write a little more: title.") == 2
    assert '<a href="#f-title">' in refused.text and 'aria-invalid="true"' in refused.text
    assert 'value="x"' in refused.text and "a &#34;b&#34; &lt;c&gt;</textarea>" in refused.text
    assert 'value="tools" selected' in refused.text and 'value="public" checked' in refused.text
    assert 'name="standing" value="yes" checked' in refused.text


async def test_a_form_begins_with_the_narrowest_audience_and_says_what_public_means(town: Town) -> None:
    async with town.browser() as browser:
        page = await browser.post("/try", data={"title": "A ladder"})

    assert page.status_code == 200 and Page.read(page.text).weak_points() == []
    assert 'value="council" checked' in page.text
    assert "Copies elsewhere cannot be called back." in page.text
    assert "One thing to look at" not in page.text


async def test_files_and_floods_of_fields_are_not_taken(town: Town) -> None:
    async with town.browser() as browser:
        file = await browser.post("/try", files={"title": ("a.txt", b"bytes")})
        flood = await browser.post("/try", data={f"f{n}": "x" for n in range(100)})
        long = await browser.post("/try", data={"title": "x" * 30_000})

    assert file.status_code == flood.status_code == 400
    assert "<h1>That was not understood</h1>" in file.text
    assert long.status_code == 422 and "too long for one slip" in long.text


@pytest.mark.parametrize(
    ("typed", "problems"),
    [
        ({}, [Problem("title", "Please fill in: title.")]),
        ({"title": "x" * 21}, [Problem("title", "Please shorten: title.")]),
        ({"title": "good", "amount": "0"}, [Problem("amount", "There must be at least one.")]),
        ({"title": "good", "amount": "many"}, [Problem("amount", "How many?")]),
    ],
)
def test_each_problem_is_one_sentence_about_one_field(typed: dict[str, str], problems: list[Problem]) -> None:
    sentences = {"amount": "How many?"} if typed.get("amount") == "many" else {}

    with pytest.raises(NotUnderstood) as refused:
        parse(Note, typed, sentences=sentences)

    assert list(problems_of(refused.value)) == problems


def test_a_form_that_is_understood_becomes_its_model() -> None:
    assert parse(Note, {"title": "A ladder", "amount": "2"}) == Note(title="A ladder", amount=2)


def test_a_refusal_is_a_problem_with_its_field() -> None:
    assert problems_of(Refusal("widening", "audience", sentence="Ask first.")) == (Problem("audience", "Ask first."),)
