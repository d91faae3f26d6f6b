"""Media types of federation documents, compared as RFC 9110 section 8.3.1 says: parsed, and regardless of case (S2).

It must never compare a whole field as one string: the same type has many spellings. Pure.
"""

import re
from enum import Enum
from typing import Final

AS2_PROFILE: Final = "https://www.w3.org/ns/activitystreams"
_LONGEST = 1_024
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(rf"[ \t]*({_NAME}/{_NAME})[ \t]*")
_PARAMETER = re.compile(rf';[ \t]*(?:({_NAME})=(?:({_NAME})|"((?:[^"\\]|\\.)*)")[ \t]*)?')


class Media(Enum):
    """A kind of document: the Accept field that asks for it, and the types that answer it."""

    ACTIVITY = f'application/activity+json, application/ld+json; profile="{AS2_PROFILE}"'
    WEBFINGER = "application/jrd+json, application/json"
    JSON = "application/json"

    def fits(self, content_type: str) -> bool:
        """Whether a Content-Type field names this kind of document."""
        parsed = parse_media_type(content_type)
        if parsed is None:
            return False
        name, parameters = parsed
        if self is Media.ACTIVITY:
            with_profile = AS2_PROFILE in parameters.get("profile", "").split()
            return name == "application/activity+json" or (name == "application/ld+json" and with_profile)
        if self is Media.WEBFINGER:
            return name in {"application/jrd+json", "application/json"}
        return name == "application/json"


def parse_media_type(field: str) -> tuple[str, dict[str, str]] | None:
    """The type in lower case and its parameters by lower-case name. None when it is malformed or names one twice."""
    if len(field) > _LONGEST:
        return None
    start = _TYPE.match(field)
    if start is None:
        return None
    parameters: dict[str, str] = {}
    at = start.end()
    while at < len(field):
        found = _PARAMETER.match(field, at)
        if found is None:
            return None
        at = found.end()
        name, plain, quoted = found.groups()
        if name is None:
            continue
        if name.lower() in parameters:
            return None
        parameters[name.lower()] = plain if plain is not None else re.sub(r"\\(.)", r"\1", quoted)
    return start.group(1).lower(), parameters
