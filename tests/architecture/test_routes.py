"""Every route of a node is listed in docs/routes.md with the right it needs, and whoever has that right gets through.

One table (node/rights.py) is compared with what really happens: each route is asked as nobody, as a neighbour, as the
caretaker of a turn that has ended, and as whoever has the server turn.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from federation.front import INBOXES
from federation.served import Served
from node.accounts import turns
from node.rights import CARETAKER, KEEPER, NEIGHBOUR, Right
from tests.builders import FakeClock
from tests.docs.reading import rows, text_of
from tests.features.village import Village, village_in

TEXT = text_of("docs/routes.md")
ANYBODY = "anybody"
# Answered before the web application, each with tests of its own.
ELSEWHERE = ("## Rights", "## For whoever watches the server", "## For other servers", "## Commands")
SECTIONS = [
    line for line in TEXT.splitlines() if line.startswith("## ") and not line.startswith(ELSEWHERE)
]  # fmt: skip
LISTED = {(row[0], row[1].strip("`")): row[2] for heading in SECTIONS for row in rows(TEXT, heading)}
FOR_SERVERS = {(row[0], row[1].strip("`")) for row in rows(TEXT, "## For other servers")}
FILLED = {"public_id": "a" * 26, "step_id": "1", "code": "none-such", "version": "0", "name": "none.css"}
BODIES: dict[str, dict[str, Any]] = {
    "/api/resources": {"direction": "offer", "title": "Chairs", "until": "week"},
    "/api/session": {"code": "none-such"},
    "/api/passkeys": {"credential": {}},
    "/api/passkeys/sign-in": {"credential": {}},
}
RIGHTS_OF: dict[str, frozenset[Right]] = {
    "nobody": frozenset(),
    "neighbour": NEIGHBOUR,
    "caretaker": CARETAKER,
    "keeper": KEEPER,
}
REFUSED_WITH = {"nobody": (401, "not-signed-in"), "neighbour": (403, "not-keeper"), "caretaker": (403, "turn-ended")}
RIGHTS_WORDS = {"not-signed-in", "not-keeper", "turn-ended"}


def _member(village: Village, role: str) -> int | None:
    if role == "nobody":
        return None
    if role == "neighbour":
        village.member("Kim", keeper=True)
    number = village.member(keeper=role == "keeper")
    if role == "caretaker":
        village.member("Bo")  # whoever is alone may take the turn again
        long_ago = village.clock.now() - timedelta(weeks=20)
        village.do(lambda c: turns.begin(c, member_id=number, now=long_ago, weeks=13))
    return number


@pytest.fixture(scope="module")
def villages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Village]]:
    """One village for each role, since a turn that runs in a village leaves no room for a caretaker."""
    with ExitStack() as stack:
        yield {role: stack.enter_context(village_in(tmp_path_factory.mktemp(role))) for role in RIGHTS_OF}


@pytest.fixture(scope="module")
def numbers(villages: dict[str, Village]) -> dict[str, int | None]:
    return {role: _member(village, role) for role, village in villages.items()}


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with village_in(tmp_path) as built:
        yield built


def _routes(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """(method, path) of every one of these routes."""
    for route in routes:
        for method in getattr(route, "methods", None) or ():
            yield method, route.path


async def _ask(caller: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    address = path
    for name, value in FILLED.items():
        address = address.replace(f"{{{name}}}", value)
    address = "/".join("1" if part.startswith("{") else part for part in address.split("/"))
    caller.headers["accept"] = "application/json"
    if method in ("GET", "HEAD", "DELETE"):
        return await caller.request(method, address)
    if path.startswith("/api/"):
        return await caller.request(method, address, json=BODIES.get(path, {"title": "Chairs"}))
    return await caller.request(method, address, data={"nothing": "given"})


def _reason(answer: httpx.Response) -> str:
    if "problem+json" not in answer.headers.get("content-type", ""):
        return ""
    return str(answer.json()["reason"])


def test_every_route_is_listed_and_no_other(village: Village) -> None:
    assert set(_routes(village.app.routes)) == set(LISTED)


def test_who_may_call_is_anybody_or_a_right() -> None:
    assert set(LISTED.values()) <= {ANYBODY, *Right}


def test_the_rights_that_are_told_are_those_of_the_table() -> None:
    told = {row[0]: tuple(cell == "yes" for cell in row[1:]) for row in rows(TEXT, "## Rights")}

    assert told == {str(right): (right in NEIGHBOUR, right in CARETAKER, right in KEEPER) for right in Right}


@pytest.mark.parametrize("role", RIGHTS_OF)
async def test_each_route_lets_through_whoever_has_its_right_and_nobody_else(
    villages: dict[str, Village], numbers: dict[str, int | None], role: str
) -> None:
    village, number = villages[role], numbers[role]

    wrong = {}
    for (method, path), who in LISTED.items():
        async with village.browser(number) as caller:
            answer = await _ask(caller, method, path)
        got = (answer.status_code, _reason(answer))
        allowed = who == ANYBODY or Right(who) in RIGHTS_OF[role]
        if allowed and got[1] in RIGHTS_WORDS:
            wrong[method, path] = f"{got} although {role} has the right"
        if not allowed and got != REFUSED_WITH[role]:
            wrong[method, path] = f"{got} instead of {REFUSED_WITH[role]}"

    assert wrong == {}


async def test_no_form_is_turned_away_as_if_it_came_from_elsewhere(
    villages: dict[str, Village], numbers: dict[str, int | None]
) -> None:
    async with villages["nobody"].browser() as stranger:
        answers = [await _ask(stranger, *route) for route, who in LISTED.items() if who == ANYBODY]

    assert not {_reason(answer) for answer in answers} & {"cross-site", "not-sealed", "not-signed-in"}


def test_what_other_servers_ask_for_is_listed(village: Village) -> None:
    served = Served(council=village.council, store=village.store, clock=FakeClock(), version="0")

    assert {("GET", path) for path in served.cached} <= FOR_SERVERS
    assert {("POST", path) for path in INBOXES} <= FOR_SERVERS
