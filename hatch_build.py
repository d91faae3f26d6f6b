"""Compiles the catalogues of the page languages when the package is built, editable or as a wheel."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALES = Path("node/web/locale")
# The day of compiling does not stand in the file: the same words make the same file.
UNDATED = datetime(1980, 1, 1, tzinfo=UTC)


def compile_catalogues(root: Path) -> list[Path]:
    """Write each `comarca.po` under `root` as `comarca.mo` beside it; returns what was written."""
    written = []
    for source in sorted((root / LOCALES).glob("*/LC_MESSAGES/comarca.po")):
        target = source.with_suffix(".mo")
        with source.open("rb") as words, target.open("wb") as compiled:
            catalogue = read_po(words, locale=source.parent.parent.name)
            catalogue.creation_date = UNDATED
            write_mo(compiled, catalogue)
        written.append(target)
    return written


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling gives its parameter no name of ours
    """hatchling's `custom` build hook."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_catalogues(Path(self.root))


if __name__ == "__main__":
    compile_catalogues(Path(__file__).parent)
