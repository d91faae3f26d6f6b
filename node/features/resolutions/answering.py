"""What our gathering answers to another council's text: a small resolution of our own, and the signed answer that says it.

An answer is given and taken back by a gathering, like anything else that is decided: nobody answers for the council alone.
"""

from typing import Final

from sqlalchemy import Connection

from federation.council import Council
from federation.tables import table_of
from node.accounts.second_person import second_person_needed
from node.feature import Acting, Viewer
from node.features.resolutions import evidence, rows
from node.features.resolutions.counting import Joint, joint_at
from node.features.resolutions.joint import WRITTEN, check_gathering, gathering_values
from node.features.resolutions.speaking import say_answer, say_taken_back
from node.features.resolutions.tables import Resolution
from node.rights import Right
from schemas.phrase import phrase
from schemas.records.deciding import Method, Stage
from schemas.records.joint_forms import AnswerForm, GatheredForm, TakeBackForm
from schemas.records.stance import StanceVerb
from schemas.refusal import Refusal
from schemas.wording import words_for

ANSWER: Final = "answer"
TAKEN_BACK: Final = "answer-back"
_LONGEST_TITLE: Final = 200

_RESOLUTIONS: Final = table_of(Resolution)


def asked_of_us(connection: Connection, object_id: str, acting: Acting) -> Joint:
    """The joint text under an address, if this person may see it and our council is asked. Raises Refusal."""
    joint = joint_at(connection, object_id, now=acting.now)
    if joint is None or joint.audience not in acting.viewer.audiences:
        raise Refusal("not-found", sentence=phrase("That text is not held here, or it asks nobody."))
    check_asked(joint, acting.council)
    return joint


def check_asked(joint: Joint, council: Council) -> None:
    """Raises Refusal where our answer would not count."""
    asked = joint.rule.asked(council.actor_id)
    if asked is None:
        raise Refusal("not-asked", sentence=phrase("We are not among those that are asked."))
    if asked.key != council.multibase:
        raise Refusal(
            "other-key",
            sentence=phrase(
                "They have asked us under a key that we have changed since, so our answer would not count. "
                "Ask them to put the text to us anew."
            ),
        )


def waiting(connection: Connection, object_id: str) -> Resolution | None:
    """Our answer to a text that still waits for its second person."""
    theirs = (_RESOLUTIONS.c.stage == WRITTEN) & (_RESOLUTIONS.c.answers_object == object_id)
    row = connection.execute(_RESOLUTIONS.select().where(theirs)).mappings().first()
    return None if row is None else Resolution(**row)


def standing(connection: Connection, object_id: str) -> Resolution | None:
    """The small resolution behind our answer that stands."""
    ours = (_RESOLUTIONS.c.stage == Stage.ADOPTED.value) & (_RESOLUTIONS.c.answers_object == object_id)
    row = connection.execute(_RESOLUTIONS.select().where(ours).order_by(_RESOLUTIONS.c.id.desc())).mappings().first()
    return None if row is None else Resolution(**row)


def answer(connection: Connection, object_id: str, form: AnswerForm, acting: Acting) -> Resolution:
    """Write down what our gathering answers. It is said at once, or once a second person has confirmed it. Raises Refusal."""
    joint = _still_open(connection, object_id, acting)
    said = words_for(joint.note.language or acting.council.language)
    verb = form.answer
    return _write_down(
        connection,
        joint,
        form,
        acting,
        recipe=ANSWER,
        title=f"{said['our-answer']}: {joint.note.name}",
        text="\n\n".join(part for part in (f"{said[f'stance-{verb.value}']} «{joint.note.name}».", form.words) if part),
        stance=verb.value,
    )


