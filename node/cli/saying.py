"""What the command line says, to people and to programs, and how it ends."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any, NoReturn, ParamSpec

import typer
from pydantic import ValidationError

from node.app import ForeignPackage
from node.database import AlreadyServed, StoreFault
from node.identity import BadIdentity
from node.migrations.run import UpgradeRefused
from node.settings import BadSettings
from schemas.refusal import Refusal

GOOD, BROKEN, WRONG_USE = 0, 1, 2

Json = Annotated[bool, typer.Option("--json", help="Answer as one JSON object, for programs.")]

P = ParamSpec("P")


# What others call themselves is said here too: signs that steer a terminal, or turn the words around them, go.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def say(words: str = "") -> None:
    """One line or several for a person."""
    sys.stdout.write(_STEERING.sub("", words) + "\n")


def answer(as_json: bool, facts: Mapping[str, Any], *lines: str) -> None:
    """Say `facts` as JSON, or `lines` for a person."""
    if as_json:
        say(json.dumps(facts, ensure_ascii=False, indent=2, default=str))
        return
    for line in lines:
        say(line)


def fail(word: str, sentence: str, *, as_json: bool, code: int) -> NoReturn:
    """What went wrong, why, and what to type next; then the end."""
    if as_json:
        sys.stdout.write(json.dumps({"error": word, "detail": sentence}, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stderr.write(_STEERING.sub("", f"comarca: {sentence}") + "\n")
    raise typer.Exit(code)


def plainly(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what a command may run into a sentence and an exit code. Anything unforeseen keeps its traceback."""

    @wraps(command)
    def said(*args: P.args, **kwargs: P.kwargs) -> None:
        as_json = bool(kwargs.get("json"))
        try:
            command(*args, **kwargs)
        except Refusal as refusal:
            fail(refusal.word, refusal.sentence or refusal.word, as_json=as_json, code=WRONG_USE)
        except BadSettings as error:
            fail("bad-settings", str(error), as_json=as_json, code=WRONG_USE)
        except ValidationError as error:
            fail("bad-input", _first_of(error), as_json=as_json, code=WRONG_USE)
        except (BadIdentity, UpgradeRefused, AlreadyServed, ForeignPackage) as error:
            fail(type(error).__name__, str(error), as_json=as_json, code=BROKEN)
        except StoreFault as fault:
            sentence = f"The database cannot be used: {fault}. Look at the disk, then try again."
            fail("database", sentence, as_json=as_json, code=BROKEN)
        except OSError as error:
            fail("system", f"{error.strerror or error} ({error.filename or 'network'}).", as_json=as_json, code=BROKEN)

    return said


def _first_of(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    what = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {what}" if where else what
