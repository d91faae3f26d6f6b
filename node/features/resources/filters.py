"""What the filter forms of lists ask for. What is not understood is left out: a page always shows something."""

from dataclasses import dataclass
from typing import Final

from fastapi import Request

from node.features.resources import wording
from node.features.resources.region.windows import WINDOWS
from schemas.context import CATEGORIES, Category

LONGEST: Final = "longest"


@dataclass(frozen=True, slots=True)
class Asked:
    """One filter form as it was filled in."""

    typed: dict[str, str]

    @classmethod
    def of(cls, request: Request) -> "Asked":
        """What stands in the address."""
        return cls({name: value.strip() for name, value in request.query_params.items()})

    def one_of(self, field: str, allowed: tuple[str, ...]) -> str | None:
        """What was chosen in one field, None for anything that there is not to choose."""
        value = self.typed.get(field, "")
        return value if value in allowed else None

    @property
    def text(self) -> str | None:
        return self.typed.get("text", "")[:200] or None

    @property
    def direction(self) -> str | None:
        return self.one_of("direction", ("need", "offer"))

    @property
    def category(self) -> Category | None:
        chosen = (self.typed.get("category"), self.typed.get("kind"))
        return next((slug for slug in CATEGORIES if slug in chosen), None)

    @property
    def kind(self) -> str | None:
        """A finer kind; a category's own kind stands for all of the category."""
        return None if self.category else self.typed.get("kind", "")[:40] or None

    @property
    def standing(self) -> bool:
        return bool(self.typed.get("standing"))

    @property
    def order(self) -> str | None:
        return self.one_of("order", (LONGEST,))

    @property
    def longest(self) -> bool:
        """Whether only needs are asked for that nobody could meet so far, those that wait longest first."""
        return self.order == LONGEST

    @property
    def within_km(self) -> float | None:
        chosen = self.one_of("within_km", tuple(km for km, _ in wording.DISTANCES))
        return None if chosen is None else float(chosen)

    @property
    def when(self) -> str | None:
        return self.one_of("when", tuple(value for value, _ in WINDOWS))

    @property
    def heard_lately(self) -> bool:
        return self.one_of("heard", ("lately",)) is not None
