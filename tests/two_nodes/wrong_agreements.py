"""Faults in what two councils agree: of what is not theirs, to what was not offered, by the wrong one, in other terms, too late."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson

from node.features.resources import actions
from node.features.resources.agreements import evidence, proposing
from node.features.resources.agreements.answers_in import MOST_OFFERS
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from protocol.verdict import Reason
from schemas.records import agreement_acts as wire
from schemas.records.resource import ResourceForm
from tests.two_nodes.outsiders import Outsider, Scene
from tests.two_nodes.refusing import Cases, Pair

CASES = Cases()
Document = dict[str, Any]
SOON = timedelta(days=2)


def need(at: Scene) -> Resource:
    """A need of Riverside's for nearby councils: ten fans."""
    given = {"direction": "need", "title": "Fans", "quantity": "10", "unit": "fans", "audience": "neighbours"}
    form = ResourceForm.model_validate({**given, "until": "week", "may_pass_on": True})
    return at.town.write(lambda c: actions.put_up(c, form, at.town.acting()))


def offered(at: Scene, *, by: Outsider | None = None, **members: Any) -> Document:
    """An Offer of Harbour's about a need of Riverside's."""
    who = by or at.harbour
    given = {"note_id": members.pop("note_id", None) or str(need(at).object_id), "amount": "6", "unit": "fans"}
    return (
        wire.offer(
            who.council.base_url,
            who.council.new_activity_id(),
            their_actor=at.town.actor,
            ends_at=at.now + SOON,
            published=at.now,
            **given,
        )
        | members
    )


def asked(at: Scene) -> tuple[Promise, Document]:
    """Riverside asks Harbour to take on six of ten fans: our promise, and our Offer."""
    row = need(at)
    made = at.town.write(lambda c: proposing.ask(c, row.public_id, at.harbour.actor, at.town.acting(), amount="6"))
    ours = at.town.actor
    document = at.town.read(lambda c: evidence.said_by(c, str(made.offer_id), actor=ours, verb="Offer"))
    assert document is not None
    return made, document


def accepted(at: Scene, given: Document, *, by: Outsider | None = None, **members: Any) -> Document:
    council = (by or at.harbour).council
    said = wire.accept(
        council.base_url,
        council.new_activity_id(),
        given=given,
        agreement_id=council.new_activity_id(),
        published=at.now,
    )
    return said | members


def rejected(at: Scene, given: Document, **members: Any) -> Document:
    said = wire.reject(
        at.harbour.council.base_url,
        at.harbour.council.new_activity_id(),
        offer_id=given["id"],
        note_id=given["object"]["stipulates"]["satisfies"].removesuffix("#primary"),
        their_actor=at.town.actor,
        available=None,
        unit=None,
        published=at.now,
    )
    return said | members


def receipt(at: Scene, agreed: Document, *, by: Outsider | None = None, agreement_id: str = "") -> Document:
    council = (by or at.harbour).council
    return wire.receipt(
        council.base_url,
        council.new_activity_id(),
        offer_id=agreed["object"],
        agreement_id=agreement_id or agreed["result"]["id"],
        their_actor=at.town.actor,
        published=at.now,
    )


def undone(at: Scene, given: Document, *, by: Outsider | None = None) -> Document:
    council = (by or at.harbour).council
    return wire.take_back(
        council.base_url, council.new_activity_id(), given=given, their_actor=at.town.actor, published=at.now
    )


def stipulating(document: Document, member: str, **changed: Any) -> Document:
    """The same with other terms, `member` being where its agreement stands."""
    agreement = document[member]
    return document | {member: agreement | {"stipulates": agreement["stipulates"] | changed}}


@CASES.of(Reason.NOT_OWNER, "an offer about what is no need or offer of ours")
async def _unknown_note(at: Scene) -> Pair:
    return Pair(at.says(offered(at, note_id=f"{at.town.url}/o/{'a' * 26}")), at.says(offered(at)))


@CASES.of(Reason.NOT_OWNER, "an offer about a thing of a third council")
async def _of_a_third(at: Scene) -> Pair:
    theirs = f"{at.harbour.council.base_url}/o/{'a' * 26}"
    elsewhere = offered(at, note_id=f"{at.hillside.council.base_url}/o/{'a' * 26}")
    return Pair(at.says(elsewhere), at.says(offered(at, note_id=theirs)))


@CASES.of(Reason.NOT_OWNER, "a yes of a council that was not asked")
async def _wrong_actor(at: Scene) -> Pair:
    _, given = asked(at)
    await at.link(at.hillside)
    wrong = accepted(at, given, by=at.hillside, to=[at.town.actor])
    return Pair(at.says(wrong, by=at.hillside), at.says(accepted(at, given, to=[at.town.actor])))


@CASES.of(Reason.NOT_OWNER, "the giving back of another council's offer")
async def _anothers(at: Scene) -> Pair:
    await at.link(at.hillside)
    theirs, own = offered(at, by=at.hillside), offered(at)
    for document, who in ((theirs, at.hillside), (own, at.harbour)):
        assert (await at.send(at.says(document, by=who))).status == 202
    return Pair(at.says(undone(at, theirs)), at.says(undone(at, own)))


@CASES.of(Reason.NOT_OWNER, "a receipt in an exchange of two others")
async def _third_party(at: Scene) -> Pair:
    _, given = asked(at)
    agreed = accepted(at, given, to=[at.town.actor])
    await at.send(at.says(agreed))
    await at.link(at.hillside)
    return Pair(at.says(receipt(at, agreed, by=at.hillside), by=at.hillside), at.says(receipt(at, agreed)))


