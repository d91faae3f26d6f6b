"""A real store on a real file for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.database import Store
from tests.node.notes import open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "comarca.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = open_store(path)
    yield opened
    opened.close()
