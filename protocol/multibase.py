"""Multibase text in base58btc (prefix `z`), as Multikey and Data Integrity proofs write their bytes.

Never decodes text of unbounded length: the cost grows with its square.
"""

from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final = bytes(_ALPHABET.find(chr(code)) & 0xFF for code in range(256))
_CHUNK: Final = 10
_CHUNK_WEIGHT: Final = 58**_CHUNK

MAX_TEXT: Final = 1536
MAX_BYTES: Final = 1100


class BadMultibase(ValueError):
    """The text is not base58btc multibase, or is too long."""


def encode(data: bytes) -> str:
    """`z` and the base58btc digits of at most 1,100 bytes. Raises ValueError beyond that."""
    if len(data) > MAX_BYTES:
        raise ValueError("Too many bytes for multibase text.")
    number = int.from_bytes(data, "big")
    digits: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(_ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + "".join(reversed(digits))


def decode(text: str, *, max_text: int = MAX_TEXT) -> bytes:
    """The bytes behind `z` and base58btc digits.

    Raises:
        BadMultibase: another prefix, a character outside the alphabet, or more than `max_text` characters.
    """
    if len(text) > max_text or not text.startswith("z") or not text.isascii():
        raise BadMultibase("The text is not base58btc multibase of a length that is read.")
    digits = text[1:].encode("ascii").translate(_DIGITS)
    if b"\xff" in digits:
        raise BadMultibase("The text holds a character that base58btc does not have.")
    significant = digits.lstrip(b"\0")
    # Ten digits fit a machine word: the long number is then multiplied once for ten digits, not for each.
    number = 0
    first = len(significant) % _CHUNK
    for start in range(first - _CHUNK if first else 0, len(significant), _CHUNK):
        chunk = 0
        for digit in significant[max(start, 0) : start + _CHUNK]:
            chunk = chunk * 58 + digit
        number = number * _CHUNK_WEIGHT + chunk
    zeros = len(digits) - len(significant)
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