def take_back(connection: Connection, object_id: str, form: TakeBackForm, acting: Acting) -> Resolution:
    """Write down that our gathering takes its answer back. Raises Refusal, also where no answer of ours stands."""
    joint = _still_open(connection, object_id, acting)
    if evidence.newest_of(connection, object_id, actor=acting.council.actor_id) is None:
        raise Refusal("not-answered", sentence=phrase("No answer of ours stands, so there is none to take back."))
    said = words_for(joint.note.language or acting.council.language)
    return _write_down(
        connection,
        joint,
        form,
        acting,
        recipe=TAKEN_BACK,
        title=f"{said['taken-back']}: {joint.note.name}",
        text="\n\n".join(part for part in (f"{said['taken-back']}: «{joint.note.name}».", form.words) if part),
        stance="",
    )


def _still_open(connection: Connection, object_id: str, acting: Acting) -> Joint:
    acting.viewer.require(Right.DECIDE)
    joint = asked_of_us(connection, object_id, acting)
    if not joint.takes_answers or acting.now > joint.rule.closes_at:
        raise Refusal("closed", sentence=phrase("No more answers are taken: the time for them is over."))
    if waiting(connection, object_id) is not None:
        raise Refusal(
            "waits",
            sentence=phrase("An answer is written down already and waits for a second person who was there."),
        )
    return joint


def _write_down(
    connection: Connection,
    joint: Joint,
    form: GatheredForm,
    acting: Acting,
    *,
    recipe: str,
    title: str,
    text: str,
    stance: str,
) -> Resolution:
    check_gathering(form, acting)
    member_id = acting.viewer.require(Right.DECIDE)
    waits = second_person_needed(connection)
    row = Resolution(
        stage=WRITTEN if waits else Stage.ADOPTED.value,
        recipe=recipe,
        title=title[:_LONGEST_TITLE],
        text=text,
        language=joint.note.language or acting.council.language,
        method=Method.CONSENT.value,
        answers_object=joint.object_id,
        answers_digest=joint.digest,
        answers_stance=stance,
        audience=joint.audience,
        by_member=member_id,
        written_by=member_id,
        **gathering_values(form),
    )
    facts = {"on": form.decided_at, "present": form.present}
    if waits:
        return rows.keep_new(connection, row, acting, step=WRITTEN, **facts)
    before = standing(connection, joint.object_id)
    row = rows.keep_new(connection, row, acting, step="adopted", **facts)
    _say(connection, joint, row, acting, before=before)
    return row


def go_out(connection: Connection, row: Resolution, acting: Acting) -> Resolution:
    """Put up the small resolution that has been confirmed, and say the signed answer. Raises Refusal."""
    joint = joint_at(connection, row.answers_object, now=acting.now)
    if joint is None or not joint.takes_answers or acting.now > joint.rule.closes_at:
        raise Refusal("closed", sentence=phrase("No more answers are taken: the time for them is over."))
    check_asked(joint, acting.council)
    before = standing(connection, row.answers_object)
    row = rows.change(connection, row, acting, step="adopted", stage=Stage.ADOPTED.value)
    _say(connection, joint, row, acting, before=before)
    return row


def _say(connection: Connection, joint: Joint, row: Resolution, acting: Acting, *, before: Resolution | None) -> None:
    """Say it, and end the small resolution that it takes the place of."""
    if before is not None:
        rows.change(connection, before, acting, step="ended", stage=Stage.ENDED.value)
    if row.recipe == TAKEN_BACK:
        given = evidence.newest_of(connection, joint.object_id, actor=acting.council.actor_id)
        if given is None:
            raise Refusal("not-answered", sentence=phrase("No answer of ours stands, so there is none to take back."))
        say_taken_back(connection, acting.council, given=given, audience=joint.audience, now=acting.now)
        return
    say_answer(
        connection,
        acting.council,
        object_id=joint.object_id,
        digest=joint.digest,
        audience=joint.audience,
        verb=StanceVerb(row.answers_stance),
        decision=row.object_id,
        words=row.text.partition("\n\n")[2],
        now=acting.now,
    )


def may_answer(joint: Joint, viewer: Viewer, council: Council) -> bool:
    """Whether the way to our answer is shown to this person."""
    return joint.takes_answers and viewer.may(Right.DECIDE) and joint.rule.asked(council.actor_id) is not None
