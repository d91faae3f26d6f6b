"""What stands on the demo's walls keeps the product's own promises, read with the product's own lints."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from node import lint
from node.demo.councils import PLACES, SKETCHES
from node.demo.seeds import SEEDS, Given, resolution_form
from node.features.resources import rules
from schemas.records.alert import AlertForm
from schemas.records.resource import ResourceForm

NOW = datetime(2026, 8, 5, 10, 0, tzinfo=UTC)


def every_record() -> Iterator[tuple[str, Given]]:
    for council, seeds in SEEDS.items():
        for given in (*seeds.resources, *seeds.resolutions, *seeds.alerts):
            yield council, given


def texts(given: Given) -> list[str]:
    return [value for value in given.values() if isinstance(value, str)]


@pytest.mark.parametrize(("council", "given"), list(every_record()))
def test_no_seed_names_a_house_number(council: str, given: Given) -> None:
    assert [text for text in texts(given) if lint.house_number(text) is not None] == []


@pytest.mark.parametrize(("council", "given"), list(every_record()))
def test_no_seed_speaks_of_an_illness_at_all(council: str, given: Given) -> None:
    assert [text for text in texts(given) if lint.health_words(text) is not None] == []


@pytest.mark.parametrize("words", [sketch.summary for sketch in SKETCHES] + list(PLACES))
def test_places_and_summaries_keep_the_same_promises(words: str) -> None:
    assert lint.house_number(words) is None
    assert lint.health_words(words) is None


def test_the_lints_would_have_noticed() -> None:
    assert lint.house_number("Fetch it at Mill Lane 12") is not None
    assert lint.health_words("insulin near Mill Lane") is not None


@pytest.mark.parametrize(
    ("council", "given"), [(name, given) for name, seeds in SEEDS.items() for given in seeds.resources]
)
def test_every_need_and_offer_is_one_that_the_rules_let_through(council: str, given: Given) -> None:
    form = ResourceForm.model_validate(given)

    rules.check_audience(form.seen_by.value)
    rules.check_end(form.ends(NOW, zone=UTC), NOW)
    rules.check_words(
        {"title": form.title, "words": form.words, "near": form.near or ""}, audience="public", has_place=True
    )
    assert form.near in PLACES


def test_resolutions_have_their_day_and_their_number_and_drills_say_so() -> None:
    decisions = [resolution_form(given, NOW) for seeds in SEEDS.values() for given in seeds.resolutions]
    alerts = [AlertForm.model_validate(given) for seeds in SEEDS.values() for given in seeds.alerts]

    assert all(one.present >= 3 and one.decided_at < NOW.date() < (one.review_on or NOW.date()) for one in decisions)
    assert decisions
    assert alerts
    assert all(one.exercise for one in alerts)


def test_the_story_holds_every_kind_of_record_and_every_audience() -> None:
    audiences = {given["audience"] for seeds in SEEDS.values() for given in seeds.resources}
    directions = {given["direction"] for seeds in SEEDS.values() for given in seeds.resources}

    assert audiences == {"public", "neighbours", "council"}
    assert directions == {"need", "offer"}
    assert set(SEEDS) == {sketch.name for sketch in SKETCHES}
