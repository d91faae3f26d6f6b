"""A small reader of Caddyfiles, for tests: directives as words, with what stands in their braces."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_VARIABLE = re.compile(r"\{\$(\w+)(?::([^}]*))?\}")


@dataclass(frozen=True)
class Directive:
    words: tuple[str, ...]
    inside: tuple["Directive", ...] = ()

    @property
    def name(self) -> str:
        return self.words[0]

    def everything(self) -> Iterator["Directive"]:
        """This one and all below it."""
        yield self
        for one in self.inside:
            yield from one.everything()


def parse(text: str, environment: Mapping[str, str] | None = None) -> tuple[Directive, ...]:
    """The directives of a Caddyfile, variables put in before anything is read, as Caddy does. ValueError if braces do not match."""
    given = environment or {}
    filled = _VARIABLE.sub(lambda match: given.get(match[1], match[2] or ""), text)
    lines = iter([line.strip() for line in filled.splitlines()])
    return tuple(_block(lines, outermost=True))


def _block(lines: Iterator[str], *, outermost: bool = False) -> Iterator[Directive]:
    for line in lines:
        words = line.split(" #")[0].split()
        if not words or words[0].startswith("#"):
            continue
        if words == ["}"]:
            if outermost:
                raise ValueError("a brace closes what was never opened")
            return
        if words[-1] == "{":
            yield Directive(tuple(words[:-1]) or ("{}",), tuple(_block(lines)))
        else:
            yield Directive(tuple(words))
    if not outermost:
        raise ValueError("a brace is never closed")
