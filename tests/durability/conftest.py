"""Where the exchange is played: in memory, if there is such a disk. No fault here comes from the disk itself."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def disk_in_memory(tmp_path: Path) -> Iterator[Path]:
    """An empty folder whose flushes cost nothing."""
    if not IN_MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)
