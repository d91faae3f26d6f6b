"""The template environment: strict, escaping, and with the words of the house as filters.

A name that a template misspells is an error, never an empty space. Nothing here marks text as safe, and no text brings
along invisible signs that turn the words around it, or make one name look like another.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import (
    BaseLoader,
    BytecodeCache,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
)
from jinja2.bccache import Bucket
from jinja2.runtime import Context

from federation.ports import Clock
from node.feature import Feature
from node.web import words
from node.web.tongues import Tongue
from schemas.phrase import said

FOLDER = Path(__file__).parent / "templates"

# Embeddings, overrides and isolates of the reading direction (UAX 9), and signs without width or ink. The joiners U+200C and
# U+200D and the plain marks U+200E, U+200F and U+061C stay: Persian, emoji and mixed lines need them.
_UNSEEN = re.compile("[\u00ad\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")


class _Compiled(BytecodeCache):
    """Compiled templates, kept by their source: all languages run the same code, so each is compiled once in a process."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._held.get(bucket.key, ("", b""))
        if checksum == bucket.checksum:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._held[bucket.key] = bucket.checksum, bucket.bytecode_to_string()


_COMPILED = _Compiled()


def environment(
    features: Sequence[Feature], *, tongue: Tongue, zone: ZoneInfo, clock: Clock, static: Callable[[str], str]
) -> Environment:
    """Templates are found in the frame's folder, then in each feature's (whose names begin with the feature's).

    One environment speaks one language: `_()` and `{% trans %}` in templates, and every Phrase that is put out.
    """
    folders = [FOLDER, *(feature.templates for feature in features if feature.templates is not None)]
    loaders: list[BaseLoader] = [FileSystemLoader(folder) for folder in folders]
    made = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: seen_only(said(value, tongue.catalogue)),
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_COMPILED,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(tongue.catalogue, newstyle=True)  # type: ignore[attr-defined]  # the extension's
    for name in ("gettext", "ngettext"):
        made.globals[name] = _saying(made.globals[name], tongue)
    made.globals.update(
        static=static,
        KINDS=words.KINDS,
        AUDIENCES=words.AUDIENCES,
        AUDIENCE_SENTENCES=words.AUDIENCE_SENTENCES,
        STATES=words.STATES,
        LINKS=words.LINKS,
        left=words.left,
    )
    made.filters.update(_filters(tongue, zone, clock))
    return made


def seen_only(value: Any) -> Any:
    """A text without the signs that only deceive; anything else, and finished markup as markup, as it is."""
    if not isinstance(value, str) or not _UNSEEN.search(value):
        return value
    return type(value)(_UNSEEN.sub("", value))


def _saying(translate: Any, tongue: Tongue) -> Callable[..., Any]:
    """The template's `_()` for values that are phrases themselves: they are said in the same language."""

    @pass_context
    def said_whole(context: Context, *words: Any, **values: Any) -> Any:
        return translate(context, *words, **{name: said(value, tongue.catalogue) for name, value in values.items()})

    return said_whole


def _filters(tongue: Tongue, zone: ZoneInfo, clock: Clock) -> dict[str, Callable[..., str]]:
    def day(at: datetime | date) -> str:
        return words.day(at, now=clock.now(), zone=zone)

    def since(at: datetime) -> str:
        return words.since(at, now=clock.now(), zone=zone)

    def month(at: datetime) -> str:
        return words.month(at, zone=zone)

    def when(at: datetime) -> str:
        return words.when(at, now=clock.now(), zone=zone)

    def dated(at: datetime) -> str:
        return words.dated(at, now=clock.now(), zone=zone)

    def until(at: datetime) -> str:
        return words.until(at, now=clock.now(), zone=zone)

    def ago(at: datetime) -> str:
        return words.ago(at, now=clock.now())

    def asked(at: datetime) -> str:
        return words.asked(at, now=clock.now(), zone=zone)

    def told_us(at: datetime | None) -> str:
        return words.told_us(at, now=clock.now())

    def as_of(at: datetime) -> str:
        return words.as_of(at, now=clock.now(), zone=zone)

    def silent_since(at: datetime | None) -> str:
        return words.silent_since(at, now=clock.now(), zone=zone)

    def clock_time(at: datetime) -> str:
        return words.clock(at, zone=zone)

    def local_input(at: datetime) -> str:
        return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"

    return {
        "day": day,
        "since": since,
        "month": month,
        "when": when,
        "dated": dated,
        "until": until,
        "ago": ago,
        "asked": asked,
        "told_us": told_us,
        "as_of": as_of,
        "silent_since": silent_since,
        "clock": clock_time,
        "local_input": local_input,
        "km": words.distance,
        "amount": words.quantity,
        "number": words.number,
        "sentence": lambda value: words.sentence(said(value, tongue.catalogue)),
    }
