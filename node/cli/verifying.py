"""`comarca verify`: whether the record of a resolution holds, on any machine, with nothing but the file.

Goes nowhere: what is not in the file, or in the folder that is named beside it, is said to be unknown. Whoever wrote the file
chose every word in it, so each is put out on one line.
"""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from sqlalchemy import text

from node.cli.opening import opened
from node.cli.saying import BROKEN, Json, answer, plainly
from node.ports import SystemClock
from protocol.agreement.filing import LARGEST, Filed
from protocol.agreement.record import Check, KeyTold, Report, check_file
from protocol.agreement.tally import Answer, Outcome, Tally
from protocol.peering import State
from schemas.refusal import Refusal

MARKS: Final = {True: "✓", False: "✗", None: "?"}
_LONGEST: Final = 300
_CAME: Final = {
    Outcome.OPEN: "It was still open",
    Outcome.ADOPTED: "It is adopted",
    Outcome.REFUSED: "It is not adopted",
}
_SAID: Final = {answer: answer.value.replace("-", " ") for answer in Answer}

_LINKED: Final = text("SELECT actor_id, ed25519_multibase FROM peer WHERE state = :accepted")
_GIVEN_UP: Final = text(
    "SELECT k.actor_id, k.multibase FROM peer_key AS k JOIN peer AS p ON p.actor_id = k.actor_id WHERE p.state = :accepted"
)

RecordFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="The record, as its page gives it; - reads standard input.", show_default=False
    ),
]
KnownIn = Annotated[
    Path | None, typer.Option("--in", metavar="DIR", help="Compare its keys with those that this council knows.")
]


@plainly
def verify(file: RecordFile, known_in: KnownIn = None, json: Json = False) -> None:
    """Check a resolution by its record: the words, who signed, what each council answered, what came of it."""
    raw = _read(file)
    known, retired = ({}, {}) if known_in is None else _known_in(known_in)
    now = SystemClock().now()
    report = check_file(raw, known, retired=retired, now=now)
    answer(json, _facts(report, now=now), *_lines(report, compared=known_in is not None))
    if not report.good:
        raise typer.Exit(BROKEN)


def _read(file: str) -> bytes:
    """At most one byte more than a record may have."""
    if file == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    try:
        with Path(file).open("rb") as opened_file:
            return opened_file.read(LARGEST + 1)
    except OSError as error:
        raise Refusal("no-file", sentence=f"{file} cannot be read: {error.strerror or error}.") from None


def _known_in(directory: Path) -> tuple[dict[str, str], dict[str, set[str]]]:
    """The keys of a council and of the councils that it is linked up with, and those that each has given up."""
    with opened(directory) as here, here.store.reading() as connection:
        linked = connection.execute(_LINKED, {"accepted": State.ACCEPTED.value}).all()
        given_up = connection.execute(_GIVEN_UP, {"accepted": State.ACCEPTED.value}).all()
        known = {row.actor_id: row.ed25519_multibase for row in linked} | {
            here.council.actor_id: here.council.multibase
        }
    retired: dict[str, set[str]] = {}
    for row in given_up:
        retired.setdefault(row.actor_id, set()).add(row.multibase)
    return known, retired


def _lines(report: Report, *, compared: bool) -> list[str]:
    filed = report.filed
    if filed is None:
        return [_checked(check, {}) for check in report.checks]
    names = {told.actor: told.name for told in report.keys if told.name}
    number = "" if filed.number is None else f" (number {filed.number})"
    lines = [f"{_line(filed.title) or 'A resolution'}{number}", f"{_line(filed.resolution)}", ""]
    lines += [_checked(check, names) for check in report.checks]
    lines += ["", *_came(report, filed)]
    if report.tally is not None and report.outcome is not None:
        lines += _counted(report.tally)
    return lines + _words(report, compared=compared)


def _checked(check: Check, names: Mapping[str, str]) -> str:
    about = f"{_line(_named(check.about, names))}: " if check.about else ""
    word = f" [{check.word}]" if check.passed is False else ""
    return f"  {MARKS[check.passed]} {about}{check.sentence}{word}"


def _named(address: str, names: Mapping[str, str]) -> str:
    return f"{names[address]} ({address})" if address in names else address


def _came(report: Report, filed: Filed) -> list[str]:
    at = f"as of {filed.as_of:%Y-%m-%d %H:%M} UTC"
    if report.outcome is not None:
        return [f"{_CAME[report.outcome]}, {at}."]
    if filed.rule is None and report.good:
        return [f"Its council says of it: {filed.stage}, {at}."]
    return ["What came of it cannot be told from this file."]


def _counted(found: Tally) -> list[str]:
    counts = ", ".join(f"{number} {_SAID[said]}" for said, number in found.counts.items() if number)
    lines = [f"  {counts}"]
    lines += [f"  {_line(each.council.name)}: {_SAID[each.answer]}" for each in found.answers]
    return lines + [f"  left out: {_line(each.id)} ({each.why.value})" for each in found.left_out]


def _words(report: Report, *, compared: bool) -> list[str]:
    if not report.keys:
        return []
    lines = ["", "The keys, as six words each:"]
    lines += [
        f"  {MARKS[told.known]} {_line(_named(told.actor, {told.actor: told.name} if told.name else {}))}: "
        + " ".join(told.words)
        for told in report.keys
    ]
    if any(told.known is None for told in report.keys):
        lines.append(
            "Each council shows the words of its key on its page /about. Compare them by voice with somebody there."
        )
    if not compared:
        lines.append("Nothing was compared with keys that are known here; --in DIR does that.")
    return lines


def _line(words: str) -> str:
    """Somebody else's words on one line."""
    return " ".join(words.split())[:_LONGEST]


def _facts(report: Report, *, now: datetime) -> dict[str, Any]:
    filed, found = report.filed, report.tally
    return {
        "good": report.good,
        "checked_at": now.isoformat(timespec="seconds"),
        "checks": [
            {"word": one.word, "passed": one.passed, "about": one.about, "sentence": one.sentence}
            for one in report.checks
        ],
        "resolution": None if filed is None else _resolution_facts(filed),
        "outcome": report.outcome,
        "tally": None if found is None else _tally_facts(found),
        "keys": [_key_facts(told) for told in report.keys],
    }


def _resolution_facts(filed: Filed) -> dict[str, Any]:
    return {
        "id": filed.resolution,
        "title": filed.title,
        "number": filed.number,
        "stage": filed.stage,
        "digest": filed.digest,
        "as_of": filed.as_of.isoformat(),
    }


def _tally_facts(found: Tally) -> dict[str, Any]:
    return {
        "answers": [
            {"actor": each.council.id, "name": each.council.name, "answer": each.answer} for each in found.answers
        ],
        "counts": {said.value: number for said, number in found.counts.items()},
        "left_out": [asdict(each) for each in found.left_out],
        "met": found.met,
        "ends_at": found.ends_at.isoformat(),
        "closed_early": found.closed_early,
    }


def _key_facts(told: KeyTold) -> dict[str, Any]:
    return {"actor": told.actor, "name": told.name, "words": list(told.words), "known": told.known}
