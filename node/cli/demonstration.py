"""`comarca demo`: three councils on this machine, and the tour that walks through them.

The one place that imports the demo, and only when it is asked for: a served node must not carry it in memory.
"""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.saying import BROKEN, Json, plainly


@plainly
def demo(
    script: Annotated[
        bool, typer.Option("--script", help="Walk through by itself; PASS or FAIL for each step.")
    ] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep the three folders there.")] = None,
    json: Json = False,
) -> None:
    """Start three councils, linked up and with something on their walls, until Ctrl-C."""
    if script:
        from node.demo.tour import run_tour

        good = run_tour(keep=keep, as_json=json)
    else:
        from node.demo.running import run_demo

        good = run_demo(keep=keep, as_json=json)
    if not good:
        raise typer.Exit(BROKEN)
