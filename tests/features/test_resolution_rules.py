"""What is refused on the way to a decision: beside its field, with what was typed still there, and in the database itself."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.features.resolving import (
    GATHERED,
    TODAY,
    beside,
    days,
    done,
    kept,
    link_up,
    outcome,
    put_idea,
    put_open,
    refused,
    row_of,
    sent,
    told,
    words,
)
from tests.features.village import Village

OUTSIDE = {
    "recipe": "outside-proposal",
    "title": "A wall for the quay",
    "text": "To the assembly of Riverside it has been proposed that the harbour office pays for a wall.",
}


WRONG_OUTCOMES: list[tuple[dict[str, str], str]] = [
    ({"decided_at": ""}, "decided_at"),
    ({"decided_at": "soon"}, "decided_at"),
    ({"decided_at": "2026-03-10"}, "decided_at"),  # tomorrow
    ({"decided_at": "2026-03-08"}, "decided_at"),  # it lay open for reading until the ninth
    ({"present": ""}, "present"),
    ({"present": "0"}, "present"),
    ({"present": "all of us"}, "present"),
    ({"stand_asides": "32"}, "stand_asides"),
    ({"stand_asides": "-1"}, "stand_asides"),
    ({"review_on": "2026-03-09"}, "review_on"),  # the day of the gathering
    ({"review_on": "2026-02-30"}, "review_on"),
    ({"what_1": "Who cleans it?"}, "met_1"),
    ({"what_1": "Who cleans it?", "met_1": "The crew.", "what_3": "It is in the way."}, "met_3"),
    ({"met_2": "The crew does."}, "what_2"),
    ({"method": "by lot"}, "method"),
    ({"carried_out_by": "Whoever lives at Mill Lane 12"}, "carried_out_by"),
]


async def test_an_outcome_that_cannot_be_is_refused_beside_its_field_and_what_was_typed_stays(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        path = await put_idea(browser)
        await done(browser, f"{path}/notice", until="2026-03-09")
        days(village, 7)
        await done(browser, f"{path}/open")
        before, quiet = row_of(village, path), sent(village)

        found: list[tuple[dict[str, str], int, set[str], list[str]]] = []
        for wrong, _ in WRONG_OUTCOMES:
            typed = outcome(**{"decided_at": "2026-03-09", **wrong})
            answer = await browser.post(f"{path}/outcome", data=typed)
            lost = kept(answer.text, {name: value for name, value in typed.items() if value and name != "method"})
            found.append((wrong, answer.status_code, beside(answer.text), lost))

    assert found == [(wrong, 422, {field}, []) for wrong, field in WRONG_OUTCOMES]
    assert (row_of(village, path), sent(village)) == (before, quiet)


async def test_an_objection_that_was_not_met_stands_in_the_way_of_agreeing_and_not_of_saying_no(
    village: Village,
) -> None:
    objection = {"what_1": "Who cleans it?"}
    async with village.browser(village.member()) as browser:
        path = await put_open(browser)
        agreed = await browser.post(f"{path}/outcome", data=outcome(**objection))
        await done(browser, f"{path}/outcome", **outcome(**objection, outcome="not-agreed", review_on=""))

    assert (agreed.status_code, beside(agreed.text)) == (422, {"met_1"})
    assert "As long as it is not, nothing is agreed" in agreed.text
    assert row_of(village, path)["stage"] == "refused"


@pytest.mark.parametrize("way", ["/put-up/resolution", "/put-up/idea"])
async def test_what_is_put_up_wrongly_is_refused_beside_its_field_and_nothing_is_kept(
    village: Village, way: str
) -> None:
    wrong: dict[str, tuple[dict[str, str], str]] = {
        "no title": ({"title": ""}, "title"),
        "a house number in the title": ({"title": "Nobody is put out of Mill Lane 12"}, "title"),
        "no words": ({"text": ""}, "text"),
        "the opening alone": ({"text": "The assembly of Riverside agrees that"}, "text"),
        "the opening alone, in Spanish": ({"text": "La asamblea de Riverside acuerda que"}, "text"),
        "a review in the past": ({"review_on": "2026-03-01"}, "review_on"),
        "nobody's audience": ({"audience": "circle"}, "audience"),
        "an addressee's door": ({"addressee": "The landlord, Canal Street 9"}, "addressee"),
        "no such part": ({"domain": "weather"}, "domain"),
    }
    if way == "/put-up/resolution":
        wrong |= {
            "tomorrow": ({"decided_at": "2026-03-03"}, "decided_at"),
            "nobody there": ({"present": ""}, "present"),
            "more stood aside than were there": ({"stand_asides": "32"}, "stand_asides"),
            "an objection not met": ({"what_2": "Who cleans it?"}, "met_2"),
        }
    async with village.browser(village.member()) as browser:
        answers = {
            what: await browser.post(way, data=words(**{**GATHERED, **given})) for what, (given, _) in wrong.items()
        }

    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(wrong, 422)
    found = {what: beside(answer.text) for what, answer in answers.items()}
    assert found == {what: {field} for what, (_, field) in wrong.items()}
    assert all("A bench at the pump" in answer.text for what, answer in answers.items() if "title" not in what)
    if way == "/put-up/resolution":
        assert "<details open>" in answers["an objection not met"].text
    assert village.rows("SELECT * FROM resolution") == []


async def test_a_notice_ends_on_a_day_to_come_and_before_that_day_nothing_is_decided(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        path = await put_idea(browser)
        form = (await browser.get(f"{path}/notice")).text
        answers = {
            until: await browser.post(f"{path}/notice", data={"until": until})
            for until in ("", "2026-03-02", "2027-03-04", "next week")
        }
        await done(browser, f"{path}/notice", until="2026-03-04")
        too_soon = [await refused(browser, f"{path}/open")]
        page = (await browser.get(path)).text
        days(village, 1)
        too_soon.append(await refused(browser, f"{path}/open"))
        days(village, 1)
        await done(browser, f"{path}/open")

    assert 'value="2026-03-09"' in form, "a week is thought of"
    assert [(answer.status_code, beside(answer.text)) for answer in answers.values()] == [(422, {"until"})] * 4
    assert too_soon == ["notice", "notice"]
    assert f"{path}/open" not in page


async def test_a_proposal_from_outside_lies_open_for_everyone_for_a_week_before_it_is_decided(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        at_once = await browser.post("/put-up/resolution", data=words(**OUTSIDE, **GATHERED))
        narrow = await browser.post("/put-up/idea", data=words(**{**OUTSIDE, "audience": "neighbours"}))
        path = await put_idea(browser, **OUTSIDE)
        page = (await browser.get(path)).text
        unread = await refused(browser, f"{path}/open")
        form = (await browser.get(f"{path}/notice")).text
        short = await browser.post(f"{path}/notice", data={"until": "2026-03-08"})
        await done(browser, f"{path}/notice", until="2026-03-09")
        other_words = await browser.post(f"{path}/words", data=words(**{**OUTSIDE, "text": "They give half of it."}))
        offered = (await browser.get(path)).text
        early = await refused(browser, f"{path}/open")
        read = await stranger.get(path)
        days(village, 7)
        await done(browser, f"{path}/open")
        before = await browser.post(f"{path}/outcome", data=outcome(decided_at="2026-03-08"))
        await done(browser, f"{path}/outcome", **outcome(decided_at="2026-03-09"))

    assert at_once.status_code == 422
    assert "lies open for reading before it is decided" in at_once.text
    assert (narrow.status_code, beside(narrow.text)) == (422, {"audience"})
    assert (unread, early) == ("notice", "notice")
    assert f"{path}/open" not in page
    assert 'value="2026-03-16"' in form, "its recipe thinks of two weeks"
    assert (short.status_code, beside(short.text)) == (422, {"until"})
    assert (read.status_code, OUTSIDE["text"] in read.text) == (200, True)
    assert (before.status_code, beside(before.text)) == (422, {"decided_at"})
    assert other_words.status_code == 422 and f"{path}/words" not in offered
    assert "They give half of it." not in read.text
    row = row_of(village, path)
    assert (row["stage"], row["audience"], row["notice_until"]) == ("adopted", "public", "2026-03-09")


GATHERING, TWO, NOTICE = "adopted_by_a_gathering", "two_people", "outside_proposals_have_notice"
UNDONE = {
    "adopted without a gathering": ("UPDATE resolution SET stage = 'adopted'", GATHERING),
    "adopted without a day": ("UPDATE resolution SET stage = 'adopted', present = 31", GATHERING),
    "adopted with nobody there": (
        "UPDATE resolution SET stage = 'adopted', decided_at = '2026-03-09', present = 0",
        GATHERING,
    ),
    "adopted before its notice ended": (
        "UPDATE resolution SET stage = 'adopted', decided_at = '2026-03-08', present = 31",
        GATHERING,
    ),
    "ended without a gathering": ("UPDATE resolution SET stage = 'ended'", GATHERING),
    "opened without a notice": ("UPDATE resolution SET stage = 'open', notice_until = NULL", NOTICE),
    "written down without a notice": ("UPDATE resolution SET stage = 'written', notice_until = NULL", NOTICE),
    "put up without a notice": ("INSERT INTO resolution ({columns}) SELECT {values} FROM resolution", NOTICE),
    "confirmed by its writer": ("UPDATE resolution SET written_by = 1, seconded_by = 1", TWO),
}


async def test_the_database_itself_refuses_what_no_page_lets_through(village: Village) -> None:
    async with village.browser(village.member()) as browser:
        path = await put_idea(browser, **OUTSIDE)
        await done(browser, f"{path}/notice", until="2026-03-09")
    before = row_of(village, path)
    other = {
        "id": "2",
        "public_id": "'x'",
        "object_id": "'x'",
        "number": "2",
        "stage": "'open'",
        "notice_until": "NULL",
    }
    columns, values = ", ".join(before), ", ".join(other.get(name, name) for name in before)
    by: dict[str, str] = {}

    for how, (statement, _) in UNDONE.items():
        wrong = text(statement.format(columns=columns, values=values))
        with pytest.raises(IntegrityError) as refusal:
            village.do(lambda c, wrong=wrong: c.execute(wrong))
        by[how] = str(refusal.value.orig)

    assert by == {how: f"CHECK constraint failed: ck_resolution_{name}" for how, (_, name) in UNDONE.items()}
    assert row_of(village, path) == before


def rule_of(village: Village, **given: str) -> dict[str, str]:
    """The form of asking Harbour, filled in."""
    (harbour,) = village.rows("SELECT id FROM peer")
    return {
        "decided_at": TODAY,
        "present": "31",
        f"ask-{harbour.id}": "yes",
        "at_least": "2",
        "until": "2026-03-04",
        **given,
    }


async def test_what_is_to_be_looked_at_again_by_then_is_not_put_to_nearby_councils(village: Village) -> None:
    link_up(village)
    async with village.browser(village.member()) as browser:
        path = await put_open(browser, review_on=TODAY)
        answer = await browser.post(f"{path}/ask", data=rule_of(village))
        await done(browser, f"{path}/words", **words(review_on="2026-09-01"))
        await done(browser, f"{path}/ask", **rule_of(village))

    assert (answer.status_code, beside(answer.text)) == (422, {"decided_at"})


async def test_what_waited_until_its_end_had_passed_is_put_to_nobody_any_more(village: Village) -> None:
    link_up(village)
    amina, bo, _ = village.member(), village.member("Bo"), village.member("Cai")
    async with village.browser(amina) as writes, village.browser(bo) as confirms:
        path = await put_open(writes)
        await done(writes, f"{path}/ask", **rule_of(village))
        quiet = sent(village)
        days(village, 4)
        too_late = await refused(confirms, f"{path}/confirm")
        unsaid = (row_of(village, path)["stage"], sent(village), village.rows("SELECT * FROM resolution_stance"))
        await done(confirms, f"{path}/take-off")
        row = row_of(village, path)
        await done(writes, f"{path}/ask", **rule_of(village, until="2026-03-20"))
        await done(confirms, f"{path}/confirm")

    assert (too_late, unsaid) == ("closed", ("written", quiet, []))
    assert (row["stage"], row["rule"], row["recipe"], row["decided_at"]) == ("open", None, "", None)
    assert told(village, path)["rule"]["closesAt"] == "2026-03-20T22:59:00Z"
