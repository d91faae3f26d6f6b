"""What a neighbour was told by us and has not read in our feed: it alone holds it, if our store is put back from an old copy.

A message arrives at once, its entry at the next talk. So a council that is silent asks for more than entries: whoever was sent
something by it in the last day gives the very messages back. They count by our own proof in them, whoever hands them over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, text

from federation import replicas
from federation.council import Council
from federation.feeds import recovering
from federation.feeds.own import CHANNEL
from federation.kinds import act_of
from protocol import authority, ids, keys, proof, strict_json
from protocol.verdict import Refused
from schemas.activity import shape_of

LATELY: Final = timedelta(days=1)
MOST: Final = 500

_TOLD = text(
    "SELECT document FROM received_activity WHERE actor_id = :actor AND received_at >="
    " (SELECT max(received_at) FROM received_activity) - :lately ORDER BY id DESC LIMIT :most"
)


def told_by(connection: Connection, *, actor: str, most_bytes: int) -> list[Any]:
    """What a council has sent us in the last day, oldest first; the newest where that is too much for one answer."""
    given = {"actor": actor, "lately": LATELY // timedelta(microseconds=1), "most": MOST}
    found: list[Any] = []
    size = 0
    for document in connection.execute(_TOLD, given).scalars():
        size += len(document)
        if size > most_bytes:
            break
        found.append(orjson.loads(document))
    return found[::-1]


def take(connection: Connection, council: Council, said: Sequence[dict[str, Any]], *, now: datetime) -> int:
    """Take our own messages back. What is not ours by its proof, or of no use here, is passed over. Returns how many counted."""
    count = 0
    for activity in said:
        if _is_ours(council, activity, now=now):
            connection.exec_driver_sql("SAVEPOINT told")
            try:
                count += _recover(connection, council, activity, now=now)
            except (KeyError, TypeError, ValueError):
                connection.exec_driver_sql("ROLLBACK TO told")
            connection.exec_driver_sql("RELEASE told")
    return count


def _is_ours(council: Council, activity: dict[str, Any], *, now: datetime) -> bool:
    if strict_json.judge(activity) is not None or isinstance(shape_of(activity), Refused):
        return False
    if isinstance(authority.judge_authority(activity, signer=council.actor_id, our_origin=""), Refused):
        return False
    claim = proof.proof_of(activity)
    if isinstance(claim, Refused):
        return False
    known = council.proof_keys().get(claim.method)
    if known is None:
        return False
    verdict = proof.judge_proof_claim(claim, keys.decode_multikey(known[0]), document=activity, now=now)
    return not isinstance(verdict, Refused)


def _recover(connection: Connection, council: Council, activity: dict[str, Any], *, now: datetime) -> bool:
    act = act_of(council.acts, activity)
    if act is not None:
        model = act.read(activity)
        if isinstance(model, Refused):
            return False
        act.apply(connection, council, model, orjson.dumps(activity), now)
        return True
    audience = authority.audience_of(activity, actor=council.actor_id)
    if isinstance(audience, Refused) or audience not in CHANNEL:
        return False
    thing = activity["object"]
    if activity["type"] in ("Create", "Update") and isinstance(thing, dict) and thing["id"] != council.actor_id:
        document = orjson.dumps(activity)
        replicas.put(connection, council, activity=activity, document=document, audience=audience, received_at=now)
        recovering.recover_record(connection, council, object_id=thing["id"])
        return True
    if activity["type"] == "Delete":
        object_id = thing["id"] if isinstance(thing, dict) else thing
        if not ids.same_origin(object_id, council.actor_id) or object_id == council.actor_id:
            return False
        replicas.end(connection, council, object_id=object_id, source=council.actor_id, audience=audience, now=now)
        recovering.end_record(connection, council, object_id=object_id, now=now)
        return True
    return False
