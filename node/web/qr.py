"""QR codes as inline SVG: black on white whatever the page's colours, with the address beside them in words."""

from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup

_KEPT = 64


@lru_cache(maxsize=_KEPT)
def qr_code(address: str) -> Markup:
    """The QR code of an address that is no secret (ISO/IEC 18004, level M, quiet zone of four modules).

    Hidden from screen readers: the address must stand beside it as text. Raises ValueError for more than fits.
    """
    return secret_qr_code(address)


def secret_qr_code(address: str) -> Markup:
    """The same for an address that lets somebody in: made anew each time, and kept nowhere."""
    import segno

    code = segno.make(address, error="m", micro=False)
    size = code.symbol_size(border=4)[0]
    path = "".join(
        f"M{column} {row}h{length}v1h-{length}z" for row, column, length in _runs(code.matrix_iter(border=4))
    )
    return Markup(
        '<svg class="qr" viewBox="0 0 {0} {0}" aria-hidden="true" focusable="false" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{0}v{0}H0z"/><path fill="#000" d="{1}"/></svg>'
    ).format(size, path)


def _runs(rows: Iterable[Iterable[int]]) -> list[tuple[int, int, int]]:
    """(row, column, length) of each run of dark modules: a code is a few hundred runs and a thousand modules."""
    found = []
    for number, row in enumerate(rows):
        begun = None
        for column, dark in enumerate([*row, 0]):
            if dark and begun is None:
                begun = column
            elif not dark and begun is not None:
                found.append((number, begun, column - begun))
                begun = None
    return found
