"""A password, for those who want one: a sign-in name of their own choice, looked up by a keyed hash, and argon2id.

Ten characters and no other rule. An unknown name takes as long and is answered as a wrong password is. Hashing is done by
the caller's thread and never inside a step of the store. This module must never keep or log a password, or say which part
was wrong.
"""

import hashlib
import hmac
import unicodedata
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from federation.ports import Randomness
from federation.tables import table_of
from node.accounts.own import end_others
from node.accounts.tables import Member, Password
from node.feature import Acting
from node.rights import Right
from schemas.phrase import phrase
from schemas.refusal import Refusal

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST = 10
MOST = 500
NAME_LEAST, NAME_MOST = 3, 60
_SALT_BYTES = 16
# Each takes 19 MiB: never more of them at once than a small machine can bear.
_AT_ONCE = BoundedSemaphore(2)
# Of no password at all. Made with the parameters below, so that judging it takes as long as judging a real one.
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$Y29tYXJjYS1jb21hcmNhLQ$pABgL5a6s3Tlxh1g+t+/z8PXb6+87ixA9D7dalSf+wc"

_PASSWORDS = table_of(Password)
_MEMBERS = table_of(Member)


def hasher() -> "PasswordHasher":
    """argon2id as OWASP has it for small machines: 19 MiB, two passes (RFC 9106)."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def name_hash(name: str, key: Ed25519PrivateKey) -> str:
    """What a sign-in name is looked up by: the same however it is spaced or written, and of no use without the server's key."""
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return hmac.digest(
        key.private_bytes_raw(), b"comarca sign-in name 1\n" + plain.encode("utf-8", "replace"), hashlib.sha256
    ).hex()


def hashed(password: str, *, name: str, randomness: Randomness) -> str:
    """The argon2 form of a new password. Raises Refusal("password", "name") where either cannot be used."""
    if not NAME_LEAST <= len(name.strip()) <= NAME_MOST or not name.isprintable():
        raise Refusal("sign-in-name", "sign_in_name", sentence=phrase("Choose a sign-in name of 3 to 60 characters."))
    if len(password) < LEAST:
        raise Refusal(
            "password",
            "password",
            sentence=phrase(
                "Take ten characters or more. A few words that you remember are good; nothing else is asked."
            ),
        )
    if len(password) > MOST:
        raise Refusal(
            "password", "password", sentence=phrase("That is longer than we can take: 500 characters at most.")
        )
    with _AT_ONCE:
        return hasher().hash(password, salt=randomness.bytes(_SALT_BYTES))


def keep(connection: Connection, acting: Acting, *, name: str, argon2: str, session_token: str) -> None:
    """The one who acts signs in by this name and password from now on, and is signed in nowhere but by `session_token`.

    Raises Refusal("taken") where the name is another's.
    """
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    remove(connection, acting)
    row = {
        "member_id": member_id,
        "name": " ".join(name.split()),
        "name_hash": name_hash(name, acting.council.lookup_key),
        "argon2": argon2,
        "changed_at": acting.now,
    }
    try:
        connection.execute(_PASSWORDS.insert().values(**row))
    except IntegrityError:
        raise Refusal(
            "taken", "sign_in_name", sentence=phrase("That name cannot be used here. Choose another.")
        ) from None
    end_others(connection, acting, session_token=session_token)


def remove(connection: Connection, acting: Acting) -> None:
    """Sign in without a password again. Removing none is no mistake."""
    member_id = acting.viewer.require(Right.OWN_ACCOUNT)
    connection.execute(_PASSWORDS.delete().where(_PASSWORDS.c.member_id == member_id))


def sign_in_name(connection: Connection, *, member_id: int) -> str | None:
    """The sign-in name of a member who has a password."""
    return connection.execute(select(_PASSWORDS.c.name).where(_PASSWORDS.c.member_id == member_id)).scalar_one_or_none()


def find(connection: Connection, *, name: str, key: Ed25519PrivateKey) -> tuple[int | None, str]:
    """Whose name this is and what to judge the password against; None and nobody's for an unknown one. Reads only."""
    row = connection.execute(
        select(_PASSWORDS.c.member_id, _PASSWORDS.c.argon2)
        .join(_MEMBERS, _MEMBERS.c.id == _PASSWORDS.c.member_id)
        .where(_PASSWORDS.c.name_hash == name_hash(name, key), _MEMBERS.c.ended_at.is_(None))
    ).one_or_none()
    return (None, NOBODYS) if row is None else (row.member_id, row.argon2)


def judge(found: tuple[int | None, str], password: str) -> int:
    """The member whose password this is. Raises Refusal("sign-in"), after the same time, whichever part was wrong."""
    from argon2.exceptions import VerificationError

    member_id, argon2 = found
    try:
        with _AT_ONCE:
            hasher().verify(argon2, password[: MOST + 1])
    except VerificationError:
        member_id = None
    if member_id is None:
        raise wrong()
    return member_id


def wrong() -> Refusal:
    """The one answer to a name and a password that sign nobody in."""
    return Refusal("sign-in", "sign_in_name", sentence=phrase("This name and this password do not go together."))


def still(connection: Connection, *, member_id: int, argon2: str) -> bool:
    """Whether the password that was judged is still the member's when their session is made."""
    same = select(_PASSWORDS.c.id).where(_PASSWORDS.c.member_id == member_id, _PASSWORDS.c.argon2 == argon2)
    return connection.execute(same).first() is not None
