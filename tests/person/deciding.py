"""Texts and calls at each point of their way, so that every page about them is opened with something on it."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from federation import replicas
from node.accounts.actions import add_member
from node.demo.checking import wait_for
from node.demo.councils import DemoCouncil
from node.features.alerts import actions as calls
from node.features.resolutions import actions, answering, counting, deciding, joint
from schemas.records.alert import AlertForm
from schemas.records.answer import AnswerWord
from schemas.records.joint_forms import AnswerForm, AskForm
from schemas.records.resolution_forms import IdeaForm, ResolutionForm
from tests.person.browsing import slip_of

SOON = 15.0
LEDGER = "All of us keep the hall open from ten at night until six. Two of each assembly are there, in turns."
HEARD = "Three of us have a pump. We are there at six."


def on_the_way(riverside: DemoCouncil, harbour: DemoCouncil) -> dict[str, list[str]]:
    """Fill two linked councils. Returns, for the routes that need a record at some point of its way, where one is."""
    idea = _idea(riverside, title="A bench under the lime", audience="council")
    opened = _open(riverside, title="Quiet hours in the yard")
    demand = _agreed(riverside, title="The pump house is mended", addressee="The water company", campaign="Water")
    joint_text, amendment, their_amendment = (
        _joint(riverside, harbour),
        _amendment(riverside, "Lamps in the stairs"),
        _amendment(harbour, "Ice for the market"),
    )
    theirs = _joint(harbour, riverside, title="A cart for both of us")
    answered = _joint(harbour, riverside, title="One key for both sheds")
    changed = f"{harbour.url}/o/{their_amendment}"
    for address in (theirs, answered, changed):
        wait_for(lambda address=address: _held(riverside, address), "the text is told", within=SOON)
    for address in (theirs, answered):
        wait_for(lambda address=address: _asks(riverside, address), "the question is told", within=SOON)
    _answer(riverside, answered)
    their_call = _their_call(riverside, harbour)
    draft, written = _waiting(riverside)
    ours = [f"/o/{one}" for one in (idea, opened, demand, joint_text, amendment, draft, written)]
    return {
        "/o/{public_id}": ours,
        "/slip": [slip_of(theirs), slip_of(answered), slip_of(their_call)],
        "/o/{public_id}/words": [f"/o/{idea}/words"],
        "/o/{public_id}/notice": [f"/o/{idea}/notice"],
        "/o/{public_id}/drop": [f"/o/{opened}/drop"],
        "/o/{public_id}/outcome": [f"/o/{opened}/outcome"],
        "/o/{public_id}/ask": [f"/o/{opened}/ask"],
        "/o/{public_id}/renew": [f"/o/{demand}/renew"],
        "/o/{public_id}/end": [f"/o/{demand}/end"],
        "/o/{public_id}/delivery": [f"/o/{demand}/delivery"],
        "/o/{public_id}/call-list": [f"/o/{demand}/call-list"],
        "/o/{public_id}/sheet": [f"/o/{opened}/sheet", f"/o/{demand}/sheet"],
        "/o/{public_id}/check": [f"/o/{joint_text}/check", f"/o/{demand}/check"],
        "/o/{public_id}/difference": [f"/o/{amendment}/difference"],
        "/slip/answer": [_beside("answer", theirs)],
        "/slip/take-back": [_beside("take-back", answered)],
        "/slip/sheet": [_beside("sheet", theirs)],
        "/alerts/{public_id}/news": [f"/alerts/{draft}/news"],
        "/slip/check": [_beside("check", theirs)],
        "/slip/difference": [_beside("difference", changed)],
        "/slip/pass-on": [_beside("pass-on", their_call)],
        "/alerts/coming": [f"/alerts/coming?id={quote(their_call, safe='')}"],
    }


def _beside(name: str, address: str) -> str:
    return f"/slip/{name}?id={quote(address, safe='')}"


def _idea(one: DemoCouncil, *, title: str, text: str = "We build it on a Sunday in spring.", **given: Any) -> str:
    form = IdeaForm(title=title, text=text, **given)
    return one.do(lambda c: actions.put_idea(c, form, one.acting()).public_id)


def _open(one: DemoCouncil, **given: Any) -> str:
    public_id = _idea(one, **{"audience": "public", **given})
    one.do(lambda c: deciding.open_it(c, public_id, one.acting()))
    return public_id


def _gathered(one: DemoCouncil) -> dict[str, Any]:
    return {"decided_at": one.clock.now().astimezone(one.acting().zone).date(), "present": 14}


def _agreed(one: DemoCouncil, **given: Any) -> str:
    text = "The pump house is mended before the autumn rains, and the key hangs in the hall."
    objections = [{"what": "Who pays for the key?", "met": "The box of the hall does."}]
    form = ResolutionForm.model_validate({"text": text, "objections": objections, **_gathered(one), **given})
    return one.do(lambda c: actions.put_up(c, form, one.acting()).public_id)


def _joint(one: DemoCouncil, other: DemoCouncil, *, title: str = "The hall stays open at night") -> str:
    """A text that one council puts to another. Ours by its public id, theirs by its address."""
    public_id, acting = _open(one, title=title, text=LEDGER), one.acting()
    with one.store.reading() as connection:
        numbers = [row["id"] for row in joint.linked(connection) if row["actor_id"] == other.council.actor_id]
    until = (one.clock.now() + timedelta(days=9)).date().isoformat()
    form = AskForm.model_validate({"councils": numbers, "at_least": 2, "until": until, **_gathered(one)})
    one.do(lambda c: joint.ask(c, public_id, form, acting))
    return public_id if one.name == "Riverside" else f"{one.url}/o/{public_id}"


def _amendment(one: DemoCouncil, title: str) -> str:
    """A text that changes the words of one that was agreed."""
    before = _agreed(one, title=title)
    address = f"{one.url}/o/{before}"
    text = "The pump house is mended before the first frost, and two keys hang in the hall."
    return _open(one, title=f"{title}, anew", text=text, amends=address)


def _held(one: DemoCouncil, address: str) -> bool:
    with one.store.reading() as connection:
        return replicas.find(connection, address) is not None


def _asks(one: DemoCouncil, address: str) -> bool:
    """Whether a text that is held is a question to all: it was open before it was asked, and may have been told both."""
    with one.store.reading() as connection:
        return counting.joint_at(connection, address, now=one.clock.now()) is not None


def _answer(one: DemoCouncil, address: str) -> None:
    form = AnswerForm.model_validate({"answer": "TentativeAccept", "words": "If it snows, not.", **_gathered(one)})
    one.do(lambda c: answering.answer(c, address, form, one.acting()))


def _their_call(riverside: DemoCouncil, harbour: DemoCouncil) -> str:
    """A call of Harbour that Riverside has heard and answered."""
    given = {"title": "Water over the quay", "event": "Flood", "wanted": "Pumps and hands.", "audience": "public"}
    form = AlertForm.model_validate(given | {"near": "Quay", "words": "It came with the tide, and is knee-high."})
    called = harbour.do(lambda c: calls.put_up(c, form, harbour.acting()).object_id)
    assert called is not None
    wait_for(lambda: _heard(riverside, called), "the call is heard", within=SOON)
    answered = riverside.acting()
    riverside.do(lambda c: calls.answer(c, called, answered, word=AnswerWord.COME, words=HEARD))
    return called


def _heard(one: DemoCouncil, address: str) -> bool:
    with one.store.reading() as connection:
        found = connection.exec_driver_sql("SELECT 1 FROM alert_index WHERE object_id = ?", (address,))
        return found.first() is not None


def _waiting(one: DemoCouncil) -> tuple[str, str]:
    """From the third account on what is grave, and what was agreed, waits for a second person."""
    one.do(lambda c: add_member(c, name="Noor", keeper=False, now=one.clock.now()))
    grave = {"title": "The river is in the street", "event": "Flood", "severity": "Severe", "audience": "neighbours"}
    form = AlertForm.model_validate(grave)
    draft = one.do(lambda c: calls.put_up(c, form, one.acting()).public_id)
    return draft, _agreed(one, title="A key for the shed")
