"""What every recipe file has, whichever record it begins (primitives.md). Recipes are data, not code, and decide nothing."""

import tomllib
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

F = TypeVar("F", bound="RecipeFile")


class Both(BaseModel):
    """The same words in both languages; neither may be missing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: Annotated[str, Field(min_length=1)]
    es: Annotated[str, Field(min_length=1)]

    def said(self, language: str) -> str:
        """The words for a page in `language`, a tag such as `es-MX`."""
        return self.es if language.startswith("es") else self.en


class RecipeFile(BaseModel):
    """A recipe as its file has it. Each feature adds its `primitive` and its `preset`; an unknown member is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")]
    names: Both
    prompts: Both
    practices: Annotated[list[Annotated[int, Field(ge=1, le=100)]], Field(min_length=1)]


def read_file(path: Path, shape: type[F]) -> F:
    """The recipe in a file. Raises tomllib.TOMLDecodeError, or pydantic.ValidationError for any other shape."""
    return shape.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
