"""A call for help passes any backlog, whatever failed before it: the real loop, real rows, an inbox that is slow or away."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from federation import outbox
from federation.moments import from_microseconds
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from schemas.records.alert import Alert, Ended, MessageType, alert_note
from tests import builders
from tests.two_nodes.region import Town, link_up, region, until
from tests.two_nodes.test_read_ahead import Gate, said_to

BACKLOG = 500
SLOW = {"backoff_first": 600.0, "backoff_cap": 3600.0, "contact_every": 600.0}
QUICK = SLOW | {"backoff_first": 0.02, "backoff_cap": 0.1}


def backlog(town: Town, count: int) -> list[str]:
    council, now = town.node.council, town.node.clock.now()

    def step(connection: Any) -> list[str]:
        notes = [builders.note(council, title=f"Chair {n}", published=now) for n in range(count)]
        for note in notes:
            outbox.publish(connection, council, note=note, audience="public", now=now)
        return [str(note["id"]) for note in notes]

    return town.write(step)


def say(town: Town, address: str, *, changed: timedelta | None = None, **payload: Any) -> str:
    """A call for help of this town, or newer words on it."""
    now, council = town.node.clock.now().replace(microsecond=0), town.node.council
    alert = {"status": "Actual", "category": "Met", "event": "Flood", "urgency": "Immediate", "severity": "Minor"}
    note = alert_note(
        address,
        town.url,
        name="Water in the mill race",
        words="",
        alert=Alert.model_validate({**alert, "msg_type": "Alert", "certainty": "Observed", **payload}),
        language="en",
        place=None,
        published=now,
        updated=None if changed is None else now + changed,
        ends_at=now + timedelta(hours=5),
        audience="neighbours",
    )
    town.write(lambda c: outbox.publish(c, council, note=note, audience="neighbours", now=town.node.clock.now()))
    return address


def call(town: Town) -> str:
    return say(town, town.node.council.new_object_id())


def over(town: Town, address: str) -> None:
    say(town, address, changed=timedelta(seconds=5), msg_type=MessageType.CANCEL, ended=Ended.OVER)


def tries(town: Town) -> int:
    return len(said_to(town))


def waits(town: Town) -> timedelta:
    """How long until the next try of what waits."""
    at = town.read(lambda c: c.execute(text("SELECT max(next_at) FROM destination")).scalar())
    return from_microseconds(at) - town.node.clock.now()


class Failing(Gate):
    """Holds the first delivery, and lets it fail when it is opened."""

    def __init__(self, network: Any) -> None:
        super().__init__(network)
        self.failed = False

    async def send(self, request: OutgoingRequest) -> OutgoingResponse | TransportFailure:
        if request.method == "POST" and not self.failed:
            self.reached.set()
            await self.open.wait()
            self.failed = True
            return TransportFailure("timeout", "too slow")
        return await self._send(request)


async def test_a_call_and_its_end_pass_five_hundred_messages_to_the_same_slow_inbox(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_up(riverside, harbour)
        await until(lambda: riverside.count("delivery") == 0)
        gate = Gate(harbour.network)
        offers = backlog(riverside, BACKLOG)
        await gate.reached.wait()

        help_ = call(riverside)
        gate.open.set()
        await until(lambda: help_ in [said[1] for said in said_to(harbour)])
        over(riverside, help_)
        await until(lambda: ("Update", help_) in said_to(harbour))

        told = [said[1] for said in said_to(harbour) if said[1] in (*offers, help_)]
        assert told.index(help_) == 1
        assert riverside.count("delivery") > BACKLOG / 2


async def test_a_call_does_not_wait_because_a_notice_failed_before_it(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", federation=SLOW) as (riverside, harbour):
        await link_up(riverside, harbour)
        await until(lambda: riverside.count("delivery") == 0)
        harbour.network.down.add(harbour.url)
        backlog(riverside, 1)
        await until(lambda: waits(riverside) > timedelta(minutes=5))

        harbour.network.down.clear()
        help_ = call(riverside)

        await until(lambda: ("Create", help_) in said_to(harbour))
        await until(lambda: riverside.count("delivery") == 0)


async def test_an_inbox_that_stays_away_is_tried_once_for_each_call_and_then_every_five_minutes(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", federation=SLOW) as (riverside, harbour):
        await link_up(riverside, harbour)
        await until(lambda: riverside.count("delivery") == 0)
        harbour.network.down.add(harbour.url)
        backlog(riverside, 3)
        await until(lambda: waits(riverside) > timedelta(minutes=5))
        before = tries(harbour)

        call(riverside)
        await until(lambda: tries(harbour) > before)
        await riverside.node.engine.deliverer.idle()

        assert tries(harbour) == before + 1
        assert timedelta(minutes=4) < waits(riverside) <= timedelta(minutes=5)


async def test_a_call_that_comes_while_something_else_is_failing_goes_right_after_it(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", federation=SLOW) as (riverside, harbour):
        await link_up(riverside, harbour)
        await until(lambda: riverside.count("delivery") == 0)
        gate = Failing(harbour.network)
        backlog(riverside, 1)
        await gate.reached.wait()

        help_ = call(riverside)
        gate.open.set()

        await until(lambda: ("Create", help_) in said_to(harbour))


async def test_a_call_goes_out_to_a_host_that_nothing_else_is_sent_to_for_now(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", federation=QUICK) as (riverside, harbour):
        await link_up(riverside, harbour)
        await until(lambda: riverside.count("delivery") == 0)
        harbour.network.down.add(harbour.url)
        (offer,) = backlog(riverside, 1)
        breakers = riverside.node.engine.deliverer._breakers
        await until(lambda: len(breakers) and breakers._failing[harbour.url].resumes is not None)
        await riverside.node.engine.deliverer.idle()

        harbour.network.down.clear()
        tried = tries(harbour)
        help_ = call(riverside)

        await until(lambda: ("Create", help_) in said_to(harbour)[tried:])
        await until(lambda: ("Create", offer) in said_to(harbour)[tried:])
