"""Recipes of needs and offers: filled-in beginnings that a person can start from. Data, not code; read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from node.features.resources.beside import YES
from node.recipes import Both, RecipeFile, read_file
from schemas.context import Category

FOLDER = Path(__file__).parent / "recipes"


class _Preset(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    direction: Literal["need", "offer"]
    category: Category
    kind: str | None = None
    standing: bool = False
    unit: Both | None = None


class _File(RecipeFile):
    primitive: Literal["resource"]
    preset: _Preset


@dataclass(frozen=True, slots=True)
class Recipe:
    """One recipe in the language of a page. `preset` holds form fields, `prompt` what to think of."""

    id: str
    direction: str
    name: str
    prompt: str
    preset: Mapping[str, str]


def load(path: Path, language: str = "en") -> Recipe:
    """The recipe in a file. Raises tomllib.TOMLDecodeError or pydantic.ValidationError."""
    read = read_file(path, _File)
    preset = {"category": read.preset.category, "kind": read.preset.kind or read.preset.category}
    if read.preset.standing:
        preset["standing"] = YES
    if read.preset.unit is not None:
        preset["unit"] = read.preset.unit.said(language)
    return Recipe(read.id, read.preset.direction, read.names.said(language), read.prompts.said(language), preset)


@cache
def _all(language: str) -> tuple[Recipe, ...]:
    return tuple(load(path, language) for path in sorted(FOLDER.glob("*.toml")))


def for_direction(direction: str, language: str) -> tuple[Recipe, ...]:
    """The recipes that a form of this direction can start from."""
    return tuple(recipe for recipe in _all(language) if recipe.direction == direction)


def find(recipe_id: str, language: str = "en") -> Recipe | None:
    """The recipe of this id, None if there is none."""
    return next((recipe for recipe in _all(language) if recipe.id == recipe_id), None)
