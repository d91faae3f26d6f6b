"""Queueing a letter, in the same transaction as the record of what happened. Nothing is sent from here.

Only what has somewhere to go is queued: to an address that was confirmed, or to confirm one. The same is never queued twice.
"""

from typing import Any, Final

from sqlalchemy import Connection, RowMapping

from federation.tables import table_of
from node.accounts.tables import Member
from node.feature import Acting
from node.features.resources.letters import timing
from node.features.resources.letters.matters import WITHOUT_A_NOTE, About
from node.features.resources.letters.tables import Letter
from node.features.resources.tables import Resource
from node.profile.rhythm import rhythm

_LETTERS: Final = table_of(Letter)
_MEMBERS: Final = table_of(Member)
_RESOURCES: Final = table_of(Resource)


def write(
    connection: Connection,
    acting: Acting,
    *,
    about: About | str,
    resource_id: int | None = None,
    member_id: int | None = None,
) -> None:
    """Queue one thing to tell whoever asked by a note (`resource_id` alone) or a neighbour of ours (`member_id`, about the note).

    Nothing happens where letters are off, whoever is meant wishes for none, or does it themselves. Raises ValueError for what
    is nobody's letter.
    """
    about = About(about)
    if (member_id is None and resource_id is None) or (resource_id is None and about not in WITHOUT_A_NOTE):
        raise ValueError(f"a letter about {about} to member {member_id} needs its note")
    themselves = member_id is not None and member_id == acting.viewer.member_id and about is not About.CONFIRM
    if themselves or not acting.settings.mail.on:
        return
    row = _row(connection, _RESOURCES, resource_id) if resource_id is not None else None
    how = _how(connection, row, member_id, about)
    if how is None or _waits(connection, about, resource_id, member_id):
        return
    due = acting.now
    if about is not About.CONFIRM:
        can_wait = True if row is None else bool(row["can_wait"])
        rest = rhythm(connection, now=acting.now).rest
        due = timing.due_at(acting.now, how=how, can_wait=can_wait, rest=rest, zone=acting.zone)
    letter = Letter(resource_id=resource_id, member_id=member_id, about=about.value, written_at=acting.now, due_at=due)
    connection.execute(_LETTERS.insert().values(**letter.model_dump(exclude={"id"})))


def write_to_owner(connection: Connection, acting: Acting, row: Resource, *, about: About | str) -> None:
    """The same to whoever answers for a note: at the address that was left with it, else the neighbour who put it up or has it."""
    if row.contact and row.contact_ok_at is not None:
        write(connection, acting, about=about, resource_id=row.id)
    elif row.by_member or row.holder:
        write(connection, acting, about=about, resource_id=row.id, member_id=row.by_member or row.holder)


def forget(connection: Connection, *, resource_id: int | None = None, member_id: int | None = None) -> None:
    """Nothing more is told to that neighbour, or to whoever asked by that note."""
    if member_id is not None:
        connection.execute(_LETTERS.delete().where(_LETTERS.c.member_id == member_id))
    if resource_id is not None:
        to_asker = (_LETTERS.c.resource_id == resource_id, _LETTERS.c.member_id.is_(None))
        connection.execute(_LETTERS.delete().where(*to_asker))


def _how(connection: Connection, row: RowMapping | None, member_id: int | None, about: About) -> str | None:
    """How often whoever is meant wishes to be written to; None for not at all."""
    if member_id is None:
        found, how = row, timing.DAILY
        address, confirmed = ("contact", "contact_ok_at")
    else:
        found = _row(connection, _MEMBERS, member_id)
        how = timing.NEVER if found is None else str(found["mail_how"])
        address, confirmed = ("mail", "mail_ok_at")
    if found is None or not found[address] or how == timing.NEVER:
        return None
    return how if (found[confirmed] is not None) != (about is About.CONFIRM) else None


def _waits(connection: Connection, about: About, resource_id: int | None, member_id: int | None) -> bool:
    same = (
        _LETTERS.c.about == about.value,
        _LETTERS.c.resource_id.is_(None) if resource_id is None else _LETTERS.c.resource_id == resource_id,
        _LETTERS.c.member_id.is_(None) if member_id is None else _LETTERS.c.member_id == member_id,
    )
    return connection.execute(_LETTERS.select().where(*same).limit(1)).first() is not None


def _row(connection: Connection, table: Any, number: int) -> RowMapping | None:
    return connection.execute(table.select().where(table.c.id == number)).mappings().first()
