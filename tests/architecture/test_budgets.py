"""What a phone has to fetch stays small: sheet, scripts and font, as they go over the line."""

import gzip
from pathlib import Path

STATIC = Path(__file__).parents[2] / "node/web/static"
KB = 1024


def _packed(*patterns: str) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for pattern in patterns for path in STATIC.glob(pattern))


def test_the_style_sheet_is_at_most_six_kilobytes() -> None:
    assert 0 < _packed("*.css") <= 6 * KB


def test_all_scripts_together_are_at_most_ten_kilobytes() -> None:
    assert _packed("*.js") <= 10 * KB


def test_the_display_font_is_at_most_twenty_three_kilobytes_and_has_its_licence() -> None:
    fonts = list(STATIC.glob("*.woff2"))

    assert fonts
    assert sum(path.stat().st_size for path in fonts) <= 23 * KB
    for font in fonts:
        assert "SIL OPEN FONT LICENSE" in font.with_suffix(".OFL.txt").read_text(encoding="utf-8").upper()
