"""Faults in the answers to a text that several councils decide: to other words, by whom nobody asked, to another audience."""

from datetime import date, datetime, timedelta
from typing import Any

from protocol.agreement.wording import text_digest
from protocol.authority import PUBLIC
from protocol.verdict import Reason
from schemas import activity as activities
from schemas.records.deciding import Asked, Method, Rule, Stage
from schemas.records.resolution import Resolution, resolution_note
from schemas.records.stance import StanceVerb, stance
from tests.two_nodes.deciding import TEXT, ask, counted, open_text
from tests.two_nodes.letters import Letter
from tests.two_nodes.outsiders import Outsider, Scene
from tests.two_nodes.refusing import Cases, Pair

CASES = Cases()


def asked(scene: Scene) -> tuple[str, str]:
    """A text of Riverside's that is put to Harbour: its address and its digest."""
    object_id = open_text(scene.town)
    ask(scene.town, object_id, scene.harbour)  # type: ignore[arg-type]  # all that is asked of it is its actor
    joint = counted(scene.town, object_id)
    assert joint is not None
    return object_id, joint.digest


def answers(
    scene: Scene, object_id: str, digest: str, *, by: Outsider | None = None, audience: str = "public"
) -> Letter:
    who = by or scene.harbour
    said = stance(
        who.council.base_url,
        who.council.new_activity_id(),
        verb=StanceVerb.ACCEPT,
        object_id=object_id,
        digest=digest,
        decision=None,
        words="We talked about it.",
        audience=audience,
        published=scene.now,
    )
    return scene.says(said, by=who)


@CASES.of(Reason.OTHER_TEXT, "an answer to other words")
async def _other_words(scene: Scene) -> Pair:
    object_id, digest = asked(scene)
    return Pair(answers(scene, object_id, text_digest(TEXT + " Nobody pays.")), answers(scene, object_id, digest))


@CASES.of(Reason.OTHER_TEXT, "an answer to the same words under no rule")
async def _no_rule(scene: Scene) -> Pair:
    object_id, digest = asked(scene)
    return Pair(answers(scene, object_id, text_digest(TEXT)), answers(scene, object_id, digest))


@CASES.of(Reason.OTHER_TEXT, "the taking back of an answer to other words")
async def _other_words_taken_back(scene: Scene) -> Pair:
    object_id, digest = asked(scene)

    def taken_back(of: str) -> Letter:
        undone = {
            "id": scene.harbour.council.new_activity_id(),
            "type": "Accept",
            "actor": scene.harbour.actor,
            "object": object_id,
            "comarca:textDigest": of,
        }
        members: dict[str, Any] = {
            "to": [PUBLIC],
            "cc": [f"{scene.harbour.actor}/followers"],
            "published": scene.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return scene.says(scene.harbour.says("Undo", undone, **members))

    return Pair(taken_back(text_digest(TEXT)), taken_back(digest))


@CASES.of(Reason.OTHER_TEXT, "an Update of a text that councils are answering")
async def _changed_text(scene: Scene) -> Pair:
    at = scene.harbour.council.new_object_id()
    await scene.send(scene.says(scene.harbour.create(_joint_note(scene, at, published=scene.now))))
    while await scene.town.node.engine.applier.run_once():
        pass
    published, updated = scene.now, scene.clock.advance(60)

    def update(text: str) -> Letter:
        note = _joint_note(scene, at, text=text, published=published, updated=updated)
        activity_id = scene.harbour.council.new_activity_id()
        return scene.says(
            activities.update(scene.harbour.actor, activity_id, note=note, audience="public", published=updated)
        )

    return Pair(update(TEXT.replace("stays", "stayed")), update(TEXT))


def _joint_note(
    scene: Scene, object_id: str, *, published: datetime, updated: datetime | None = None, text: str = TEXT
) -> dict[str, Any]:
    ours, theirs = scene.town.node.council, scene.harbour.council
    rule = Rule(
        councils=[Asked(id=each.actor_id, name=each.name, key=each.multibase) for each in (theirs, ours)],
        at_least=2,
        most_objections=0,
        closes_at=published + timedelta(days=14),
    )
    return resolution_note(
        object_id,
        theirs.base_url,
        name="The hall stays open at night",
        resolution=Resolution(
            number=7,
            stage=Stage.OPEN,
            method=Method.CONSENT,
            decided_at=date(2026, 3, 1),
            present=12,
            rule=rule,
            text=text,
            text_digest=text_digest(text, rule.agreed()),
        ),
        language="en",
        published=published,
        updated=updated,
        audience="public",
    )


@CASES.of(Reason.NOT_OWNER, "an answer of a council that was not asked")
async def _not_asked(scene: Scene) -> Pair:
    object_id, digest = asked(scene)
    await scene.link(scene.hillside)
    return Pair(answers(scene, object_id, digest, by=scene.hillside), answers(scene, object_id, digest))


@CASES.of(Reason.WRONG_AUDIENCE, "an answer to what is public that only some may see")
async def _narrower(scene: Scene) -> Pair:
    object_id, digest = asked(scene)
    return Pair(answers(scene, object_id, digest, audience="neighbours"), answers(scene, object_id, digest))
