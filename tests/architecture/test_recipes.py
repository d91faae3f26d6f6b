"""Every recipe is whole: it parses, has words in both languages, and names a primitive and practices that exist."""

import tomllib
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

RECIPES = sorted((ROOT / "node" / "features").glob("*/recipes/*.toml"))
PRIMITIVES = {"who", "resource", "promise", "gathering", "resolution", "turn", "entry", "text", "permission", "alert"}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_recipe_is_whole(path: Path) -> None:
    recipe = tomllib.loads(path.read_text(encoding="utf-8"))

    assert recipe["id"] == path.stem
    assert recipe["primitive"] in PRIMITIVES
    assert recipe["practices"]
    assert all(1 <= practice <= 100 for practice in recipe["practices"])
    for part in ("names", "prompts"):
        assert recipe[part]["en"].strip()
        assert recipe[part]["es"].strip()


def test_ids_are_used_once() -> None:
    assert len({path.stem for path in RECIPES}) == len(RECIPES)
