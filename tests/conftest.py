"""Options that several sets of tests share, and which tests go to one worker together."""

import gc
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

# What is long comes first, so that no worker is left alone with it at the end. A folder that stands here shares what
# takes seconds to set up (a served region, two councils); of all others, each module does.
LONG, TOGETHER = (
    (
        "tests/person/",
        "tests/cluster/",
        "tests/nemesis/",
        "tests/planted/",
        "tests/durability/",
        "tests/bench/",
        "tests/backup/",
    ),
    ("tests/person/", "tests/cluster/"),
)


class BySharedFixtures(LoadScopeScheduling):
    """Hands a worker all tests that share what is set up once: a module, or a folder of TOGETHER."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if module.startswith(folder)), module)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> LoadScopeScheduling:
    config.option.loadscopereorder = False  # it would put modules of many small tests before long ones
    return BySharedFixtures(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((nth for nth, folder in enumerate(LONG) if item.nodeid.startswith(folder)), len(LONG))

    items.sort(key=place)


# In memory a commit is done at once, on a disk it waits some milliseconds for the medium. The calls stay the same, and
# tests of durability look at calls. What containers usually get, 64 MB, is too small to choose.
MEMORY, LEAST_ROOM = Path("/dev/shm"), 3 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders lie in memory where there is room, unless --basetemp or TMPDIR says where. Workers inherit it."""
    if config.option.basetemp is None and "TMPDIR" not in os.environ and roomy(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None
    plain_faults()


def roomy(folder: Path) -> bool:
    """Whether temporary folders can lie there: writable, programs may be run from it, and with room for all tests."""
    try:
        return (
            os.access(folder, os.W_OK | os.X_OK)
            and not os.statvfs(folder).f_flag & os.ST_NOEXEC
            and shutil.disk_usage(folder).free >= LEAST_ROOM
        )
    except OSError:
        return False


def plain_faults() -> None:
    """Faults are provoked by the hundred: drawn as they are for people at a terminal, each would take a second."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """All that is collected stays: to look through it for cycles while it comes in took a fifth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """What was collected lives as long as the run: looking through it for cycles again and again took a tenth of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--scale",
        type=int,
        default=1,
        help="multiply the number of seeded runs; 1 is what fits the minutes of an ordinary run",
    )


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> int:
    """How many times more seeded runs than usual were asked for, from 1."""
    return max(1, int(request.config.getoption("--scale")))
