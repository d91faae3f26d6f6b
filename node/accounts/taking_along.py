"""Everything here that is somebody's own, for taking along: account, turns and invites, and what each feature keeps of theirs.

Secrets are not in it (nobody could read them anyway), and nothing of what others wrote.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from federation.tables import table_of
from node.accounts import passkeys, passwords, recovery
from node.accounts.tables import Invite, Member, Session, Turn
from node.feature import Acting, Feature
from node.rights import Right

_MEMBERS, _SESSIONS, _TURNS, _INVITES = (table_of(table) for table in (Member, Session, Turn, Invite))
_ABOUT_THEMSELVES = (
    "per_week",
    "distance_km",
    "kinds",
    "hours",
    "languages",
    "care",
    "paused_at",
    "paused_until",
    "mail",
)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def everything_of(connection: Connection, acting: Acting, *, features: Iterable[Feature]) -> list[dict[str, Any]]:
    """One dictionary for each record that is the acting member's own; `kind` says what it is."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    member = connection.execute(_MEMBERS.select().where(_MEMBERS.c.id == member_id)).one()
    records: list[dict[str, Any]] = [
        {
            "kind": "account",
            "name": member.name,
            "language": member.language or "",
            "since": member.created_at.isoformat(),
            **{name: getattr(member, name) for name in _ABOUT_THEMSELVES if getattr(member, name)},
            **({"mail_how": member.mail_how} if member.mail else {}),
            "sign_in_name": passwords.sign_in_name(connection, member_id=member_id) or "",
            "recovery_codes_left": recovery.left(connection, member_id=member_id),
        }
    ]
    for key in passkeys.listing(connection, member_id=member_id):
        records.append({"kind": "passkey", "name": key.name, "since": key.created_at.isoformat()})
    for row in connection.execute(_SESSIONS.select().where(_SESSIONS.c.member_id == member_id)):
        days = {"since": f"{row.created_at:%Y-%m-%d}", "last_seen": f"{row.last_seen_at:%Y-%m-%d}"}
        records.append({"kind": "signed in", **days})
    for row in connection.execute(_TURNS.select().where(_TURNS.c.member_id == member_id)):
        end = row.ended_at or row.ends_at
        records.append({"kind": "turn", "role": row.role, "from": row.starts_at.isoformat(), "until": end.isoformat()})
    for row in connection.execute(_INVITES.select().where(_INVITES.c.by_member == member_id)):
        made = {"made": row.created_at.isoformat(), "until": row.expires_at.isoformat()}
        records.append({"kind": "invite", "uses": row.uses, "used": row.used, **made})
    for feature in features:
        if feature.own is not None:
            records += feature.own(connection, member_id)
    return records


def by_kind(records: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The records of each kind, in the order in which kinds first come."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        found.setdefault(str(record["kind"]), []).append(record)
    return found


def packed(records: list[dict[str, Any]], *, page: str, now: datetime) -> bytes:
    """A ZIP file: index.html (`page`), everything.json, and one CSV file for each kind (RFC 4180, UTF-8 with a mark)."""
    files = {"index.html": page, "everything.json": json.dumps(records, ensure_ascii=False, indent=2, default=str)}
    for kind, rows in by_kind(records).items():
        files[f"{kind.replace(' ', '-')}.csv"] = "\ufeff" + _csv(rows)
    packed_up = io.BytesIO()
    with zipfile.ZipFile(packed_up, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, date_time=now.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return packed_up.getvalue()


def _csv(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([[_cell(row.get(name, "")) for name in columns] for row in rows])
    return text.getvalue()


def _cell(value: Any) -> str:
    words = str(value)
    return f"'{words}" if words.startswith(_FORMULA) else words
