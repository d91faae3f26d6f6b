import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.media_types import Media, parse_media_type

PROFILE = "https://www.w3.org/ns/activitystreams"


@pytest.mark.parametrize(
    "field",
    [
        "application/activity+json",
        "Application/Activity+JSON; charset=utf-8",
        "application/activity+json;charset=utf-8;",
        f'application/ld+json; profile="{PROFILE}"',
        f'application/ld+json;charset=utf-8;PROFILE="{PROFILE}"',
        f'application/ld+json; profile="https://other.example/ns {PROFILE}"',
    ],
)
def test_every_spelling_of_an_activity_type_fits(field: str) -> None:
    assert Media.ACTIVITY.fits(field)


@pytest.mark.parametrize(
    "field",
    [
        "",
        "application/json",
        "text/html",
        "text/html; application/activity+json",
        "application/activity+jsonx",
        "application/ld+json",
        'application/ld+json; profile="https://other.example/ns"',
        f'application/ld+json; profile="{PROFILE}x"',
        f'application/ld+json; x="; profile={PROFILE}"',
        f'application/ld+json; profile="{PROFILE}',
        f'application/ld+json; profile="a"; profile="{PROFILE}"',
        "application/activity+json, text/html",
        "application/activity+json" + " " * 2000,
    ],
)
def test_everything_else_does_not_fit(field: str) -> None:
    assert not Media.ACTIVITY.fits(field)


def test_webfinger_and_nodeinfo_have_types_of_their_own() -> None:
    assert Media.WEBFINGER.fits("application/jrd+json; charset=utf-8")
    assert Media.WEBFINGER.fits("application/json")
    assert not Media.WEBFINGER.fits("application/activity+json")
    assert Media.JSON.fits('application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.1#"')
    assert not Media.JSON.fits("application/jrd+json")


def test_escapes_in_a_quoted_parameter_are_undone() -> None:
    assert parse_media_type(r'text/plain; note="a\"b\\c"') == ("text/plain", {"note": 'a"b\\c'})


@given(st.text())
def test_no_field_makes_the_parser_fail(field: str) -> None:
    parsed = parse_media_type(field)

    assert parsed is None or "/" in parsed[0]
