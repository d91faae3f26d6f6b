"""Pages as pictures, to be looked at: on a telephone and a wide screen, light, dark, and on paper.

They go to the folder that COMARCA_PICTURES names, else to one that is thrown away: then only that each can be made is tested.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.person.browsing import PHONE, WIDE, Person

FOLDER = "COMARCA_PICTURES"
WIDTHS = (PHONE, WIDE)
LOOKS = (("light", "screen", "light"), ("dark", "screen", "dark"), ("print", "print", "light"))
LEAST_BYTES, MOST_BYTES = 5_000, 1_500_000


def folder_for(thrown_away: Path) -> Path:
    """Where pictures go."""
    wished = os.environ.get(FOLDER)
    made = Path(wished) if wished else thrown_away
    made.mkdir(parents=True, exist_ok=True)
    return made


def pictures(one: Person, name: str, *, into: Path, look: str) -> Iterator[Path]:
    """The page that is open, whole, at both widths."""
    for width in WIDTHS:
        one.widens(width)
        path = into / f"{name}-{width}-{look}.png"
        one.page.screenshot(path=path, full_page=True)
        yield path


def in_all_looks(one: Person, name: str, *, into: Path) -> Iterator[Path]:
    """The page that is open in light and dark and on paper."""
    for look, media, scheme in LOOKS:
        one.page.emulate_media(media=media, color_scheme=scheme)  # type: ignore[arg-type]
        yield from pictures(one, name, into=into, look=look)
    one.page.emulate_media(media="screen", color_scheme="light")


def size_of(picture: Path) -> tuple[int, int]:
    """Width and height out of a PNG's header (ISO/IEC 15948, 11.2.2)."""
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height


def bad_pictures(made: list[Path]) -> list[str]:
    """Those that are not as wide as their window was, or hold next to nothing."""
    return [
        picture.name
        for picture in made
        if f"-{size_of(picture)[0]}-" not in picture.name or not LEAST_BYTES < picture.stat().st_size < MOST_BYTES
    ]
