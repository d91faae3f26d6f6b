"""Nothing is lost: a council is away, catches up from its neighbours, reads a stick, and is put up again after its server is gone.

They come last in the tour and build on each other: Hillside is switched off in the first and Riverside with it, Riverside is back
at the end of the third, and in the fourth Hillside's folder is destroyed.
"""

import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit

from node.demo import evidence
from node.demo.asking import JSON
from node.demo.checking import NotSeen, check, wait_for
from node.demo.councils import CONTACT_EVERY, DemoCouncil, made_again
from node.demo.processes import stop_all
from node.demo.stage import Stage, anybody, said_on
from node.demo.steps.availability import found_at
from node.demo.typed import typed
from node.features.resources.actions import put_up
from node.recovery import root_key
from protocol.feeds import roots
from schemas.records.resource import ResourceForm

ARRIVES_WITHIN = 5.0
# A talk may be one and a half times late, and another may be under way.
TALKED_WITHIN = 5 * CONTACT_EVERY
TAKEN_BACK, CAME, ON_THE_STICK, AFTERWARDS = "ladder", "wheelbarrow", "kettle", "paint"


def hillside_is_away_while_things_change_and_riverside_goes_as_well(stage: Stage) -> str:
    riverside, harbour, hillside = stage.riverside, stage.harbour, stage.hillside
    taken_back = _put_up(riverside, TAKEN_BACK)
    wait_for(lambda: found_at(anybody(hillside), taken_back, text=TAKEN_BACK), "Hillside has it", within=ARRIVES_WITHIN)
    hillside.server.stop()

    path = urlsplit(taken_back).path
    reply = stage.neighbour.fill_in(f"{path}/take-down", {})
    check(reply.status == 303, f"taking it down answered {reply.status}: {said_on(reply)}")
    came = _put_up(riverside, CAME)
    stage.marks |= {"taken back": taken_back, "came": came}
    wait_for(lambda: _holds_all(harbour, of=riverside), "Harbour holds all of it", within=TALKED_WITHIN)
    riverside.server.stop()

    copies = evidence.replicas_of(hillside.database, source=riverside.council.actor_id)
    check(taken_back in copies and came not in copies, "Hillside has heard of it while it was away")
    return "one taken back, one put up; Harbour alone is left, and Hillside knows of neither"


def hillside_returns_and_has_it_from_harbour_by_itself(stage: Stage) -> str:
    riverside, hillside = stage.riverside, stage.hillside
    taken_back, came = stage.marks["taken back"], stage.marks["came"]
    began = time.monotonic()
    hillside.server.restart()
    back = time.monotonic()

    def caught_up() -> bool:
        found_at(anybody(hillside), came, text=CAME)
        status = anybody(hillside).get("/api/objects", accept=JSON, id=taken_back).status
        check(status in (404, 410), f"what was taken back is answered with {status}")
        check(evidence.tombstoned(hillside.database, taken_back), "its words are still in the file")
        return True

    wait_for(caught_up, "Hillside has caught up", within=TALKED_WITHIN)
    took = time.monotonic() - back
    check(not riverside.server.running, "Riverside was there, and may have told it")
    return f"{took:.2f} s after its start ({back - began:.2f} s), while Riverside was still gone; nobody typed anything"


def a_stick_brings_what_the_line_does_not_and_a_changed_one_is_refused(stage: Stage) -> str:
    riverside, hillside = stage.riverside, stage.hillside
    check(not riverside.server.running, "the line is not cut: Riverside runs")
    address = _put_up(riverside, ON_THE_STICK)
    stick, changed = (stage.region.folder / name for name in ("monday.comarca", "changed.comarca"))
    made = typed("bundle", "export", str(riverside.settings.directory), str(stick), "--for", hillside.url)
    check(made.exit_code == 0, f"writing the file: {made.facts}")
    _change(stick, into=changed)

    refused = typed("bundle", "import", str(hillside.settings.directory), str(changed))
    check(refused.exit_code == 1 and "error" in refused.facts, f"the changed file was taken: {refused.facts}")
    check(
        address not in evidence.replicas_of(hillside.database, source=riverside.council.actor_id),
        "of it came something",
    )
    brought = typed("bundle", "import", str(hillside.settings.directory), str(stick))
    check(brought.exit_code == 0 and not brought.facts["refused"], f"taking the file in: {brought.facts}")
    wait_for(lambda: found_at(anybody(hillside), address, text=ON_THE_STICK), "Hillside has it", within=ARRIVES_WITHIN)

    riverside.server.restart()  # the line is there again
    word = refused.facts["error"]
    return (
        f"{brought.facts['taken']} new of {brought.facts['read']} carried, shown at once; changed by one byte: {word}"
    )


