"""A server that nobody has claimed, and the link that its terminal has shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from node.profile.claiming import make_claimable, new_secret
from tests.features.village import Village, village_in


@dataclass
class NewServer:
    village: Village

    def link(self) -> str:
        """What a start prints: a fresh link, which ends the one before it."""
        now, randomness = self.village.clock.now(), self.village.site.randomness
        secret = self.village.do(lambda c: new_secret(c, now=now, randomness=randomness))
        return f"{self.village.site.council.base_url}/claim#{secret}"

    def browser(self) -> httpx.AsyncClient:
        return self.village.browser()

    def count(self, table: str) -> int:
        return int(self.village.rows(f"SELECT count(*) AS n FROM {table}")[0].n)


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[NewServer]:
    with village_in(tmp_path, name="", area={}) as village:
        village.do(make_claimable)
        yield NewServer(village)
