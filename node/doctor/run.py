"""The list of checks, and one look through all of them, side by side and within a bounded time.

The command line and the page *Our server* show what comes of this list, so a check is written once and named once. A check
answers None where something before it is broken and nothing can be said; one that fails in itself is a finding, never
the end of the look.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final

import structlog

from node.doctor import councils, feeds, keeping, letters, machine, passing, reach, showing
from node.doctor.finding import Cure, Finding, Report, State
from node.doctor.here import planted
from node.doctor.look import Look
from schemas.phrase import phrase

Ask = Callable[[Look], Awaitable[Finding | None]]

CHECK_SECONDS: Final = 24.0
"""No check takes longer; they run side by side, so neither does a look, but for its own beginning and end."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """`quick`: it asks nobody but this machine."""

    name: str
    ask: Ask
    quick: bool = False


CHECKS: Final = (
    Check("DNS", reach.dns),
    Check("TLS", reach.tls),
    Check("Reach", reach.reach),
    Check("Clock", councils.clock),
    Check("Keys", machine.keys, quick=True),
    Check("Shown keys", showing.shown_keys),
    Check("WebFinger", showing.webfinger),
    Check("Actor", showing.actor),
    Check("Pages", showing.pages),
    Check("Host", passing.host),
    Check("Path", passing.path),
    Check("Signatures", passing.signatures),
    Check("Inbox", passing.inbox),
    Check("Large", passing.large),
    Check("Streams", passing.streams),
    Check("Councils", councils.nearby),
    Check("Queue", councils.queue, quick=True),
    Check("Letters", letters.letters),
    Check("Voice", feeds.voice, quick=True),
    Check("Catch-up", feeds.catching_up, quick=True),
    Check("Forks", feeds.forks, quick=True),
    Check("Recovery", feeds.recovery, quick=True),
    Check("Key age", feeds.key_age, quick=True),
    Check("Server", machine.server, quick=True),
    Check("Database", keeping.database, quick=True),
    Check("Address", keeping.address, quick=True),
    Check("Backup", keeping.backup, quick=True),
    Check("Disk", machine.disk, quick=True),
    Check("Folder", machine.folder, quick=True),
    Check("Open files", machine.open_files, quick=True),
    Check("Python", machine.python, quick=True),
)


async def examine(look: Look, *, quick: bool = False) -> Report:
    """Make all checks, or the quick ones alone. Takes less than 30 seconds, whatever does not answer."""
    checks = [check for check in CHECKS if check.quick or not quick]
    look = replace(look, answers={})
    with ExitStack() as stack:
        if not quick:
            look = _with_word(look, stack)
        try:
            answers = await asyncio.gather(*(_made(check, look) for check in checks))
        finally:
            await look.close()
    return Report(
        at=look.clock.now(),
        findings=tuple(answer for answer in answers if answer is not None),
        unasked=tuple(check.name for check, answer in zip(checks, answers, strict=True) if answer is None),
        whole=not quick,
    )


def _with_word(look: Look, stack: ExitStack) -> Look:
    directory, now = look.settings.directory, look.clock.now()
    try:
        return replace(look, word=stack.enter_context(planted(directory, look.randomness, now=now)))
    except OSError:
        return look


async def _made(check: Check, look: Look) -> Finding | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check.ask(look)
    except TimeoutError:
        words = phrase("This could not be looked at in time.")
        return Finding(check.name, State.LOOK, words, f"no result within {CHECK_SECONDS:g} s", (_AGAIN,))
    except Exception:
        _log.exception("a check of the doctor failed", check=check.name)
        return Finding(
            check.name, State.LOOK, phrase("This could not be looked at."), "the check itself failed", (_AGAIN,)
        )


_AGAIN: Final = Cure(phrase("Try again, and see what the log says"), "journalctl -u comarca")
