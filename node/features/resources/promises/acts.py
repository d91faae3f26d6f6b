"""What neighbours do with a promise on a note of ours: promise, agree, decline, give back, confirm, say how it went.

Each is one step: who may, the row, what is left on both sides, who is next on the waiting list, and what others are told. With
`as_asker` the caller has judged that it is whoever asked, by number and phrase of the very note that the promise answers
(`keeping.named(…).resource_id`). Nothing here counts,
dates or explains a decline. Raises `schemas.refusal.Refusal` and nothing else for what a person may not do.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources import lapsing, quantities, reckoning, rules
from node.features.resources.letters import occasions
from node.features.resources.promises import keeping, saying, sides, wishes
from node.features.resources.promises.keeping import Proposal
from node.features.resources.promises.saying import Verb
from node.features.resources.promises.sides import Side
from node.features.resources.promises.states import OPEN, State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from node.features.resources.telling import Speaking
from node.rights import Right
from schemas.phrase import phrase
from schemas.records.resource import ResourceState
from schemas.refusal import Refusal

LONGEST_WORDS: Final = 1_000
OUTCOMES: Final = rules.OUTCOMES[:3]
"""How a promise went; "no longer wanted" is said of a whole note."""

_NOBODYS: Final[dict[str, Any]] = {"by_member": 0, "words": "", "counterpart_id": None, "counterpart_amount": None}


def promise(
    connection: Connection,
    acting: Acting,
    public_id: str,
    *,
    amount: str | None = None,
    counterpart_id: int | None = None,
    counterpart_amount: str | None = None,
    words: str = "",
    starts_at: datetime | None = None,
    waits: bool = False,
) -> Promise:
    """Say yes to all or part of a note (`public_id`), in its own unit; what is typed comes as it was typed.

    `counterpart_id` is an own note of the other direction that it draws on, `counterpart_amount` how much of that. Where there is
    not enough, `waits` puts it on the waiting list. Saying the same twice before it is answered is said once.
    Raises Refusal("own-note"), ("amount", "amount"), ("not-enough", "amount"), ("counterpart", …), ("words", "promise_words").
    """
    member_id = acting.viewer.require(Right.PUT_UP)
    row = wishes.open_note(connection, acting, public_id)
    if row.by_member == member_id:
        raise Refusal("own-note", sentence=phrase("This is your own note. Change it instead."))
    if len(words) > LONGEST_WORDS:
        raise Refusal("words", "promise_words", sentence=phrase("Please shorten the words a little."))
    wishes.check_when(starts_at, acting.now)
    wanted = wishes.amount_of(row, amount)
    state = wishes.place_of(connection, row, wanted, waits=waits)
    proposal = Proposal(
        ends_at=row.ends_at if state is State.WAITING else lapsing.proposal_ends(acting.now, row.ends_at),
        resource_id=row.id,
        by_member=member_id,
        amount=wanted,
        unit=row.unit if wanted is not None else None,
        words=words.strip(),
        starts_at=starts_at,
        counterpart_id=counterpart_id,
        counterpart_amount=wishes.drawn_from(connection, acting, row, counterpart_id, counterpart_amount),
    )
    before = wishes.said_already(connection, proposal)
    return before or _done(connection, acting, keeping.add(connection, acting, proposal, state), Verb.PROMISE)


def agree(connection: Connection, acting: Acting, public_id: str, *, as_asker: bool = False) -> Promise:
    """Whoever asked (or offered) says yes to it: from now on it takes from the note. Also to somebody who waits.

    Raises Refusal("not-enough", "amount") with what is left, ("moved-on") or ("not-yours").
    """
    made = _answering(connection, acting, public_id, as_asker=as_asker)
    return _turn(connection, acting, made, State.AGREED, Verb.AGREE)


def not_this_time(connection: Connection, acting: Acting, public_id: str, *, as_asker: bool = False) -> None:
    """Whoever asked (or offered) says no to what they have not agreed to. The row goes, and leaves no trace.

    Between councils the signed offer and its answer stay as evidence for a while, without a word why.
    """
    made = _answering(connection, acting, public_id, as_asker=as_asker)
    keeping.decline(connection, acting, made.id or 0)
    _done(connection, acting, made, Verb.NOT_THIS_TIME)


def give_back(connection: Connection, acting: Acting, public_id: str, *, as_asker: bool = False) -> None:
    """ "I have to give it back", in one tap: it is there for others at once. Whoever asked may let somebody off, too.

    What was not agreed yet simply goes. Of what was, an amount stays, in nobody's name.
    """
    made, _ = _concerned(connection, acting, public_id, as_asker=as_asker)
    _hand_back(connection, acting, made)


def give_all_back(connection: Connection, acting: Acting, member_id: int) -> int:
    """All that a neighbour has promised and not done. The caller has judged who may; returns how many promises that were."""
    open_ones = keeping.of_member(connection, member_id, *OPEN)
    for made in open_ones:
        _hand_back(connection, acting, made, by_promiser=True)
    return len(open_ones)


def confirm(connection: Connection, acting: Acting, public_id: str, *, as_asker: bool = False) -> Promise:
    """One side says that it is done. Once both have, it is; where the other stays silent for three days, it is too."""
    made, side = _concerned(connection, acting, public_id, as_asker=as_asker)
    state, columns = _confirmed(acting, made, side)
    return _turn(connection, acting, made, state, Verb.CONFIRM, **columns)


def say_outcome(
    connection: Connection, acting: Acting, public_id: str, outcome: str, *, as_asker: bool = False
) -> Promise:
    """Whoever got it says whether it met the need, and with that, that it is done on their side.

    Raises Refusal("outcome", "outcome"), and ("not-yours") for whoever gave. It is about a thing, never about a person.
    """
    made, side = _concerned(connection, acting, public_id, as_asker=as_asker)
    if not side.gets:
        raise Refusal("not-yours", sentence=phrase("Whether it helped is said by whoever got it."))
    if outcome not in OUTCOMES:
        raise Refusal("outcome", "outcome", sentence=phrase("Choose how it went: it helped, partly, or not."))
    state, columns = _confirmed(acting, made, side)
    return _turn(connection, acting, made, state, Verb.OUTCOME, outcome=outcome, **columns)


def done_by_itself(connection: Connection, acting: Acting, made: Promise) -> None:
    """One side has said that it is done, and the other has been silent long enough."""
    _turn(connection, acting, made, State.DONE, Verb.DONE_BY_ITSELF)


def lapse(connection: Connection, acting: Acting, made: Promise) -> None:
    """Nobody has answered it in time, or its note is closed."""
    _turn(connection, acting, made, State.LAPSED, Verb.LAPSE)


def let_lapse(connection: Connection, acting: Acting, resource_id: int) -> None:
    """A note of ours is being closed: what nobody has agreed to lapses, and gives back what it drew on."""
    for made in keeping.of_resource(connection, resource_id, State.WAITING, State.PROPOSED):
        keeping.turn_to(connection, acting, made.id or 0, State.LAPSED)
        saying.said(connection, acting, keeping.find(connection, made.id or 0), Verb.LAPSE)


def move_up(connection: Connection, acting: Speaking, resource_id: int) -> None:
    """There is room on a note: whoever has waited longest and fits into it is proposed now. It gives nothing.

    What is proposed already and not answered counts as room that is spoken for, so that nobody is passed over.
    """
    row = reckoning.found(connection, resource_id)
    waiting = keeping.waiting(connection, resource_id)
    if not waiting or row.state == ResourceState.CLOSED or row.ends_at <= acting.now:
        return
    proposed = keeping.of_resource(connection, resource_id, State.PROPOSED)
    free = reckoning.left(connection, row)
    if free is None and (proposed or row.state == ResourceState.PROMISED):
        return
    if free is not None:
        free = max(free - quantities.total(one.amount for one in proposed), quantities.NOTHING)
    while (first := quantities.next_in_line(waiting, free)) is not None:
        waiting.remove(first)
        if not _moved(connection, acting, first.promise_id, row):
            continue
        if free is None:
            return
        free -= first.amount if first.amount is not None else free


def _moved(connection: Connection, acting: Speaking, promise_id: int, row: Resource) -> bool:
    ends_at = lapsing.proposal_ends(acting.now, row.ends_at)
    try:
        made = keeping.turn_to(connection, acting, promise_id, State.PROPOSED, ends_at=ends_at)
    except Refusal:
        # What it would draw on went elsewhere meanwhile: it goes on waiting.
        return False
    saying.said(connection, acting, made, Verb.MOVE_UP)
    return True


def _hand_back(connection: Connection, acting: Acting, made: Promise, *, by_promiser: bool | None = None) -> None:
    occasions.given_back(connection, acting, made, by_promiser=by_promiser)
    if State(made.state) in (State.WAITING, State.PROPOSED) and not saying.is_between_councils(made):
        keeping.decline(connection, acting, made.id or 0)
        _done(connection, acting, made, Verb.GIVE_BACK)
        return
    _turn(connection, acting, made, State.GIVEN_BACK, Verb.GIVE_BACK, **_NOBODYS)


def _confirmed(acting: Acting, made: Promise, side: Side) -> tuple[State, dict[str, Any]]:
    """What becomes of a promise when this side says that it is done. Raises Refusal("moved-on") before it is agreed."""
    if State(made.state) not in (State.AGREED, State.DONE):
        raise Refusal("moved-on", sentence=phrase("This promise has moved on. Look at it again."))
    columns = {
        name: getattr(made, name) or acting.now
        for name, here in (("giver_confirmed_at", side.gives), ("getter_confirmed_at", side.gets))
        if here
    }
    both = {"giver_confirmed_at": made.giver_confirmed_at, "getter_confirmed_at": made.getter_confirmed_at, **columns}
    done = State(made.state) is State.DONE or all(at is not None for at in both.values())
    return State.DONE if done else State.AGREED, columns


def _concerned(connection: Connection, acting: Acting, public_id: str, *, as_asker: bool) -> tuple[Promise, Side]:
    """The promise and where the one who acts stands. Raises Refusal("not-signed-in"), ("not-found") or ("not-yours")."""
    if not as_asker:
        # Whoever is not signed in must not learn whether the address exists.
        acting.viewer.require(Right.PUT_UP)
    made = keeping.named(connection, public_id)
    row = sides.note_of(connection, made)
    side = sides.side_of(connection, acting.viewer, made, row, as_asker=as_asker)
    if not side.concerned:
        raise Refusal("not-yours", sentence=phrase("This promise is between others. They answer it themselves."))
    return made, side


def _answering(connection: Connection, acting: Acting, public_id: str, *, as_asker: bool) -> Promise:
    made, side = _concerned(connection, acting, public_id, as_asker=as_asker)
    if not side.answers or made.asked:
        raise Refusal("not-yours", sentence=phrase("This is answered by the other side. You can give it back."))
    return made


def _turn(connection: Connection, acting: Acting, before: Promise, state: State, verb: Verb, **columns: Any) -> Promise:
    after = keeping.turn_to(connection, acting, before.id or 0, state, **columns)
    return _done(connection, acting, before, verb, after=after)


def _done(
    connection: Connection, acting: Acting, made: Promise, verb: Verb, *, after: Promise | None = None
) -> Promise:
    """The end of every verb: whoever waits moves up where there is room now, and the other side is told."""
    for resource_id in (made.resource_id, made.counterpart_id):
        if resource_id is not None:
            move_up(connection, acting, resource_id)
    saying.said(connection, acting, after or made, verb)
    return after or made
