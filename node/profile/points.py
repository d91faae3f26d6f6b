"""A place as people paste it: two numbers, a geo: link, a link to a map. Read as text; nothing is ever asked anywhere.

What is read here is rounded to its cell before anybody keeps it.
"""

import re

_NUMBER = r"[-+]?[0-9]{1,3}(?:\.[0-9]{1,12})?"
_PAIR = re.compile(rf"^\(?({_NUMBER})°?\s*([NS])?\s*[,;/\s]\s*({_NUMBER})°?\s*([EWO])?\)?$", re.IGNORECASE)
_COMMA_PAIR = re.compile(r"^([-+]?[0-9]{1,3},[0-9]{1,12})\s*[;/\s]\s*([-+]?[0-9]{1,3},[0-9]{1,12})$")
_DEGREES = re.compile(
    r"^([0-9]{1,2})°\s*([0-9]{1,2})[′']\s*(?:([0-9]{1,2}(?:\.[0-9]+)?)[″\"]\s*)?([NS])[,;\s]*"
    r"([0-9]{1,3})°\s*([0-9]{1,2})[′']\s*(?:([0-9]{1,2}(?:\.[0-9]+)?)[″\"]\s*)?([EWO])$",
    re.IGNORECASE,
)
# A marker says more than the middle of the picture, so it is looked for first.
_LINKS = (
    re.compile(rf"^geo:({_NUMBER}),({_NUMBER})(?:[,;?].*)?$", re.IGNORECASE),
    re.compile(rf"^https?://\S*[?&]mlat=({_NUMBER})&mlon=({_NUMBER})(?:[&#].*)?$"),
    re.compile(rf"^https?://\S*#map=[0-9.]+/({_NUMBER})/({_NUMBER})(?:[&/].*)?$"),
    re.compile(rf"^https?://\S*/@({_NUMBER}),({_NUMBER})(?:,.*)?$"),
    re.compile(rf"^https?://\S*[?&](?:q|ll|query)=({_NUMBER})(?:,|%2C)({_NUMBER})(?:[&#].*)?$"),
)
_LONGEST = 500


def read_point(text: str) -> tuple[float, float]:
    """Latitude and longitude (WGS 84 degrees) in pasted text. Raises ValueError where there are none, or impossible ones."""
    wanted = " ".join(text.split())
    if len(wanted) > _LONGEST:
        raise ValueError("longer than any place")
    found = _pair(wanted) or _degrees(wanted) or _link(wanted)
    if found is None:
        raise ValueError("no latitude and longitude are in it")
    latitude, longitude = found
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError("no such place is on earth")
    return latitude, longitude


def _pair(text: str) -> tuple[float, float] | None:
    found = _PAIR.match(text)
    if found is not None:
        north, south, east, west = found.groups()
        return _signed(float(north), south), _signed(float(east), west)
    found = _COMMA_PAIR.match(text)
    if found is None:
        return None
    north, east = (number.replace(",", ".") for number in found.groups())
    return float(north), float(east)


def _degrees(text: str) -> tuple[float, float] | None:
    found = _DEGREES.match(text)
    if found is None:
        return None
    parts = found.groups()
    return _sexagesimal(parts[:3], parts[3]), _sexagesimal(parts[4:7], parts[7])


def _sexagesimal(parts: tuple[str | None, ...], side: str) -> float:
    degrees, minutes, seconds = (float(part or 0) for part in parts)
    return _signed(degrees + minutes / 60 + seconds / 3600, side)


def _link(text: str) -> tuple[float, float] | None:
    for link in _LINKS:
        found = link.match(text)
        if found is not None:
            return float(found[1]), float(found[2])
    return None


def _signed(number: float, side: str | None) -> float:
    # O is west in Spanish, French, Italian and Portuguese.
    return -abs(number) if side is not None and side.upper() in "SWO" else number
