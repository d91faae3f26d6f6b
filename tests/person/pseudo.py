"""Two languages that nobody speaks, made from every word of ours: what a page says that is in neither was never handed to them.

`en-XA` is longer by two fifths, accented, and in brackets; `ar-XB` is in brackets too, in letters that run from the right.
Neither keeps one letter of plain English, so that an English letter on a page is somebody's own text or a word forgotten.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Thread

import uvicorn

from node.demo.asking import Visitor
from node.demo.checking import wait_for
from node.demo.councils import DemoCouncil
from node.demo.ports import LOOPBACK, claim_ports
from node.installed import FEATURES
from node.web.application import build
from node.web.site import Site
from node.web.tongues import Tongue, load_tongues

OPEN, CLOSE = "⟦", "⟧"
LONGER = 0.4
SOON = 10.0

_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ACCENTED = dict(zip(_PLAIN, "áƀçđéƒǧĥíĵķļɱñóƥʠřšťúṽŵẋýžÁƁÇĐÉƑǦĤÍĴĶĻṀÑÓƤɊŘŠŤÚṼŴẊÝŽ", strict=True))
_FROM_THE_RIGHT = dict(zip(_PLAIN, "ابجدهوزحطيكلمنسعفصقرشتثخذضابجدهوزحطيكلمنسعفصقرشتثخذض", strict=True))
# What stays as it is inside a message: values, marks of HTML, signs written by name.
_KEPT = re.compile(r"(%\(\w+\)[sd]|%%|\{\{|\}\}|\{\w+\}|<[^>]*>|&\w+;|&#\d+;)")
_VOWEL = re.compile(r"[aeiouAEIOU]")


@dataclass(frozen=True)
class PseudoCatalogue:
    """Every message in its pseudo form. `longer` is the part by which words grow."""

    letters: dict[str, str]
    longer: float
    _made: dict[str, str] = field(default_factory=dict)

    def gettext(self, message: str, /) -> str:
        if message not in self._made:
            self._made[message] = self._make(message)
        return self._made[message]

    def _make(self, message: str) -> str:
        parts = _KEPT.split(message)
        parts[::2] = [self._said(words) for words in parts[::2]]
        return f"{OPEN}{''.join(parts)}{CLOSE}"

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        return self.gettext(one if count == 1 else many)

    def _said(self, words: str) -> str:
        wanted = round(sum(sign.isalpha() for sign in words) * self.longer)
        made = []
        for sign in words:
            made.append(self.letters.get(sign, sign))
            if wanted > 0 and _VOWEL.match(sign):
                made.append(made[-1])
                wanted -= 1
        # What vowels alone did not make long enough: the last word grows.
        return "".join(made) + (self.letters["o"] * wanted if words.strip() else "")


PSEUDO = {
    "en-XA": Tongue("en-XA", "En-XA", PseudoCatalogue(_ACCENTED, LONGER)),
    "ar-XB": Tongue("ar-XB", "Ar-XB", PseudoCatalogue(_FROM_THE_RIGHT, 0.0)),
}


class PseudoSite(Site):
    """A council's site that offers the two languages beside its own."""

    @cached_property
    def tongues(self) -> dict[str, Tongue]:
        return {**load_tongues(), **PSEUDO}


@contextmanager
def pseudo_pages(one: DemoCouncil) -> Iterator[str]:
    """The pages of a council that is served already, said in pseudo languages too, at an address of their own.

    Sessions are the council's: browsers do not part ports. Raises NotSeen if nothing answers.
    """
    site = PseudoSite(
        settings=one.settings,
        council=one.council,
        store=one.store,
        clock=one.clock,
        randomness=one.randomness,
        features=FEATURES,
    )
    with claim_ports((8131,)) as claims:
        port = claims.ports[0]
        server = uvicorn.Server(
            uvicorn.Config(build(site), host=LOOPBACK, port=port, log_level="warning", lifespan="off", access_log=False)
        )
        thread = Thread(target=server.run, daemon=True)
        thread.start()
        address = f"http://{LOOPBACK}:{port}"
        try:
            wait_for(lambda: server.started, "the pseudo pages are served", within=SOON)
            assert Visitor(address).get("/help").status == 200
            yield address
        finally:
            server.should_exit = True
            thread.join(SOON)
