"""What the forms of a list are made of: each slip with its addresses and its words said, and where the list itself stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from node.feature import Slip
from schemas.phrase import Catalogue, said


@dataclass(frozen=True, slots=True)
class Source:
    """What the forms say of the list as a whole. `address`: of this form, `page`: of the page; `language` is what `title` is in."""

    council: str
    council_url: str
    title: str
    language: str
    address: str
    page: str


@dataclass(frozen=True, slots=True)
class Addressed:
    """A slip in words that are said already. `address`: of the record itself, the same for as long as it lives; `page`: ours."""

    slip: Slip
    address: str
    page: str
    about: tuple[str, ...]
    details: Mapping[str, object]


def addressed(slips: Iterable[Slip], *, catalogue: Catalogue, base: str) -> list[Addressed]:
    """Slips with their addresses below `base`, their words said in the catalogue's language."""
    return [
        Addressed(
            slip=slip,
            address=object_address(slip.href, base_url=base),
            page=f"{base}{slip.href}" if slip.href.startswith("/") else slip.href,
            about=tuple(str(said(part, catalogue)) for part in slip.meta),
            details={name: said(value, catalogue) for name, value in slip.details.items()},
        )
        for slip in slips
    ]


def object_address(href: str, *, base_url: str) -> str:
    """The address of the record that the page at `href` shows: ours below `base_url`, a nearby council's as it gave it."""
    parts = urlsplit(href)
    if parts.path == "/slip" and not parts.netloc:
        return parse_qs(parts.query).get("id", [href])[0]
    return f"{base_url}{href}" if href.startswith("/") else href


def query_of(**chosen: str | None) -> str:
    """What was chosen in a filter form, as the end of an address: "" or "?…". What was left empty is left out."""
    given = {name: value for name, value in chosen.items() if value}
    return f"?{urlencode(given, quote_via=quote)}" if given else ""
