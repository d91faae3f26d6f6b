"""From the bytes of a question to the bytes of its answer. Who asks, and that the question is theirs, was judged before."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection

from federation.feeds import questions, serving
from protocol import strict_json
from protocol.verdict import Reason, Refused
from schemas.base import WireModel

Answering = Callable[[Connection, Any, str], "serving.Answer | Refused"]

_TO: Final[dict[str, tuple[type[WireModel], Answering]]] = {
    questions.HEADS: (questions.HeadsAsked, lambda c, asked, who: serving.heads(c, asked, asker=who)),
    questions.RANGES: (questions.Ranges, lambda c, asked, who: serving.ranges(c, asked, asker=who)),
    questions.SNAPSHOTS: (questions.Snapshots, lambda c, asked, who: serving.snapshots(c, asked, asker=who)),
    questions.HELLO: (questions.Hello, lambda c, asked, who: serving.hello(c, asked, asker=who)),
}


def answer(connection: Connection, path: str, body: bytes, *, asker: str) -> bytes | Refused:
    """The whole answer to one question of a linked council. Refuses MALFORMED and WRONG_SHAPE with the reason's word."""
    if path not in _TO:
        return Refused(Reason.MALFORMED, "There is no such question.")
    model, answering = _TO[path]
    value = strict_json.parse(body, max_depth=8)
    if isinstance(value, Refused):
        return value
    asked = model.read(value)
    if isinstance(asked, Refused):
        return asked
    found = answering(connection, asked, asker)
    return found if isinstance(found, Refused) else serving.body_of(found)