@CASES.of(Reason.OTHER_TERMS, "a yes to an offer that was not made")
async def _not_made(at: Scene) -> Pair:
    _, given = asked(at)
    wrong = accepted(at, given | {"id": f"{at.town.url}/a/{'a' * 26}"}, to=[at.town.actor])
    return Pair(at.says(wrong), at.says(accepted(at, given, to=[at.town.actor])))


@CASES.of(Reason.OTHER_TERMS, "a yes to more than was asked for")
async def _forged(at: Scene) -> Pair:
    _, given = asked(at)
    agreed = accepted(at, given, to=[at.town.actor])
    more = {"hasUnit": "fans", "hasNumericalValue": "7"}
    return Pair(at.says(stipulating(agreed, "result", resourceQuantity=more)), at.says(agreed))


@CASES.of(Reason.OTHER_TERMS, "a yes after the time to answer")
async def _too_late(at: Scene) -> Pair:
    _, given = asked(at)
    wrong = accepted(at, given, to=[at.town.actor], published="2026-04-01T00:00:00Z")
    return Pair(at.says(wrong), at.says(accepted(at, given, to=[at.town.actor])))


@CASES.of(Reason.OTHER_TERMS, "a no about another thing than was offered")
async def _no_to_another(at: Scene) -> Pair:
    _, given = asked(at)
    wrong = rejected(at, given, context=str(need(at).object_id))
    return Pair(at.says(wrong), at.says(rejected(at, given)))


@CASES.of(Reason.OTHER_TERMS, "a receipt for what was not agreed")
async def _other_agreement(at: Scene) -> Pair:
    _, given = asked(at)
    agreed = accepted(at, given, to=[at.town.actor])
    await at.send(at.says(agreed))
    other = receipt(at, agreed, agreement_id=f"{at.harbour.council.base_url}/a/{'b' * 26}")
    return Pair(at.says(other), at.says(receipt(at, agreed)))


@CASES.of(Reason.OTHER_TERMS, "a receipt for what we have not answered")
async def _unanswered(at: Scene) -> Pair:
    own = offered(at)
    await at.send(at.says(own))
    wrong = {"object": own["id"], "result": {"id": f"{at.town.url}/a/{'b' * 26}"}}
    return Pair(at.says(receipt(at, wrong)), at.says(undone(at, own)))


@CASES.of(Reason.WRONG_AUDIENCE, "an offer to another council")
async def _to_another(at: Scene) -> Pair:
    return Pair(at.says(offered(at, to=[at.hillside.actor])), at.says(offered(at)))


@CASES.of(Reason.UNKNOWN_PEER, "an offer of a council that we are not linked up with")
async def _not_linked(at: Scene) -> Pair:
    await at.asked_by(at.hillside)
    return Pair(at.says(offered(at, by=at.hillside), by=at.hillside), at.says(offered(at)))


@CASES.of(Reason.BAD_PROOF, "an offer of other amounts than were proven")
async def _changed(at: Scene) -> Pair:
    own = offered(at)
    document = orjson.loads(at.harbour.proven(own))
    less = stipulating(document, "object", resourceQuantity={"hasUnit": "fans", "hasNumericalValue": "1"})
    return Pair(at.harbour.post(orjson.dumps(less), at.url), at.says(own))


@CASES.of(Reason.TOO_FAST, "one offer more than is taken in a day")
async def _flood(at: Scene) -> Pair:
    own, now = offered(at), int(at.now.timestamp() * 1_000_000)
    rows = [(f"x{n}", f"x{n}", at.harbour.actor, "Offer", "x", now, b"{}", now) for n in range(MOST_OFFERS)]
    insert = (
        "INSERT INTO agreement_act (offer_id, activity_id, actor, verb, object_id, published, document, received_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    at.town.write(lambda c: c.exec_driver_sql(insert, rows))

    async def mend() -> None:
        at.town.write(lambda c: c.exec_driver_sql("UPDATE agreement_act SET received_at = received_at - 86400000000"))

    return Pair(at.says(own), at.says(own), mend=mend, waits=True)


def shaped(make: Callable[[Scene], tuple[Document, Document]], name: str) -> None:
    """A fault of shape, and the same without it."""

    @CASES.of(Reason.WRONG_SHAPE, name)
    async def _prepare(at: Scene) -> Pair:
        wrong, right = make(at)
        return Pair(at.says(wrong), at.says(right))


def _in_return(at: Scene) -> tuple[Document, Document]:
    own = offered(at)
    agreement = own["object"]
    return own | {"object": agreement | {"stipulatesReciprocal": agreement["stipulates"]}}, own


def _made_out_by_others(at: Scene) -> tuple[Document, Document]:
    agreed = accepted(at, asked(at)[1], to=[at.town.actor])
    foreign = f"{at.town.url}/a/{'c' * 26}"
    stipulated = agreed["result"]["stipulates"] | {"id": foreign + "#primary"}
    return agreed | {"result": agreed["result"] | {"id": foreign, "stipulates": stipulated}}, agreed


def _nothing(at: Scene) -> tuple[Document, Document]:
    own = offered(at)
    return stipulating(own, "object", resourceQuantity={"hasUnit": "fans", "hasNumericalValue": "0"}), own


def _endless(at: Scene) -> tuple[Document, Document]:
    own = offered(at)
    return {name: value for name, value in own.items() if name != "endTime"}, own


shaped(_in_return, "an offer that wants something in return")
shaped(_made_out_by_others, "an agreement that another has made out")
shaped(_nothing, "an offer of nothing")
shaped(_endless, "an offer without an end")
