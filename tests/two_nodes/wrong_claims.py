"""Faults in what is said, with everything around it in order: of whose things, to whom, and in what shape."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from protocol.authority import PUBLIC
from protocol.verdict import Reason
from tests.two_nodes.letters import Letter
from tests.two_nodes.outsiders import Scene
from tests.two_nodes.refusing import Cases, Pair
from tests.two_nodes.wrong_letters import nested

CASES = Cases()
HARBOUR_PEERS = "https://harbour.example/council/peers"
SOMEBODY = "https://harbour.example/somebody"
HILLSIDE = "https://hillside.example"


def told(activity: Callable[[Scene], dict[str, Any]]) -> Callable[[Scene], Letter]:
    return lambda scene: scene.says(activity(scene))


def create_with(edit: Callable[[dict[str, Any]], Any], note: str = "note") -> Callable[[Scene], Letter]:
    """A Create whose edit was made before proving: the fault is in what is said, nothing else."""

    def make(scene: Scene) -> Letter:
        activity = deepcopy(scene.harbour.create(getattr(scene.harbour, note)()))
        edit(activity)
        return scene.says(activity)

    return make


def object_having(
    members: dict[str, Any] | None = None, /, *, note: str = "note", **named: Any
) -> Callable[[Scene], Letter]:
    return create_with(lambda activity: activity["object"].update({**(members or {}), **named}), note)


def having(**members: Any) -> Callable[[Scene], Letter]:
    return create_with(lambda activity: activity.update(members))


def _said_by(actor: str) -> Callable[[dict[str, Any]], None]:
    """Activity and note are another's, and nothing in them is at odds with anything else."""

    def edit(activity: dict[str, Any]) -> None:
        activity["actor"] = activity["object"]["attributedTo"] = actor

    return edit


CASES.each(
    Reason.NOT_OWNER,
    {
        "the key of one, the word of another": having(actor=f"{HILLSIDE}/council"),
        "the key of a council, the word of its server": having(actor="https://harbour.example/actor"),
        "the key of a council, all that somebody else on its server says": create_with(_said_by(SOMEBODY)),
        "the key of one, all that another has said and proved": lambda s: s.harbour.post(
            s.hillside.proven(s.hillside.create()), s.url
        ),
        "an activity that lies elsewhere": having(id=f"{HILLSIDE}/a/{'a' * 26}"),
        "an activity of ours": having(id=f"https://riverside.example/a/{'a' * 26}"),
        "another council's object": told(lambda s: s.harbour.create() | {"object": s.hillside.note()}),
        "an object of ours": object_having(id=f"https://riverside.example/o/{'a' * 26}"),
        "an object that somebody else wrote": object_having(attributedTo=f"{HILLSIDE}/council"),
        "an object that our council wrote": object_having(attributedTo="https://riverside.example/council"),
        "a change of another's object": told(
            lambda s: s.harbour.create() | {"type": "Update", "object": s.hillside.note()}
        ),
        "a deletion of another's object": told(
            lambda s: s.harbour.says("Delete", {"id": f"{HILLSIDE}/o/{'a' * 26}", "type": "Tombstone"}, to=[PUBLIC])
        ),
        "a deletion of another's object, by its address": told(
            lambda s: s.harbour.says("Delete", f"{HILLSIDE}/o/{'a' * 26}", to=[PUBLIC])
        ),
        "a deletion of an object of ours": told(
            lambda s: s.harbour.says("Delete", f"https://riverside.example/o/{'a' * 26}", to=[PUBLIC])
        ),
        "a deletion of our council": told(
            lambda s: s.harbour.says("Delete", "https://riverside.example/council", to=[PUBLIC])
        ),
        "taking back what another said": told(lambda s: s.harbour.says("Undo", f"{HILLSIDE}/a/{'a' * 26}")),
        "another port of the same host": object_having(id=f"https://harbour.example:8443/o/{'a' * 26}"),
    },
)


@CASES.of(Reason.NOT_OWNER, "a stranger's Offer that speaks for our council")
async def _for_us(scene: Scene) -> Pair:
    offer = scene.hillside.offer(scene.town.actor) | {"actor": scene.town.actor}
    offer["object"] |= {"subject": scene.town.actor}
    return Pair(scene.says(offer, by=scene.hillside), scene.asks(scene.hillside))


