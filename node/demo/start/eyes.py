"""The same need in three pairs of eyes: each asks a real server for a page, and what is answered is read off that page."""

from html.parser import HTMLParser
from urllib.parse import quote, unquote, urlsplit

from node.demo.asking import Reply, Visitor
from node.demo.stage import anybody
from node.demo.start.lending import need_on_wall, put_up_the_need
from node.demo.start.scene import Eye, Outcome, Scene
from node.demo.start.wording import NEED


def open_it_as_all_three(scene: Scene) -> Outcome:
    """The need as a neighbour of Riverside, as one of Harbour, and as a passer-by. Put up first where it is not up."""
    address = need_on_wall(scene)
    before = ""
    if address is None:
        address = put_up_the_need(scene).address
        before = "The need was not up yet, so it was asked for first. "
    riverside, harbour = scene.riverside, scene.harbour
    there = f"/slip?id={quote(address, safe='')}"
    eyes = [look("A neighbour of Riverside, signed in there", scene.neighbour(riverside), urlsplit(address).path)]
    if scene.is_off(harbour):
        eyes.append(Eye("A neighbour of Harbour", _short(harbour.url, there), 0))
    else:
        eyes.append(look("A neighbour of Harbour, signed in there", scene.neighbour(harbour), there))
    passing = scene.hillside if scene.is_off(harbour) else harbour
    eyes.append(look(f"A passer-by at {passing.name}, not signed in", anybody(passing), there))
    at_home = anybody(riverside).get(urlsplit(address).path)
    found = anybody(passing).data("/region/availability", text=NEED["title"])["items"]
    shown = sum(item["id"] == address for item in found)
    line = (
        f"{before}One need, asked for by three: {', '.join(_answered(eye) for eye in eyes)}. For a passer-by it does not "
        f"exist: Riverside itself answers {at_home.status}, and a search at {passing.name} finds {shown or 'nothing of it'}."
    )
    return Outcome(line, changed=bool(before), eyes=tuple(eyes))


def look(who: str, visitor: Visitor, path: str) -> Eye:
    """Open a page, and read what it says. Raises OSError."""
    reply = visitor.get(path)
    page = _read(reply)
    said = " ".join(page.said) if reply.status == 200 else " ".join(page.lead)
    facts = tuple((term, text) for term, text in zip(page.terms, page.texts, strict=False) if reply.status == 200)
    return Eye(who, _short(visitor.origin, path), reply.status, page.kind, page.title, said, facts)


def _short(origin: str, path: str) -> str:
    """An address with only the beginning of the note's own part: "127.0.0.1:8102/slip?id=…/o/dddddd…"."""
    where, _, rest = unquote(path).rpartition("/o/")
    named = f"{where.partition('=')[0]}=…" if where else ""
    return f"{urlsplit(origin).netloc}{named}/o/{rest[:6]}…"


def _answered(eye: Eye) -> str:
    return f"{eye.status}" if eye.status else "no answer (switched off)"


class _Page(HTMLParser):
    """The heading, the kind, the words and the facts in the main part of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.title = self.kind = ""
        self.said: list[str] = []
        self.lead: list[str] = []
        self.terms: list[str] = []
        self.texts: list[str] = []
        self._inside = False
        self._into = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kinds = (dict(attrs).get("class") or "").split()
        self._inside = self._inside or tag == "main"
        if not self._inside:
            return
        if tag in ("h1", "dt", "dd"):
            self._into = tag
            if tag != "h1":
                (self.terms if tag == "dt" else self.texts).append("")
        elif tag == "p":
            self._into = next((one for one in ("kind", "said", "lead") if one in kinds), "")

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text or not self._into:
            return
        if self._into in ("dt", "dd"):
            into = self.terms if self._into == "dt" else self.texts
            into[-1] = f"{into[-1]} {text}".strip()
        elif self._into == "h1":
            self.title = f"{self.title} {text}".strip()
        elif self._into == "kind":
            self.kind = f"{self.kind} {text}".strip()
        else:
            (self.said if self._into == "said" else self.lead).append(text)

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self._inside = False
        if tag in ("main", "h1", "dt", "dd", "p"):
            self._into = ""


def _read(reply: Reply) -> _Page:
    page = _Page()
    page.feed(reply.text)
    return page
