"""Who may see a record (primitives.md section 1): five circles, each wider than the one before.

Only the two widest ever leave a council; nothing here may make a way for the others.
"""

from enum import StrEnum
from typing import Final, Literal

from schemas.context import PUBLIC

WireAudience = Literal["neighbours", "public"]


class Audience(StrEnum):
    """From the narrowest to the widest; `neighbours` are the councils we have linked up with."""

    NAMED = "named"
    CIRCLE = "circle"
    COUNCIL = "council"
    NEIGHBOURS = "neighbours"
    PUBLIC = "public"

    @property
    def width(self) -> int:
        """0 for the narrowest, 4 for the widest: narrowing works at once, widening asks."""
        return _WIDTH[self]

    @property
    def leaves_home(self) -> bool:
        """Whether anything of this audience is ever sent to another server."""
        return self in {Audience.NEIGHBOURS, Audience.PUBLIC}


_WIDTH: Final = {audience: width for width, audience in enumerate(Audience)}


def recipients(base_url: str, audience: str) -> dict[str, list[str]]:
    """`to` and `cc` of a record and of the activity that carries it (decisions 4b).

    Raises ValueError for an audience that never leaves the council.
    """
    if audience == Audience.PUBLIC:
        return {"to": [PUBLIC], "cc": [f"{base_url}/council/followers"]}
    if audience == Audience.NEIGHBOURS:
        return {"to": [f"{base_url}/council/peers"], "cc": []}
    raise ValueError("only what is for neighbours or public leaves a council")
