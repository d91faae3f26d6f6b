"""A council that means ill: markup, overrides of the reading direction, zero-width signs and endless words wherever it may write.

It is a small server of its own with real keys, so everything it says comes in over the real door and with good signatures.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from federation.council import Council
from node.demo.checking import wait_for
from node.demo.councils import DemoCouncil
from node.demo.letters import sealed
from node.demo.stranger import Stranger, outside_council
from schemas import activity as activities
from schemas.place import Place
from schemas.records.alert import Alert, AlertCategory, Certainty, MessageType, Severity, Status, Urgency, alert_note
from schemas.records.deciding import Method, Stage
from schemas.records.resolution import Resolution, resolution_note, text_digest
from schemas.records.resource import resource_note

SOON = 10.0
OVERRIDE, ZERO_WIDTH = "\u202e", "\u200b"
ENDLESS = "Heat" * 30
MARKUP = "<img src=x onerror=alert(1)><b class=trick>bold<i>"
NAME = f"{MARKUP}{OVERRIDE}Har{ZERO_WIDTH}bour{ENDLESS}"
TITLE = f"{OVERRIDE}Free fans {MARKUP}{ENDLESS}"
WORDS = f"{MARKUP} javascript:alert(1)\n{OVERRIDE}{ENDLESS}{ENDLESS}\n</p></li></ul><h1>Mine now</h1><script>1</script>"
PLACE = Place(name=f"{MARKUP}{OVERRIDE}{ENDLESS}")


@contextmanager
def trickster(one: DemoCouncil) -> Iterator[Council]:
    """Serving until the end. `one` lends its clock and its randomness."""
    with Stranger() as stranger:
        council = outside_council(NAME, stranger, one.randomness)
        stranger.documents["/council"]["summary"] = WORDS
        stranger.documents["/council"]["url"] = "javascript:alert(1)"
        yield council


def ask(theirs: Council, ours: DemoCouncil) -> None:
    """The trickster asks one of us to link up."""
    now = ours.clock.now()
    said = activities.peering_offer(
        theirs.base_url, ours.council.actor_id, activity_id=theirs.new_activity_id(), published=now
    )
    assert sealed(theirs, said, to=ours.url, now=now).post().status == 202


def tell(theirs: Council, ours: DemoCouncil) -> list[str]:
    """The trickster's three slips, told to one of us that is linked up with it. Returns their addresses."""
    now = ours.clock.now()
    notes = [_resource(theirs, ours), _resolution(theirs, ours), _drill(theirs, ours)]
    for note in notes:
        said = activities.create(theirs.actor_id, theirs.new_activity_id(), note=note, audience="public", published=now)
        letter = sealed(theirs, said, to=ours.url, now=now)
        # The server looks a few times a second for what other processes wrote: until then it knows of no link.
        wait_for(lambda letter=letter: letter.post().status == 202, "the trick is taken in", within=SOON)  # type: ignore[misc]
    return [note["id"] for note in notes]


def _resource(theirs: Council, ours: DemoCouncil) -> dict[str, Any]:
    now = ours.clock.now()
    note = resource_note(
        theirs.new_object_id(),
        theirs.base_url,
        direction="offer",
        name=TITLE,
        words=WORDS,
        language="en",
        category="tools",
        quantity="9",
        unit=f"{OVERRIDE}<b class=trick>fans",
        available="4",
        place=PLACE,
        published=now,
        updated=None,
        ends_at=now + timedelta(days=2),
        audience="public",
    )
    # Markup as no server of ours writes it, and no plain words beside it: ours have to be taken from the markup.
    del note["source"]
    return note | {"content": WORDS, "contentMap": {"en": WORDS}}


def _resolution(theirs: Council, ours: DemoCouncil) -> dict[str, Any]:
    now = ours.clock.now()
    return resolution_note(
        theirs.new_object_id(),
        theirs.base_url,
        name=TITLE,
        resolution=Resolution(
            text=WORDS,
            number=3,
            method=Method("consent"),
            decided_at=now.date(),
            present=9,
            stand_asides=0,
            review_on=None,
            text_digest=text_digest(WORDS),
            stage=Stage.ADOPTED,
        ),
        language="en",
        published=now,
        updated=None,
        audience="public",
    )


def _drill(theirs: Council, ours: DemoCouncil) -> dict[str, Any]:
    now = ours.clock.now()
    return alert_note(
        theirs.new_object_id(),
        theirs.base_url,
        name=TITLE,
        alert=Alert(
            status=Status("Exercise"),
            msg_type=MessageType("Alert"),
            category=AlertCategory("Other"),
            event=TITLE,
            urgency=Urgency("Immediate"),
            severity=Severity("Severe"),
            certainty=Certainty("Observed"),
            wanted=WORDS,
            instruction=WORDS,
        ),
        words=WORDS,
        language="en",
        place=PLACE,
        published=now,
        updated=None,
        ends_at=now + timedelta(hours=5),
        audience="public",
    )
