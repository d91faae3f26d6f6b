"""Our four import names are common words; nobody else may answer to them here."""

import importlib
import importlib.metadata
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from node import app
from tests.architecture.tree import PACKAGES, ROOT


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_ours_and_lies_beside_the_others(package: str) -> None:
    module = importlib.import_module(package)

    places = [Path(place).resolve() for place in module.__path__]
    assert places == [ROOT / package]


def test_no_other_distribution_brings_one_of_them() -> None:
    owners = importlib.metadata.packages_distributions()

    for package in PACKAGES:
        assert set(owners.get(package, ())) <= {"comarca"}


def test_a_foreign_package_of_the_same_name_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    app.refuse_foreign_packages()

    def with_another() -> Mapping[str, list[str]]:
        return {"federation": ["comarca", "federation"]}

    monkeypatch.setattr(app, "packages_distributions", with_another)

    with pytest.raises(app.ForeignPackage, match="pip uninstall federation"):
        app.refuse_foreign_packages()


def test_what_is_packed_is_exactly_the_four() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]

    assert sorted(build["targets"]["wheel"]["packages"]) == sorted(PACKAGES)
    assert sorted(app.OWN_PACKAGES) == sorted(PACKAGES)


def test_the_command_is_not_called_node() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]

    assert list(scripts) == ["comarca"]
