"""A need without an account: put up or held, by oneself or through a neighbour, and everything its own page can do."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from node.features.resources import lasting, queries
from node.features.resources.promises.tables import Promise
from tests.features.asking import WORDS, ask, decide, kept, opens, said
from tests.features.promising import HARBOURS, promise
from tests.features.test_letter_occasions import MAIL
from tests.features.village import START, Village, village_in

OFF = "Here nobody asks without an account"
LATER = "Wait a minute and send it again"


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    """A council that can send letters."""
    with village_in(tmp_path, mail=MAIL) as built:
        yield built


@pytest.mark.parametrize(("rule", "shown"), [("held", "held"), ("shown", "shown")])
async def test_a_stranger_asks_with_nothing_but_words_and_the_page_says_what_becomes_of_it(
    village: Village, rule: str, shown: str
) -> None:
    decide(village, rule)
    neighbour = village.member("Bo")
    async with village.browser() as rosa, village.browser(neighbour) as bo:
        form = await rosa.get("/ask")
        slip = await ask(rosa)
        board = await bo.get("/board")

    row = kept(village, slip)
    assert ("reads your note first" in form.text) == (rule == "held")
    assert ("is shown at once" in form.text) == (rule == "shown")
    assert (row.shown, row.told_by, row.by_member, row.holder) == (shown, "web", 0, 0)
    assert (row.title, row.words, row.direction, row.audience) == (*WORDS.split("\n"), "need", "council")
    assert (row.near, row.cell, row.contact, row.exact_place, row.can_wait) == ("", None, None, None, True)
    assert row.ends_at > village.clock.now() + timedelta(days=6)
    assert ("Two fans" in board.text) == (rule == "shown")


async def test_where_it_is_off_the_page_says_where_to_go_and_a_neighbour_still_writes_it_down(village: Village) -> None:
    decide(village, "off")
    async with village.browser() as rosa, village.browser(village.member("Bo")) as bo:
        form = await rosa.get("/ask")
        refused = await rosa.post("/ask", data={"words": WORDS})
        slip = await ask(bo, told_by="clerk")

    assert OFF in form.text and "a neighbour writes it down for you" in form.text
    assert 'action="/ask"' not in form.text
    assert refused.status_code == 422 and OFF in refused.text
    assert [row.code for row in village.rows("SELECT code FROM resource")] == [slip.code]


@pytest.mark.parametrize("told_by", ["clerk", "phone", "paper"])
async def test_what_a_neighbour_writes_down_is_not_theirs_and_is_shown_at_once(village: Village, told_by: str) -> None:
    member = village.member("Bo")
    async with village.browser(member) as bo, village.browser() as stranger:
        slip = await ask(bo, told_by=told_by, near="Mill Lane", exact_place="third bell", contact="rosa@example.org")
        theirs = await bo.get("/note")
        found = await bo.get("/board", params={"text": slip.number.lower()})
        passing = await stranger.get("/board", params={"text": slip.number})
        change = await bo.get(f"/o/{kept(village, slip).public_id}/change")

    row = kept(village, slip)
    assert (row.told_by, row.by_member, row.shown, row.near) == (told_by, 0, "shown", "Mill Lane")
    assert (row.exact_place, row.contact, row.contact_ok_at) == ("third bell", "rosa@example.org", None)
    assert "Open your note" in theirs.text, "whoever wrote it down does not have it open"
    assert change.status_code == 403
    assert "Two fans" in found.text and "Two fans" not in passing.text


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ({"words": ""}, {"words": "Bread"}, "Write what you need, in your own words."),
        ({"contact": "rosa"}, {"contact": "rosa@example.org"}, "Write the address like this"),
        ({"contact": "a@b.org\nBcc: c@d.org"}, {"contact": ""}, "Write the address like this"),
        ({"homepage": "https://spam.example"}, {"homepage": ""}, "Leave this field empty"),
        ({"audience": "world"}, {"audience": "neighbours"}, "Choose who can see this."),
        ({"kind": "cash"}, {"kind": "fans"}, "Choose a kind from the list."),
        (
            {"kind": "migration", "audience": "public"},
            {"kind": "migration", "audience": "council"},
            "This kind of thing stays among our own neighbours",
        ),
        ({"until": "2026-03-01"}, {"until": "tonight"}, "That time has passed"),
        ({"exact_place": "x" * 201}, {"exact_place": "x" * 200}, "Say in one line where it is"),
        (
            {"near": "12 Mill Lane", "audience": "public"},
            {"near": "Mill Lane", "audience": "public"},
            "Leave out the house number",
        ),
    ],
)
async def test_what_is_wrong_is_said_beside_what_was_typed_and_mended_it_goes_through(
    village: Village, wrong: dict[str, str], right: dict[str, str], told: str
) -> None:
    async with village.browser() as rosa:
        refused = await rosa.post("/ask", data={"words": "A bed for two", "near": "The baths", **wrong})
        kept_nothing = village.rows("SELECT 1 FROM resource")
        accepted = await rosa.post("/ask", data={"words": "A bed for two", "near": "The baths", **right})

    assert (refused.status_code, accepted.status_code) == (422, 200)
    assert told in said(refused) and 'class="wrong"' in refused.text
    assert all(words in refused.text for words in {"words": "A bed for two", "near": "The baths"} | wrong if words)
    assert kept_nothing == [] and len(village.rows("SELECT 1 FROM resource")) == 1


async def test_notes_that_come_too_fast_keep_their_words_and_hold_up_no_neighbour(village: Village) -> None:
    most = int(village.site.settings.limits.asks_per_hour)
    async with village.browser() as flood, village.browser(village.member("Bo")) as bo:
        answers = [(await flood.post("/ask", data={"words": f"Note {n}"})).status_code for n in range(most)]
        refused = await flood.post("/ask", data={"words": "One more note"})
        await ask(bo)
        village.clock.advance(61)
        later = await flood.post("/ask", data={"words": "One more note"})

    assert set(answers) == {200} and later.status_code == 200
    assert refused.status_code == 429 and LATER in refused.text and "One more note" in refused.text


async def test_its_page_is_opened_by_number_and_phrase_or_by_the_link_and_by_nothing_else(village: Village) -> None:
    async with village.browser() as rosa, village.browser() as other:
        slip = await ask(rosa, contact="rosa@example.org")
        at_once = await rosa.get("/note")
        by_phrase = await opens(other, f" {slip.number.lower()} ", slip.secret.upper())
        opened = await other.get("/note")
        await other.post("/note/away")
        away = await other.get("/note")
        by_link = await other.get(slip.link)
        opened_again = await other.get("/note")
        village.clock.advance(31 * 60)
        half_an_hour_later = await other.get("/note")

    for page in (at_once, opened, opened_again):
        assert "Two fans for the night." in page.text and slip.number in page.text
    assert (by_phrase.status_code, by_phrase.headers["location"]) == (303, "/note")
    assert (by_link.status_code, by_link.headers["location"]) == (303, "/note")
    assert "Open your note" in away.text and "Open your note" in half_an_hour_later.text


async def test_whoever_asked_changes_words_and_address_and_what_is_new_is_read_again(village: Village) -> None:
    async with village.browser() as rosa:
        decide(village, "shown")
        slip = await ask(rosa, contact="rosa@example.org", near="Mill Lane", audience="public")
        empty = await rosa.post("/note/words", data={"words": ""})
        house = await rosa.post("/note/words", data={"words": "Two fans at 12 Mill Lane"})
        bad = await rosa.post("/note/reach", data={"contact": "rosa"})
        same = kept(village, slip)
        words = await rosa.post("/note/words", data={"words": "Three fans"})
        at_once = kept(village, slip)
        reach = await rosa.post("/note/reach", data={"contact": ""})
        decide(village, "held")
        await rosa.post("/note/words", data={"words": "Four fans"})
        await rosa.get("/note")

    assert (empty.status_code, house.status_code, bad.status_code) == (422, 422, 422)
    assert "Leave out the house number" in said(house) and "Write the address like this" in said(bad)
    assert (same.title, same.contact) == ("Two fans for the night.", "rosa@example.org")
    assert (words.status_code, reach.status_code) == (303, 303)
    assert (at_once.title, at_once.shown) == ("Three fans", "shown")
    row = kept(village, slip)
    assert (row.title, row.words, row.contact, row.shown, row.object_id) == ("Four fans", "", None, "held", None)
    assert [told["type"] for told in village.told(str(same.object_id))] == ["Delete"]


async def test_whoever_helps_and_whoever_asked_write_to_each_other_and_nobody_else_reads_it(village: Village) -> None:
    helper, other = village.member("Bo"), village.member("Cleo")
    async with village.browser() as rosa, village.browser(helper) as bo, village.browser(other) as cleo:
        decide(village, "shown")
        slip = await ask(rosa, exact_place="third bell", near="Mill Lane")
        row = kept(village, slip)
        path = f"/o/{row.public_id}"
        stranger = await cleo.post(f"{path}/say", data={"say": "Hello"})
        before = await bo.get(path)
        made = promise(village, helper, resource_id=row.id, unit=None)
        proposed = await bo.get(path)
        told = await bo.post(f"{path}/say", data={"say": "I come at five"})
        empty = await bo.post(f"{path}/say", data={"say": ""})
        await rosa.post("/note/say", data={"say": "The bell is broken", "talk": f"{made.id}"})
        await rosa.post("/note/say", data={"say": "Whoever is on call, thank you", "talk": "0"})
        nobody = await rosa.post("/note/say", data={"say": "Hello?", "talk": "77"})
        page, theirs, others = await rosa.get("/note"), await bo.get(path), await cleo.get(path)
        village.do(lambda c: c.exec_driver_sql("UPDATE promise SET state = 'agreed'"))
        agreed = await bo.get(path)
        await bo.post(f"/promises/{made.public_id}/give-back")
        names = [tuple(one) for one in village.rows("SELECT by_member FROM promise UNION SELECT by_member FROM reply")]
        await cleo.post(f"{path}/take-on")
        in_hand = await cleo.get(path)

    assert (stranger.status_code, told.status_code, empty.status_code, nobody.status_code) == (403, 303, 422, 422)
    assert "Between the two of you" not in before.text + others.text
    assert "Between the two of you" in proposed.text and "third bell" not in proposed.text
    assert all(words in page.text for words in ("I come at five", "The bell is broken", "thank you"))
    assert "I come at five" in theirs.text and "The bell is broken" in theirs.text
    assert "thank you" not in theirs.text, "that was said to whoever is on call"
    assert "third bell" in agreed.text
    assert names == [(0,)], "what is given back is in nobody's name, nor is what was said about it"
    assert "Between the two of you" in in_hand.text and "third bell" not in in_hand.text, "to that nobody has said yes"
    assert "The bell is broken" not in others.text and "Bo" not in said(page)


async def test_a_talk_has_an_end(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.features.resources.asking.talking.MOST", 1)
    async with village.browser() as rosa:
        await ask(rosa)
        first = await rosa.post("/note/say", data={"say": "Hello"})
        second = await rosa.post("/note/say", data={"say": "Hello again"})

    assert (first.status_code, second.status_code) == (303, 422)
    assert "A great deal was written here" in said(second)


async def test_whoever_asked_closes_it_says_how_it_went_and_takes_it_down(village: Village) -> None:
    async with village.browser() as rosa:
        slip = await ask(rosa)
        wrong = await rosa.post("/note/done", data={"outcome": "great"})
        done = await rosa.post("/note/done", data={"outcome": "partly"})
        closed = await rosa.get("/note")
        late = await rosa.post("/note/say", data={"say": "Thank you"})
        again = await rosa.post("/note/words", data={"words": "More"})
        row = kept(village, slip)
        gone = await rosa.post("/note/take-down")
        after = [await rosa.get("/note"), await rosa.get(slip.link), await opens(rosa, slip.number, slip.secret)]

    assert (wrong.status_code, done.status_code, late.status_code, again.status_code) == (422, 303, 422, 422)
    assert (row.state, row.outcome) == ("closed", "partly") and "It is over." in said(closed)
    assert "This one is closed" in said(late)
    assert gone.status_code == 200 and [page.status_code for page in after] == [200, 404, 422]
    assert village.rows("SELECT 1 FROM resource") == []


@pytest.mark.parametrize("path", ["words", "reach", "say", "still", "done", "take-down", "promise"])
async def test_nothing_is_done_about_a_note_that_is_not_open_here(village: Village, path: str) -> None:
    async with village.browser() as rosa, village.browser() as other:
        slip = await ask(rosa)
        before = kept(village, slip)
        answer = await other.post(f"/note/{path}", data={"words": "x", "say": "x", "outcome": "met"})

    assert answer.status_code == 422 and "Your note is not open here" in said(answer)
    assert kept(village, slip) == before


async def test_an_ended_note_takes_no_more_words_until_it_is_still_needed(village: Village) -> None:
    async with village.browser() as rosa:
        slip = await ask(rosa, until="tonight")
        village.clock.advance(24 * 3600)
        village.do(lambda c: lasting.due(c, village.acting()))
        await opens(rosa, slip.number, slip.secret)
        late = await rosa.post("/note/say", data={"say": "Thank you"})
        page = await rosa.get("/note")
        still = await rosa.post("/note/still")
        again = await rosa.post("/note/say", data={"say": "Thank you"})

    assert late.status_code == 422 and "Its time is over" in said(late)
    assert "Still needed?" in page.text and (still.status_code, again.status_code) == (303, 303)
    assert kept(village, slip).ends_at > village.clock.now() + timedelta(days=13)
    assert village.see(lambda c: queries.board(c, village.acting(1).viewer, now=START)) == []


async def test_whoever_asked_answers_confirms_and_says_whether_it_met_the_need(village: Village) -> None:
    decide(village, "shown")
    bo, cleo = village.member("Bo"), village.member("Cleo")
    async with village.browser() as rosa, village.browser() as other, village.browser(bo) as helper:
        slip, others = await ask(rosa), await ask(other)
        await opens(rosa, slip.number, slip.secret)
        row = kept(village, slip)
        first, second = (promise(village, member, resource_id=row.id, unit=None) for member in (bo, cleo))
        page = await rosa.get("/note")
        before = [
            await act(browser, first, verb) for browser, verb in ((rosa, "done"), (other, "agree"), (rosa, "eat"))
        ]
        agreed = await act(rosa, first, "agree")
        no = await act(rosa, second, "not-this-time")
        left = village.rows("SELECT public_id, state FROM promise")
        await helper.post(f"/promises/{first.public_id}/done")
        wrong = await act(rosa, first, "outcome", outcome="great")
        met = await act(rosa, first, "outcome", outcome="met")
        after = await rosa.get("/note")

    assert "Helper 1" in page.text and "Helper 2" in page.text and "Not this time" in page.text
    assert "Bo" not in said(page).split() and "Cleo" not in said(page).split()
    assert [answer.status_code for answer in before] == [422, 404, 404]
    assert (agreed.status_code, no.status_code, wrong.status_code, met.status_code) == (303, 303, 422, 303)
    assert left == [(first.public_id, "agreed")], "not this time leaves nothing"
    assert village.rows("SELECT state, outcome FROM promise") == [("done", "met")]
    assert "said how it went" in said(after) and kept(village, others).state == "open"


async def test_what_was_asked_of_a_nearby_council_is_taken_back_from_the_notes_own_page(village: Village) -> None:
    async with village.browser() as rosa:
        slip = await ask(rosa)
        row = kept(village, slip)
        made = promise(village, 0, resource_id=row.id, unit=None, by_actor=HARBOURS, asked=True)
        page = await rosa.get("/note")
        back = await act(rosa, made, "give-back")

    assert "Take it back from them" in page.text
    assert (back.status_code, village.rows("SELECT state FROM promise")) == (303, [("given-back",)])


async def act(browser: httpx.AsyncClient, made: Promise, verb: str, **given: str) -> httpx.Response:
    """Whoever asked answers a promise."""
    return await browser.post("/note/promise", data={"promise": made.public_id, "verb": verb, **given})


async def test_letters_go_where_they_were_wanted_and_no_address_is_asked_for_without_a_mail_server(
    village: Village, tmp_path: Path
) -> None:
    async with village.browser() as rosa, village.browser(village.member("Bo")) as bo:
        slip = await ask(rosa, contact="Rosa@Example.org")
        page = await rosa.get("/note")
        village.do(lambda c: c.exec_driver_sql("UPDATE resource SET contact_ok_at = 1, shown = 'shown'"))
        await bo.post(f"/o/{kept(village, slip).public_id}/say", data={"say": "At five?"})
        letters = village.rows("SELECT about, member_id FROM letter ORDER BY id")
        await rosa.post("/note/reach", data={"contact": ""})
    (tmp_path / "silent").mkdir()
    with village_in(tmp_path / "silent") as silent:
        async with silent.browser() as rosa:
            form = await rosa.get("/ask")
            refused = await rosa.post("/ask", data={"words": WORDS, "contact": "rosa@example.org"})

    assert letters == [("confirm", None), ("reply", None)]
    assert "A letter has gone there" in page.text
    assert village.rows("SELECT 1 FROM letter") == [] and kept(village, slip).contact is None
    assert 'name="contact"' not in form.text and refused.status_code == 422
