"""How two councils link up, as a table of states and events.

Theory. A peering is one relation between two councils, and each side keeps its own state of it. It stands only when
both have said yes, so there are two ways to `ACCEPTED`: one offers and the other accepts, or both offer before either
has heard (a crossing), which says yes twice. Neither side can make the other's yes: an acceptance counts only where our
own offer is open. Whatever narrows (reject, undo, block) works from wherever it arrives; whatever widens works only from
the one state it belongs to. Messages may come twice or late, so an event that has already had its effect changes nothing.

Rules.
- Nothing but the handshake is exchanged before `ACCEPTED`.
- `Undo` of an open offer withdraws it; `Undo` or `Reject` of a peering that stands ends it. Both may offer anew.
- A block is ours alone, is not announced, and forgets the rest: unblocking leads back to `NONE`.

The table holds every pair that means something. A pair that is not in it is refused by `step`, which has no other
knowledge. Never looks at addresses, keys or times: who sent an event is judged before.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from protocol.bip39 import words_for
from protocol.canonical import canonical
from protocol.verdict import Reason, Refused


class State(StrEnum):
    """Where a peering stands, as this side sees it."""

    NONE = "none"
    WE_ASKED = "we-asked"
    THEY_ASKED = "they-asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ENDED = "ended"
    BLOCKED = "blocked"


class Event(StrEnum):
    """What either side did. `OUR_…` is decided by our keepers, `THEIR_…` arrived signed by the other council."""

    OUR_OFFER = "our-offer"
    OUR_ACCEPT = "our-accept"
    OUR_REJECT = "our-reject"
    OUR_UNDO = "our-undo"
    OUR_BLOCK = "our-block"
    OUR_UNBLOCK = "our-unblock"
    THEIR_OFFER = "their-offer"
    THEIR_ACCEPT = "their-accept"
    THEIR_REJECT = "their-reject"
    THEIR_UNDO = "their-undo"


_NOT_LINKED: Final[Mapping[Event, State]] = {
    Event.OUR_OFFER: State.WE_ASKED,
    Event.THEIR_OFFER: State.THEY_ASKED,
    Event.OUR_BLOCK: State.BLOCKED,
}

TABLE: Final[Mapping[State, Mapping[Event, State]]] = MappingProxyType(
    {
        State.NONE: {
            **_NOT_LINKED,
            Event.THEIR_UNDO: State.NONE,
        },
        State.WE_ASKED: {
            Event.OUR_OFFER: State.WE_ASKED,
            Event.OUR_UNDO: State.NONE,
            Event.OUR_BLOCK: State.BLOCKED,
            Event.THEIR_OFFER: State.ACCEPTED,
            Event.THEIR_ACCEPT: State.ACCEPTED,
            Event.THEIR_REJECT: State.DECLINED,
        },
        State.THEY_ASKED: {
            Event.OUR_OFFER: State.ACCEPTED,
            Event.OUR_ACCEPT: State.ACCEPTED,
            Event.OUR_REJECT: State.DECLINED,
            Event.OUR_BLOCK: State.BLOCKED,
            Event.THEIR_OFFER: State.THEY_ASKED,
            Event.THEIR_UNDO: State.NONE,
        },
        State.ACCEPTED: {
            Event.OUR_OFFER: State.ACCEPTED,
            Event.OUR_ACCEPT: State.ACCEPTED,
            Event.OUR_REJECT: State.ENDED,
            Event.OUR_UNDO: State.ENDED,
            Event.OUR_BLOCK: State.BLOCKED,
            Event.THEIR_OFFER: State.ACCEPTED,
            Event.THEIR_ACCEPT: State.ACCEPTED,
            Event.THEIR_REJECT: State.ENDED,
            Event.THEIR_UNDO: State.ENDED,
        },
        State.DECLINED: {
            **_NOT_LINKED,
            Event.OUR_REJECT: State.DECLINED,
            Event.THEIR_REJECT: State.DECLINED,
            Event.THEIR_UNDO: State.DECLINED,
        },
        State.ENDED: {
            **_NOT_LINKED,
            Event.OUR_UNDO: State.ENDED,
            Event.THEIR_REJECT: State.ENDED,
            Event.THEIR_UNDO: State.ENDED,
        },
        State.BLOCKED: {
            Event.OUR_BLOCK: State.BLOCKED,
            Event.OUR_UNBLOCK: State.NONE,
        },
    }
)

_BLOCKED = Refused(Reason.BLOCKED, "This council is blocked.")
_NOT_OFFERED = Refused(Reason.UNKNOWN_PEER, "No peering is open that this could answer or end.")


def step(state: State, event: Event) -> State | Refused:
    """The state after an event; a pair that the table does not hold is refused (BLOCKED when blocked, else UNKNOWN_PEER)."""
    after = TABLE[state].get(event)
    if after is not None:
        return after
    return _BLOCKED if state is State.BLOCKED else _NOT_OFFERED


_WORDS_PREFIX: Final = b"comarca peering 1\n"
_WORD_COUNT: Final = 6


def words(
    our_actor: str, our_key_multibase: str, their_actor: str, their_key_multibase: str
) -> tuple[str, str, str, str, str, str]:
    """Six BIP 39 words that both sides compute alike: the first 66 bits of a SHA-256 over both actors and Ed25519 keys.

    Equal words, compared by voice, say that nobody stands between the two (decisions.md 4b, Peering).
    """
    pairs = sorted([[our_actor, our_key_multibase], [their_actor, their_key_multibase]])
    digest = hashlib.sha256(_WORDS_PREFIX + canonical(pairs)).digest()
    one, two, three, four, five, six = words_for(digest, count=_WORD_COUNT)
    return one, two, three, four, five, six
