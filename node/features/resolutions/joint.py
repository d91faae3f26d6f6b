"""A text that several councils decide about: asking them, and saying what came of it once the answers are there.

The text and its rule never change once they are out. Whether it is agreed is not ours to say: it is counted from the signed
answers, and what we say of it is that count.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, select

from federation.tables import Peer, table_of
from node.accounts.second_person import second_person_needed
from node.feature import Acting
from node.features.resolutions import rows, rules
from node.features.resolutions.counting import Joint, joint_at
from node.features.resolutions.publishing import digest_of
from node.features.resolutions.speaking import say_answer
from node.features.resolutions.tables import Resolution
from node.rights import Right
from protocol.agreement.stances import counted, gather
from protocol.agreement.tally import Outcome, closing_holds, outcome
from protocol.peering import State
from schemas.lasting import end_of
from schemas.phrase import phrase
from schemas.records.deciding import Asked, Rule, Stage
from schemas.records.joint_forms import AskForm, GatheredForm
from schemas.records.stance import StanceVerb
from schemas.refusal import Refusal

WRITTEN: Final = "written"
RECIPE: Final = "joint"
LONGEST: Final = timedelta(days=366)
_STAGES: Final = {Outcome.OPEN: Stage.OPEN, Outcome.ADOPTED: Stage.ADOPTED, Outcome.REFUSED: Stage.REFUSED}
_COUNTED: Final = (Stage.OPEN, Stage.ADOPTED, Stage.REFUSED)

_RESOLUTIONS: Final = table_of(Resolution)
_PEERS: Final = table_of(Peer)


def linked(connection: Connection) -> list[RowMapping]:
    """The councils that can be asked, by name."""
    statement = select(_PEERS.c.id, _PEERS.c.actor_id, _PEERS.c.name, _PEERS.c.ed25519_multibase).where(
        _PEERS.c.state == State.ACCEPTED.value
    )
    return list(connection.execute(statement.order_by(_PEERS.c.name, _PEERS.c.id)).mappings())


def check_askable(row: Resolution) -> None:
    """Raises Refusal for a text about which nobody can be asked (any more)."""
    if row.audience not in rules.PUBLISHED:
        raise Refusal(
            "audience",
            sentence=phrase("Only what nearby councils can see can be put to them. Change who can see it first."),
        )
    if row.rule is not None:
        raise Refusal("asked-already", sentence=phrase("They have been asked already."))
    if row.stage != Stage.OPEN or row.answers_object:
        raise Refusal("not-open", sentence=phrase("Only a text that is being decided can be put to nearby councils."))


def ask(connection: Connection, public_id: str, form: AskForm, acting: Acting) -> Resolution:
    """Put an open text to linked councils, under a rule. It goes out once a second person has confirmed the gathering.

    Raises Refusal.
    """
    row = rows.found(connection, public_id, acting)
    member_id = acting.viewer.require(Right.DECIDE)
    check_askable(row)
    check_gathering(form, acting, notice_until=row.notice_until)
    if row.review_on is not None and row.review_on <= form.decided_at:
        sentence = phrase("The day to look at it again comes after the day of the gathering.")
        raise Refusal("review-on", "decided_at", sentence=sentence)
    rule = _rule(connection, form, acting)
    values = {
        **gathering_values(form),
        "rule": orjson.dumps(rule.agreed()).decode(),
        "recipe": row.recipe or RECIPE,
        "written_by": member_id,
        "seconded_by": None,
    }
    if not second_person_needed(connection):
        return go_out(connection, row, acting, **values)
    facts = {"on": form.decided_at, "present": form.present}
    return rows.change(connection, row, acting, step=WRITTEN, facts=facts, **values, stage=WRITTEN)


def go_out(connection: Connection, row: Resolution, acting: Acting, **values: Any) -> Resolution:
    """Tell everybody whom the text is put to, with our own answer: our gathering agrees to what it proposes.

    Raises Refusal("closed") where the end has passed while it waited.
    """
    rule = Rule.model_validate(orjson.loads(values.get("rule") or row.rule or "null"))
    if rule.closes_at <= acting.now:
        raise Refusal("closed", sentence=phrase("No more answers are taken: the time for them is over."))
    row = rows.change(connection, row, acting, step="asked", **values, stage=Stage.OPEN.value)
    object_id = row.object_id
    assert object_id is not None
    say_answer(
        connection,
        acting.council,
        object_id=object_id,
        digest=digest_of(row),
        audience=row.audience,
        verb=StanceVerb.ACCEPT,
        decision=object_id,
        words="",
        now=acting.now,
    )
    return rows.found(connection, row.public_id, acting)


def check_gathering(form: GatheredForm, acting: Acting, *, notice_until: Any = None) -> None:
    """Raises Refusal("gathering") for one that has not been, or that was before the notice had ended."""
    rules.check_gathering(form.decided_at, form.present, today=acting.now.astimezone(acting.zone).date())
    if notice_until is not None and form.decided_at < notice_until:
        raise Refusal(
            "notice",
            "decided_at",
            sentence=phrase("The text was open for reading until later than that. Decide it at a later gathering."),
        )


def gathering_values(form: GatheredForm) -> dict[str, Any]:
    """The gathering as a row keeps it."""
    return {
        "decided_at": form.decided_at,
        "present": form.present,
        "stand_asides": form.stand_asides,
        "objections": orjson.dumps([each.model_dump() for each in form.objections]).decode(),
    }


def _rule(connection: Connection, form: AskForm, acting: Acting) -> Rule:
    chosen = [row for row in linked(connection) if row["id"] in set(form.councils)]
    if len(chosen) != len(set(form.councils)):
        raise Refusal(
            "councils", "councils", sentence=phrase("We are no longer linked up with one of them. Choose again.")
        )
    closes_at = end_of(form.until, acting.now, zone=acting.zone).replace(microsecond=0)
    if not acting.now < closes_at <= acting.now + LONGEST:
        raise Refusal("until", "until", sentence=phrase("Choose a day to come, within a year."))
    council = acting.council
    asked = [Asked(id=council.actor_id, name=council.name, key=council.multibase)]
    asked += [Asked(id=row["actor_id"], name=row["name"], key=row["ed25519_multibase"]) for row in chosen]
    if form.at_least > len(asked):
        raise Refusal(
            "at-least",
            "at_least",
            sentence=phrase("No more assemblies can agree than are asked, with ours among them."),
        )
    return Rule(councils=asked, at_least=form.at_least, most_objections=form.most_objections, closes_at=closes_at)


def settle(connection: Connection, public_id: str, acting: Acting) -> Resolution:
    """Count, and say what came of it: once everybody has answered, or once the end has passed; and anew where the count has
    changed since. It needs no gathering, for it decides nothing. Raises Refusal("not-yet") while there is nothing to say."""
    row = rows.found(connection, public_id, acting)
    joint = _own_joint(connection, row, now=acting.now)
    if joint is None or row.stage not in _COUNTED:
        raise Refusal("not-open", sentence=phrase("There is nothing to count here."))
    changed = _settled(joint, row, now=acting.now)
    if changed is None:
        raise Refusal(
            "not-yet",
            sentence=phrase("Not everybody has answered, and the end has not come yet. Nothing has changed."),
        )
    return rows.change(connection, row, acting, step=changed["stage"], **changed)


def settle_due(connection: Connection, acting: Acting) -> int:
    """Say what came of each text whose end has passed while nobody looked. Returns how many."""
    waiting = _RESOLUTIONS.select().where(_RESOLUTIONS.c.rule.is_not(None), _RESOLUTIONS.c.stage == Stage.OPEN.value)
    count = 0
    for row in [Resolution(**found) for found in connection.execute(waiting).mappings().all()]:
        joint = _own_joint(connection, row, now=acting.now)
        changed = _settled(joint, row, now=acting.now) if joint is not None else None
        if joint is not None and changed is not None and joint.rule.closes_at <= acting.now:
            rows.change(connection, row, acting, step=changed["stage"], **changed)
            count += 1
    return count


def withdraw(connection: Connection, public_id: str, acting: Acting) -> Resolution:
    """Drop a joint text of ours while it is open. What councils have agreed together is not ours to drop. Raises Refusal."""
    row = rows.found(connection, public_id, acting)
    if row.rule is None or row.stage != Stage.OPEN:
        raise Refusal("not-open", sentence=phrase("Only a text that is being decided can be dropped."))
    return rows.change(connection, row, acting, step="dropped", stage=Stage.DROPPED.value)


def _own_joint(connection: Connection, row: Resolution, *, now: datetime) -> Joint | None:
    return None if row.rule is None or row.object_id is None else joint_at(connection, row.object_id, now=now)


def _settled(joint: Joint, row: Resolution, *, now: datetime) -> dict[str, Any] | None:
    """What is to be changed so that the row says what the answers say at this moment; None where it does."""
    rule, digest = joint.rule, joint.digest
    gathered = gather(joint.documents, rule, resolution=joint.object_id, digest=digest)

    def holds(at: datetime) -> bool:
        return closing_holds(rule, digest, gathered.given, closed_at=at)

    # An answer that was given by then may have been taken back, and we hear of it only now.
    closed_at = row.closed_at if row.closed_at is not None and holds(row.closed_at) else None
    this_second = now.replace(microsecond=0)
    # What is dated ahead, by a clock that goes fast, must not be left out by closing just before it.
    ahead = any(this_second < each.published <= rule.closes_at for each in gathered.given)
    if closed_at is None and now < rule.closes_at and not ahead and holds(this_second):
        closed_at = this_second
    came = outcome(counted(gathered, rule, digest=digest, closed_at=closed_at), now=now)
    stage = _STAGES[came].value
    return None if (stage, closed_at) == (row.stage, row.closed_at) else {"stage": stage, "closed_at": closed_at}
