"""Authority and audience: a matrix of who may say what, each refusal beside the statement that is allowed."""

from typing import Any

import pytest

from protocol.authority import Claimed, audience_of, claimed_by, judge_authority
from protocol.verdict import Accepted, Reason, Refused
from tests.protocol.samples import OUR_ORIGIN, PUBLIC, THEIR_ACTOR, activity, note

OUR_ACTOR = f"{OUR_ORIGIN}/council"
OTHER_ACTOR = "https://hillside.example/council"
THEIRS = "https://riverside.example"
PEERS = f"{THEIRS}/council/peers"
TOMBSTONE = {"id": f"{THEIRS}/o/abc", "type": "Tombstone"}


def judge(signer: str = THEIR_ACTOR, **changes: Any) -> Accepted | Refused:
    document = {name: value for name, value in activity(**changes).items() if value is not ...}
    return judge_authority(document, signer=signer, our_origin=OUR_ORIGIN)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"type": "Update"},
        {"type": "Create", "object": f"{THEIRS}/o/abc"},
        {"type": "Delete", "object": f"{THEIRS}/o/abc"},
        {"type": "Delete", "object": TOMBSTONE},
        {"type": "Delete", "object": TOMBSTONE | {"attributedTo": THEIR_ACTOR}},
        {"type": "Delete", "object": THEIR_ACTOR},
        {"type": "Update", "object": {"id": THEIR_ACTOR, "type": "Organization"}},
        {"id": f"{THEIR_ACTOR}#updates/1"},
        {"type": "Follow", "object": OUR_ACTOR},
        {"type": "Undo", "object": f"{THEIRS}/a/1"},
        {
            "type": "Undo",
            "object": {"id": f"{THEIRS}/a/1", "type": "Follow", "actor": THEIR_ACTOR, "object": OUR_ACTOR},
        },
        {"type": "Undo", "object": {"type": "Follow", "actor": THEIR_ACTOR, "object": OUR_ACTOR}},
        {"type": "Offer", "object": {"type": "Relationship", "subject": THEIR_ACTOR, "object": OUR_ACTOR}},
        {"type": "Accept", "object": f"{OUR_ORIGIN}/a/1"},
        {"type": "Accept", "object": {"id": f"{OUR_ORIGIN}/a/1", "type": "Offer", "actor": OUR_ACTOR}},
        {"type": "Reject", "object": f"{OUR_ORIGIN}/a/1"},
        {"type": "Like", "object": f"{OUR_ORIGIN}/o/1"},
        {"type": "Announce", "object": "https://hillside.example/o/1"},
        {"type": "Move", "object": THEIR_ACTOR, "target": OTHER_ACTOR},
    ],
    ids=repr,
)
def test_an_actor_may_speak_for_itself_and_its_own(changes: dict[str, Any]) -> None:
    assert judge(**changes) == Accepted()


