"""`comarca serve DIR` with one switch, so that what a sender waits for and what comes afterwards can be measured apart.

SIGUSR1 holds the applying of what was kept, SIGUSR2 lets it go on. Until the first signal it is the server as it is.
"""

import asyncio
import signal
import sys
from pathlib import Path

from federation.worker import Applier
from node.serving import serve
from node.settings import load
from tests.bench.children import end_with_input

_apply, _run = Applier.run_once, Applier.run
_held = False


async def _apply_unless_held(applier: Applier) -> int:
    return 0 if _held else await _apply(applier)


async def _run_with_switch(applier: Applier) -> None:
    def hold(held: bool) -> None:
        global _held  # noqa: PLW0603  one process, one switch
        _held = held
        applier.wake()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, hold, True)
    loop.add_signal_handler(signal.SIGUSR2, hold, False)
    await _run(applier)


if __name__ == "__main__":
    end_with_input()
    Applier.run_once = _apply_unless_held  # type: ignore[assignment,method-assign]
    Applier.run = _run_with_switch  # type: ignore[assignment,method-assign]
    serve(load(Path(sys.argv[1])))
