"""Compiles the catalogues of the page languages when the package is built, editable or as a wheel."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALES = Path("node/web/locale")


def compile_catalogues(root: Path) -> list[Path]:
    """Write each `comarca.po` under `root` as `comarca.mo` beside it; returns what was written."""
    written = []
    for source in sorted((root / LOCALES).glob("*/LC_MESSAGES/comarca.po")):
        target = source.with_suffix(".mo")
        with source.open("rb") as words, target.open("wb") as compiled:
            write_mo(compiled, read_po(words, locale=source.parent.parent.name))
        written.append(target)
    return written


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling gives its parameter no name of ours
    """hatchling's `custom` build hook."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_catalogues(Path(self.root))


if __name__ == "__main__":
    compile_catalogues(Path(__file__).parent)
