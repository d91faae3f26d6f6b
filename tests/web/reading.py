"""Reading a page as a browser and as a reader would: its tree, its words, and what it asks other places for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VOID = {"meta", "link", "input", "br", "hr", "img", "path", "circle", "rect", "wbr"}
SAID_IN = ("aria-label", "title", "placeholder", "alt")

BANNED = re.compile(
    r"\b(concejo|nodes?|instances?|peers?|remote|federat\w*|users?|clients?|beneficiar\w*|volunteers?|dashboards?|feeds?|admin\w*"
    r"|stewards?|sponsors?|tokens?|assignees?|commitments?|sabbath|downtime|motions?|consent|acl|kpi|sovereignty|testimon\w*"
    r"|incidents?|emergency services|partnerships?|submit\w*|delete\w*|reject\w*|no-show|inactive|escalat\w*|veto\w*|validat\w*"
    r"|revoke\w*|relief|alivio|requests?|(?<!nearby )councils?)\b",
    re.IGNORECASE,
)


@dataclass
class Page(HTMLParser):
    """A page taken apart. `faults` are what no page of ours may have."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    title: str = ""
    _open: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, html: str) -> "Page":
        page = cls()
        HTMLParser.__init__(page, convert_charrefs=True)
        page.feed(html)
        page.close()
        page.faults += [f"<{tag}> is never closed" for tag in page._open]
        return page

    def all(self, *tags: str) -> Iterator[tuple[str, dict[str, str]]]:
        return ((tag, given) for tag, given in self.elements if tag in tags)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if len(given) != len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.elements.append((tag, given))
        self.said += [given[name] for name in SAID_IN if name in given]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["title"]:
            self.title += data
        self.said.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.said))

    def weak_points(self) -> list[str]:
        """Everything that is wrong with this page on its own."""
        found = list(self.faults)
        found += self._of_the_whole()
        found += self._of_addresses()
        found += self._of_fields()
        return found

    def _of_the_whole(self) -> Iterator[str]:
        if len(list(self.all("h1"))) != 1:
            yield "not exactly one h1"
        if not self.title.strip():
            yield "no title"
        [(_, html)] = self.all("html")
        if not html.get("lang") or html.get("dir") not in ("ltr", "rtl"):
            yield "no language or direction"
        levels = [int(tag[1]) for tag, _ in self.all("h1", "h2", "h3", "h4")]
        after_first = levels[levels.index(1) :]
        if any(later - earlier > 1 for earlier, later in pairwise(after_first)):
            yield f"heading levels jump: {levels}"
        for tag, given in self.elements:
            if tag in ("style", "iframe", "object", "embed", "base"):
                yield f"<{tag}>"
            if tag == "script" and (given.get("type") != "module" or not given.get("src", "").startswith("/static/")):
                yield f"<script> that is not our own file: {given}"
            if any(name == "style" or name.startswith("on") for name in given):
                yield f"<{tag}> with {sorted(given)}"
        ids = [given["id"] for _, given in self.elements if "id" in given]
        if len(ids) != len(set(ids)):
            yield "an id twice"
        for _, given in self.elements:
            for name in (given.get("aria-describedby", "") + " " + given.get("aria-labelledby", "")).split():
                if name not in ids:
                    yield f"points to #{name}, which is not there"

    def _of_addresses(self) -> Iterator[str]:
        for tag, given in self.elements:
            for name in ("src", "href", "action", "srcset", "poster", "xlink:href", "formaction"):
                address = given.get(name)
                if address is None or re.match(r"(/(?!/)|#)", address):
                    continue
                if (
                    tag == "a"
                    and address.startswith(("https://", "http://"))
                    and given.get("rel") == "noreferrer external"
                ):
                    continue
                yield f"<{tag}> reaches out to {address}"

    def _of_fields(self) -> Iterator[str]:
        labelled = {given["for"] for _, given in self.all("label")}
        for tag, given in self.all("input", "select", "textarea"):
            if given.get("type") != "hidden" and given.get("id") not in labelled:
                yield f"<{tag} name={given.get('name')}> has no label"
        for _, given in self.all("form"):
            if given.get("method", "get") not in ("get", "post") or not given.get("action", "/").startswith("/"):
                yield f"form {given}"


def words_of_template(source: str) -> str:
    """What a template says: its text, its spoken attributes, and the sentences inside its expressions."""
    bare = re.sub(r"\{#.*?#\}", " ", source, flags=re.DOTALL)
    inside = " ".join(re.findall(r"\{[%{].*?[%}]\}", bare, flags=re.DOTALL))
    sentences = [text for text in re.findall(r'"([^"]*)"', inside) if " " in text.strip() or text[:1].isupper()]
    outside = re.sub(r"\{[%{].*?[%}]\}", " … ", bare, flags=re.DOTALL)
    spoken = re.findall(rf'(?:{"|".join(SAID_IN)})="([^"]*)"', outside)
    text = re.sub(r"<[^>]*>", " ", outside)
    return re.sub(r"\s+", " ", " ¶ ".join([text, *spoken, *sentences]))


def templates() -> list[Path]:
    return sorted(path for part in ("node/web", "node/features") for path in (ROOT / part).rglob("*.html"))
