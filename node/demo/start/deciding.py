"""One text for all three: asked, answered, counted by each for itself; one word changed is refused by name of the reason."""

import time

from node.demo import evidence, together
from node.demo.asking import Reply
from node.demo.checking import NotSeen, check
from node.demo.councils import DemoCouncil
from node.demo.letters import Letter, enveloped
from node.demo.start.scene import Link, Outcome, Scene
from node.demo.start.travel import arrivals, listed, told, verified_copy, within
from node.demo.start.wording import AGREEING, ANSWERS, RESOLUTION, SPOKEN, TWISTED
from protocol.agreement.tally import Answer
from protocol.agreement.tally import Outcome as Tallied


def put_to_all(scene: Scene) -> Outcome:
    """The text, put to the other two by Riverside's gathering, unless it is. Raises NotSeen."""
    found = resolution_on_wall(scene)
    if found is not None:
        return Outcome(
            "The text has been put to all three already. Nobody was asked twice.",
            changed=False,
            link=Link("Read it there", found),
        )
    address, travelled = _put(scene)
    line = f"Riverside's gathering agrees to “{RESOLUTION['title']}” and asks the other two. {travelled}"
    return Outcome(line, link=Link("Read it at Riverside", address))


def both_answer(scene: Scene) -> Outcome:
    """Whoever runs and has not answered answers, and once all have, Riverside counts. Raises NotSeen."""
    address, before = _or_put(scene)
    since = time.monotonic()
    given = together.answers(scene.riverside, address)
    missing = [one for one in scene.hearing() if given.get(one.name) is Answer.SILENT]
    for one in missing:
        verb, words = ANSWERS[one.name]
        together.answer_text(one, scene.neighbour(one), address, verb=verb, words=words)
    names = [one.name for one in missing]
    took = arrivals(
        scene,
        lambda one: all(together.answers(one, address).get(name, Answer.SILENT) is not Answer.SILENT for name in names),
        since=since,
        what="the answers arrive",
        at=(scene.riverside, *scene.hearing()),
    )
    said = f"{listed(names)} answered; all who run had it within {within(max(took.values()))}." if names else ""
    line = " ".join(filter(None, (before, said or "Whoever runs has answered already.", _counted(scene, address))))
    return Outcome(line, changed=bool(names or before), link=Link("See the stamps at Riverside", address))


def resolution_on_wall(scene: Scene) -> str | None:
    """Its address, if it is up."""
    slip = scene.on_wall(scene.riverside, RESOLUTION["title"], kind="resolution")
    return None if slip is None else str(slip["url"])


def change_one_word(scene: Scene) -> Outcome:
    """Twist the word on its way to Harbour (or Hillside), with the old envelope and with a fitting one. Raises NotSeen."""
    address, before = _or_put(scene)
    ours, to = scene.riverside, scene.hearing()[0]
    body = _as_it_travelled(to, address, source=ours.council.actor_id)
    twisted = body.replace(SPOKEN.encode(), TWISTED.encode())
    check(twisted != body, "the word is not in what travelled")
    now = ours.clock.now()
    letter = enveloped(ours.council, body, to=to.url, now=now)
    on_the_way = Letter(letter.origin, letter.headers, twisted).post()
    fitted = enveloped(ours.council, twisted, to=to.url, now=now).post()
    for reply in (on_the_way, fitted):
        check(reply.status >= 400 and reply.reason, f"{to.name} answered {reply.status}")
    kept = evidence.mentions(to.database, TWISTED)
    check(not kept, f"the changed words stand in {kept}")
    file = together.record(to, address) or b""
    faults = together.faults_in(file.replace(SPOKEN.encode(), TWISTED.encode()))
    check("other-text" in faults, f"the file with the changed word gives {faults}")
    line = (
        f"{before}“{SPOKEN}” became “{TWISTED}” on the way to {to.name}. Refused: {_said(on_the_way)}. "
        f"Put into an envelope that fits, the seal inside still tells: {_said(fitted)}. "
        f"In the file that anybody can check: {', '.join(faults)}. "
        f"{to.name}'s file does not have the changed words anywhere."
    )
    return Outcome(line, changed=bool(before), link=Link(f"What {to.name} holds", f"{to.url}/resolutions"))


def _or_put(scene: Scene) -> tuple[str, str]:
    """Where the text is, and a sentence if it had to be put to all first."""
    found = resolution_on_wall(scene)
    if found is not None:
        return found, ""
    return _put(scene)[0], "It had not been put to anybody yet, so Riverside did that first. "


def _put(scene: Scene) -> tuple[str, str]:
    at, since = scene.riverside, time.monotonic()
    address = together.put_to_all(at, scene.neighbour(at), RESOLUTION, at_least=AGREEING)
    took = arrivals(scene, lambda one: verified_copy(scene, one, address), since=since, what="the text arrives")
    return address, told(scene, took, did="had it", then="found the seal whole")


def _counted(scene: Scene, address: str) -> str:
    """Counted where all have answered; else who is still missing."""
    at = scene.riverside
    silent = [name for name, answer in together.answers(at, address).items() if answer is Answer.SILENT]
    if silent:
        return f"{listed(silent)} has not answered yet; answers are taken for a week."
    if together.outcome(at, address) is not Tallied.ADOPTED:
        together.count(at, scene.neighbour(at), address)
    arrivals(
        scene,
        lambda one: together.outcome(one, address) is Tallied.ADOPTED,
        since=time.monotonic(),
        what="the count arrives",
    )
    return "Each server counted the signed answers for itself, and all say the same: agreed together."


def _as_it_travelled(at: DemoCouncil, address: str, *, source: str) -> bytes:
    """The signed bytes as this council has acknowledged them."""
    for held in reversed(evidence.received(at.database, source=source)):
        if f'"{address}"'.encode() in held.document and SPOKEN.encode() in held.document:
            return held.document
    raise NotSeen(f"{at.name} has not got {address}")


def _said(reply: Reply) -> str:
    return f"{reply.reason} ({reply.status})"
