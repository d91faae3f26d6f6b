"""One region for the whole set, and a browser for each module: a driver that stays open would hold the thread's event loop."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.person.browsing import CHROMIUM, FLAGS
from tests.person.region import Region, served_region


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    with served_region(tmp_path_factory.mktemp("region")) as served:
        yield served


@pytest.fixture(scope="module")
def browser(region: Region) -> Iterator[Browser]:
    # The region comes first: linking up runs an event loop of its own, which must not meet the driver's.
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
