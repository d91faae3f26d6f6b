"""A fridge for all from the recipe to its rota, a kind that stays home, a kind of our own: without scripts, on a telephone."""

import os
from pathlib import Path

from playwright.sync_api import Browser

from tests.person.browsing import Person, in_a_browser, person
from tests.person.looking import sound
from tests.person.picturing import FOLDER, folder_for, in_all_looks
from tests.person.region import Region
from tests.person.test_every_page import faults_of

pytestmark = in_a_browser()


class Looked:
    """What was wrong with each page when it was looked at; pictures of it where somebody wants them."""

    def __init__(self) -> None:
        self.faults: dict[str, list[str]] = {}

    def at(self, one: Person, name: str, *, as_answered: bool = False) -> None:
        if not as_answered:
            one.opens(one.path.partition("#")[0])
        self.faults[name] = faults_of(one)
        if os.environ.get(FOLDER):
            list(in_all_looks(one, name, into=folder_for(Path())))


def test_a_fridge_is_put_up_looked_after_and_found_and_no_name_is_shown(region: Region, browser: Browser) -> None:
    looked = Looked()
    with person(browser, region.riverside, signed_in=True) as amina, person(browser, region.riverside) as stranger:
        amina.opens("/put-up/offer")
        amina.presses("a fridge for all")
        looked.at(amina, "place-form")
        amina.fills(
            title="The yellow fridge", hours="Day and night", access="Through the yard, no step", near="Mill Lane"
        )
        amina.presses("Put it up")
        path = amina.path
        amina.page.locator("main select[name=stands]").select_option("some")
        amina.presses("Say it so")
        amina.presses("I look after it")
        looked.at(amina, "place")
        own = amina.main
        stranger.opens("/board")
        stranger.presses("Fridges, free stores, kitchens: what is always there")
        looked.at(stranger, "places")
        stranger.presses("The yellow fridge")
        looked.at(stranger, "place-stranger")
        public = stranger.main
        amina.opens(f"{path}/take-down")
        amina.presses("Take it down")

    assert sound(looked.faults)
    assert "There is some, seen today." in own and "I have to give it back" in own
    assert "Through the yard" in public and "Neighbours look after it, a week each." in public
    assert "give it back" not in public and "Monday" not in public


def test_a_kind_of_our_own_is_added_and_one_that_stays_home_says_why(region: Region, browser: Browser) -> None:
    looked = Looked()
    with person(browser, region.riverside, keeper=True) as keeper:
        keeper.opens("/server/kinds")
        keeper.fills(name_en="Seed swap", questions="How many rows?")
        keeper.presses("Add it")
        looked.at(keeper, "kinds")
        keeper.opens("/put-up/need")
        keeper.fills(title="Company on the way to court")
        keeper.page.locator("main select[name=kind]").select_option("custody")
        keeper.chooses("audience", "public")
        with keeper.page.expect_navigation(wait_until="load") as answered:
            keeper.page.get_by_role("button", name="Put it up").click()
        keeper.answer = answered.value
        looked.at(keeper, "stays-home", as_answered=True)
        why = keeper.main
        keeper.opens("/put-up/offer")
        keeper.fills(title="A pot of lentils")
        keeper.page.locator("main select[name=kind]").select_option("meal")
        keeper.presses("Put it up")
        looked.at(keeper, "asking-more")
        keeper.page.locator("main [name=note_allergens]").fill("Mustard")
        keeper.presses("Say it too")
        told = keeper.main
        keeper.opens(f"{keeper.path}/take-down")
        keeper.presses("Take it down")

    assert sound(looked.faults)
    assert "being known for it could harm somebody" in why and "Everyone can see it" not in why
    assert "Mustard" in told and "Somebody may want to know" not in told
