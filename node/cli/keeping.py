"""`comarca backup` and `comarca restore`: a whole copy while the server runs, and back again into a folder that nobody serves."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from node.accounts.after_restore import settle
from node.app import software_version
from node.backup import BackupFailed, BadBackup, Key, Lock, make, restore
from node.cli.opening import Folder, opened
from node.cli.saying import BROKEN, Json, answer, fail, plainly
from node.ports import SystemClock, SystemRandomness
from node.settings import load
from schemas.refusal import Refusal

PassphraseFile = Annotated[
    Path | None, typer.Option(help="A file whose first line is the passphrase.", show_default=False)
]


@plainly
def backup(
    directory: Folder,
    to: Annotated[
        Path | None, typer.Option(help="The folder to put it into, if not the one in the settings.", show_default=False)
    ] = None,
    encrypt_to: Annotated[
        list[str] | None, typer.Option(help="An age key (age1…) that can open it; may be given several times.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Make one file with everything, keys included, and verify it by restoring it on trial. The server may run."""
    lock = Lock(tuple(encrypt_to or ()), None if passphrase_file is None else _first_line(passphrase_file))
    with opened(directory) as here:
        settings, council = here.settings, here.council.name
    if not lock:
        lock = Lock(settings.backup.encrypt_to)
    try:
        made = make(settings, clock=SystemClock(), version=software_version(), to=to, lock=lock, council=council)
    except BackupFailed as error:
        fail("backup-failed", str(error), as_json=json, code=BROKEN)
    facts = {
        "file": str(made.file),
        "size": made.size,
        "made_at": made.made_at.isoformat(),
        "encrypted": made.encrypted,
        "verified": True,
        "verified_after_encrypting": made.opened,
        "seconds": made.seconds,
    }
    tried = f"Verified by restoring it to a temporary folder ({made.seconds:.1f} s)."
    if not made.opened:
        tried = (
            f"Verified by restoring it before it was encrypted ({made.seconds:.1f} s). "
            "Only whoever holds the key can open it: have them try once."
        )
    secret = "It is encrypted." if made.encrypted else "It is not encrypted: whoever has it can speak for the council."
    answer(json, facts, f"{made.file}  {_megabytes(made.size)}", tried, f"{secret} Keep one copy off this machine.")


@plainly
def restore_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.", show_default=False)],
    into: Annotated[Path, typer.Option(help="The folder that is to hold the council.", show_default=False)],
    replace: Annotated[
        bool, typer.Option("--replace", help="Move aside what is there. Never done to a folder that is being served.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    identity_file: Annotated[
        Path | None, typer.Option(help="A file with age keys (AGE-SECRET-KEY-1…).", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Put a backup back: all of it or nothing. Ends all sessions and sign-in links in it."""
    if not file.is_file():
        raise Refusal("no-file", sentence=f"There is no file {file}.")
    key = Key(
        passphrase=None if passphrase_file is None else _first_line(passphrase_file),
        identities=() if identity_file is None else _identities(identity_file),
    )
    clock, randomness = SystemClock(), SystemRandomness()
    try:
        manifest, token, aside = restore(
            file,
            into,
            settle=partial(settle, clock=clock, randomness=randomness),
            clock=clock,
            replace=replace,
            key=key,
        )
    except BadBackup as error:
        fail(error.word, error.sentence, as_json=json, code=BROKEN)
    except BackupFailed as error:
        fail("restore-failed", str(error), as_json=json, code=BROKEN)
    link = None if token is None else f"{load(into).url}/in/{token}"
    facts = {
        "directory": str(into),
        "council": manifest.council,
        "url": manifest.url,
        "made_at": manifest.made_at.isoformat(),
        "moved_aside": None if aside is None else str(aside),
        "sign_in": link,
    }
    answer(
        json,
        facts,
        f"Restored {manifest.council} ({manifest.url}) as it was on {manifest.made_at:%Y-%m-%d at %H:%M} UTC.",
        *(
            []
            if aside is None
            else [f"What was here before is in {aside}. Remove it once all is well: it holds everything."]
        ),
        "What was put up, changed or received after that is not here. Nearby councils may still hold what you published to them.",
        "This server may now say again what it has said already; others pass over what they know.",
        "Make sure that the old server never starts again: two servers with the same keys contradict each other.",
        f"Next: comarca serve {into}",
        "All sessions and sign-in links have ended. "
        + (
            f"Sign in, once, within a day: {link}"
            if link
            else f"Nobody has the server turn: comarca people list {into}"
        ),
    )


def _first_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0]:
        raise Refusal("no-passphrase", sentence=f"The first line of {path} is empty. Write the passphrase there.")
    return lines[0]


def _identities(path: Path) -> tuple[str, ...]:
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    found = tuple(line for line in lines if line and not line.startswith("#"))
    if not found:
        raise Refusal("no-identity", sentence=f"There is no age key in {path}; it begins with AGE-SECRET-KEY-1.")
    return found


def _megabytes(size: int) -> str:
    return f"{max(size / 1_000_000, 0.1):.1f} MB"
