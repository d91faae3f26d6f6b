"""One run of the bench: which figures there are, in which order, and how they are told."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.bench import alert, inbox, regional, starting
from tests.bench.amounts import Amounts
from tests.bench.measuring import Figure, machine

FIGURES: dict[str, Callable[[Path, Amounts], Figure]] = {
    "inbox": inbox.ed25519,
    "cavage": inbox.cavage,
    "alert": alert.fan_out,
    "regional": regional.query,
    "idle": starting.idle,
}


def run(folder: Path, amounts: Amounts, *, only: Iterable[str] | None = None) -> Figure:
    """All figures, or those named, one after the other; `folder` is theirs to fill."""
    wanted = set(only or FIGURES)
    found: Figure = {"machine": machine(), "figures": {}}
    for name, measure in FIGURES.items():
        if name in wanted:
            print(f"… {name}", file=sys.stderr, flush=True)
            own = folder / name
            own.mkdir()
            found["figures"][name] = measure(own, amounts)
    return found


def table(found: Figure) -> str:
    """What was measured beside what is to be reached, one line for each bound."""
    lines = [f"{'figure':<10} {'what':<24} {'measured':>10} {'to reach':>10}"]
    for name, figure in found["figures"].items():
        for what, bound in figure["to_reach"].items():
            value = _measured(figure, what)
            better = value >= bound if what == "rate" else value <= bound
            lines.append(f"{name:<10} {what:<24} {value:>10g} {bound:>10g}  {'' if better else 'not yet'}".rstrip())
    return "\n".join(lines)


def _measured(figure: Figure, what: str) -> float:
    places: dict[str, tuple[str, ...]] = {
        "rate": ("rate", "per_second"),
        "p99_ms": ("steady", "p99_ms") if "steady" in figure else ("function_ms", "p99"),
        "warm_seconds": ("warm_seconds", "median"),
        "first_answer_seconds": ("first_answer_seconds", "median"),
        "rss_mb": ("memory_mb", "rss"),
    }
    value: Any = figure
    for step in places.get(what, (what,)):
        value = value[step]
    return float(value)
