"""A passkey is added and signs in, with the browser's own authenticator; without scripts the page says what else there is."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from node.demo.councils import DemoCouncil
from tests.person.alone import served_alone
from tests.person.browsing import SOON, Person, in_a_browser, person
from tests.person.region import Region

pytestmark = in_a_browser()

MILLISECONDS = 1000 * SOON
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def alone(region: Region, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCouncil]:
    with served_alone(tmp_path_factory.mktemp("alone")) as one:
        yield one


def authenticator(one: Person) -> tuple[CDPSession, str]:
    """What keeps passkeys on this device, and says yes when it is asked."""
    wire = one.page.context.new_cdp_session(one.page)
    wire.send("WebAuthn.enable")
    made = wire.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return wire, made["authenticatorId"]


def adds_a_passkey(one: Person, name: str) -> None:
    one.opens("/account")
    one.page.locator("#f-passkey").fill(name)
    one.page.get_by_role("button", name="Add a passkey").click()
    expect(one.page.get_by_text(name)).to_be_visible(timeout=MILLISECONDS)


def test_a_passkey_is_added_and_signs_in_without_a_name_being_asked(alone: DemoCouncil, browser: Browser) -> None:
    with person(browser, alone, signed_in=True, scripts=True) as one:
        wire, device = authenticator(one)
        adds_a_passkey(one, "The old telephone")
        held = wire.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
        one.page.get_by_role("button", name="Sign out", exact=True).click()
        expect(one.page.get_by_role("link", name="Sign in", exact=True)).to_be_visible(timeout=MILLISECONDS)
        one.opens("/in")
        one.page.get_by_role("button", name="Sign in with a passkey").click()
        expect(one.page.get_by_role("button", name="Sign out", exact=True)).to_be_visible(timeout=MILLISECONDS)
        one.opens("/account")
        account = one.main

    assert [(key["rpId"], key["isResidentCredential"]) for key in held] == [("localhost", True)]
    assert "The old telephone" in account and "last used" in account
    assert one.said == one.strange == []


def test_a_passkey_that_was_removed_opens_nothing_and_the_page_says_so(alone: DemoCouncil, browser: Browser) -> None:
    with person(browser, alone, signed_in=True, scripts=True) as one:
        authenticator(one)
        adds_a_passkey(one, "A lent key")
        kept = one.page.locator("li", has_text="A lent key")
        with one.page.expect_navigation(wait_until="load"):
            kept.get_by_role("button", name="Remove it").click()
        one.page.get_by_role("button", name="Sign out", exact=True).click()
        expect(one.page.get_by_role("link", name="Sign in", exact=True)).to_be_visible(timeout=MILLISECONDS)
        one.opens("/in")
        one.page.get_by_role("button", name="Sign in with a passkey").click()
        told = one.page.get_by_role("status").filter(has_text="That passkey did not work here")
        expect(told).to_be_visible(timeout=MILLISECONDS)
        path = one.path

    assert path == "/in"


def test_without_scripts_the_page_says_what_else_there_is(alone: DemoCouncil, browser: Browser) -> None:
    with person(browser, alone) as one:
        one.opens("/in")
        words = one.main
        button = one.page.get_by_role("button", name="Sign in with a passkey").count()

    assert "For this the browser needs script." in words
    assert button == 0
