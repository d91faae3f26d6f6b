"""Commands as a test gives them, and two councils to give them to."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from typer.testing import CliRunner, Result

from node.cli.main import application

GOOD, BROKEN, WRONG_USE = 0, 1, 2
SOON = 8.0


@dataclass(frozen=True)
class Council:
    directory: str
    url: str
    sign_in: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def actor(self) -> str:
        return f"{self.url}/council"


def comarca(*words: object) -> Result:
    """One command, in this process."""
    return CliRunner().invoke(application, [str(word) for word in words], prog_name="comarca")


def data(*words: object, exit_code: int = GOOD) -> Any:
    """What a command answers to a program."""
    result = comarca(*words, "--json")
    assert result.exit_code == exit_code, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


def wrong(*words: object, exit_code: int = WRONG_USE) -> str:
    """What a command says to a person when it does not do it; a program is told the same."""
    result = comarca(*words)
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    told = data(*words, exit_code=exit_code)
    assert result.stderr == f"comarca: {told['detail']}\n"
    assert told["error"]
    return result.stderr


def relation(ours: Council, theirs: Council) -> str | None:
    found = [one["state"] for one in data("peers", "list", ours.directory)["peers"] if one["url"] == theirs.url]
    return found[0] if found else None
