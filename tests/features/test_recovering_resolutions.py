"""Our own resolutions after a loss: what was published is decided on, in force or over as it was, and goes on from there."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from federation import outbox
from node.features.resolutions import evidence, joint, publishing, queries, rows, stances
from node.features.resolutions.evidence import Said
from node.features.resolutions.leaving import NOBODY, NOBODY_ELSE
from node.features.resolutions.one import history_of
from node.features.resolutions.tables import Resolution
from schemas.records.joint_forms import AskForm
from schemas.records.stance import StanceVerb, stance
from tests.features.coming_back import bring_back, but, lose, note_of, row_of
from tests.features.resolving import (
    BROUGHT,
    GATHERED,
    Browser,
    bring_to,
    days,
    done,
    outcome,
    put_adopted,
    put_open,
    words,
)
from tests.features.village import BASE, Village

UNKNOWN_AGAIN = ("id", "by_member", "written_by", "seconded_by", "changes")
STAGES = ["notice", "open", "adopted", "refused", "dropped", "ended"]
SHAPES: dict[str, dict[str, str]] = {
    "public": {},
    "for nearby councils": {"audience": "neighbours"},
    "with all its words": {
        "near": "Mill Lane",
        "carried_out_by": "The pump group",
        "campaign": "Sit down",
        "addressee": "The town hall",
        "language": "es",
        "method": "two-thirds",
        "domain": "other",
    },
    "at a place that only people know": {"near": "the pump", "amends": f"{BASE}/o/aaaabbbbccccddddeeeeffff22"},
}


def tell_again(village: Village, object_id: str) -> dict[str, Any]:
    """The note as it is made from our own record, said once more a second later."""
    row = village.see(lambda c: queries.own(c, object_id=object_id))
    assert row is not None
    later = row.model_copy(update={"updated_at": row.updated_at + timedelta(seconds=1)})
    village.do(lambda c: publishing.publish(c, later, village.acting()))
    return note_of(village, object_id)


async def browsers(village: Village, *names: str) -> list[Browser]:
    return [village.browser(village.member(name, keeper=name == "Amina")) for name in names]


def replaced(village: Village, before: dict[str, Any]) -> None:
    """The record as an old copy has it."""
    columns = ", ".join(f":{name}" for name in before)
    village.do(lambda c: c.exec_driver_sql(f"INSERT INTO resolution VALUES ({columns})", before))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("given", SHAPES.values(), ids=SHAPES.keys())
async def test_what_comes_back_is_what_was_published_and_is_told_in_the_same_words(
    village: Village, given: dict[str, str], stage: str
) -> None:
    writes, confirms, _ = await browsers(village, "Amina", "Bo", "Cem")
    address = BASE + await bring_to(stage, writes, confirms, village, **given)
    before, said = row_of(village, "resolution", address), note_of(village, address)

    lose(village, "resolution")
    bring_back(village, address)
    bring_back(village, address)

    after = row_of(village, "resolution", address)
    assert but(after, *UNKNOWN_AGAIN) == but(before, *UNKNOWN_AGAIN)
    assert after["by_member"] == NOBODY
    assert but(tell_again(village, address), "updated") == but(said, "updated")


async def test_a_demand_that_was_answered_comes_back_with_its_objections_and_its_answer(village: Village) -> None:
    (browser,) = await browsers(village, "Amina")
    path = await put_adopted(
        browser, addressee="The town hall", what_1="It is loud.", met_1="Not after ten.", stand_asides="2"
    )
    await done(browser, f"{path}/delivery", **BROUGHT, answer="We will see.", answered_on=BROUGHT["delivered_on"])
    address = BASE + path
    before, said = row_of(village, "resolution", address), note_of(village, address)
    lose(village, "resolution")

    bring_back(village, address)

    after = row_of(village, "resolution", address)
    assert but(after, *UNKNOWN_AGAIN) == but(before, *UNKNOWN_AGAIN)
    assert said["comarca:resolution"]["onePerson"] is True
    assert but(tell_again(village, address), "updated") == but(said, "updated")


async def test_that_two_people_confirmed_it_comes_back_and_that_one_did_as_well(village: Village) -> None:
    (alone,) = await browsers(village, "Amina")
    by_one = BASE + await put_adopted(alone)
    confirms, _ = await browsers(village, "Bo", "Cem")
    by_two = BASE + await bring_to("adopted", alone, confirms, village)
    lose(village, "resolution")

    for address in (by_one, by_two):
        bring_back(village, address)

    found = [row_of(village, "resolution", address) for address in (by_one, by_two)]
    assert [(row["written_by"], row["seconded_by"]) for row in found] == [(NOBODY, None), (NOBODY, NOBODY_ELSE)]


async def test_what_an_old_copy_knows_beyond_that_stays(village: Village) -> None:
    writes, confirms, _ = await browsers(village, "Amina", "Bo", "Cem")
    path = await put_open(writes)
    address = BASE + path
    before = row_of(village, "resolution", address)
    days(village, 1)
    await done(writes, f"{path}/outcome", **outcome())
    await done(confirms, f"{path}/was-there")
    lose(village, "resolution")
    replaced(village, before)

    bring_back(village, address)

    after = row_of(village, "resolution", address)
    steps = [one.words for one in _history(village, address)]
    assert (after["stage"], after["by_member"]) == ("adopted", before["by_member"])
    assert steps == ["Put on the table", "Opened, to be decided", "Agreed"]


async def test_an_idea_in_an_old_copy_is_what_it_was_published_as(village: Village) -> None:
    (browser,) = await browsers(village, "Amina")
    path = await done(browser, "/put-up/idea", **words())
    (before,) = village.rows("SELECT * FROM resolution")
    await done(browser, f"{path}/open")
    lose(village, "resolution")
    replaced(village, dict(before._mapping))
    days(village, 1)
    await done(browser, f"{path}/words", **words(title="Two benches at the pump", audience="council"))

    bring_back(village, BASE + path)

    after = row_of(village, "resolution", BASE + path)
    assert (after["stage"], after["title"], after["audience"]) == ("open", "A bench at the pump", "public")


def _history(village: Village, address: str) -> list[Any]:
    row = village.see(lambda c: queries.own(c, object_id=address))
    assert row is not None
    return history_of(row)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_a_number_that_was_given_anew_stays_with_who_has_it_and_all_that_were_told_keep_theirs(
    village: Village, order: tuple[int, int, int]
) -> None:
    (browser,) = await browsers(village, "Amina")
    first = [BASE + await put_adopted(browser, title=title) for title in ("A bench", "A lamp", "A pump")]
    lose(village, "resolution")
    await put_adopted(browser, title="A tree", audience="council")

    for which in order:
        bring_back(village, first[which])

    numbers = {row.title: row.number for row in village.rows("SELECT title, number FROM resolution")}
    assert numbers == {"A tree": 1, "A lamp": 2, "A pump": 3, "A bench": 4}


async def test_it_stands_on_the_wall_and_in_the_list_and_goes_on_from_there(village: Village) -> None:
    writes, confirms, _ = await browsers(village, "Amina", "Bo", "Cem")
    decided = await bring_to("adopted", writes, confirms, village)
    opened = await put_open(writes, title="A lamp at the pump")
    lose(village, "resolution")
    days(village, 1)
    for path in (decided, opened):
        bring_back(village, BASE + path)

    pages = [await writes.get(page) for page in ("/", "/resolutions", decided, opened)]
    gathering = {"decided_at": "2026-03-03", "present": "12", "review_on": "2027-03-03"}
    await done(writes, f"{decided}/renew", **gathering)
    await done(writes, f"{decided}/end", **{**GATHERED, "decided_at": "2026-03-03"})
    await done(writes, f"{opened}/outcome", **outcome(decided_at="2026-03-03"))
    await done(confirms, f"{opened}/was-there")
    stranger = [await village.browser().get(page) for page in (decided, opened, "/resolutions?view=all")]

    assert [page.status_code for page in (*pages, *stranger)] == [200] * 7
    assert all("A bench at the pump" in page.text for page in pages[:3])
    assert all("A lamp at the pump" in page.text for page in (pages[0], pages[1], pages[3]))
    stages = {row.public_id: row.stage for row in village.rows("SELECT public_id, stage FROM resolution")}
    assert stages == {decided[3:]: "ended", opened[3:]: "adopted"}
    told = [note_of(village, BASE + path)["comarca:resolution"] for path in (decided, opened)]
    assert [(one["number"], one["stage"]) for one in told] == [(1, "ended"), (2, "adopted")]


def _ask(village: Village, path: str) -> Resolution:
    member = village.acting(1)
    (harbour,) = village.see(joint.linked)
    form = AskForm.model_validate(
        {"councils": [harbour["id"]], "at_least": 2, "until": "2026-03-20", "decided_at": "2026-03-02", "present": 12}
    )
    return village.do(lambda c: joint.ask(c, path.removeprefix("/o/"), form, member))


def _answer(village: Village, harbour: Any, row: Resolution) -> None:
    said = stance(
        harbour.base_url,
        harbour.new_activity_id(),
        verb=StanceVerb.ACCEPT,
        object_id=str(row.object_id),
        digest=publishing.digest_of(row),
        decision=None,
        words="Gladly.",
        audience=row.audience,
        published=village.clock.now().replace(microsecond=0),
    )
    now = village.clock.now()
    signed, document = outbox.sign(harbour, said, now=now)
    read = evidence.read_said(signed)
    assert isinstance(read, Said)

    def step(connection: Connection) -> None:
        assert stances.check(connection, village.council, read, now) is None
        stances.apply(connection, village.council, read, document, now)

    village.do(step)


@pytest.mark.parametrize("audience", ["public", "neighbours"])
async def test_a_joint_text_comes_back_with_its_rule_and_every_signed_answer_and_is_counted_from_them(
    village: Village, audience: str
) -> None:
    (browser,) = await browsers(village, "Amina")
    harbour = village.meet()
    row = _ask(village, await put_open(browser, audience=audience))
    address = str(row.object_id)
    village.clock.advance(60)
    _answer(village, harbour, row)
    before, said = row_of(village, "resolution", address), note_of(village, address)
    lose(village, "resolution", "resolution_stance")

    bring_back(village, address)
    bring_back(village, address)

    after = row_of(village, "resolution", address)
    assert but(after, *UNKNOWN_AGAIN) == but(before, *UNKNOWN_AGAIN)
    assert len(said["comarca:resolution"]["stances"]) == 2
    assert but(tell_again(village, address), "updated") == but(said, "updated")
    village.clock.advance(60)
    settled = village.do(lambda c: joint.settle(c, row.public_id, village.acting(1)))
    assert (settled.stage, settled.closed_at is not None) == ("adopted", True)


def test_what_was_taken_away_everywhere_has_no_next_step_and_is_seen_at_home_alone(village: Village) -> None:
    row = Resolution(
        stage="adopted",
        title="A bench",
        text="It stands at the pump.",
        language="en",
        method="consent",
        decided_at=date(2026, 3, 1),
        present=3,
        audience="public",
        by_member=1,
        public_id="",
        created_at=village.clock.now(),
        updated_at=village.clock.now(),
    )
    acting = village.acting(village.member())
    kept = village.do(lambda c: rows.keep_new(c, row, acting, step="adopted"))
    lapse = village.council.kinds["resolution"].lapse
    assert lapse is not None

    village.do(lambda c: lapse(c, str(kept.object_id), "neighbours", village.clock.now()))
    (narrowed,) = village.rows("SELECT audience, stage FROM resolution")
    for _ in range(2):
        village.do(lambda c: lapse(c, str(kept.object_id), None, village.clock.now()))
    (gone,) = village.rows("SELECT audience, stage, object_id FROM resolution")

    assert tuple(narrowed) == ("neighbours", "adopted")
    assert tuple(gone) == ("council", "ended", None)
