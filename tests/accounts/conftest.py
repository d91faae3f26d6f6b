from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.features.village import Village, village_in
from tests.web.town import SECURE, Town, build_town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    built = build_town(tmp_path, url=SECURE)
    yield built
    built.store.close()


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with village_in(tmp_path) as built:
        yield built
