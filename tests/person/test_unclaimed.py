"""A server that nobody has set up yet: its door, and the form behind the one link, by the measures of all other pages."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser

from tests.person import axe
from tests.person.browsing import PHONE, WIDE, Person, in_a_browser, person
from tests.person.looking import clipped, head_faults, pale, sideways, small_targets, sound
from tests.person.moments import mistakes
from tests.person.picturing import bad_pictures, folder_for, in_all_looks
from tests.person.reading import document_faults
from tests.person.region import Region
from tests.person.routes import WHILE_UNCLAIMED
from tests.person.test_ten_minutes import new_server

pytestmark = in_a_browser()

NARROW = 320


def faults_of(one: Person, *, scripts: bool) -> list[str]:
    faults = head_faults(one) + document_faults(one)
    for width in (NARROW, PHONE, WIDE):
        faults += sideways(one, width) + small_targets(one) + clipped(one)
    if scripts:
        axe.bring(one)
        faults += axe.violations(one)
    for scheme in ("light", "dark"):
        one.page.emulate_media(color_scheme=scheme)
        faults += pale(one)
    return faults + one.said + one.strange


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_door_and_the_form_are_sound(region: Region, browser: Browser, tmp_path: Path, scripts: bool) -> None:
    made: list[Path] = []
    with new_server(tmp_path) as (url, link):
        with person(browser, SimpleNamespace(url=url), scripts=scripts) as founder:
            statuses = {path: founder.opens(path) for path in ("/", "/board", "/in", *sorted(WHILE_UNCLAIMED))}
            founder.opens("/")
            faults = {"the door": faults_of(founder, scripts=scripts)}
            founder.opens(link.removeprefix(url))
            faults["the form"] = faults_of(founder, scripts=scripts)
            if not scripts:
                made += in_all_looks(founder, "claim", into=folder_for(tmp_path / "pictures"))
            for moment in mistakes(founder, ["/claim"]):
                faults[moment] = faults_of(founder, scripts=scripts)

    assert sound(faults)
    assert len(faults) > 2
    assert statuses == {"/": 503, "/board": 503, "/in": 503, "/claim": 200}
    assert bad_pictures(made) == []
