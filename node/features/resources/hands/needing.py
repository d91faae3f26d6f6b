"""What hands bring onto "What needs me": what one has taken on, what is with whoever is on call, rest days without cover, and
what rises to the next gathering.

On a rest day whoever is on call is told of nothing that can wait.
"""

from sqlalchemy import Connection

from node.feature import Acting
from node.features.resources import queries
from node.features.resources.hands import asking_cover, cover
from node.features.resources.hands.house import calendar
from node.features.resources.hands.waiting import Waiting, how_many, waiting
from node.features.resources.items import Doing, Item
from node.rights import Right
from node.web.words import asked, calendar_day
from schemas.phrase import Phrase, phrase

AGENDA = "/board?order=longest"


def in_my_hands(connection: Connection, acting: Acting) -> list[Item]:
    """What the viewer has taken on."""
    back = phrase("I have to give it back")
    return [
        Item(
            title=one.row.title,
            language=one.row.language,
            href=f"/o/{one.row.public_id}",
            sentence=phrase("It is in your hands; {asked}.", asked=_asked(one, acting)),
            at=one.row.ends_at,
            rank=0,
            doings=(Doing(back, f"/o/{one.row.public_id}/give-back"),),
        )
        for one in _open(connection, acting)
        if not one.standing.on_call and one.standing.holder == acting.viewer.member_id
    ]


def on_call(connection: Connection, acting: Acting) -> list[Item]:
    """For whoever is on call: what others asked for and nobody has taken on, what cannot wait first; on a rest day nothing else."""
    resting = calendar(connection, acting.now, acting.zone).rest.is_rest(acting.now, acting.zone)
    found = []
    for one in _open(connection, acting):
        me = acting.viewer.member_id
        with_me = one.standing.on_call and one.standing.holder == me != one.row.by_member
        if not with_me or (resting and one.row.can_wait):
            continue
        path = f"/o/{one.row.public_id}"
        found.append(
            Item(
                title=one.row.title,
                language=one.row.language,
                href=path,
                sentence=_with_you(one, acting),
                at=one.row.created_at,
                rank=3 if one.row.can_wait else 1,
                doings=(Doing(phrase("I take this on"), f"{path}/take-on", first=True),),
            )
        )
    return found


def rest_days(connection: Connection, acting: Acting) -> list[Item]:
    """For whoever is on call or has the server turn: the coming rest days on which nobody is there."""
    if not acting.viewer.may(Right.READ_ASKED):
        return []
    there = cover.somebody_there(connection, acting.now)
    bare = cover.uncovered(asking_cover.coming(connection, acting), there, now=acting.now, zone=acting.zone)
    found = []
    for day in bare:
        note = asking_cover.asked_for(connection, day, acting)
        doing = Doing(phrase("Ask nearby councils"), asking_cover.PATH, {"day": day.isoformat()}, first=True)
        found.append(
            Item(
                title=calendar_day(day),
                language="",
                href="/turns#on-call" if note is None else f"/o/{note.public_id}",
                sentence=phrase("On this rest day nobody has a turn on call, and no nearby council covers it.")
                if note is None
                else phrase("Cover for this rest day has been asked for. Nobody has promised it yet."),
                at=cover.span_of(day, acting.zone).since,
                rank=2,
                doings=(doing,) if note is None else (),
            )
        )
    return found


def rising(connection: Connection, acting: Acting) -> list[Item]:
    """For whoever is on call or has the server turn: that some needs belong before the next gathering."""
    if not acting.viewer.may(Right.READ_ASKED):
        return []
    rises = [one for one in _open(connection, acting) if one.rises]
    if not rises:
        return []
    many = how_many(len(rises))
    return [
        Item(
            title=phrase("For the next gathering"),
            language="",
            href=AGENDA,
            sentence=phrase("Needs that nobody has taken on, or that have waited for long: {many}.", many=many),
            at=acting.now,
            rank=9,
        )
    ]


def _open(connection: Connection, acting: Acting) -> list[Waiting]:
    rows = queries.board(connection, acting.viewer, now=acting.now, direction="need", oldest_first=True)
    return waiting(connection, rows, now=acting.now, zone=acting.zone)


def _asked(one: Waiting, acting: Acting) -> Phrase:
    return asked(one.row.created_at, now=acting.now, zone=acting.zone)


def _with_you(one: Waiting, acting: Acting) -> Phrase:
    when = _asked(one, acting)
    if not one.row.can_wait:
        return phrase("It cannot wait, and is with you, since you are on call; {asked}.", asked=when)
    if one.standing.unheld:
        return phrase("Nobody has taken it on yet; {asked}. You are on call.", asked=when)
    return phrase("It is with you, since you are on call; {asked}.", asked=when)
