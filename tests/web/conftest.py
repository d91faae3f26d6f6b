from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.town import SECURE, Town, build_town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    built = build_town(tmp_path)
    yield built
    built.store.close()


@pytest.fixture
def secure_town(tmp_path: Path) -> Iterator[Town]:
    (tmp_path / "secure").mkdir()
    built = build_town(tmp_path / "secure", url=SECURE)
    yield built
    built.store.close()
