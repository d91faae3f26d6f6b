"""A running demo, and pressing the buttons of its start page as a browser without scripts does."""

import html
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from node.demo.asking import Reply, Visitor, send
from node.demo.processes import command

SECONDS = 40.0
FORM = "application/x-www-form-urlencoded"


@dataclass
class Demo:
    """A running demo, and what its start page is asked."""

    facts: dict[str, Any]
    neighbours: dict[str, Visitor]

    @property
    def origin(self) -> str:
        return str(self.facts["start"]).rstrip("/")

    def url(self, name: str) -> str:
        return str(next(one["url"] for one in self.facts["councils"] if one["name"] == name))

    def page(self) -> str:
        reply = send(self.origin, "GET", "/", headers={}, body=None, seconds=SECONDS)
        assert reply.status == 200, reply.text
        return reply.text

    def post(self, path: str, **headers: str) -> Reply:
        given = {"Origin": self.origin, "Content-Type": FORM} | {
            n.replace("_", "-"): v for n, v in headers.items() if v
        }
        return send(self.origin, "POST", path, headers=given, body=b"", seconds=SECONDS)

    def presses(self, words: str) -> str:
        """Press the one button with these words, and read the line that the page then has."""
        action = action_of(self.page(), words)
        reply = self.post(action, Sec_Fetch_Site="same-origin")
        assert (reply.status, reply.headers["location"]) == (303, "/#happened")
        return line_of(self.page())

    def wall(self, name: str, *, passing: bool = False) -> list[dict[str, Any]]:
        visitor = Visitor(self.url(name)) if passing else self.neighbours[name]
        slips: list[dict[str, Any]] = visitor.data("/wall.json")["slips"]
        return slips

    def around(self, name: str, **query: object) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.neighbours[name].data("/region/availability", **query)["items"]
        return items

    def titled(self, name: str, title: str) -> list[str]:
        """The addresses of the notes on a wall whose title ends so."""
        return [slip["url"] for slip in self.wall(name) if slip["title"].endswith(title)]


def action_of(page: str, words: str) -> str:
    found = re.findall(r'<form method="post" action="([^"]+)"><button[^>]*>([^<]+)</button></form>', page)
    (action,) = (action for action, label in found if html.unescape(label) == words)
    return str(action)


def line_of(page: str) -> str:
    (line,) = re.findall(r'<p class="line"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert "broken" not in re.findall(r'<section id="happened" class="([^"]*)"', page)[0], line
    return " ".join(html.unescape(line).split())


def claimed(line: str) -> list[float]:
    """The seconds that a line speaks of."""
    return [float(one) for one in re.findall(r"([0-9.]+) s\b", line)]


@contextmanager
def started() -> Iterator[subprocess.Popen[str]]:
    """The demo as a process of its own, killed if it has not ended by then."""
    with subprocess.Popen(
        command("demo", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def facts_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    facts: dict[str, Any] = json.loads(process.stdout.readline())
    return facts


@contextmanager
def running_demo() -> Iterator[Demo]:
    """With somebody signed in at each council. It must end well and say nothing more."""
    with started() as process:
        facts = facts_of(process)
        neighbours = {}
        for one in facts["councils"]:
            neighbours[one["name"]] = visitor = Visitor(one["url"])
            assert visitor.fill_in(urlsplit(one["sign_in"]).path, {}, action="/in").status == 303
        yield Demo(facts, neighbours)
        process.send_signal(signal.SIGINT)
        said, complaints = process.communicate(timeout=20)
        assert (process.returncode, said, complaints) == (0, "", "")
