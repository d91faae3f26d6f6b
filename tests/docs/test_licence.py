"""The licence is the whole text of the AGPL, version 3, unchanged."""

import hashlib
import tomllib

from tests.docs.reading import ROOT, text_of

AGPL_3 = "0d96a4ff68ad6d4b6f1f30f713b18d5184912ba8dd389f86aa7710db079abcb0"
"""SHA-256 of the text that gnu.org gives out."""


def test_the_licence_is_the_text_that_the_foundation_publishes() -> None:
    text = (ROOT / "LICENSE").read_bytes()

    assert hashlib.sha256(text).hexdigest() == AGPL_3


def test_the_project_says_the_same_licence() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]

    assert project["license"] == "AGPL-3.0-or-later"
    assert "AGPL-3.0-or-later" in text_of("README.md")


def test_the_version_stands_in_the_changelog() -> None:
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]

    newest = next(line for line in text_of("CHANGELOG.md").splitlines() if line.startswith("## "))
    assert newest.split()[1] == version
