"""Two real servers that the tests of the command line share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import Server, stop_all
from tests.cluster.commands import SOON, Council, data, relation

EDITED = {
    "# contact_every = 60": "contact_every = 1",
    "# backoff_first = 2": "backoff_first = 0.2",
    '# followers = "off"': 'followers = "approve"',
    "[places]\n": '[places]\n"Mill Lane" = [43.4052, -5.7012]\n',
}


def edit(settings: Path) -> None:
    """Change what `init` has written, as a keeper does with an editor."""
    text = settings.read_text()
    for written, wanted in EDITED.items():
        assert written in text
        text = text.replace(written, wanted)
    settings.write_text(text)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Council, Council]]:
    folder, claims = tmp_path_factory.mktemp("town"), claim_ports((8111, 8112))
    councils = []
    for name, port in zip(("Riverside", "Harbour"), claims.ports, strict=True):
        url, directory = f"http://{LOOPBACK}:{port}", folder / name.lower()
        given = ("--name", name, "--url", url, "--port", port, "--plain-host", LOOPBACK, "--keeper", "")
        made = data("init", directory, *given)
        edit(directory / "comarca.toml")
        councils.append(Council(str(directory), url, made["sign_in"]))
    servers = [Server(Path(one.directory), one.url) for one in councils]
    for server in servers:
        server.start()
    for server in servers:
        server.wait_until_answering()
    yield councils[0], councils[1]
    stop_all(servers)
    claims.release()


@pytest.fixture(scope="session")
def linked(town: tuple[Council, Council]) -> tuple[Council, Council]:
    riverside, harbour = town
    data("peers", "add", riverside.directory, harbour.url, "--yes")
    wait_for(lambda: relation(harbour, riverside) == "they-asked", "Harbour is asked", within=SOON)
    data("peers", "accept", harbour.directory, riverside.url)
    wait_for(lambda: relation(riverside, harbour) == "accepted", "Riverside is accepted", within=SOON)
    return town