@CASES.of(Reason.NOT_OWNER, "a stranger's Offer that speaks for a council elsewhere")
async def _for_another(scene: Scene) -> Pair:
    offer = scene.hillside.offer(scene.town.actor) | {"actor": scene.millbrook.actor}
    offer["object"] |= {"subject": scene.millbrook.actor}
    return Pair(scene.says(offer, by=scene.hillside), scene.asks(scene.hillside))


@CASES.of(Reason.NOT_OWNER, "a stranger's Offer that speaks for somebody else on its server")
async def _for_a_neighbour(scene: Scene) -> Pair:
    somebody = f"{HILLSIDE}/somebody"
    offer = scene.hillside.offer(scene.town.actor) | {"actor": somebody}
    offer["object"] |= {"subject": somebody}
    return Pair(scene.says(offer, by=scene.hillside), scene.asks(scene.hillside), fetches=1)


def _both(**members: Any) -> Callable[[Scene], Letter]:
    """Activity and note say the same."""
    return create_with(lambda activity: (activity.update(members), activity["object"].update(members)))


CASES.each(
    Reason.WRONG_AUDIENCE,
    {
        "hidden recipients": having(bto=[f"{HILLSIDE}/council"]),
        "hidden copies": having(bcc=[]),
        "hidden recipients of the note": object_having(bto=[f"{HILLSIDE}/council"]),
        "public by the way only": _both(to=["https://harbour.example/council/followers"], cc=[PUBLIC]),
        "nobody": _both(to=[], cc=[]),
        "one council": _both(to=["https://riverside.example/council"], cc=[]),
        "another council's neighbours": _both(to=[f"{HILLSIDE}/council/peers"], cc=[]),
        "our neighbours": _both(to=["https://riverside.example/council/peers"], cc=[]),
        "its neighbours and somebody else": _both(to=[HARBOUR_PEERS, f"{HILLSIDE}/council"], cc=[]),
        "its neighbours, and its followers by the way": _both(
            to=[HARBOUR_PEERS], cc=["https://harbour.example/council/followers"]
        ),
        "a note for neighbours in a public letter": object_having(to=[HARBOUR_PEERS], cc=[]),
        "a public note in a letter for neighbours": having(to=[HARBOUR_PEERS], cc=[]),
        "a note that names nobody": create_with(
            lambda activity: (activity["object"].pop("to"), activity["object"].pop("cc"))
        ),
        "a deletion that names nobody": told(
            lambda s: s.harbour.says("Delete", f"{s.harbour.council.base_url}/o/{'a' * 26}")
        ),
    },
)


@CASES.of(Reason.WRONG_AUDIENCE, "an Offer that is meant for another council")
async def _offer_for_another(scene: Scene) -> Pair:
    return Pair(scene.says(scene.hillside.offer(scene.harbour.actor), by=scene.hillside), scene.asks(scene.hillside))


def context_with(**terms: Any) -> Callable[[Scene], Letter]:
    def edit(activity: dict[str, Any]) -> None:
        activity["@context"][2] |= terms

    return create_with(edit)


def intent_having(**members: Any) -> Callable[[Scene], Letter]:
    return create_with(lambda activity: activity["object"]["publishes"].update(members))


def inner_having(name: str, note: str, **members: Any) -> Callable[[Scene], Letter]:
    return create_with(lambda activity: activity["object"][name].update(members), note)


def without(*path: str, note: str = "note") -> Callable[[Scene], Letter]:
    def edit(activity: dict[str, Any]) -> None:
        part = activity
        for step in path[:-1]:
            part = part[step]
        del part[path[-1]]

    return create_with(edit, note)


