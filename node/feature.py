"""What a feature folder tells the rest of the node about itself, and the few values that pass between them.

A feature is registered by one line in `node/installed.py`. Everything else (menu, wall, dispatch of what arrives, the page
of one slip) is built from these descriptions. Features never import each other.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlalchemy import Connection

from federation.council import Council
from federation.kinds import Act, Kind
from federation.ports import Clock, Randomness
from node.database import Store
from node.post import Post
from node.rights import CARETAKER, KEEPER, NEIGHBOUR, ON_CALL, Right
from node.settings import Settings
from schemas.phrase import phrase
from schemas.refusal import Refusal

if TYPE_CHECKING:
    from federation.tables import Replica


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking. An anonymous visitor has no `member_id` and sees what is public, nothing else.

    `keeper`: holds the server turn at this moment. `caretaker`: held it, it has ended, and nobody follows yet. `on_call`: what
    nobody has taken in hand is with them now.
    """

    member_id: int | None = None
    name: str = ""
    keeper: bool = False
    caretaker: bool = False
    on_call: bool = False

    @property
    def signed_in(self) -> bool:
        return self.member_id is not None

    @property
    def audiences(self) -> tuple[str, ...]:
        """The audiences of records that this person may see on this node, widest first."""
        return ("public", "neighbours", "council") if self.signed_in else ("public",)

    @property
    def rights(self) -> frozenset[Right]:
        if not self.signed_in:
            return frozenset()
        usual = ON_CALL if self.on_call else NEIGHBOUR
        return KEEPER if self.keeper else CARETAKER if self.caretaker else usual

    def may(self, right: Right) -> bool:
        return right in self.rights

    def require(self, right: Right) -> int:
        """The member's id. Raises Refusal("not-signed-in"), "turn-ended" for a caretaker, or "not-keeper"."""
        if self.member_id is None:
            raise Refusal("not-signed-in", sentence=phrase("Sign in first; that takes one link."))
        if self.may(right):
            return self.member_id
        if self.caretaker:
            raise Refusal(
                "turn-ended", sentence=phrase("The server turn has ended. Hand it over, then this works again.")
            )
        raise Refusal("not-keeper", sentence=phrase("This is done by whoever has the server turn. Ask them."))


ANYBODY = Viewer()


@dataclass(frozen=True, slots=True)
class Acting:
    """What an action is given besides its connection and its input: who acts, when, for which council."""

    now: datetime
    council: Council
    settings: Settings
    viewer: Viewer

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.zone)


@dataclass(frozen=True, slots=True)
class Slip:
    """One notice as the wall, the board and the lists show it. `kind` picks shape, colour and word; `href` its page.

    `asked_at`: since when a need of ours has been waiting; nothing else has it.
    """

    kind: str  # "need", "offer", "resolution", "alert", "drill"
    title: str
    words: str
    meta: tuple[str, ...]
    href: str
    language: str
    updated: datetime
    ends_at: datetime | None
    source: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MenuEntry:
    label: str
    href: str
    order: int


@dataclass(frozen=True, slots=True)
class Bench:
    """What a feature's own loops work with. `post` takes letters, None where the settings name no mail server."""

    settings: Settings
    council: Council
    store: Store
    clock: Clock
    randomness: Randomness
    post: Post | None = None


Errand = Callable[[], Coroutine[Any, Any, None]]
"""A loop of a feature: runs until it is cancelled."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One folder of `node/features`, as the rest of the node sees it.

    `kinds` and `acts`: what it sends and understands on the wire. `router(site)`: its pages and JSON.
    `wall(connection, viewer, now, council)`: its live slips of this council; calls for help include those of nearby councils,
    since a call does not stop at our border.
    `slip(connection, replica, viewer, now)`: one replica, ours or theirs, as a `Slip` with `details` for its own template
    `slip_template`, or None where the viewer may not see it. `details["changeable"]` says whether this viewer is offered to
    change it, on the feature's own page under its address.
    `unpublished(connection, viewer, now, council, public_id)`: its slip of a record of ours that nobody else holds a copy of, an
    idea or a draft say, for its page; without it the slip is looked for on its wall. `details["after"]` of any slip may name a
    template of its own that stands below it on its page: what comes next, and what belongs to it.
    `due(connection, acting)`: do what falls due by itself, in nobody's name; returns how many things were done.
    `errands(bench)`: its own loops, for what must wait for others beside the steps of the database.
    `tidy(connection, now)`: drop a bounded number of its own rows that have had their time, whoever put them up forgotten with
    them; returns how many went.
    `own(connection, member_id)`: everything here that is this member's, for taking along: one dictionary for each record, of
    plain values, with its `kind`.
    `leave(connection, acting, member_id)`: that member leaves; take back what was their own, and forget them where something stays.
    `from_resolution(connection, viewer, now, council, object_id)`: its live slips that come from a resolution, for its page.
    `small(connection, viewer, now)`: something small that a newcomer could begin with, as slips; nothing where there is nothing.
    `purge(connection, begin)`: one short step of clearing the file of words that deleted rows leave behind, True while there
    is more; `begin` for the first of them.
    """

    name: str
    kinds: tuple[Kind[Council], ...] = ()
    acts: tuple[Act[Council], ...] = ()
    router: Callable[[Any], APIRouter] | None = None
    templates: Path | None = None
    slip_template: str | None = None
    menu: tuple[MenuEntry, ...] = ()
    wall: Callable[[Connection, Viewer, datetime, Council], list[Slip]] | None = None
    slip: Callable[[Connection, "Replica", Viewer, datetime], Slip | None] | None = None
    unpublished: Callable[[Connection, Viewer, datetime, Council, str], Slip | None] | None = None
    due: Callable[[Connection, Acting], int] | None = None
    errands: Callable[[Bench], Sequence[Errand]] | None = None
    tidy: Callable[[Connection, datetime], int] | None = None
    purge: Callable[[Connection, bool], bool] | None = None
    own: Callable[[Connection, int], list[dict[str, Any]]] | None = None
    leave: Callable[[Connection, Acting, int], None] | None = None
    small: Callable[[Connection, Viewer, datetime], list[Slip]] | None = None
    from_resolution: Callable[[Connection, Viewer, datetime, Council, str], list[Slip]] | None = None
