"""A browser without a window: asks one council's pages and API over real HTTP, and keeps its cookies.

Each request has a connection of its own, so a server that was stopped or killed in between is no special case.
"""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from node.demo.checking import NotSeen

SECONDS = 10.0
PAGE, JSON, ACTIVITY = "text/html", "application/json", "application/activity+json"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose body has been read whole. Header names are lowercase."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises NotSeen if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise NotSeen(f"{self.status} with a body that is no JSON: {self.text[:120]!r}") from None

    @property
    def reason(self) -> str:
        """The reason word of a problem+json answer, or nothing."""
        if "json" not in self.headers.get("content-type", ""):
            return ""
        found = self.json()
        return str(found.get("reason", "")) if isinstance(found, dict) else ""


def send(
    origin: str, method: str, target: str, *, headers: Mapping[str, str], body: bytes | None, seconds: float = SECONDS
) -> Reply:
    """One request with exactly these headers (a Host among them is sent as given). Raises OSError where nobody answers."""
    parts = urlsplit(origin)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
        length = {} if body is None else {"Content-Length": str(len(body))}
        for name, value in {**headers, **length}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return Reply(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())
    except http.client.HTTPException as error:
        raise ConnectionError(f"broken off: {error!r}") from error
    finally:
        connection.close()


@dataclass
class Visitor:
    """One person's browser at one council. `cookies` are kept from answer to answer."""

    origin: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *, accept: str = PAGE, **query: object) -> Reply:
        """GET a path, with `query` put behind it. Redirects are shown, not followed."""
        target = f"{path}?{urlencode(query)}" if query else path
        return self._send("GET", target, {"Accept": accept}, None)

    def data(self, path: str, **query: object) -> Any:
        """GET JSON. Raises NotSeen for anything but 200."""
        target = f"{path}?{urlencode(query)}" if query else path
        reply = self.get(target, accept=JSON)
        if reply.status != 200:
            raise NotSeen(f"{path} answered {reply.status} {reply.reason}")
        return reply.json()

    def submit(self, path: str, fields: Mapping[str, str]) -> Reply:
        """POST a form as a browser does from one of our own pages."""
        headers = {
            "Accept": PAGE,
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self.origin,
            "Sec-Fetch-Site": "same-origin",
        }
        return self._send("POST", path, headers, urlencode(fields).encode())

    def fill_in(self, page: str, changes: Mapping[str, str], *, action: str | None = None) -> Reply:
        """Open a page, fill in its form and send it. Raises NotSeen if the page has no such form or field."""
        reply = self.get(page)
        if reply.status != 200:
            raise NotSeen(f"{page} answered {reply.status}")
        wanted = action or page
        form = next((one for one in forms_on(reply.text) if one.action == wanted and one.method == "post"), None)
        if form is None:
            raise NotSeen(f"{page} has no form that posts to {wanted}")
        missing = sorted(set(changes) - form.names)
        if missing:
            raise NotSeen(
                f"the form on {page} has no field {', '.join(missing)}; it has {', '.join(sorted(form.names))}"
            )
        return self.submit(wanted, {**form.values, **changes})

    def _send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given = {**headers, **({"Cookie": cookie} if cookie else {})}
        reply = send(self.origin, method, target, headers=given, body=body)
        for name, morsel in SimpleCookie(reply.headers.get("set-cookie", "")).items():
            self.cookies[name] = morsel.value
        return reply


@dataclass
class Form:
    """A form as the page gave it: where it goes, its fields, and what stands in them already."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("a", "link") and given.get("href"):
            self.links.append(given["href"])
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, given)

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, value, kind = given.get("name", ""), given.get("value", ""), given.get("type", "text")
        if tag == "option" and self._select:
            if "selected" in given or self._select not in form.values:
                form.values[self._select] = value
            return
        if not name:
            return
        form.names.add(name)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea = name
            form.values[name] = ""
            form.free.add(name)
        elif tag == "input" and kind not in ("submit", "button"):
            if kind in ("radio", "checkbox"):
                if "checked" in given:
                    form.values[name] = value or "on"
            else:
                form.values[name] = value
                if kind in ("text", "search"):
                    form.free.add(name)

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea:
            self._form.values[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""


def forms_on(page: str) -> list[Form]:
    """The forms on a page, in their order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def links_on(page: str) -> list[str]:
    """Where the links of a page lead, as written."""
    reader = _Reader()
    reader.feed(page)
    return reader.links
