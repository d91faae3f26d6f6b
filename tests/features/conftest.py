from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.features.village import Village, village_in


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with village_in(tmp_path) as built:
        yield built
