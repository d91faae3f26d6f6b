"""`comarca demo`: three councils on this machine, and the tour that walks through them."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.saying import BROKEN, Json, plainly
from node.demo.running import run_demo
from node.demo.tour import run_tour


@plainly
def demo(
    script: Annotated[
        bool, typer.Option("--script", help="Walk through by itself; PASS or FAIL for each step.")
    ] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep the three folders there.")] = None,
    json: Json = False,
) -> None:
    """Start three councils, linked up and with something on their walls, until Ctrl-C."""
    good = run_tour(keep=keep, as_json=json) if script else run_demo(keep=keep, as_json=json)
    if not good:
        raise typer.Exit(BROKEN)
