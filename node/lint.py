"""Finds what must not stand in a published note: a house number beside a street, and words for an illness.

English and Spanish (with the Catalan street words that Spanish towns use). A finding is refused with a friendly sentence, so
a rare false alarm costs a rewording; but ordinary notes ("40 portions, Mill Lane, 18:00") must always pass. Pure text in,
the offending words out; it never changes a text.
"""

import re
import unicodedata
from typing import Final

# A number that could stand on a door: not a time, a price, a decimal, an ordinal or a measure.
_NUMBER: Final = (
    r"(?<![\w:€$£])(?<!\d[.,])\d{1,5}(?:\s?[-–/]\s?\d{1,4})?\s?[a-g]?(?![\w:%€$£]|[.,]\d|[º°ª])"
    r"(?!\s*(?:am|pm|a\.m|p\.m|h|hrs?|hours?|o['’]clock|horas?|min|mins|minutes?|minutos?|km|kg|g|m|cm|l|ml|€|euros?)\b)"
)
_SIGN: Final = r"(?:(?:no|nr|num|núm|number|número|numero)\b\.?|n[.]?\s?[º°o]\.?|\#)?"
_GAP: Final = r"\s*[,;:(–-]?\s*"

# "Mill Lane 40 portions": a number followed by a plural counts things, not doors.
_COUNTS_THINGS: Final = r"(?!\s+(?:people|children|(?!(?:is|was|has|its|this|his|las|los|es)\b)[^\W\d_]{2,}s\b))"

# Possessive: a long word is read once, so that no text can make the search slow.
_WORD: Final = r"[^\W\d_][\w'’.-]*+"
_CAPITAL: Final = r"(?-i:(?=[^\W\d_a-zà-öø-ÿ])[^\W\d_][\w'’.-]*+)"
_NO_NAME: Final = (
    r"(?!(?:the|this|that|our|my|your|a|an|of|at|on|in|near|by|from|to|for|and|or|with|until|after|before|am|pm|people|children|"
    r"per|each|more|one-way|wheel|side|back|main-?ly)\b)"
)

_STREETS: Final = (
    r"(?:street|str|st|road|rd|lane|ln|avenue|ave|boulevard|blvd|terrace|crescent|alley|mews|quay|embankment|highway)"
)
# Everyday words as well, so these count only with a capital and beside a name with a capital.
_PERHAPS: Final = (
    r"(?-i:Way|Drive|Dr|Close|Court|Ct|Place|Pl|Row|Square|Sq|Gardens|Gdns|Grove|Hill|Park|Walk|Wharf|Green|Rise|"
    r"Parade)"
)

# Grounds and car parks are numbered as well, and nobody lives there: "Tennis Court 2".
_NO_DOOR: Final = (
    r"(?!(?:tennis|padel|paddle|squash|badminton|basketball|football|volleyball|netball|handball|pickleball|food)\s+(?:court|ct)\b|"
    r"(?:car|bus|coach|lorry|bike|skate)\s+park\b)"
)

_CALLES: Final = (
    r"(?:calle|c/|c\\|avenida|avda|avd|av|plaza|plza|pza|paseo|pº|camino|carretera|ctra|ronda|rambla|travesía|travesia|callejón|"
    r"callejon|pasaje|glorieta|carrera|carrer|plaça|passeig|avinguda)"
)
_NOMBRE: Final = (
    r"(?!(?:a|al|en|desde|hasta|entre|con|para|por|sobre|tras|lunes|martes|miércoles|jueves|viernes|sábado|domingo|hoy|mañana)\b)"
    + _WORD
)

_DWELLINGS: Final = r"(?:flat|apartment|apt|house\s+(?:no|number)|door|piso|puerta|portal|escalera|departamento|depto)"

_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # 12 Mill Lane · 12b, Old Mill Lane · 12 mill lane · 12 Cherry Tree Close
        rf"{_NUMBER},?\s+(?:{_NO_NAME}{_CAPITAL}\s+){{1,3}}{_STREETS}\b",
        rf"{_NUMBER},?\s+(?:{_NO_NAME}(?![^\W\d_]+s\s){_WORD}\s+)?{_NO_NAME}{_WORD}\s+{_STREETS}\b",
        rf"{_NUMBER},?\s+(?:{_NO_NAME}{_NO_DOOR}{_CAPITAL}\s+){{1,3}}{_PERHAPS}\b",
        # Mill Lane 12 · Canal Street, no. 9 · Cherry Tree Close 4
        rf"\b{_NO_NAME}{_WORD}\s+{_STREETS}\b\.?{_GAP}{_SIGN}\s*{_NUMBER}{_COUNTS_THINGS}",
        rf"\b{_NO_NAME}{_NO_DOOR}{_CAPITAL}\s+{_PERHAPS}\b\.?{_GAP}{_SIGN}\s*{_NUMBER}{_COUNTS_THINGS}",
        # Calle Mayor 5 · C/ Mayor, 5 · Avda. de la Constitución nº 12 · Calle 13 # 5-20
        rf"(?<!\w){_CALLES}\.?\s*(?:{_NOMBRE}\s*+){{1,5}}{_GAP}{_SIGN}\s*{_NUMBER}{_COUNTS_THINGS}",
        rf"(?<!\w){_CALLES}\.?\s*\d{{1,3}}\s*[a-z]?\s*(?:\#|n[.]?\s?[º°o]\.?)\s*\d",
        # 5 Calle Mayor
        rf"{_NUMBER},?\s+(?:de\s+la\s+)?{_CALLES}\.?\s*{_CAPITAL}",
        # flat 3b · piso 2
        rf"(?<![\w-]){_DWELLINGS}\.?\s*{_SIGN}\s*{_NUMBER}{_COUNTS_THINGS}",
    )
)

_HEALTH: Final = re.compile(
    r"(?<!\w)(?:"
    r"insulin|diabet\w*|dialysis|chemo\w*|cancer|tumou?r\w*|leuk\w*mia|hiv|aids|hepatitis|tubercul\w*|covid\w*|epilep\w*|seizures?|"
    r"asthma\w*|dementia|alzheimer\w*|parkinson\w*|schizo\w*|bipolar|psychos\w*|psychotic|depress(?:ed|ion)|suicid\w*|anorexi\w*|"
    r"miscarr\w*|abortion|pregnan\w*|disab(?:led|ility)|stroke|heart\s+(?:attack|failure|disease)|ill(?:ness)?|sick(?:ness)?|"
    r"patients?|diagnos\w*|methadone|antidepressants?|"
    r"insulina|diálisis|dialisis|quimio\w*|cáncer|tumor\w*|vih|sida|epilépti\w*|asma|asmátic\w*|demencia|esquizo\w*|psicosis|"
    r"depresión|depresion|deprimid\w*|embaraz\w*|aborto|discapac\w*|ictus|infarto|enferm(?:o|a|os|as|edad|edades)|pacientes?|"
    r"metadona|antidepresiv\w*"
    r")(?!\w)",
    re.IGNORECASE,
)


def house_number(text: str) -> str | None:
    """The first place in `text` where a house number stands beside a street or a dwelling word, None if there is none."""
    plain = _plain(text)
    for pattern in _PATTERNS:
        found = pattern.search(plain)
        if found is not None:
            return found.group(0)
    return None


def health_words(text: str) -> str | None:
    """The first word for an illness or a person's treatment in `text`, None if there is none."""
    found = _HEALTH.search(_plain(text))
    return None if found is None else found.group(0)


def _plain(text: str) -> str:
    # One space at a time: runs of blanks would make the search slow.
    return " ".join(unicodedata.normalize("NFC", text).split())
