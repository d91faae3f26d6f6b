"""A live question between councils, and the first line of its answer: what of this have you now, of your own?

It names a kind of thing, a direction and a coarse cell. There is no member for words, for a reason, or for who wants to know.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.base import WireModel, WireTime
from schemas.context import Category, Kind

Cell = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{15})?$")]


class LiveQuestion(WireModel):
    """`category` and `direction` may be left empty for every one; `cell` (H3, resolution 6 or coarser) says near where, for what
    comes first where not all of it fits."""

    kind: Kind
    category: Category | Literal[""] = ""
    direction: Literal["offer", "need", ""] = ""
    cell: Cell = ""


class LiveAbout(WireModel):
    """When it was answered, by the clock of whoever answers, and whether more is there than fits."""

    as_of: WireTime
    more: bool = False
    count: int = Field(default=0, ge=0, le=1_000)