@pytest.mark.parametrize(
    "changes",
    [
        {"actor": OTHER_ACTOR},
        {"actor": f"{THEIR_ACTOR}/"},
        {"actor": OUR_ACTOR},
        {"id": "https://hillside.example/a/1"},
        {"id": f"{OUR_ORIGIN}/a/1"},
        {"id": "http://riverside.example/a/1"},
        {"object": note(id="https://hillside.example/o/1")},
        {"object": note(id=f"{OUR_ORIGIN}/o/1")},
        {"object": note(attributedTo=OTHER_ACTOR)},
        {"object": note(attributedTo=None)},
        {"object": {"id": f"{THEIRS}/o/1", "type": "Note"}},
        {"object": f"{OUR_ORIGIN}/o/1"},
        {"type": "Update", "object": note(id=f"{OUR_ORIGIN}/o/1")},
        {"type": "Update", "object": note(attributedTo=OTHER_ACTOR)},
        {"type": "Update", "object": {"id": OTHER_ACTOR, "type": "Organization"}},
        {"type": "Update", "object": {"id": f"{THEIRS}/other", "type": "Organization"}},
        {"type": "Update", "object": "https://hillside.example/o/1"},
        {"type": "Delete", "object": f"{OUR_ORIGIN}/o/1"},
        {"type": "Delete", "object": "https://hillside.example/o/1"},
        {"type": "Delete", "object": OTHER_ACTOR},
        {"type": "Delete", "object": TOMBSTONE | {"id": f"{OUR_ORIGIN}/o/1"}},
        {"type": "Delete", "object": TOMBSTONE | {"attributedTo": OTHER_ACTOR}},
        {"type": "Undo", "object": f"{OUR_ORIGIN}/a/1"},
        {"type": "Undo", "object": "https://hillside.example/a/1"},
        {"type": "Undo", "object": {"id": f"{THEIRS}/a/1", "type": "Follow", "actor": OTHER_ACTOR}},
        {"type": "Undo", "object": {"id": f"{OUR_ORIGIN}/a/1", "type": "Follow", "actor": THEIR_ACTOR}},
        {"type": "Undo", "object": {"type": "Follow", "actor": OUR_ACTOR}},
        {"type": "Offer", "object": {"id": f"{OUR_ORIGIN}/o/1", "type": "Relationship"}},
        {"type": "Offer", "object": {"type": "Relationship", "attributedTo": OTHER_ACTOR}},
        {"type": "Announce", "object": note(id="https://hillside.example/o/1", attributedTo=OTHER_ACTOR)},
        {"type": "Move", "object": OTHER_ACTOR, "target": THEIR_ACTOR},
    ],
    ids=repr,
)
def test_nobody_may_speak_for_another(changes: dict[str, Any]) -> None:
    refused = judge(**changes)

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NOT_OWNER


def test_the_signer_decides_and_not_the_document() -> None:
    refused = judge(signer=OTHER_ACTOR)

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NOT_OWNER


def test_nobody_may_speak_for_us_even_with_our_own_key() -> None:
    ours = activity(
        actor=OUR_ACTOR, id=f"{OUR_ORIGIN}/a/1", object=note(id=f"{OUR_ORIGIN}/o/1", attributedTo=OUR_ACTOR)
    )

    refused = judge_authority(ours, signer=OUR_ACTOR, our_origin=OUR_ORIGIN)

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NOT_OWNER


@pytest.mark.parametrize(
    "changes",
    [
        {"actor": {"id": THEIR_ACTOR, "type": "Organization"}},
        {"actor": [THEIR_ACTOR]},
        {"actor": ...},
        {"id": ...},
        {"id": 1},
        {"id": "urn:uuid:1"},
        {"id": f"{THEIRS}/a?id=1"},
        {"type": ...},
        {"type": ["Create"]},
        {"object": ...},
        {"object": None},
        {"object": [f"{THEIRS}/o/1"]},
        {"object": note(id=None)},
        {"object": note(id=1)},
        {"object": note(id=f"{THEIRS}/o?id=1")},
        {"object": note(id=f"{THEIRS}/o/1 ")},
        {"object": note(attributedTo=[THEIR_ACTOR])},
        {"object": note(attributedTo={"id": THEIR_ACTOR})},
        {"object": {"id": THEIR_ACTOR, "type": "Note", "attributedTo": THEIR_ACTOR}},
        {"object": THEIR_ACTOR},
        {"type": "Delete", "object": {"type": "Tombstone"}},
        {"type": "Delete", "object": f"{THEIRS}/o/1?"},
    ],
    ids=repr,
)
def test_what_no_actor_could_say_is_refused_for_its_shape(changes: dict[str, Any]) -> None:
    refused = judge(**changes)

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WRONG_SHAPE


def test_an_actor_with_a_query_is_refused_for_its_shape() -> None:
    actor = f"{THEIRS}/?actor=council"

    refused = judge(signer=actor, actor=actor, object=note(attributedTo=actor))

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WRONG_SHAPE


