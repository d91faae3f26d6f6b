"""A call for help in one line of at most 200 bytes, for text messages, for radio, and for reading aloud.

It begins with the word that matters most: a drill says so first of all, and what is over says that. Bytes of UTF-8 are counted,
and no character is ever cut. No control sign and nothing that turns the reading direction comes through, whatever was typed.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.records.alert import Ended

LONGEST: Final = 200
LONGEST_ADDRESS: Final = 100
CODE_LENGTH: Final = 6

# Letters that nobody takes for another, and that make no words.
_LETTERS: Final = "bcdfghjkmnpqrstvwxz"
_BETWEEN: Final = "; "
_CUT: Final = "…"
_FEWEST: Final = 8
_JOINERS: Final = "\u200c\u200d"

_ENGLISH: Final = {
    "call": "HELP",
    "drill": "DRILL",
    "over": "OVER",
    "drill-over": "DRILL, OVER",
    "ended-over": "",
    "ended-withdrawn": " (taken back)",
    "ended-false": " (false)",
    "wanted": "wanted: ",
    "near": "near ",
    "until": "until ",
    "code": "code ",
}
_SPANISH: Final = {
    "call": "AYUDA",
    "drill": "SIMULACRO",
    "over": "TERMINADA",
    "drill-over": "SIMULACRO, TERMINADA",
    "ended-over": "",
    "ended-withdrawn": " (retirada)",
    "ended-false": " (era falsa)",
    "wanted": "hace falta: ",
    "near": "cerca de ",
    "until": "hasta ",
    "code": "código ",
}
_WORDS: Final = {"en": _ENGLISH, "es": _SPANISH}


@dataclass(frozen=True, slots=True)
class Said:
    """What the line is made of, as it was typed. `until` is the end as people read it; `over` and `ended` say that it has come.

    `address` is where to read on, `code` what finds it on the wall where the address would be too long. `language` is a BCP 47 tag.
    """

    drill: bool
    event: str
    title: str
    wanted: str
    near: str
    until: str
    council: str
    address: str
    code: str
    language: str = "en"
    over: bool = False
    ended: Ended | None = None


def line(said: Said) -> str:
    """The line. What does not fit is cut at the end of each part, the longest first; what is wanted comes where there is room."""
    words = _WORDS.get(said.language.partition("-")[0].lower(), _ENGLISH)
    head, tail = _head(said, words), _tail(said, words)
    event, title = _clean(said.event), _clean(said.title)
    what = [event, title] if event and event.casefold() not in title.casefold() else [title or event]
    near = f"{words['near']}{_clean(said.near)}" if _clean(said.near) else ""
    wanted = f"{words['wanted']}{_clean(said.wanted)}" if _clean(said.wanted) and not said.over else ""
    flexible = [*what, near, _clean(said.council)]
    room = LONGEST - _size(_joined(head, [" "], tail))
    parts = _fitted(flexible, room)
    left = room - sum(_size(part) + len(_BETWEEN) for part in parts if part)
    if wanted and left - len(_BETWEEN) >= min(_size(wanted), len(words["wanted"]) + _FEWEST):
        parts.insert(len(what), cut(wanted, left - len(_BETWEEN)))
    return _joined(head, [part for part in parts if part], tail)


def code_of(object_id: str) -> str:
    """Six letters that find a call on the wall of any council that has it, whoever called. No secret: anybody can work it out."""
    number = int.from_bytes(hashlib.sha256(object_id.encode()).digest())
    letters = ""
    for _ in range(CODE_LENGTH):
        number, letter = divmod(number, len(_LETTERS))
        letters += _LETTERS[letter]
    return letters


def cut(text: str, most: int) -> str:
    """`text` in at most `most` bytes of UTF-8, whole characters with all that belongs to them; … stands for what is missing."""
    if _size(text) <= most:
        return text
    kept, size = [], len(_CUT.encode())
    for cluster in _clusters(text):
        size += _size(cluster)
        if size > most:
            break
        kept.append(cluster)
    found = "".join(kept).rstrip()
    return f"{found}{_CUT}" if found else ""


def _head(said: Said, words: dict[str, str]) -> str:
    kind = "drill" if said.drill else "call"
    if not said.over:
        return words[kind]
    over = words["drill-over" if said.drill else "over"]
    return over if said.ended is None else f"{over}{words[f'ended-{said.ended.value}']}"


def _tail(said: Said, words: dict[str, str]) -> list[str]:
    until = f"{words['until']}{_clean(said.until)}" if said.until and not said.over else ""
    address = _clean(said.address)
    where = address if 0 < _size(address) <= LONGEST_ADDRESS else f"{words['code']}{said.code}"
    return [cut(until, 40), where]


def _joined(head: str, middle: Sequence[str], tail: Sequence[str]) -> str:
    return f"{head}: " + _BETWEEN.join(part for part in (*middle, *tail) if part)


def _fitted(parts: Sequence[str], room: int) -> list[str]:
    """Each part cut to the same height, the highest at which all of them fit in together with what stands between them."""
    free = room - len(_BETWEEN) * sum(1 for part in parts if part)
    sizes = sorted(_size(part) for part in parts)
    height, rest = free, free
    for place, size in enumerate(sizes):
        height = rest // (len(sizes) - place)
        if size > height:
            break
        rest -= size
    return [cut(part, max(height, 0)) for part in parts]


def _size(text: str) -> int:
    return len(text.encode())


def _clean(text: str) -> str:
    """One line of signs that can be seen: no control, no format sign but the two joiners, nothing unassigned, single spaces."""
    shown = (
        " " if sign.isspace() or unicodedata.category(sign).startswith("Z") else sign
        for sign in unicodedata.normalize("NFC", text)
        if sign in _JOINERS or sign.isspace() or not unicodedata.category(sign).startswith("C")
    )
    return " ".join("".join(shown).split()).strip(f"{_JOINERS} ")


def _clusters(text: str) -> Iterator[str]:
    """Characters with what belongs to them: marks, joined signs, skin tones, the two halves of a flag (after UAX 29)."""
    cluster = ""
    for sign in text:
        if cluster and not _belongs(cluster, sign):
            yield cluster
            cluster = ""
        cluster += sign
    if cluster:
        yield cluster


def _belongs(cluster: str, sign: str) -> bool:
    if unicodedata.category(sign).startswith("M") or sign in _JOINERS or "\U0001f3fb" <= sign <= "\U0001f3ff":
        return True
    halves = len(cluster) == 1 and _half_flag(cluster)
    return cluster.endswith("\u200d") or (halves and _half_flag(sign))


def _half_flag(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"
