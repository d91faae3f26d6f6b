"""A command of `comarca` as a keeper types it, in a process of its own, and what it said."""

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

from node.demo.checking import NotSeen
from node.demo.processes import command
from node.settings import PREFIX

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Typed:
    """How a command ended, and its answer to programs."""

    exit_code: int
    facts: dict[str, Any]


def typed(*words: str, given: str = "") -> Typed:
    """Type a command with `--json`, and `given` when it asks for something. Raises NotSeen if it says no JSON."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    ran = subprocess.run(
        command(*words, "--json"),
        input=given,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env=environment,
    )
    try:
        return Typed(ran.returncode, json.loads(ran.stdout))
    except ValueError:
        raise NotSeen(f"comarca {' '.join(words)} ended with {ran.returncode} and said {ran.stderr[-300:]!r}") from None
