"""Kinds of needs and offers: a finer word under a category, with names, an address and what must stay home. Data, read once."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from node.recipes import Both
from schemas.context import NAMESPACE, Category

FILE: Final = Path(__file__).parent / "kinds.toml"
_WIKIDATA: Final = "https://www.wikidata.org/entity/"


OWN: Final = "own-"
STAYS_HOME: Final = "home-"
"""How the ids of a council's own kinds begin. What stays home says so in its id, so that nothing has to be looked up to know."""


class Asks(BaseModel):
    """One thing that a kind asks for, beside the words: a line, or with `tick` a yes. Nobody has to answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
    label: Both
    hint: Both | None = None
    tick: bool = False


class Kind(BaseModel):
    """One kind. `category` is its parent and the word that travels; a sensitive one never leaves this server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z0-9]+)*$", max_length=40)]
    category: Category
    names: Both
    wikidata: Annotated[str, Field(pattern=r"^(Q[1-9][0-9]*)?$")] = ""
    sensitive: bool = False
    notes: tuple[Asks, ...] = ()

    @property
    def travels(self) -> bool:
        """Whether its address is told beside the category: only of the file's own, and where it says more than the category."""
        return self.id != self.category and not self.sensitive and not self.id.startswith((OWN, STAYS_HOME))

    @property
    def address(self) -> str:
        """Where it stands in our namespace, for good."""
        return NAMESPACE + self.id

    @property
    def same_as(self) -> str | None:
        """The Wikidata item that means the same."""
        return _WIKIDATA + self.wikidata if self.wikidata else None


@cache
def shipped() -> tuple[Kind, ...]:
    """Every kind of the file, in its order. Raises tomllib.TOMLDecodeError, KeyError or pydantic.ValidationError."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    asked = {name: Asks.model_validate({"name": name, **said}) for name, said in read["asks"].items()}

    def notes_of(asks: list[str]) -> tuple[Asks, ...]:
        return tuple(asked[name] for name in asks)

    return tuple(Kind.model_validate({"notes": notes_of(one.pop("asks", [])), **one}) for one in read["kind"])


@cache
def _by_id() -> dict[str, Kind]:
    return {kind.id: kind for kind in shipped()}


def find(kind_id: str) -> Kind | None:
    """The kind of this id, None if there is none."""
    return _by_id().get(kind_id)


def is_sensitive(kind_id: str) -> bool:
    """Whether what is of this kind, one of the file or of the council's own, must stay on this server."""
    kind = find(kind_id)
    return kind_id.startswith(STAYS_HOME) or (kind is not None and kind.sensitive)
