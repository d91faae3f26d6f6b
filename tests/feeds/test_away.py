"""A council whose server was off for a month, while others went on: everything live is there after one talk, in order."""

import resource
from datetime import timedelta

from sqlalchemy import text

from federation.feeds import own
from node.app import kinds_of
from node.installed import FEATURES
from tests import builders
from tests.builders import SeededRandomness
from tests.feeds.carrying import Town, all_linked, talk

ENTRIES = 500
TOWNS = 4
"""A council says no more than so many times ENTRIES in a month; what goes beyond is said by others."""


def _a_month(town: Town, entries: int) -> dict[str, str]:
    """What a council says in thirty days, with a list of what is live each day. What is live at the end, by object."""
    dice, live = SeededRandomness("a month"), {}
    start = town.now
    day = start
    for number in range(entries):
        town.now = max(town.now, start + timedelta(days=30) * (number / entries))
        if town.now - day >= timedelta(days=1):
            day = town.now
            town.snapshot()
            town.forget()
        if live and dice.chance(0.3):
            object_id = dice.pick(sorted(live))
            if dice.chance(0.5):
                live[object_id] = f"Thing {number}"
                town.publish(live[object_id], object_id=object_id, ends_at=start + timedelta(days=60))
            else:
                del live[object_id]
                town.withdraw(object_id)
        else:
            made = town.publish(f"Thing {number}", ends_at=start + timedelta(days=60))
            live[made] = f"Thing {number}"
    return live


def test_after_thirty_days_away_everything_live_is_there_in_order_and_nothing_else(scale: int) -> None:
    names = [f"town{number}" for number in range(max(1, scale // TOWNS))]
    hilltop, *towns = all_linked("hilltop", *names)
    hilltop.council = builders.council("hilltop", kinds=kinds_of(FEATURES))
    for town in towns:
        talk(hilltop, town)
    live = {}
    for town in towns:
        live |= _a_month(town, ENTRIES * scale // len(towns))
    hilltop.now = max(town.now for town in towns)
    before = resource.getrusage(resource.RUSAGE_SELF)

    told = [talk(hilltop, town) for town in towns]

    used = resource.getrusage(resource.RUSAGE_SELF)
    assert all(one.agreed for one in told), told
    assert hilltop.live() == live
    for town in towns:
        assert hilltop.heads(of=town) == town.heads(of=town)
    assert _as_they_were_said(hilltop)
    seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{sum(one.taken for one in told)} entries of {len(towns)} councils: {seconds:.1f} s of processor, both sides"
    )


def _as_they_were_said(town: Town) -> bool:
    """Whether what is held of others was stored in the order in which each of them said it."""
    rows = town.connection.execute(text("SELECT feed_id, epoch, seq FROM feed_entry ORDER BY feed_id, n")).all()
    return [tuple(row) for row in rows] == sorted(tuple(row) for row in rows)


def test_after_forty_days_away_the_snapshot_stands_for_what_is_kept_no_more(scale: int) -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    talk(hilltop, riverside)
    live = _a_month(riverside, ENTRIES * min(scale, TOWNS))
    riverside.now += timedelta(days=10)
    riverside.write(lambda c: own.snapshot(c, riverside.council, now=riverside.now))
    riverside.forget()
    hilltop.now = riverside.now

    told = talk(hilltop, riverside)

    assert told.agreed, told
    assert hilltop.live() == live
