"""One matter that goes on with a need or an offer, as it stands below its page. Matters make these; `below` puts them together."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """A template of this feature, and what it is given as `part`."""

    template: str
    given: dict[str, Any]
