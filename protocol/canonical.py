"""Canonical JSON (RFC 8785, JCS): the bytes that proofs are made over.

Uses orjson where its output provably equals RFC 8785, and rfc8785 everywhere else; a property test holds the two equal.
Never repairs: what has no canonical form raises.
"""

from typing import Any, Final

import orjson
import rfc8785

_MAX_INTEGER: Final = 2**53 - 1


class NotCanonical(ValueError):
    """The value has no canonical form: a number out of range, half a surrogate pair, a type that JSON lacks."""


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value (dict, list, str, int, float, bool, None), UTF-8 without a final newline.

    Raises:
        NotCanonical: integers beyond 2**53 - 1, NaN, infinities, lone surrogates, keys that are no strings, other types.
    """
    try:
        if _equal_in_orjson(value):
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        return rfc8785.dumps(value)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise NotCanonical("The value has no canonical JSON form.") from error


def _equal_in_orjson(value: Any) -> bool:
    """Whether orjson with sorted keys writes exactly what RFC 8785 asks for.

    Three differences are known. orjson sorts keys by code point and RFC 8785 by UTF-16 unit, which differ only when a key
    holds a character beyond U+FFFF; integral and very large or small floats are written differently; integers beyond
    2**53 - 1 are written where RFC 8785 has no form.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is dict:
        for key, member in value.items():
            if type(key) is not str or (not key.isascii() and max(key) > "\uffff"):
                return False
            if type(member) is not str and not _equal_in_orjson(member):
                return False
        return True
    if kind is list:
        return all(type(member) is str or _equal_in_orjson(member) for member in value)
    if isinstance(value, int) and kind is int:
        return -_MAX_INTEGER <= value <= _MAX_INTEGER
    if isinstance(value, float) and kind is float:
        return 1e-4 <= abs(value) < 1e15 and not value.is_integer()
    return False
