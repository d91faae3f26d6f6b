"""A council whose server was off for a month, while others went on: everything live is there after one talk, in order."""

from datetime import timedelta

from federation.feeds import own
from tests.builders import SeededRandomness
from tests.feeds.carrying import Town, all_linked, talk

ENTRIES = 500


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


def test_after_thirty_days_away_everything_live_is_there_and_nothing_else(scale: int) -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    talk(hilltop, riverside)
    live = _a_month(riverside, ENTRIES * scale)
    hilltop.now = riverside.now

    told = talk(hilltop, riverside)

    assert told.agreed, told
    assert hilltop.live() == live
    assert hilltop.heads(of=riverside) == riverside.heads(of=riverside)


def test_after_forty_days_away_the_snapshot_stands_for_what_is_kept_no_more(scale: int) -> None:
    riverside, hilltop = all_linked("riverside", "hilltop")
    talk(hilltop, riverside)
    live = _a_month(riverside, ENTRIES * scale)
    riverside.now += timedelta(days=10)
    riverside.write(lambda c: own.snapshot(c, riverside.council, now=riverside.now))
    riverside.forget()
    hilltop.now = riverside.now

    told = talk(hilltop, riverside)

    assert told.agreed, told
    assert hilltop.live() == live