CASES.each(
    Reason.WRONG_SHAPE,
    {
        "no verb": without("type"),
        "two verbs": having(type=["Create", "Update"]),
        "no actor": without("actor"),
        "an actor that is brought along": having(
            actor={"id": "https://harbour.example/council", "type": "Organization"}
        ),
        "two actors": having(actor=["https://harbour.example/council"]),
        "no id": without("id"),
        "an id with a query": having(id="https://harbour.example/a/x?y=1"),
        "no object": without("object"),
        "an object by its address": having(object=f"https://harbour.example/o/{'a' * 26}"),
        "an object without an id": without("object", "id"),
        "an object with a query": object_having(id=f"https://harbour.example/o/{'a' * 26}?x"),
        "the actor as its own object": object_having(id="https://harbour.example/council"),
        "too many recipients": having(cc=[f"https://harbour.example/{n}" for n in range(501)]),
        "no context": without("@context"),
        "a context that is not ActivityStreams": having(**{"@context": ["https://w3id.org/security/v1"]}),
        "a graph": having(**{"@graph": []}),
        "a reversed member": object_having({"@reverse": {}}),
        "included nodes": object_having({"@included": []}),
        "an actor under its whole name": having(
            **{"https://www.w3.org/ns/activitystreams#actor": f"{HILLSIDE}/council"}
        ),
        "an actor under its short name": having(**{"as:actor": f"{HILLSIDE}/council"}),
        "an id under its keyword": object_having({"@id": f"{HILLSIDE}/o/x"}),
        "a context that moves the actor": context_with(actor="as:attributedTo"),
        "a context with another name for the actor": context_with(speaker="as:actor"),
        "a context that moves the public": context_with(Public="https://harbour.example/everybody"),
        "a context that moves the prefix": context_with(**{"as": "https://harbour.example/ns#"}),
        "a context deeper down": object_having({"@context": {"name": "as:summary"}}),
        "a thing that is no note": object_having(type="Article"),
        "a note that is nothing of ours": without("object", "publishes"),
        "a note that is two things": object_having({"comarca:alert": {}}),
        "a need without an end": without("object", "endTime"),
        "a need that ends before it begins": object_having(endTime="2026-03-01T09:00:00Z"),
        "a time without a zone": object_having(published="2026-03-02T09:00:00"),
        "a need that nobody named": object_having(name=""),
        "a title of two lines": object_having(name="Ten\nchairs"),
        "an intent of another note": intent_having(id=f"https://harbour.example/o/{'b' * 26}#primary"),
        "an amount that is a float": intent_having(resourceQuantity={"hasUnit": "one", "hasNumericalValue": 10.5}),
        "more left than there was": intent_having(availableQuantity={"hasUnit": "one", "hasNumericalValue": "11"}),
        "a state that nobody knows": object_having({"comarca:state": "stolen"}),
        "a place that is too exact": object_having(
            location={"type": "Place", "name": "A door", "comarca:cell": "8a394460b2dffff"}
        ),
        "a resolution without its text": without("object", "comarca:resolution", "text", note="resolution"),
        "a resolution whose text is another": inner_having("comarca:resolution", "resolution", text="No quiet hours."),
        "a resolution of a negative assembly": inner_having("comarca:resolution", "resolution", present=-1),
        "an alert of no known severity": inner_having("comarca:alert", "alert", severity="Dreadful"),
        "an alert without an end": without("object", "endTime", note="alert"),
        "an alert for a month": object_having(note="alert", endTime="2026-04-02T09:00:00Z"),
        "an Offer of something else": told(lambda s: s.harbour.says("Offer", {"type": "Ticket"})),
        "an Offer of another relation": told(
            lambda s: s.harbour.says(
                "Offer", {"type": "Relationship", "subject": s.harbour.actor, "object": s.town.actor}
            )
        ),
        "a change of a note by its address": told(
            lambda s: s.harbour.says("Update", f"https://harbour.example/o/{'a' * 26}", to=[PUBLIC])
        ),
    },
)


@CASES.of(Reason.WRONG_SHAPE, "a stranger with a bad body is not even asked who it is")
async def _strangers_shape(scene: Scene) -> Pair:
    offer = scene.hillside.offer(scene.town.actor)
    del offer["object"]["comarca:peering"]
    return Pair(scene.says(offer, by=scene.hillside), scene.asks(scene.hillside), fetches=0)


@CASES.of(Reason.WRONG_SHAPE, "an Offer between two others")
async def _between_others(scene: Scene) -> Pair:
    offer = scene.hillside.offer(scene.town.actor)
    offer["object"] |= {"subject": scene.millbrook.actor}
    return Pair(scene.says(offer, by=scene.hillside), scene.asks(scene.hillside), fetches=0)


@CASES.of(Reason.TOO_DEEP, "a stranger's")
async def _strangers_depth(scene: Scene) -> Pair:
    deep = scene.hillside.offer(scene.town.actor) | {"comarca:x": nested(33)}
    return Pair(scene.says(deep, by=scene.hillside), scene.asks(scene.hillside), fetches=0)
