"""Asking without an account, and promising between councils, as people do it on the pages: by slips and buttons."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from node.demo.asking import Reply, Visitor, forms_on
from node.demo.checking import NotSeen, check
from node.demo.councils import DemoCouncil
from node.demo.stage import anybody, said_on

_NUMBER = re.compile(r'<span class="code" dir="ltr">([^<]+)</span>')
_PHRASE = re.compile(r'<code dir="ltr">([^<]+)</code>')
_LINK = re.compile(r'<span class="address" dir="ltr">([^<]+/note/[^<]+)</span>')


@dataclass(frozen=True, slots=True)
class Slip:
    """What is shown once to whoever has asked. `phrase` is a secret: it is typed, and told to nobody."""

    number: str
    phrase: str
    link: str


def ask_without_an_account(at: DemoCouncil, typed: Mapping[str, str]) -> Slip:
    """Fill in the page that asks for nobody's name, and read the slip. Raises NotSeen."""
    reply = anybody(at).fill_in("/ask", typed)
    found = [pattern.search(reply.text) for pattern in (_NUMBER, _PHRASE, _LINK)]
    if reply.status != 200 or not all(found):
        raise NotSeen(f"asking answered {reply.status}: {said_on(reply)}")
    return Slip(*(one.group(1) for one in found if one is not None))


def would_like(visitor: Visitor, address: str, amount: str) -> None:
    """Say on the copy of a nearby council's offer that we would like so much of it. Raises NotSeen."""
    page = f"/slip?id={quote(address, safe='')}"
    reply = visitor.fill_in(page, {"amount": amount}, action="/agreements")
    check(reply.status == 303, f"the form answered {reply.status}: {said_on(reply)}")


def waiting_for(visitor: Visitor, address: str, verb: str) -> list[str]:
    """Where the buttons with this verb ("agree", "not-this-time") on the page of our own note lead, oldest first."""
    page = visitor.get(urlsplit(address).path).text
    return [form.action for form in forms_on(page) if re.fullmatch(rf"/promises/[^/]+/{verb}", form.action)]


def press(visitor: Visitor, address: str, action: str) -> Reply:
    """Press one button on the page of our own note. Raises NotSeen if it is not there."""
    return visitor.fill_in(urlsplit(address).path, {}, action=action)
