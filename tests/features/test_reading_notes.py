"""What was asked is read, shown, held or hidden with a reason; a report's words go when it is done, and only numbers stay."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from federation.tables import table_of
from node.features.resources.moderation import counting
from node.features.resources.moderation.tables import Report
from node.profile.rules_kept import WITHOUT_ACCOUNT, rule
from tests import builders
from tests.features.asking import WORDS, Slip, ask, decide, kept, opens, said
from tests.features.promising import now, put_up
from tests.features.test_tidying import engine_of
from tests.features.test_what_stays_home import forget
from tests.features.village import START, Village, village_in

RUDE = "Quincewords: that is about my daughter"


async def held_note(village: Village, **given: str) -> Slip:
    async with village.browser() as rosa:
        return await ask(rosa, **{"audience": "public", "near": "Mill Lane", **given})


async def report(browser: httpx.AsyncClient, village: Village, public_id: str, **given: str) -> httpx.Response:
    address = f"{village.council.base_url}/o/{public_id}"
    return await browser.post("/report", data={"id": address, "wrong": RUDE, **given})


def counted(village: Village) -> list[tuple[str, str, str]]:
    zone = village.site.settings.zone_info
    months = village.see(lambda c: counting.by_month(c, now=village.clock.now(), zone=zone))
    return [(str(one.reported), str(one.held), str(one.hidden)) for one in months]


async def test_whoever_is_on_call_reads_says_the_kind_and_shows_it(village: Village) -> None:
    first = village.member("Bo")  # nobody has the server turn: whoever was here first is on call
    second = village.member("Cleo")
    slip = await held_note(village, urgent="yes")
    row = kept(village, slip)
    path = f"/held/{row.public_id}/show"
    async with village.browser(first) as bo, village.browser(second) as cleo:
        page, mine = await bo.get("/held"), await bo.get("/mine")
        others = [await cleo.get("/held"), await cleo.post(path)]
        wrong = await bo.post(path, data={"kind": "cash"})
        shown = await bo.post(path, data={"kind": "fans"})
        empty = await bo.get("/held")

    assert "Two fans for the night." in page.text and "It cannot wait" in said(page)
    assert "Two fans for the night." in mine.text and "One of us reads it first" in mine.text
    assert [answer.status_code for answer in others] == [403, 403]
    assert (wrong.status_code, shown.status_code) == (422, 303) and "Choose a kind from the list." in said(wrong)
    after = kept(village, slip)
    assert (after.shown, after.kind, after.category) == ("shown", "fans", "goods")
    assert [told["type"] for told in village.told(str(after.object_id))] == ["Create"]
    assert "Nothing waits to be read." in said(empty)


async def test_what_is_shown_already_keeps_its_kind_and_whom_it_is_for(village: Village) -> None:
    on_call = village.member("Bo")
    row = put_up(village, village.member("Cleo"), audience="public")
    async with village.browser(on_call) as bo:
        again = await bo.post(f"/held/{row.public_id}/show", data={"kind": "migration"})

    assert again.status_code == 303
    assert now(village, row) == row, "being on call gives no say in what a neighbour has put up"


async def test_a_kind_that_stays_home_is_shown_at_home_alone(village: Village) -> None:
    slip = await held_note(village)
    async with village.browser(village.member("Bo")) as bo:
        await bo.post(f"/held/{kept(village, slip).public_id}/show", data={"kind": "migration"})

    assert kept(village, slip).shown == "shown"
    assert village.rows("SELECT 1 FROM body") == []


async def test_whoever_has_the_turn_holds_and_hides_with_a_reason_that_whoever_asked_reads(village: Village) -> None:
    decide(village, "shown")
    slip = await held_note(village)
    keeper, other = village.member("Kim", keeper=True), village.member("Bo")
    async with village.browser(keeper) as kim, village.browser(other) as bo, village.browser() as rosa:
        public = str(kept(village, slip).object_id)
        page = await kim.get(f"/o/{kept(village, slip).public_id}")
        theirs = await bo.get(f"/o/{kept(village, slip).public_id}")
        held = await kim.post(f"/held/{kept(village, slip).public_id}/hold")
        away = kept(village, slip)
        shown = await kim.post(f"/held/{away.public_id}/show", data={"kind": "fans"})
        no_reason = await kim.post(f"/held/{kept(village, slip).public_id}/hide", data={"why": ""})
        hidden = await kim.post(f"/held/{kept(village, slip).public_id}/hide", data={"why": "It names somebody."})
        gone = kept(village, slip)
        await opens(rosa, slip.number, slip.secret)
        note = await rosa.get("/note")
        await rosa.post("/note/words", data={"words": "Two fans, please"})
        list_after = await kim.get("/held")
        missing = await kim.post(f"/held/{'a' * 26}/hide", data={"why": "It names somebody."})

    assert "Hold or hide it" in page.text and "Hold or hide it" not in theirs.text
    assert (held.status_code, shown.status_code, hidden.status_code) == (303, 303, 303)
    assert (away.shown, away.object_id, gone.shown, gone.object_id) == ("held", None, "hidden", None)
    assert [told["type"] for told in village.told(public)] == ["Delete"]
    assert no_reason.status_code == 422 and "Say why, in a few words" in said(no_reason)
    assert missing.status_code == 404
    assert "It was taken out of sight" in note.text and "It names somebody." in note.text
    assert "Two fans, please" in list_after.text, "new words are read again, whatever the rule is"
    assert counted(village) == [("none", "a few", "a few")]


@pytest.mark.parametrize("out_of_sight", ["held", "hidden"])
async def test_the_same_words_again_show_nothing_that_was_out_of_sight(village: Village, out_of_sight: str) -> None:
    slip = await held_note(village)
    keeper = village.member("Kim", keeper=True)
    async with village.browser(keeper) as kim, village.browser() as rosa:
        if out_of_sight == "hidden":
            await kim.post(f"/held/{kept(village, slip).public_id}/hide", data={"why": "It names somebody."})
        await opens(rosa, slip.number, slip.secret)
        same = await rosa.post("/note/words", data={"words": WORDS})
        after = kept(village, slip)
        await rosa.post("/note/words", data={"words": "Two fans, please"})

    assert same.status_code == 303
    assert (after.shown, after.object_id) == (out_of_sight, None)
    assert after.shown_why == ("It names somebody." if out_of_sight == "hidden" else "")
    assert kept(village, slip).shown == "held", "new words are read"


async def test_anybody_reports_a_note_they_see_and_its_words_go_when_it_is_done(village: Village) -> None:
    keeper = village.member("Kim", keeper=True)
    row = put_up(village, village.member("Bo"), audience="public")
    home = put_up(village, keeper, audience="council")
    harbour = village.meet()
    theirs = village.hears(harbour, builders.note(harbour))
    async with village.browser() as stranger, village.browser(keeper) as kim, village.browser(2) as bo:
        form = await stranger.get(f"/o/{row.public_id}")
        thanks = await report(stranger, village, row.public_id)
        empty = await report(stranger, village, row.public_id, wrong="")
        machine = await report(stranger, village, row.public_id, homepage="x")
        unseen = await report(stranger, village, home.public_id)
        of_theirs = await stranger.post("/report", data={"id": theirs, "wrong": "Cold soup"})
        page = await kim.get("/held")
        not_theirs = await bo.post("/held/reports/1/done", data={"how": "left"})
        wrong = await kim.post("/held/reports/1/done", data={"how": "burnt"})
        done = await kim.post("/held/reports/1/done", data={"how": "talked"})
        twice = await kim.post("/held/reports/1/done", data={"how": "talked"})

    assert "Something is wrong with this note" in form.text
    assert (thanks.status_code, of_theirs.status_code, unseen.status_code) == (200, 200, 404)
    assert (empty.status_code, machine.status_code) == (422, 422)
    assert RUDE in page.text and "Cold soup" in page.text and row.title in page.text
    assert (not_theirs.status_code, wrong.status_code, done.status_code, twice.status_code) == (403, 422, 303, 404)
    assert [(one.words, one.done_how) for one in village.rows("SELECT words, done_how FROM report ORDER BY id")] == [
        ("", "talked"),
        ("Cold soup", ""),
    ]
    columns = {name for one in village.rows("SELECT * FROM report") for name in one._fields}
    assert columns == {"id", "resource_id", "object_id", "words", "at", "done_at", "done_how"}, "nobody is kept"


async def test_reports_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.features.resources.moderation.acts.MOST_OF_ONE", 1)
    with village_in(tmp_path, limits={"asks_per_hour": 3}) as village:
        row, other = (put_up(village, village.member(), audience="public") for _ in range(2))
        async with village.browser() as stranger, village.browser(1) as neighbour:
            answers = [(await report(stranger, village, one.public_id)).status_code for one in (row, row, other)]
            refused = await report(stranger, village, other.public_id)
            theirs = await report(neighbour, village, other.public_id)

    assert answers == [200, 422, 200]
    assert refused.status_code == 429 and RUDE in refused.text, "the words are not lost"
    assert theirs.status_code == 422, "a neighbour is not slowed down by strangers"


async def test_words_of_a_report_leave_the_files_with_its_note_and_numbers_stay_a_year(
    village: Village, tmp_path: Path
) -> None:
    member = village.member("Kim", keeper=True)
    row = put_up(village, member, audience="public")
    async with village.browser() as stranger, village.browser(member) as kim:
        await report(stranger, village, row.public_id)
        early = await forget(engine_of(village), tmp_path)
        await kim.post(f"/o/{row.public_id}/take-down")
        late = await forget(engine_of(village), tmp_path)
        page = await stranger.get("/ask")
        after = counted(village)
        village.clock.advance(timedelta(days=367).total_seconds())
        await forget(engine_of(village), tmp_path)

    assert b"Quincewords" in early and b"Quincewords" not in late
    assert after == [("a few", "none", "none")] and "What we held back, in numbers" in page.text
    assert village.rows("SELECT 1 FROM report") == []


@pytest.mark.parametrize("value", ["shown", "off", "held"])
async def test_whoever_has_the_turn_sets_the_rule_on_the_page(village: Village, value: str) -> None:
    async with village.browser(village.member("Kim", keeper=True)) as kim, village.browser(village.member("Bo")) as bo:
        form, theirs = await kim.get("/held"), await bo.post("/held/rule", data={"rule": value})
        wrong = await kim.post("/held/rule", data={"rule": "sometimes"})
        right = await kim.post("/held/rule", data={"rule": value})

    assert 'value="held" checked' in form.text
    assert (theirs.status_code, wrong.status_code, right.status_code) == (403, 422, 303)
    assert village.see(lambda c: rule(c, WITHOUT_ACCOUNT)) == value


def test_counts_are_by_month_and_under_five_is_a_few(village: Village) -> None:
    for days, how, times in ((0, "hidden", 5), (40, "left", 1), (400, "left", 1)):
        at = START - timedelta(days=days)
        row = {"words": "", "at": at, "done_at": at, "done_how": how}
        for _ in range(times):
            village.do(lambda c, row=row: c.execute(table_of(Report).insert().values(**row)))  # type: ignore[misc]

    assert counted(village) == [("none", "none", "5"), ("a few", "none", "none")]


async def test_a_neighbour_whose_note_is_out_of_sight_is_told_why(village: Village) -> None:
    keeper, member = village.member("Kim", keeper=True), village.member("Bo")
    first, second = (put_up(village, member, title=title) for title in ("Two lamps", "A saw"))
    async with village.browser(keeper) as kim, village.browser(member) as bo:
        await kim.post(f"/held/{first.public_id}/hide", data={"why": "It names somebody."})
        await kim.post(f"/held/{second.public_id}/hold")
        mine, theirs = await bo.get("/mine"), await kim.get("/mine")

    assert "Two lamps" in mine.text and "It was taken out of sight: It names somebody." in said(mine)
    assert "It is out of sight until one of us has read it again." in said(mine)
    assert "It names somebody." not in theirs.text
