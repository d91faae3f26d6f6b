"""Strict JSON for what strangers send: I-JSON (RFC 7493, RFC 8785 section 3.1) with limits, refused and never repaired.

Parses once; what is verified is the same tree that is processed. The caller has already held the body to its size.
"""

import json
import math
from typing import Any, Final, NoReturn, TypeAlias

from protocol.verdict import Reason, Refused

JsonValue: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | None

MAX_INTEGER: Final = 2**53 - 1
_INTEGER_DIGITS: Final = 17
_FLOAT_DIGITS: Final = 512

_NOT_JSON = Refused(Reason.MALFORMED, "The body is not valid JSON.")
_NOT_UTF8 = Refused(Reason.MALFORMED, "The body is not UTF-8 without a byte order mark.")
_LONE_SURROGATE = Refused(Reason.MALFORMED, "The body holds half of a surrogate pair.")
_TOO_MANY_VALUES = Refused(Reason.MALFORMED, "The body holds too many values.")
_TOO_LONG_STRING = Refused(Reason.MALFORMED, "The body holds a string that is too long.")
_TOO_LONG_ARRAY = Refused(Reason.MALFORMED, "The body holds an array that is too long.")
_DUPLICATE_KEY = Refused(Reason.DUPLICATE_KEY, "The body holds an object with the same key twice.")
_TOO_DEEP = Refused(Reason.TOO_DEEP, "The body is nested too deeply.")


class _DuplicateKeyError(Exception):
    """Not a ValueError, so that the decoder's own errors are not taken for it."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateKeyError
    return members


def _integer(digits: str) -> int:
    # The length first: converting a million digits is quadratic, and the interpreter's own limit can be switched off.
    if len(digits) > _INTEGER_DIGITS:
        raise ValueError
    number = int(digits)
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise ValueError
    return number


def _float(digits: str) -> float:
    if len(digits) > _FLOAT_DIGITS:
        raise ValueError
    number = float(digits)
    if math.isinf(number):
        raise ValueError
    return number


def _constant(_name: str) -> NoReturn:
    raise ValueError


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
).decode


def parse(
    raw: bytes,
    *,
    max_depth: int = 32,
    max_nodes: int = 20_000,
    max_string: int = 262_144,
    max_array: int = 1_000,
) -> JsonValue | Refused:
    """The value that `raw` holds, or why it is refused (protocol.md S30, S31).

    Depth counts nested arrays and objects; nodes are all values, containers included; strings count characters, keys too.
    Refuses with MALFORMED (also numbers beyond 2**53 - 1, infinities, lone surrogates, counts over the limits),
    DUPLICATE_KEY and TOO_DEEP. Never raises.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return _NOT_UTF8
    if text.startswith("\ufeff"):
        return _NOT_UTF8
    try:
        value: JsonValue = _decode(text)
    except _DuplicateKeyError:
        return _DUPLICATE_KEY
    except RecursionError:
        return _TOO_DEEP
    except ValueError:
        return _NOT_JSON
    # A surrogate can only have come from an escape, and no string is longer than the body: most bodies need neither look.
    if "\\u" in text or len(text) > max_string:
        refused = _judge_strings(value, max_string=max_string)
        if refused is not None:
            return refused
    refused = _judge_structure(value, max_depth=max_depth, max_nodes=max_nodes, max_array=max_array)
    return value if refused is None else refused


def judge(value: JsonValue, *, max_depth: int = 32, max_nodes: int = 20_000, max_array: int = 1_000) -> Refused | None:
    """Whether a part of what `parse` has read under wider bounds is within these; strings were bounded there. Never raises."""
    return _judge_structure(value, max_depth=max_depth, max_nodes=max_nodes, max_array=max_array)


def _judge_structure(value: JsonValue, *, max_depth: int, max_nodes: int, max_array: int) -> Refused | None:
    level = [value] if isinstance(value, (dict, list)) else []
    depth = 0
    nodes = 1
    while level:
        depth += 1
        if depth > max_depth:
            return _TOO_DEEP
        deeper: list[Any] = []
        for container in level:
            nodes += len(container)
            if type(container) is dict:
                members: Any = container.values()
            else:
                members = container
                if len(container) > max_array:
                    return _TOO_LONG_ARRAY
            for member in members:
                kind = type(member)
                if kind is dict or kind is list:
                    deeper.append(member)
        if nodes > max_nodes:
            return _TOO_MANY_VALUES
        level = deeper
    return None


def _judge_strings(value: JsonValue, *, max_string: int) -> Refused | None:
    waiting: list[Any] = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting.extend(node)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, str):
            if len(node) > max_string:
                return _TOO_LONG_STRING
            if not node.isascii() and _has_surrogate(node):
                return _LONE_SURROGATE
    return None


def _has_surrogate(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
