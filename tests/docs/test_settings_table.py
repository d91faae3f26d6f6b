"""The README's table of settings is the settings, with their defaults; examples load."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from node.settings import PREFIX, BadSettings, Settings, load
from tests.docs.reading import NAMES, rows, text_of

TOLD = {row[0].strip("`"): row[1].strip("`") for row in rows(text_of("README.md"), "## Settings")}


def _settings(model: type[BaseModel], default: Any = None, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        value = getattr(default, name) if default is not None else field.default
        if isinstance(value, BaseModel):
            yield from _settings(type(value), value, f"{path}{name}.")
        elif path or name != "directory":
            yield f"{path}{name}", value


DEFAULTS = dict(_settings(Settings))


def test_the_table_names_every_setting_and_no_other() -> None:
    assert set(TOLD) == set(DEFAULTS)


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_the_default_in_the_table_is_the_default(name: str) -> None:
    value = DEFAULTS[name]

    if value is None or value is PydanticUndefined:
        assert TOLD[name] == ""
    elif isinstance(value, float):
        assert float(TOLD[name]) == value
    else:
        assert TOLD[name] == json.dumps(value)


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_is_named_is_a_setting(name: str) -> None:
    for variable in re.findall(rf"{PREFIX}([A-Z][A-Z_]*)", text_of(name)):
        if variable == "UPSTREAM":  # the proxy's, in the example with containers
            continue
        assert variable.lower().replace("__", ".") in DEFAULTS, f"{name}: {PREFIX}{variable}"


@pytest.mark.parametrize("name", NAMES)
def test_every_dotted_setting_that_is_named_exists(name: str) -> None:
    for setting in re.findall(r"`((?:limits|federation|listen|allow|area)\.[a-z_.]+)`", text_of(name)):
        is_module = (Path(__file__).parents[2] / (setting.replace(".", "/") + ".py")).exists()
        known = setting in DEFAULTS or any(each.startswith(f"{setting}.") for each in DEFAULTS)
        code = setting.startswith("federation.") and (is_module or setting.endswith(".py"))
        assert known or code, f"{name}: {setting}"


def test_the_example_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NAME", "URL", "FOLLOWERS"):
        monkeypatch.delenv(PREFIX + variable, raising=False)
    example = text_of("compose/one-node/comarca.toml")
    (tmp_path / "comarca.toml").write_text(example, encoding="utf-8")

    settings = load(tmp_path)

    assert settings.url == "https://riverside.example"
    assert settings.followers == "approve"
    assert set(settings.places) == {"Mill Lane", "Tenants' hall", "The quay"}


def test_an_example_with_a_slip_of_the_pen_would_not_load(tmp_path: Path) -> None:
    example = text_of("compose/one-node/comarca.toml").replace("followers", "folowers")
    (tmp_path / "comarca.toml").write_text(example, encoding="utf-8")

    with pytest.raises(BadSettings, match="folowers"):
        load(tmp_path)
