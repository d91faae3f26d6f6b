"""A council changes its keys: how it is told, whose word on it is believed, and for what a retired key still counts.

**Telling.** The change is an Update of the actor that names the new pair first and the old Ed25519 key with its end
(`expires`). Its proof is by the old key, and so is the HTTP signature of every request to an inbox that has not yet
acknowledged it. It goes ahead of everything else, so what the new key proves never arrives before it; what the old key has
proved, and still waits, follows it.

**Believing.** A linked council's key is replaced by such an Update alone, never by a fetch: proof and request must be by the
keys that are pinned now, it must be newer than the last change, and the new key must not be one given up before. So a replay
changes nothing, and a chain of changes can be followed by whoever was away, one after the other.

**What a retired key is good for.** It signs no request any more: whoever holds it alone can deliver nothing. A proof by it
counts where a request by a current key brings it, and where it was made before the change, or within an hour after: a server
that runs notices a change only in a moment.

A lost or stolen key is not mended here: without the old key nobody is believed, and the six words are compared anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from federation import outbox
from federation.council import Council, Profile
from federation.directory import Known
from federation.feeds import own
from federation.keyring import KeyPair
from federation.moments import from_microseconds, microseconds, read_time
from federation.ourselves import council_document
from federation.tables import Lane, OwnKey, table_of
from protocol import keys
from protocol.keys import PublicKey
from protocol.peering import State
from protocol.proof import AHEAD, ProofClaim
from protocol.verdict import Reason, Refused
from schemas import activity as activities
from schemas.actor import TheirActor
from schemas.phrase import phrase
from schemas.refusal import Refusal

NOTICED_WITHIN = timedelta(hours=1)
MOST_PAIRS = 60

_OWN = table_of(OwnKey)
_CHANGES = text("SELECT number, since FROM own_key ORDER BY number")
_DROP_OLDER = text("DELETE FROM delivery WHERE body_id IN (SELECT id FROM body WHERE object_id = :actor)")
_STORE_BODY = text(
    "INSERT INTO body (activity_id, object_id, audience, document, created_at, tells_key)"
    " VALUES (:activity_id, NULL, 'public', :document, :now, :number) RETURNING id"
)
_WHOM = (
    " FROM destination WHERE serves IN ('peer', 'follower')"
    " OR inbox IN (SELECT inbox FROM peer WHERE state IN (:we_asked, :they_asked))"
)
_QUEUE = text(
    "INSERT INTO delivery (destination_id, body_id, lane, queued_at, expires_at)"
    " SELECT id, :body_id, :lane, :now, CASE serves WHEN 'follower' THEN :follower_until ELSE :peer_until END" + _WHOM
)
_PINNED = text("SELECT ed25519_key_id, ed25519_multibase, rotated_at FROM peer WHERE actor_id = :actor_id")
_GIVEN_UP = text("SELECT key_id, multibase, until FROM peer_key WHERE actor_id = :actor_id")
_RETIRE = text(
    "INSERT INTO peer_key (key_id, actor_id, multibase, until) VALUES (:key_id, :actor_id, :multibase, :until)"
    " ON CONFLICT (key_id) DO NOTHING"
)
_REPLACE = text(
    "UPDATE peer SET ed25519_key_id = :key_id, ed25519_multibase = :multibase, rsa_key_id = :rsa_key_id, rsa_pem = :rsa_pem,"
    " rotated_at = :at WHERE actor_id = :actor_id AND ed25519_key_id = :before"
)


def changes(connection: Connection) -> list[tuple[int, datetime]]:
    """Our own changes of keys, oldest first: the number of the pair, and since when it is in use."""
    return [(row.number, from_microseconds(row.since)) for row in connection.execute(_CHANGES)]


@dataclass(frozen=True, slots=True)
class Changed:
    """`since` when the new pair is in use, and how many inboxes are told."""

    since: datetime
    told: int


def rotate(connection: Connection, council: Council, profile: Profile, *, pair: KeyPair, now: datetime) -> Changed:
    """Put `pair`, whose files are on the disk, in use from now on, and queue the word on it for all who know the old keys.

    Raises Refusal: "changed-meanwhile", "clock" where our clock is behind the last change, "too-many".
    """
    held, since = changes(connection), now.replace(microsecond=0)
    number = held[-1][0] if held else 1
    if (council.keyring.number, pair.number) != (number, number + 1):
        raise Refusal("changed-meanwhile", sentence=phrase("The keys were changed a moment ago. Look again first."))
    if held and since <= held[-1][1]:
        raise Refusal("clock", sentence=phrase("This machine's clock is behind the last change of keys. Set it first."))
    if pair.number > MOST_PAIRS:
        raise Refusal("too-many", sentence=phrase("The keys were changed too often; nobody could list them all."))
    connection.execute(_OWN.insert().values(number=pair.number, since=since))
    after = council.keyring.followed_by(pair, at=since)
    update = activities.update_actor(
        council.actor_id,
        council.new_activity_id(),
        document=council_document(council, profile, keyring=after),
        published=since,
    )
    return Changed(since, _tell(connection, council, update, number=pair.number, multibase=pair.multibase, now=since))


def _tell(
    connection: Connection, council: Council, update: dict[str, Any], *, number: int, multibase: str, now: datetime
) -> int:
    """Queue it ahead of everything else. What we were called before waits no longer: this says it too."""
    rules = council.rules
    signed, document = outbox.sign(council, update, now=now)
    # The old key says in our feeds what it says to inboxes, and then that the next entry is by the new one.
    own.put(connection, council, audience="public", object_id=council.actor_id, payload=signed, ends=None, now=now)
    own.hand_over(connection, council, to=multibase, by=council.ed25519, now=now)
    connection.execute(_DROP_OLDER, {"actor": council.actor_id})
    given = {"activity_id": signed["id"], "document": document, "now": microseconds(now), "number": number}
    body = connection.execute(_STORE_BODY, given).scalar_one()
    queued = {
        "body_id": body,
        "lane": int(Lane.HANDSHAKE),
        "now": microseconds(now),
        "follower_until": microseconds(now + rules.follower_rows),
        "peer_until": microseconds(now + rules.give_up),
        "we_asked": State.WE_ASKED.value,
        "they_asked": State.THEY_ASKED.value,
    }
    return connection.execute(_QUEUE, queued).rowcount


def tell_past_keys(connection: Connection, council: Council, *, inbox: str, now: datetime) -> None:
    """Tell a council that has just linked up which keys we have given up, ahead of records that those have proved.

    It compared the key in use; the word on the others is proved by that one. Nothing to tell for whoever has had one pair.
    """
    if not council.keyring.retired:
        return
    update = activities.update_actor(
        council.actor_id,
        council.new_activity_id(),
        document=council_document(council, council.profile),
        published=now,
    )
    outbox.send_to(connection, council, activity=update, inbox=inbox, now=now)


def key_of_proof(claim: ProofClaim, *, known: Known, pinned: PublicKey | None) -> PublicKey | Refused:
    """The key of a linked council that a proof may be by: the `pinned` one, or one given up if the proof is as old as it."""
    if pinned is not None and claim.method == known.ed25519_key_id:
        return pinned
    given_up = known.given_up.get(claim.method)
    if given_up is None:
        return Refused(
            Reason.BAD_PROOF, "The proof names a key that is not the one compared when linking up, or told of since."
        )
    key, until = given_up
    if claim.created > until + NOTICED_WITHIN:
        return Refused(Reason.BAD_PROOF, "The proof was made with a key that its council had given up by then.")
    return key


def judge_keys(
    theirs: TheirActor, *, known: Known, pinned: PublicKey | None, method: str, published: datetime, now: datetime
) -> Refused | None:
    """Whether an Update of the actor may name these keys; its request and its proof, by `method`, have been verified.

    None for the key that is pinned, for an older word that was overtaken, and for a change that may be believed.
    """
    named = theirs.ed25519_key()
    if named is None or pinned is None:
        return Refused(Reason.BAD_PROOF, "The actor names no Ed25519 key.")
    key_id, multibase = named
    current = {known.ed25519_key_id: keys.encode_multikey(pinned)}
    past = {name: keys.encode_multikey(key) for name, (key, _) in known.given_up.items()}
    if (key_id, multibase) in current.items():
        return None
    by_current = method == known.ed25519_key_id
    if (key_id, multibase) in past.items() and not by_current:
        return None
    if not by_current:
        return Refused(Reason.BAD_PROOF, "A change of keys must be proved by the key that is in use before it.")
    if key_id in current or key_id in past or multibase in {*current.values(), *past.values()}:
        return Refused(Reason.BAD_PROOF, "A new key has an id of its own, and is none that was given up.")
    if published > now + AHEAD or (known.rotated_at is not None and published <= known.rotated_at):
        return Refused(Reason.BAD_PROOF, "A change of keys must be newer than the last one.")
    return None if _readable(multibase) else Refused(Reason.BAD_PROOF, "The new key cannot be read.")


def is_by_pinned_key(connection: Connection, activity: Mapping[str, Any]) -> bool:
    """Whether a judged activity is proved by the key that is pinned at this moment."""
    row = connection.execute(_PINNED, {"actor_id": activity["actor"]}).first()
    return row is not None and activity["proof"]["verificationMethod"] == row.ed25519_key_id


def apply_keys(connection: Connection, activity: Mapping[str, Any], *, by_feed: bool = False) -> bool:
    """Take the keys that a judged Update of an actor names. Returns whether the pinned ones were replaced.

    Safe to run twice, and in any order: only a proof by the key that is pinned at this moment counts, or the chain of that
    council's own feed.
    """
    actor, published = activity["actor"], read_time(activity["published"])
    row = connection.execute(_PINNED, {"actor_id": actor}).first()
    theirs = TheirActor.read(activity["object"])
    if row is None or isinstance(theirs, Refused):
        return False
    if not by_feed and activity["proof"]["verificationMethod"] != row.ed25519_key_id:
        return False
    named, rsa = theirs.ed25519_key(), theirs.rsa_key()
    if named is None:
        return False
    replaced = named != (row.ed25519_key_id, row.ed25519_multibase)
    if replaced:
        if row.rotated_at is not None and microseconds(published) <= row.rotated_at:
            return False
        _give_up(connection, actor, key_id=row.ed25519_key_id, multibase=row.ed25519_multibase, until=published)
        readable = rsa is not None and _readable_pem(rsa[1])
        values = {
            "key_id": named[0],
            "multibase": named[1],
            "rsa_key_id": rsa[0] if rsa is not None and readable else None,
            "rsa_pem": rsa[1] if rsa is not None and readable else None,
        }
        given = values | {"at": microseconds(published), "actor_id": actor, "before": row.ed25519_key_id}
        connection.execute(_REPLACE, given)
    for key_id, multibase, until in theirs.retired_keys():
        if key_id != named[0] and multibase != named[1] and until <= published and _readable(multibase):
            _give_up(connection, actor, key_id=key_id, multibase=multibase, until=until)
    return replaced


def _give_up(connection: Connection, actor: str, *, key_id: str, multibase: str, until: datetime) -> None:
    held = connection.execute(_GIVEN_UP, {"actor_id": actor}).all()
    if len(held) < MOST_PAIRS:
        given = {"key_id": key_id, "actor_id": actor, "multibase": multibase, "until": microseconds(until)}
        connection.execute(_RETIRE, given)


def keys_of(connection: Connection, council: Council, actor_id: str) -> dict[str, tuple[str, datetime | None]]:
    """Every Ed25519 key that we know of a council, ours included: key id to (multibase, when it was given up)."""
    if actor_id == council.actor_id:
        return council.proof_keys()
    row = connection.execute(_PINNED, {"actor_id": actor_id}).first()
    if row is None:
        return {}
    found: dict[str, tuple[str, datetime | None]] = {row.ed25519_key_id: (row.ed25519_multibase, None)}
    for past in connection.execute(_GIVEN_UP, {"actor_id": actor_id}):
        found.setdefault(past.key_id, (past.multibase, from_microseconds(past.until)))
    return found


def _readable(multibase: str) -> bool:
    try:
        keys.decode_multikey(multibase)
    except keys.BadKey:
        return False
    return True


def _readable_pem(pem: str) -> bool:
    try:
        keys.decode_pem(pem)
    except keys.BadKey:
        return False
    return True
