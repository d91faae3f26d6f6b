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


class Kind(BaseModel):
    """One kind. `category` is its parent and the word that travels; a sensitive one never leaves this server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]
    category: Category
    names: Both
    wikidata: Annotated[str, Field(pattern=r"^(Q[1-9][0-9]*)?$")] = ""
    sensitive: bool = False

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
    """Every kind of the file, in its order. Raises tomllib.TOMLDecodeError or pydantic.ValidationError."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(Kind.model_validate(one) for one in read["kind"])


@cache
def _by_id() -> dict[str, Kind]:
    return {kind.id: kind for kind in shipped()}


def find(kind_id: str) -> Kind | None:
    """The kind of this id, None if there is none."""
    return _by_id().get(kind_id)


def is_sensitive(kind_id: str) -> bool:
    """Whether what is of this kind must stay on this server."""
    kind = find(kind_id)
    return kind is not None and kind.sensitive
