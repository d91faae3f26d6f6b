"""The address that is left with a note, or with an account: given, confirmed by whoever reads its letters, taken away.

Until it is confirmed, one letter goes there and no other: the one that asks. An address is forgotten with the rest of the
contact, and no letter outlives it. It is never shown to anybody but its owner.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, Table

from federation.tables import table_of
from node.accounts.tables import Member
from node.feature import Acting
from node.features.resources.letters import links, timing, writing
from node.features.resources.letters.matters import About
from node.features.resources.tables import Resource
from node.rights import Right
from node.settings import Settings
from schemas.mail_address import mail_address
from schemas.phrase import phrase
from schemas.refusal import Refusal

_MEMBERS: Final = table_of(Member)
_RESOURCES: Final = table_of(Resource)

_LONGEST_NUMBER: Final = 15
"""Digits of a row's number: far fewer than the database takes, far more than there will be."""

Standing = Literal["none", "waiting", "confirmed"]


def offered(settings: Settings) -> bool:
    """Whether a form may ask for an address at all: there is a mail server."""
    return settings.mail.on


def read(typed: str, *, field: str = "contact") -> str:
    """An address as it is kept. Raises Refusal("address") for what is none that we write to."""
    address = mail_address(typed)
    if address is None:
        raise Refusal("address", field, sentence=phrase("Write the address like this: name@example.org"))
    return address


def standing(row: Resource) -> Standing:
    """Whether letters about this note have somewhere to go: nowhere, not yet confirmed, or confirmed."""
    if not row.contact:
        return "none"
    return "confirmed" if row.contact_ok_at is not None else "waiting"


def given(connection: Connection, acting: Acting, *, resource_id: int, address: str, language: str) -> None:
    """Keep the address that was typed for a note, in the language of whoever asks, and ask there whether it is right.

    The caller has judged who may say so. The same address again asks anew where nobody has answered; an empty one takes it away.
    Raises Refusal("address", "contact"), or ("no-letters", "contact") where there is no mail server.
    """
    if not address.strip():
        taken_away(connection, resource_id=resource_id)
        return
    known = _check_offered(acting, read(address), field="contact")
    row = connection.execute(_RESOURCES.select().where(_RESOURCES.c.id == resource_id)).mappings().one()
    if row["contact"] != known:
        writing.forget(connection, resource_id=resource_id)
        _set(connection, _RESOURCES, resource_id, contact=known, contact_ok_at=None, contact_language=language)
    if row["contact"] != known or row["contact_ok_at"] is None:
        writing.write(connection, acting, about=About.CONFIRM, resource_id=resource_id)


def taken_away(connection: Connection, *, resource_id: int) -> None:
    """Forget the address of a note. Its own page and its paper still work."""
    writing.forget(connection, resource_id=resource_id)
    _set(connection, _RESOURCES, resource_id, contact=None, contact_ok_at=None, contact_language="")


def own(connection: Connection, acting: Acting, *, address: str, how: str) -> None:
    """Where and how often the neighbour who acts wishes to be written to; an empty address for not at all.

    Raises Refusal("address", "mail"), ("how", "mail_how") or ("no-letters", "mail").
    """
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    if not address.strip():
        writing.forget(connection, member_id=member_id)
        _set(connection, _MEMBERS, member_id, mail="", mail_ok_at=None, mail_how=timing.DAILY)
        return
    known = _check_offered(acting, read(address, field="mail"), field="mail")
    if how not in timing.HOW:
        raise Refusal("how", "mail_how", sentence=phrase("Choose how often we may write to you."))
    row = connection.execute(_MEMBERS.select().where(_MEMBERS.c.id == member_id)).mappings().one()
    if row["mail"] != known:
        writing.forget(connection, member_id=member_id)
        _set(connection, _MEMBERS, member_id, mail=known, mail_ok_at=None)
    _set(connection, _MEMBERS, member_id, mail_how=how)
    if row["mail"] != known or row["mail_ok_at"] is None:
        writing.write(connection, acting, about=About.CONFIRM, member_id=member_id)


def confirmed(connection: Connection, acting: Acting, token: str) -> None:
    """Whoever reads letters there wants them. Doing it twice is no mistake. Raises Refusal("not-found")."""
    place = _confirmable(connection, acting, token)
    if place.confirmed is None:
        _set(connection, place.table, place.number, **{place.ok: acting.now})


def check(connection: Connection, acting: Acting, token: str) -> None:
    """Whether a link that confirms still does. Raises Refusal("not-found")."""
    _confirmable(connection, acting, token)


def stopped(connection: Connection, acting: Acting, token: str) -> None:
    """Write to the address of this link no more, whoever left it here and wherever. Doing it twice is no mistake."""
    key = acting.council.lookup_key
    for place in _places(connection):
        if not links.stops(key, token, address=place.address):
            continue
        if place.table is _RESOURCES:
            taken_away(connection, resource_id=place.number)
        else:
            writing.forget(connection, member_id=place.number)
            _set(connection, _MEMBERS, place.number, mail="", mail_ok_at=None, mail_how=timing.DAILY)


@dataclass(frozen=True, slots=True)
class _Place:
    """An address where it is kept, and the column that says since when it is confirmed."""

    table: Table
    number: int
    address: str
    confirmed: Any
    ok: str


def _places(connection: Connection) -> Iterator[_Place]:
    """Every address that is kept here: as many as there are live notes and neighbours with one."""
    for row in connection.execute(_RESOURCES.select().where(_RESOURCES.c.contact.is_not(None))).mappings().all():
        yield _Place(_RESOURCES, row["id"], row["contact"], row["contact_ok_at"], "contact_ok_at")
    for row in connection.execute(_MEMBERS.select().where(_MEMBERS.c.ended_at.is_(None))).mappings().all():
        if row["mail"]:
            yield _Place(_MEMBERS, row["id"], row["mail"], row["mail_ok_at"], "mail_ok_at")


def _confirmable(connection: Connection, acting: Acting, token: str) -> _Place:
    claimed = links.read_confirm(token)
    place = None if claimed is None else _place_of(connection, claimed.whose)
    if (
        claimed is None
        or place is None
        or not links.proves(acting.council.lookup_key, claimed, address=place.address, now=acting.now)
    ):
        raise Refusal(
            "not-found", sentence=phrase("This link is over. Give the address once more, then a new letter comes.")
        )
    return place


def _place_of(connection: Connection, whose: str) -> _Place | None:
    kind, _, name = whose.partition("-")
    if not name.isascii() or not name.isdecimal() or len(name) > _LONGEST_NUMBER:
        return None
    if kind == "note":
        row = connection.execute(_RESOURCES.select().where(_RESOURCES.c.id == int(name))).mappings().first()
        if row is not None and row["contact"]:
            return _Place(_RESOURCES, row["id"], row["contact"], row["contact_ok_at"], "contact_ok_at")
    if kind == "member":
        row = connection.execute(_MEMBERS.select().where(_MEMBERS.c.id == int(name))).mappings().first()
        if row is not None and row["mail"] and row["ended_at"] is None:
            return _Place(_MEMBERS, row["id"], row["mail"], row["mail_ok_at"], "mail_ok_at")
    return None


def _check_offered(acting: Acting, address: str, *, field: str) -> str:
    if not offered(acting.settings):
        raise Refusal("no-letters", field, sentence=phrase("Our server sends no letters. Leave the address out."))
    return address


def _set(connection: Connection, table: Table, number: int, **values: Any) -> None:
    connection.execute(table.update().where(table.c.id == number).values(**values))
