"""Every link to a file leads somewhere, pictures are small, and each decision page has its parts."""

import re
import struct
from pathlib import Path

import pytest

from tests.docs.reading import NAMES, ROOT, anchors, links, text_of

DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.png"))
LARGEST_PICTURE = 300_000


def _is_ours(link: str) -> bool:
    return not link.startswith(("http://", "https://", "mailto:"))


@pytest.mark.parametrize("name", NAMES)
def test_every_link_to_a_file_resolves(name: str) -> None:
    folder = (ROOT / name).parent

    for link in filter(_is_ours, links(text_of(name))):
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else ROOT / name
        assert target.exists(), f"{name} links to {link}"
        assert target.is_relative_to(ROOT)
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{name} links to {link}"


def test_every_path_of_tests_that_is_named_exists() -> None:
    for name in NAMES:
        for path in re.findall(r"`(tests/[\w/.*-]+)`", text_of(name)):
            assert list(ROOT.glob(path)), f"{name} names {path}"


def test_every_module_that_is_named_exists() -> None:
    for name in NAMES:
        for path in re.findall(r"`((?:node|federation|schemas|protocol)/[\w/.]+)`", text_of(name)):
            assert (ROOT / path).exists(), f"{name} names {path}"


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_page_has_its_parts_and_fits_a_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    for part in ("Context", "Decision", "Consequences", "Alternatives", "Enforced by"):
        assert f"\n## {part}\n" in text
    assert len(text.splitlines()) <= 60


def test_decision_pages_are_numbered_without_gaps_and_listed() -> None:
    index = text_of("docs/adr/README.md")

    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    assert all(f"({page.name})" in index for page in DECISIONS)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_is_small_and_really_a_picture(picture: Path) -> None:
    data = picture.read_bytes()

    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    assert 300 <= width <= 2600
    assert 300 <= height <= 2600
    assert len(data) <= LARGEST_PICTURE
