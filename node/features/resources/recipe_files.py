"""Recipes of needs and offers: filled-in beginnings that a person can start from. Data, not code; read once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.context import Category

FOLDER = Path(__file__).parent / "recipes"


class _Both(BaseModel):
    """The same words in both languages; neither may be missing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: Annotated[str, Field(min_length=1)]
    es: Annotated[str, Field(min_length=1)]


class _Preset(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    direction: Literal["need", "offer"]
    category: Category
    unit: _Both | None = None


class _File(BaseModel):
    """A recipe as its file has it (primitives.md). Raises pydantic.ValidationError for any other shape."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")]
    primitive: Literal["resource"]
    names: _Both
    preset: _Preset
    prompts: _Both
    practices: Annotated[list[Annotated[int, Field(ge=1, le=100)]], Field(min_length=1)]


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
    read = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    side: Literal["en", "es"] = "es" if language.startswith("es") else "en"
    preset: dict[str, str] = {"category": read.preset.category}
    if read.preset.unit is not None:
        preset["unit"] = getattr(read.preset.unit, side)
    return Recipe(read.id, read.preset.direction, getattr(read.names, side), getattr(read.prompts, side), preset)


@cache
def _all(language: str) -> tuple[Recipe, ...]:
    return tuple(load(path, language) for path in sorted(FOLDER.glob("*.toml")))


def for_direction(direction: str, language: str) -> tuple[Recipe, ...]:
    """The recipes that a form of this direction can start from."""
    return tuple(recipe for recipe in _all(language) if recipe.direction == direction)


def find(recipe_id: str, language: str = "en") -> Recipe | None:
    """The recipe of this id, None if there is none."""
    return next((recipe for recipe in _all(language) if recipe.id == recipe_id), None)
