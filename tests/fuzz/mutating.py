"""Changed inputs from a seed: bytes that were turned, cut, copied or put together, and JSON with something else in one place."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from tests.builders import SeededRandomness

WORDS: tuple[bytes, ...] = (
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\\ud800",
    b"\\udfff\\ud800",
    b"\\u0000",
    b"\r\n",
    b"\n",
    b'"',
    b"\\",
    b"'",
    b",",
    b";",
    b"=",
    b":",
    b"<a ",
    b"<!--",
    b"<![",
    b"&#99999999999;",
    b"%00",
    b"@",
    b"#",
    b"?",
    b"//",
    b"[",
    b"{",
    b"(",
    b")",
    b"null",
    b"NaN",
    b"-0",
    b"1e999",
    b"9007199254740993",
    b"9" * 400,
    b"-",
    b"0",
    b"A" * 300,
    b"9999-12-31T23:59:59-23:59",
    b"0001-01-01T00:00:00+14:00",
    b"xn--",
    b"[::1]",
    b"https://riverside.example/council",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    1.0,
    -0.0,
    1e308,
    5e-324,
    2**53 - 1,
    2**53,
    2**63,
    -(2**64),
    10**400,
    "",
    " ",
    "\0",
    "\ud800",
    "\U0001f600",
    "\u2028",
    "null",
    "A" * 43,
    "A" * 5_000,
    "https://riverside.example/council",
    "https://[::1]/",
    "HTTPS://Riverside.example:443/o/1",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-03-02T09:00:00Z",
    "z6Mk",
    "8f2830828052d25",
    "87394460bffffff",
    [],
    {},
    [[]],
    [None],
    {"": ""},
    {"id": None},
    {"type": []},
    ["a", "a"],
    [0] * 1_100,
)
DEEP = (40, 400, 5_000)

Mutator = Callable[[bytes, Sequence[bytes], SeededRandomness], bytes]


def mutated(samples: Sequence[bytes], chance: SeededRandomness) -> bytes:
    """One sample with one to four changes. JSON stays JSON more often than not, or nothing behind its parser would be reached."""
    data = chance.pick(samples)
    how = IN_JSON if data[:1] in (b"{", b"[") and chance.chance(0.6) else ON_BYTES
    for _ in range(1 + chance.below(4)):
        data = chance.pick(how)(data, samples, chance)
    return data


def _turned(data: bytes, _: Sequence[bytes], chance: SeededRandomness) -> bytes:
    changed = bytearray(data or b"\0")
    for _ in range(1 + chance.below(3)):
        changed[chance.below(len(changed))] ^= 1 << chance.below(8)
    return bytes(changed)


def _cut(data: bytes, _: Sequence[bytes], chance: SeededRandomness) -> bytes:
    at = chance.below(len(data) + 1)
    return data[:at] + data[at + 1 + chance.below(40) :] if chance.chance(0.7) else data[:at]


def _grown(data: bytes, _: Sequence[bytes], chance: SeededRandomness) -> bytes:
    at, word = chance.below(len(data) + 1), chance.pick(WORDS)
    return data[:at] + word * (1 if chance.chance(0.9) else 1 + chance.below(500)) + data[at:]


def _repeated(data: bytes, _: Sequence[bytes], chance: SeededRandomness) -> bytes:
    at = chance.below(len(data) + 1)
    piece = data[at : at + 1 + chance.below(60)]
    return data[:at] + piece * (2 if chance.chance(0.9) else 2 + chance.below(60)) + data[at:]


def _spliced(data: bytes, samples: Sequence[bytes], chance: SeededRandomness) -> bytes:
    other = chance.pick(samples)
    return data[: chance.below(len(data) + 1)] + other[chance.below(len(other) + 1) :]


def _deep(data: bytes, _: Sequence[bytes], chance: SeededRandomness) -> bytes:
    """Something in the place of which there are a great many brackets."""
    at, depth = chance.below(len(data) + 1), chance.pick(DEEP)
    opening, closing = (b"[", b"]") if chance.chance(0.5) else (b'{"a":', b"}")
    middle = b"1" if chance.chance(0.7) else b""
    return data[:at] + opening * depth + middle + (closing * depth if middle else b"") + data[at:]


def _said_otherwise(data: bytes, _: Sequence[bytes], chance: SeededRandomness) -> bytes:
    """Where it is JSON: another value, no value, or one more, in one place of it."""
    try:
        value = json.loads(data)
        places = list(_places(value))
        if not places:
            return json.dumps(chance.pick(VALUES)).encode()
        container, key = chance.pick(places)
        kind = chance.below(5)
        if kind == 0:
            del container[key]
        elif kind == 1 and isinstance(container, dict):
            container[str(key) + chance.pick(("x", "", "\ud800", "@", ":"))] = container.pop(key)
        elif kind == 2:
            container[key] = [container[key]]
        elif kind == 3:
            other, place = chance.pick(places)
            container[key] = json.loads(json.dumps(other[place]))
        else:
            container[key] = chance.pick(VALUES)
        return json.dumps(value, separators=(",", ":")).encode()
    except (ValueError, RecursionError, KeyError, IndexError):
        return data


def _twice(data: bytes, _: Sequence[bytes], chance: SeededRandomness) -> bytes:
    """Where it is JSON: a member that is there twice."""
    at = data.find(b'"', chance.below(len(data) + 1))
    end = data.find(b",", at)
    return data if at < 0 or end < 0 else data[:end] + b"," + data[at:end] + data[end:]


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        part = waiting.pop()
        keys: Any = part if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
        for key in keys:
            found.append((part, key))
            waiting.append(part[key])
    return found


ON_BYTES: tuple[Mutator, ...] = (_turned, _cut, _grown, _repeated, _spliced, _deep, _twice)
IN_JSON: tuple[Mutator, ...] = (_said_otherwise,)
