"""What a caller would rather be given, read from its Accept header (RFC 9110 section 12.5.1). Pure."""

_JSON = ("application/json", "application/problem+json")
_PAGE = ("text/html", "application/xhtml+xml")


def prefers_json(accept: str) -> bool:
    """Whether JSON is named with a higher weight than a page. Who names neither, or both alike, is shown a page."""
    return _weight(accept, _JSON) > _weight(accept, _PAGE)


def _weight(accept: str, media_types: tuple[str, ...]) -> float:
    return max(
        (_quality(part) for part in accept.split(",") if part.partition(";")[0].strip().lower() in media_types),
        default=0.0,
    )


def _quality(part: str) -> float:
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
