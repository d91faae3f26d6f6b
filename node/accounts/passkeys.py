"""Passkeys (WebAuthn Level 2): adding one to an account, signing in with one, several for each member.

The ceremonies themselves are judged by the webauthn library. Kept here: which public keys are whose. No attestation is asked
for: which device it is is nobody's business.
"""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from federation.council import Council
from federation.ports import Randomness
from federation.tables import table_of
from node.accounts.challenges import Challenges, bytes_of, part_of, refused
from node.accounts.tables import LAST_ROW, Member, Passkey
from node.feature import Acting
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

HANDLE_BYTES = 32
MOST_EACH = 10
LONGEST_NAME = 60

_PASSKEYS = table_of(Passkey)
_MEMBERS = table_of(Member)


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A member's passkey as they see it: the name they gave it, since when, and the last time it was used."""

    id: int
    name: str
    created_at: Any
    last_used_at: Any


@dataclass(frozen=True, slots=True)
class Found:
    """The passkey that an answer names."""

    id: int
    member_id: int
    public_key: bytes
    sign_count: int
    user_handle: bytes


def host_of(council: Council) -> str | None:
    """The relying party's id, or None where browsers offer no passkeys: at IP addresses, and on plain http but on this machine."""
    parts = urlsplit(council.base_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        here = host == "localhost" or host.endswith(".localhost")
        return host if parts.scheme == "https" or here else None
    return None


def listing(connection: Connection, *, member_id: int) -> list[PasskeyView]:
    """A member's passkeys, in the order in which they were added."""
    rows = connection.execute(_PASSKEYS.select().where(_PASSKEYS.c.member_id == member_id).order_by(_PASSKEYS.c.id))
    return [PasskeyView(row.id, row.name, row.created_at, row.last_used_at) for row in rows]


def options_to_add(
    connection: Connection, acting: Acting, challenges: Challenges, *, randomness: Randomness, monotonic: float
) -> dict[str, Any]:
    """What the browser is given for making a passkey (PublicKeyCredentialCreationOptionsJSON)."""
    import webauthn
    from webauthn.helpers import structs

    member_id, host = acting.viewer.require(Right.OWN_ACCOUNT), _host(acting.council)
    rows = connection.execute(_PASSKEYS.select().where(_PASSKEYS.c.member_id == member_id)).all()
    if len(rows) >= MOST_EACH:
        raise Refusal("enough", sentence=phrase("You have ten passkeys. Remove one first."))
    handle = rows[0].user_handle if rows else randomness.bytes(HANDLE_BYTES)
    options = webauthn.generate_registration_options(
        rp_id=host,
        rp_name=acting.council.name,
        user_id=handle,
        user_name=acting.viewer.name or acting.council.name,
        challenge=challenges.new(randomness, monotonic=monotonic, member_id=member_id, handle=handle),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=row.credential_id) for row in rows],
    )
    made: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return made


def judge_new(
    acting: Acting, challenges: Challenges, *, credential: Mapping[str, Any], monotonic: float
) -> dict[str, Any]:
    """The columns of a new passkey, once the browser's answer has been judged. Raises Refusal("passkey")."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    member_id, host = acting.viewer.require(Right.OWN_ACCOUNT), _host(acting.council)
    out = challenges.take(credential, monotonic=monotonic, member_id=member_id)
    try:
        verified = webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=out.challenge,
            expected_rp_id=host,
            expected_origin=acting.council.base_url,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise refused() from None
    return {
        "credential_id": verified.credential_id,
        "public_key": verified.credential_public_key,
        "sign_count": verified.sign_count,
        "user_handle": out.handle,
    }


def add(connection: Connection, acting: Acting, *, name: str, columns: Mapping[str, Any]) -> None:
    """Keep a judged passkey under a name of its owner's choice. Raises Refusal("passkey") for one that is here already."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    row = {
        "member_id": member_id,
        "name": name.strip()[:LONGEST_NAME],
        "created_at": acting.now,
    }
    try:
        connection.execute(_PASSKEYS.insert().values(**row, **columns))
    except IntegrityError:
        raise refused() from None


def remove(connection: Connection, acting: Acting, *, passkey_id: int) -> None:
    """Remove one of one's own. Removing what is not there is no mistake."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    connection.execute(
        _PASSKEYS.delete().where(_PASSKEYS.c.id == min(passkey_id, LAST_ROW), _PASSKEYS.c.member_id == member_id)
    )


def options_to_sign_in(
    council: Council, challenges: Challenges, *, randomness: Randomness, monotonic: float
) -> dict[str, Any]:
    """What the browser is given for signing in: no name is asked, whichever passkey it has for us will do."""
    import webauthn

    options = webauthn.generate_authentication_options(
        rp_id=_host(council), challenge=challenges.new(randomness, monotonic=monotonic, member_id=None)
    )
    made: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return made


def find(connection: Connection, *, credential: Mapping[str, Any]) -> Found:
    """The passkey that an answer names, of somebody who is still here. Raises Refusal("passkey")."""
    row = connection.execute(
        select(_PASSKEYS)
        .join(_MEMBERS, _MEMBERS.c.id == _PASSKEYS.c.member_id)
        .where(_PASSKEYS.c.credential_id == bytes_of(credential.get("rawId")), _MEMBERS.c.ended_at.is_(None))
    ).one_or_none()
    if row is None:
        raise refused()
    return Found(row.id, row.member_id, row.public_key, row.sign_count, row.user_handle)


def judge(
    council: Council, challenges: Challenges, *, found: Found, credential: Mapping[str, Any], monotonic: float
) -> int:
    """The new sign count of a passkey whose answer is good. Raises Refusal("passkey"), a count that went back included."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    out = challenges.take(credential, monotonic=monotonic, member_id=None)
    handle = part_of(credential, "response").get("userHandle")
    if handle and bytes_of(handle) != found.user_handle:
        raise refused()
    try:
        verified = webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=out.challenge,
            expected_rp_id=_host(council),
            expected_origin=council.base_url,
            credential_public_key=found.public_key,
            credential_current_sign_count=found.sign_count,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise refused() from None
    return verified.new_sign_count


def count_on(connection: Connection, *, found: Found, sign_count: int, now: Any) -> int:
    """Write the use down; the member who signs in. Raises Refusal("passkey") if another use came between, or it is gone."""
    counted = connection.execute(
        _PASSKEYS.update()
        .where(_PASSKEYS.c.id == found.id, _PASSKEYS.c.sign_count == found.sign_count)
        .values(sign_count=sign_count, last_used_at=now)
        .returning(_PASSKEYS.c.member_id)
    ).scalar_one_or_none()
    if counted is None:
        raise refused()
    return int(counted)


def _host(council: Council) -> str:
    host = host_of(council)
    if host is None:
        raise Refusal("no-passkeys", sentence=phrase("Browsers offer no passkeys under this server's address."))
    return host
