"""One council for a session of tests, copied for each."""

from pathlib import Path

import pytest

from tests.backup.councils import Kept, build, twin


@pytest.fixture(scope="session")
def _first(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return build(tmp_path_factory.mktemp("backup") / "riverside")


@pytest.fixture
def kept(_first: Kept, tmp_path: Path) -> Kept:
    return twin(_first, tmp_path / "riverside")
