"""What may be done here, and from which turn the right to it comes. The one table that pages, API and commands ask.

Rights come from being a neighbour or from holding a turn, never from who somebody is. A turn has an end. When it is over
and nobody follows, its rights shrink to a caretaker's (look, back up, pass on calls for help, hand over), never to nothing.
"""

from enum import StrEnum


class Right(StrEnum):
    """One kind of action. The value stands in docs/routes.md."""

    PUT_UP = "put up"
    DECIDE = "write down what was decided"
    CALL = "call for help"
    OWN_ACCOUNT = "one's own account"
    READ_ASKED = "read what was asked without an account"
    HIDE = "hold and hide notes"
    TIDY_UP = "change or end what others put up"
    LINK_UP = "link up with nearby councils"
    LET_READ = "let accounts elsewhere follow"
    INVITE = "invite neighbours"
    LET_GO = "end an account at its owner's wish"
    SET_UP = "name, language and area of the council"
    LOOK_AFTER = "see how the server is"
    BACK_UP = "back up"
    HAND_OVER = "hand over the server turn"


NEIGHBOUR = frozenset({Right.PUT_UP, Right.DECIDE, Right.CALL, Right.OWN_ACCOUNT})
ON_CALL = NEIGHBOUR | {Right.READ_ASKED}
CARETAKER = ON_CALL | {Right.LOOK_AFTER, Right.BACK_UP, Right.HAND_OVER}
KEEPER = frozenset(Right)
