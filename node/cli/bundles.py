"""`comarca bundle …`: messages between councils, carried by hand in a file.

What is in a file was written by anybody: it is judged before a word of it is used, and every word is put out on one line.
"""

import json as plain_json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from federation.feeds import applying, bringing_in, bundles, muting
from federation.feeds.bringing_in import Bringing, Brought, Judged
from federation.feeds.bundle_file import SUFFIX
from federation.feeds.conversation import Write
from node.cli.opening import Folder, Opened, opened
from node.cli.saying import BROKEN, Json, answer, fail, plainly
from node.meeting import actor_at
from protocol.agreement.key_words import key_words
from protocol.feeds import bundle
from protocol.feeds.bundle import PUBLIC, Held, Manifest, Receipt
from protocol.feeds.coding import b64
from protocol.feeds.unfit import Unfit
from schemas.refusal import Refusal

carrying = typer.Typer(no_args_is_help=True, help="Messages between councils in a file, carried by hand.")

_STORE_ID_BYTES = 12
_LONGEST = 300

Written = Annotated[
    Path, typer.Argument(metavar="FILE", help="The file to write; it ends in .comarca.", show_default=False)
]
Carried = Annotated[Path, typer.Argument(metavar="FILE", help="The file that was carried.", show_default=False)]
Reader = Annotated[
    str | None,
    typer.Option(
        "--for", metavar="ADDRESS", help="The one council it is for: then what is for nearby councils is in it too."
    ),
]
Since = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A receipt or a file from there: only what they lack is written."),
]
Receipts = Annotated[
    list[Path] | None,
    typer.Option("--receipt", metavar="FILE", help="A receipt to carry along; several times if need be."),
]
ReceiptTo = Annotated[
    Path | None,
    typer.Option(
        "--receipt", metavar="FILE", help="Where to write the receipt, if not beside the file.", show_default=False
    ),
]


@carrying.command("export")
@plainly
def export(
    directory: Folder,
    file: Written,
    reader: Reader = None,
    since: Since = None,
    receipts: Receipts = None,
    json: Json = False,
) -> None:
    """Write what this server holds into a file: what is public, or with --for what that council may read."""
    if file.suffix != SUFFIX:
        raise Refusal("wrong-suffix", sentence=f"Give the file a name that ends in {SUFFIX}, such as monday{SUFFIX}.")
    if file.exists():
        raise Refusal("file-exists", sentence=f"{file} is there already. Choose another name, or remove it first.")
    held = () if since is None else _held_by(since, as_json=json)
    carried = [_receipt(path, as_json=json)[1] for path in receipts or ()]
    if len(carried) > bundle.MOST_RECEIPTS:
        raise Refusal("too-many", sentence=f"A file carries {bundle.MOST_RECEIPTS} receipts at most.")
    actor = None if reader is None else actor_at(reader)
    with opened(directory) as here, here.store.reading() as connection:
        if actor is not None and not applying.listened_to(connection, actor):
            raise Refusal(
                "not-linked", sentence=f"We are not linked up with {actor}. Without --for, what is public goes."
            )
        with _new(file) as opened_file:
            made = bundles.export(
                connection,
                here.council,
                opened_file,
                now=here.clock.now(),
                reader=actor,
                since=held,
                receipts=carried,
            )
    size = file.stat().st_size
    facts = {**_facts(made.manifest), "file": str(file), "size": size, "entries": made.entries, "calls": made.calls}
    lines = [f"{file}  {max(size // 1_000, 1)} kB, {made.entries} messages, {made.calls} calls for help on its page."]
    if actor is None:
        lines.append("It holds what is public. Anybody may carry it, copy it, read it.")
    else:
        lines.append(f"It is for {actor} only, and not locked: hand it to nobody else.")
    if made.left_out:
        lines.append("Not everything went in. Once it was taken in there, export once more with --since its receipt.")
    lines.append(f"There they type: comarca bundle import DIR {file.name}")
    answer(json, facts | {"left_out": made.left_out}, *lines)


@carrying.command("import")
@plainly
def bring(directory: Folder, file: Carried, receipt: ReceiptTo = None, json: Json = False) -> None:
    """Take in a file that was carried. Every message is checked, whoever carried it; twice does no harm."""
    place = receipt or file.with_name(f"{file.name}.receipt.json")
    with opened(directory) as here:
        here.require_claimed()
        with file.open("rb") as opened_file:
            judged = _judged(opened_file, as_json=json)
            brought = _bring_in(here, judged, as_json=json)
            if brought.behind and _fall_silent(here):
                brought = _bring_in(here, judged, as_json=json)
        with here.store.reading() as connection:
            muted = muting.muted_since(connection) is not None
    written = _write_receipt(place, brought.receipt)
    facts = {
        "bundle": judged.manifest.id,
        "maker": judged.manifest.maker,
        "maker_known": brought.maker_known,
        "read": brought.read,
        "taken": brought.taken,
        "not_understood": brought.not_understood,
        "refused": [list(one) for one in brought.refused],
        "set_aside": [{"feed": one.feed, "actor": one.actor, "words": list(one.words)} for one in brought.set_aside],
        "muted": muted,
        "receipt": str(place) if written else None,
    }
    answer(json, facts, *_told(brought, judged, muted=muted), _about_receipt(place, written=written))


