"""Every way in which a visitor can ask one council for something: pages, links, search forms, API, collections, documents.

Used to show that a record is nowhere to be found, so it must not look only where the record is expected.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from node.demo.asking import ACTIVITY, JSON, PAGE, Reply, Visitor, forms_on, links_on

KNOWN = (
    "/",
    "/wall.json",
    "/board",
    "/board.json",
    "/around",
    "/region/availability",
    "/resolutions",
    "/resolutions.json",
    "/alerts",
    "/alerts.json",
    "/councils",
    "/councils.json",
    "/help",
    "/in",
    "/put-up/offer",
    "/council",
    "/actor",
    "/council/outbox",
    "/council/outbox/p/newest",
    "/council/followers",
    "/council/following",
    "/council/peers",
    "/nodeinfo/2.1",
    "/.well-known/nodeinfo",
    "/.well-known/comarca",
)
AT_MOST = 600
_LEFT_OUT = ("/static/", "/out")


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: the record's address, a word to search by, and a place it is near."""

    object_id: str
    word: str
    near: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer, and how it was asked for."""

    target: str
    accept: str
    reply: Reply


def walk(visitor: Visitor, sought: Sought) -> list[Seen]:
    """Ask for everything there is, each address in the three forms it might have, and follow what the answers lead to."""
    waiting = deque([*KNOWN, *_by_address(visitor, sought), *_by_description(visitor, sought)])
    known = set(waiting)
    seen: list[Seen] = []
    while waiting and len(known) <= AT_MOST:
        target = waiting.popleft()
        for accept in (PAGE, JSON, ACTIVITY):
            reply = visitor.get(target, accept=accept)
            seen.append(Seen(target, accept, reply))
            for further in _leads(visitor.origin, target, reply, sought):
                if further not in known:
                    known.add(further)
                    waiting.append(further)
    return seen


def _by_address(visitor: Visitor, sought: Sought) -> Iterator[str]:
    parts = urlsplit(sought.object_id)
    query = urlencode({"id": sought.object_id})
    yield from (f"/slip?{query}", f"/api/objects?{query}", parts.path)
    public_id = parts.path.rpartition("/")[2]
    yield from (f"{parts.path}/change", f"{parts.path}/take-down", f"/council/outbox/p/{public_id}", f"/a/{public_id}")


def _by_description(visitor: Visitor, sought: Sought) -> Iterator[str]:
    """Every GET that the API describes, asked for plainly and with the search word in each of its text parameters."""
    described = visitor.data("/openapi.json")["paths"]
    public_id = sought.object_id.rpartition("/")[2]
    for path, methods in described.items():
        parameters = methods.get("get", {}).get("parameters", []) if "get" in methods else None
        if parameters is None:
            continue
        for parameter in parameters:
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", public_id)  # noqa: PLW2901
        asked = [one["name"] for one in parameters if one["in"] == "query"]
        yield path
        for name in asked:
            value = {"id": sought.object_id, "near": sought.near, "limit": "100"}.get(name, sought.word)
            yield f"{path}?{urlencode({name: value})}"
        if {"text", "near"} <= set(asked):
            yield f"{path}?{urlencode({'text': sought.word, 'near': sought.near, 'within_km': '50'})}"


def _leads(origin: str, target: str, reply: Reply, sought: Sought) -> Iterator[str]:
    """Our own addresses that an answer names: links, searches, and members of JSON documents."""
    kind = reply.headers.get("content-type", "")
    if "location" in reply.headers:
        yield from _ours(origin, urljoin(origin + target, reply.headers["location"]))
    if kind.startswith("text/html"):
        for link in links_on(reply.text):
            yield from _ours(origin, urljoin(origin + target, link))
        for form in forms_on(reply.text):
            if form.method == "get":
                filled = {**form.values, **dict.fromkeys(form.free, sought.word)}
                yield from _ours(origin, urljoin(origin + target, f"{form.action}?{urlencode(filled)}"))
    elif "json" in kind and reply.body:
        for word in _texts(reply.json()):
            if word.startswith(origin + "/"):
                yield from _ours(origin, word)


def _ours(origin: str, address: str) -> Iterator[str]:
    address = address.partition("#")[0]
    path = address.removeprefix(origin)
    if address.startswith(origin + "/") and not path.startswith(_LEFT_OUT):
        yield path


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
