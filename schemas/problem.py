"""A refusal as API callers read it (RFC 9457, application/problem+json). Never says what was compared, nor whose it was."""

from typing import Final

from pydantic import Field

from protocol.verdict import Refused
from schemas.base import ApiModel, Line

PROBLEM_TYPE: Final = "application/problem+json"


class Problem(ApiModel):
    """`reason` is one of our words; `detail` one sentence, safe to show."""

    type: str = "about:blank"
    title: Line
    status: int = Field(ge=400, le=599)
    detail: str
    reason: Line


def problem_of(refused: Refused) -> Problem:
    """The answer to a request that another server sent and that was refused."""
    return Problem(
        title=refused.reason.value.replace("-", " ").capitalize(),
        status=refused.reason.status,
        detail=refused.sentence,
        reason=refused.reason.value,
    )
