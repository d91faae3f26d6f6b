"""Options that several sets of tests share."""

import pytest


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
