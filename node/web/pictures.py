"""Where the marks of a picture stand: bars, a strip of time, a circle of councils. Plain arithmetic, drawn by pictures.html.

A picture says nothing that the table beneath it does not say, counts no persons and ranks nobody: rows keep the order in
which they are given. Lengths are in units of the drawing, 320 to its width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, pi, sin

WIDTH = 320
BAR_LENGTH = 250
ROW = 72
SPAN_ROW = 46
CIRCLE_HEIGHT, LINE_HEIGHT = 250, 100
ROUND_THE_MIDDLE = 8
"""So many names can be read around one circle; the table has all."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What one council shows of each direction. `fresh` says how old its word is, `stale` whether that is too old."""

    name: str
    fresh: str
    stale: bool
    needs: int
    offers: int


@dataclass(frozen=True, slots=True)
class Bar:
    of: Amounts
    top: int
    need: float
    offer: float


@dataclass(frozen=True, slots=True)
class Bars:
    rows: tuple[Bar, ...]
    height: int


def bars(amounts: Sequence[Amounts]) -> Bars:
    """Two bars for each, all on one scale; whoever shows one thing has a bar that can be seen."""
    most = max((max(one.needs, one.offers) for one in amounts), default=0) or 1

    def length(count: int) -> float:
        return round(max(BAR_LENGTH * count / most, 4.0 if count else 0.0), 1)

    rows = tuple(Bar(one, at * ROW, length(one.needs), length(one.offers)) for at, one in enumerate(amounts))
    return Bars(rows, len(rows) * ROW)


@dataclass(frozen=True, slots=True)
class Lasting:
    """Something with a beginning and an end. `kind` is that of its slip."""

    name: str
    kind: str
    language: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Span:
    of: Lasting
    top: int
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Strip:
    spans: tuple[Span, ...]
    now: datetime
    now_at: float
    height: int


def strip(lasting: Sequence[Lasting], *, now: datetime) -> Strip:
    """All on one line of time that holds every beginning, every end and this moment."""
    first = min([now, *(one.begins for one in lasting)])
    last = max([now, *(one.ends for one in lasting)])
    whole = max(last - first, timedelta(minutes=1))

    def at(moment: datetime) -> float:
        return round(WIDTH * ((moment - first) / whole), 1)

    spans = tuple(
        Span(one, 20 + row * SPAN_ROW, at(one.begins), max(at(one.ends) - at(one.begins), 4.0))
        for row, one in enumerate(lasting)
    )
    return Strip(spans, now, at(now), 20 + len(spans) * SPAN_ROW)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A nearby council. `line`: "whole" while we hear of each other, "broken" when it is silent, "dotted" before it is agreed."""

    name: str
    words: str
    line: str


@dataclass(frozen=True, slots=True)
class Placed:
    of: Neighbour
    x: float
    y: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Circle:
    x: float
    y: float
    placed: tuple[Placed, ...]
    neighbours: tuple[Neighbour, ...]
    height: int


def circle(neighbours: Sequence[Neighbour]) -> Circle:
    """Us in the middle, the others around in the order given, from the top and clockwise; one or two stand beside us."""
    shown = tuple(neighbours[:ROUND_THE_MIDDLE])
    beside = len(shown) <= 2
    height = LINE_HEIGHT if beside else CIRCLE_HEIGHT
    x, y = WIDTH / 2, 30.0 if beside else height / 2
    first = 0.0 if beside else -pi / 2
    placed = []
    for at, one in enumerate(shown):
        angle = first + 2 * pi * at / len(shown)
        there_x, there_y = round(x + 100 * cos(angle), 1), round(y + 80 * sin(angle), 1)
        # Names stand outside the circle, so that no line crosses them.
        label_y = there_y - 26 if sin(angle) < -0.1 else there_y + 24
        placed.append(Placed(one, there_x, there_y, round(label_y, 1)))
    return Circle(x, y, tuple(placed), tuple(neighbours), height)
