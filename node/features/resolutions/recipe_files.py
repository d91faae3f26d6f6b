"""Recipes of resolutions: beginnings that a person can start from. Data, not code; read once. They decide nothing.

The opening words say who speaks: the assembly, never a person (practice 99).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from node.recipes import Both, RecipeFile, read_file
from schemas.records.deciding import Domain, Method

FOLDER: Final = Path(__file__).parent / "recipes"
USUAL: Final = "agreement"
DEMAND: Final = "demand"
OUTSIDE: Final = "outside-proposal"
AMENDMENT: Final = "amendment"

Begins = Literal["idea", "joint", "amendment", "answer"]
"""On which page a recipe is begun."""


class _Preset(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: Domain
    method: Method = Method.CONSENT
    notice_days: Annotated[int, Field(ge=0, le=365)] = 0
    begins: Begins = "idea"


class _File(RecipeFile):
    primitive: Literal["resolution"]
    preset: _Preset
    texts: Both


@dataclass(frozen=True, slots=True)
class Recipe:
    """One recipe in the language of a page. `opening` holds `{council}`; `notice_days` 0 where no notice has to be given."""

    id: str
    name: str
    prompt: str
    opening: str
    domain: Domain
    method: Method
    notice_days: int
    begins: Begins

    def begun(self, council: str) -> str:
        """The first words of the text, in the name of the assembly of this council."""
        return self.opening.replace("{council}", council)


def load(path: Path, language: str = "en") -> Recipe:
    """The recipe in a file. Raises tomllib.TOMLDecodeError or pydantic.ValidationError."""
    read = read_file(path, _File)
    return Recipe(
        id=read.id,
        name=read.names.said(language),
        prompt=read.prompts.said(language),
        opening=read.texts.said(language),
        domain=read.preset.domain,
        method=read.preset.method,
        notice_days=read.preset.notice_days,
        begins=read.preset.begins,
    )


@cache
def all_of(language: str) -> tuple[Recipe, ...]:
    """Every recipe, by its id."""
    return tuple(load(path, language) for path in sorted(FOLDER.glob("*.toml")))


def begun_on(begins: Begins, language: str) -> tuple[Recipe, ...]:
    """The recipes that are begun on this page."""
    return tuple(recipe for recipe in all_of(language) if recipe.begins == begins)


def find(recipe_id: str, language: str = "en") -> Recipe | None:
    """The recipe of this id, None if there is none."""
    return next((recipe for recipe in all_of(language) if recipe.id == recipe_id), None)