@carrying.command("inspect")
@plainly
def inspect(file: Carried, json: Json = False) -> None:
    """Look at a file without taking anything in: who made it, when, for whom, and what is in it. Needs no council."""
    with file.open("rb") as opened_file:
        judged = _judged(opened_file, as_json=json)
    said = judged.manifest
    facts = _facts(said) | {
        "key_words": list(key_words(said.maker, said.key)),
        "heads": [[one.feed, one.epoch, one.first, one.last, one.id] for one in said.heads],
        "files": {name: one.size for name, one in said.files.items()},
        "receipts": [{"bundle": one.bundle, "by": one.by, "at": one.at.isoformat()} for one in judged.receipts],
    }
    channels = Counter(one.feed.partition("/")[2] for one in said.heads)
    answer(
        json,
        facts,
        f"Made by {said.maker} on {said.made:%Y-%m-%d %H:%M} UTC. Nothing in it was changed since.",
        f"Its key in six words: {' '.join(key_words(said.maker, said.key))}",
        f"For: {'everyone' if said.audience == PUBLIC else said.audience + ' only'}",
        f"Of {channels['public']} councils what is public, of {channels['region']} what is for nearby councils.",
        *(f"With a receipt of {one.by} from {one.at:%Y-%m-%d %H:%M} UTC." for one in judged.receipts),
        "What the messages are worth is told when they are taken in.",
    )


def _facts(said: Manifest) -> dict[str, Any]:
    return {
        "bundle": said.id,
        "made": said.made.isoformat(timespec="seconds"),
        "maker": said.maker,
        "audience": said.audience,
        "feeds": len(said.heads),
    }


@contextmanager
def _new(file: Path) -> Iterator[BinaryIO]:
    """A file that is there under its name once it is whole and on the disk: sticks are pulled out early."""
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("w+b") as opened_file:
            yield opened_file
            opened_file.flush()
            os.fsync(opened_file.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _judged(file: BinaryIO, *, as_json: bool) -> Judged:
    judged = bringing_in.judge(file)
    if isinstance(judged, Unfit):
        fail(judged.fault.value, judged.sentence, as_json=as_json, code=BROKEN)
    return judged


def _bring_in(here: Opened, judged: Judged, *, as_json: bool) -> Brought:
    came = _perform(here, bringing_in.bring_in(here.council, judged, now=here.clock.now()))
    if isinstance(came, Unfit):
        fail(came.fault.value, came.sentence, as_json=as_json, code=BROKEN)
    return came


def _perform(here: Opened, bringing: Bringing) -> Brought | Unfit:
    sent: Any = None
    try:
        while True:
            step = bringing.send(sent)
            if isinstance(step, Write):
                now, work = here.clock.now(), step.step
                sent = here.store.write_now(lambda c, work=work, now=now: work(c, now=now))  # type: ignore[misc]
            else:
                with here.store.reading() as connection:
                    sent = step.query(connection)
    except StopIteration as ended:
        came: Brought | Unfit = ended.value
        return came


def _fall_silent(here: Opened) -> bool:
    """The file holds more of our own than we do, so this store is an old copy: as if a neighbour had told us."""
    store_id, now = b64(here.randomness.bytes(_STORE_ID_BYTES)), here.clock.now()
    return here.store.write_now(lambda c: muting.mute(c, store_id=store_id, now=now))


def _told(brought: Brought, judged: Judged, *, muted: bool) -> Iterator[str]:
    maker = judged.manifest.maker
    if not brought.maker_known:
        yield f"Made by {maker}, which we are not linked up with, or under a key that we have not compared: a mere carrier."
    if brought.taken:
        yield f"Taken in: {brought.taken} new messages, of {brought.read} in the file."
    else:
        yield f"Nothing new: of {brought.read} messages in the file we hold all that we take."
    if brought.not_understood:
        yield f"{brought.not_understood} of them are kept, and shown once this server understands them."
    for feed, word in brought.refused:
        yield f"Refused [{word}]: {'a message that cannot be placed' if feed == bringing_in.UNREADABLE else feed}"
    # A council has two feeds, by one root.
    for actor, words in dict.fromkeys((one.actor, one.words) for one in brought.set_aside):
        yield f"Set aside, since we are not linked up: {_line(actor)}  words: {' '.join(words)}"
    if brought.set_aside:
        yield "Somebody there sees the same eight words with: comarca keys show. To link up: comarca peers add."
    if muted:
        yield "This server is an old copy of itself, and says nothing until nearby councils have shown what it lacks."


def _line(words: str) -> str:
    return " ".join(words.split())[:_LONGEST]


def _about_receipt(place: Path, *, written: bool) -> str:
    if written:
        return f"The receipt is in {place}. Carry it back: with it they need to write only what is new."
    return (
        f"The receipt could not be written to {place}. Say where with --receipt; taking the file in again does no harm."
    )


def _write_receipt(place: Path, document: dict[str, Any]) -> bool:
    with suppress(OSError):
        place.write_text(plain_json.dumps(document, indent=1) + "\n", encoding="utf-8")
        return True
    return False


def _held_by(path: Path, *, as_json: bool) -> Sequence[Held]:
    """How far somebody holds things, by a bundle that they made or a receipt that they gave."""
    with path.open("rb") as opened_file:
        if opened_file.read(2) == b"PK":
            return _judged(opened_file, as_json=as_json).manifest.wants
    return _receipt(path, as_json=as_json)[0].heads


def _receipt(path: Path, *, as_json: bool) -> tuple[Receipt, dict[str, Any]]:
    with path.open("rb") as opened_file:
        raw = opened_file.read(bundle.LONGEST_RECEIPT + 1)
    found = bundle.read_receipt(raw)
    if isinstance(found, Unfit):
        fail(found.fault.value, f"{path}: {found.sentence}", as_json=as_json, code=BROKEN)
    document: dict[str, Any] = plain_json.loads(raw)
    return found, document