def hillside_is_lost_for_good_and_stands_again_from_its_words_and_its_neighbours(stage: Stage) -> str:
    riverside, harbour, lost = stage.riverside, stage.harbour, stage.hillside
    for one in (riverside, harbour):
        wait_for(lambda one=one: _holds_all(one, of=lost), f"{one.name} holds what it said", within=TALKED_WITHIN)  # type: ignore[misc]
    said = evidence.told_by(lost.database, lost.council.actor_id)
    check(len(said) > 3, f"there is next to nothing to lose: {len(said)}")
    key = root_key(lost.settings.directory)
    if key is None:
        raise NotSeen("Hillside has no recovery words")
    paper = " ".join(roots.words_of_key(key))
    stop_all([lost.server])
    lost.store.close()
    shutil.rmtree(lost.settings.directory)

    began = time.monotonic()
    with made_again(lost) as new:
        check(new.council.multibase != lost.council.multibase, "the new server has the old keys")
        neighbours = [word for one in (riverside, harbour) for word in ("--from", one.url)]
        answer = typed("keys", "recover", str(new.settings.directory), *neighbours, given=f"{paper}\n")
        check(answer.exit_code == 0, f"recovering: {answer.facts}")
        new.server.restart()
        missing = said - evidence.told_by(new.database, new.council.actor_id)
        check(not missing, f"{len(missing)} of {len(said)} did not come back, {sorted(missing)[:1]}")
        took = time.monotonic() - began
        wall = anybody(new).data("/wall.json")
        address = _put_up(new, AFTERWARDS)
    check(wall, "its wall is empty")
    for one in (riverside, harbour):
        wait_for(
            lambda one=one: found_at(anybody(one), address, text=AFTERWARDS),  # type: ignore[misc]
            f"{one.name} listens to the new server",
            within=ARRIVES_WITHIN,
        )
    return f"{len(said)} of {len(said)} back after {took:.2f} s, in epoch {answer.facts['epoch']}, under new keys"


def _put_up(at: DemoCouncil, title: str) -> str:
    """Offer something to everybody, as by command: it works while the server is switched off. Returns the address."""
    form = ResourceForm.model_validate(
        {"direction": "offer", "title": f"A {title}", "category": "goods", "audience": "public", "until": "week"}
    )
    return str(at.do(lambda c: put_up(c, form, at.acting())).object_id)


def _holds_all(reader: DemoCouncil, *, of: DemoCouncil) -> bool:
    """Whether a council has the feeds of another one to their very end. Raises NotSeen."""
    theirs, copies = (evidence.feed_heads(one.database, of.council.actor_id) for one in (of, reader))
    check(theirs, f"{of.name} has no feeds")
    check(copies == theirs, f"{reader.name} holds {sorted(copies.values())} of {sorted(theirs.values())}")
    return True


def _change(stick: Path, *, into: Path) -> None:
    """The same file with one byte changed, in the middle of what it carries."""
    raw = bytearray(stick.read_bytes())
    raw[len(raw) // 2] ^= 1
    into.write_bytes(raw)


STEPS = (
    hillside_is_away_while_things_change_and_riverside_goes_as_well,
    hillside_returns_and_has_it_from_harbour_by_itself,
    a_stick_brings_what_the_line_does_not_and_a_changed_one_is_refused,
    hillside_is_lost_for_good_and_stands_again_from_its_words_and_its_neighbours,
)