def test_what_is_claimed_can_be_read_without_judging_it() -> None:
    claimed = claimed_by(activity(to=PUBLIC))

    assert claimed == Claimed(
        verb="Create",
        actor=THEIR_ACTOR,
        activity_id=f"{THEIRS}/a/abc",
        object_id=f"{THEIRS}/o/abc",
        object_actor=THEIR_ACTOR,
        to=(PUBLIC,),
        cc=(f"{THEIR_ACTOR}/followers",),
    )


def for_whom(verb: str = "Create", *, inside: dict[str, Any] | None = None, **audience: Any) -> str | Refused:
    """The audience of an activity; its object names the same recipients unless `inside` names others."""
    target = {"id": f"{THEIRS}/o/abc", "type": "Note", **(audience if inside is None else inside)}
    return audience_of({"type": verb, "actor": THEIR_ACTOR, "object": target, **audience}, actor=THEIR_ACTOR)


@pytest.mark.parametrize(
    ("audience", "name"),
    [
        ({"to": [PUBLIC], "cc": [f"{THEIR_ACTOR}/followers"]}, "public"),
        ({"to": PUBLIC}, "public"),
        ({"to": ["as:Public"]}, "public"),
        ({"to": ["Public", "https://a.example/x"]}, "public"),
        ({"to": [PEERS], "cc": []}, "neighbours"),
        ({"to": [PEERS]}, "neighbours"),
        ({"to": PEERS}, "neighbours"),
    ],
    ids=repr,
)
def test_the_two_audiences_are_told_apart(audience: dict[str, Any], name: str) -> None:
    assert for_whom(**audience) == name


def test_an_object_may_name_its_recipients_in_another_spelling_or_order() -> None:
    to = [PUBLIC, "https://a.example/x"]

    assert for_whom(to=to, cc=[], inside={"to": ["https://a.example/x", "as:Public"]}) == "public"


def test_what_is_deleted_may_name_no_recipients() -> None:
    assert for_whom("Delete", to=[PEERS], inside={}) == "neighbours"
    assert audience_of({"type": "Delete", "to": [PUBLIC], "object": f"{THEIRS}/o/1"}, actor=THEIR_ACTOR) == "public"


@pytest.mark.parametrize(
    ("audience", "inside"),
    [
        ({}, None),
        ({"to": []}, None),
        ({"to": [OUR_ACTOR]}, None),
        ({"to": [f"{THEIR_ACTOR}/followers"]}, None),
        ({"to": [f"{THEIR_ACTOR}/followers"], "cc": [PUBLIC]}, None),
        ({"to": [PEERS], "cc": [PUBLIC]}, None),
        ({"to": [PEERS], "cc": [f"{THEIR_ACTOR}/followers"]}, None),
        ({"to": [PEERS, OUR_ACTOR]}, None),
        ({"to": ["https://hillside.example/council/peers"]}, None),
        ({"to": [f"{OUR_ORIGIN}/council/peers"]}, None),
        ({"to": [PUBLIC], "bto": [OUR_ACTOR]}, None),
        ({"to": [PUBLIC], "bcc": []}, None),
        ({"to": [PUBLIC]}, {"to": [PUBLIC], "bcc": [OUR_ACTOR]}),
        ({"to": [PUBLIC]}, {"to": [PEERS]}),
        ({"to": [PEERS]}, {"to": [PUBLIC]}),
        ({"to": [PEERS]}, {"to": [PEERS], "cc": [PUBLIC]}),
        ({"to": [PUBLIC]}, {}),
        ({"to": [PUBLIC]}, {"to": [1]}),
        ({"to": 1}, None),
        ({"to": [{"id": PUBLIC}]}, None),
        ({"to": [PUBLIC], "cc": None}, None),
        ({"to": [PUBLIC] * 501}, None),
    ],
    ids=repr,
)
def test_every_other_audience_is_refused(audience: dict[str, Any], inside: dict[str, Any] | None) -> None:
    refused = for_whom(**audience, inside=inside)

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WRONG_AUDIENCE


def test_what_is_deleted_may_not_name_other_recipients() -> None:
    refused = for_whom("Delete", to=[PEERS], inside={"to": [PUBLIC]})

    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WRONG_AUDIENCE
