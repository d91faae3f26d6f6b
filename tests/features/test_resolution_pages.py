"""The way of a text to its decision on pages: who takes which step, what others are told at each, and what never comes next."""

from typing import Any

from tests.features.resolving import (
    BROUGHT,
    GATHERED,
    PROGRAM,
    TEXT,
    TODAY,
    bring_to,
    days,
    done,
    link_up,
    listed,
    outcome,
    put_adopted,
    put_idea,
    put_open,
    refused,
    row_of,
    sent,
    told,
    words,
)
from tests.features.village import BASE, Village

STEPS: dict[str, dict[str, str]] = {
    "words": words(title="Two benches"),
    "notice": {"until": "2026-04-01"},
    "open": {},
    "outcome": outcome(),
    "was-there": {},
    "drop": {},
    "renew": {**GATHERED, "decided_at": TODAY, "review_on": "2026-10-01"},
    "end": {**GATHERED, "decided_at": TODAY},
    "delivery": BROUGHT,
}
COMES_NEXT: dict[str, set[str]] = {
    "idea": {"words", "notice", "open", "drop"},
    "notice": {"words", "open", "drop"},
    "open": {"words", "outcome", "drop"},
    "written": {"outcome", "was-there", "drop"},
    "adopted": {"renew", "end", "delivery"},
    "dropped": set(),
    "refused": set(),
    "ended": set(),
}


async def stages(village: Village, member: int | None = None) -> list[str]:
    """The stage of each resolution that this person is shown, in all of the list."""
    async with village.browser(member) as browser:
        return [one["stage"] for one in await listed(browser, "?show=all")]


async def test_of_two_accounts_one_takes_a_text_all_the_way_from_an_idea_to_what_is_agreed(village: Village) -> None:
    amina, _ = village.member(), village.member("Bo")
    seen: list[tuple[str, list[str], list[str], str]] = []

    async def look(step: str) -> None:
        seen.append((step, await stages(village, amina), await stages(village), told(village, path).get("stage", "")))

    async with village.browser(amina) as browser:
        path = await put_idea(browser)
        await look("idea")
        await done(browser, f"{path}/words", **words(title="A bench with a back", near="Mill Lane"))
        await look("words")
        await done(browser, f"{path}/notice", until="2026-03-09")
        await look("notice")
        days(village, 7)
        await done(browser, f"{path}/open")
        await look("open")
        await done(browser, f"{path}/outcome", **outcome(decided_at="2026-03-09", stand_asides="2"))
        await look("outcome")
        page = (await browser.get(path)).text

    assert seen == [
        ("idea", ["idea"], [], ""),
        ("words", ["idea"], [], ""),
        ("notice", ["notice"], ["notice"], "notice"),
        ("open", ["open"], ["open"], "open"),
        ("outcome", ["adopted"], ["adopted"], "adopted"),
    ]
    last = told(village, path)
    assert (last["number"], last["decidedAt"], last["present"], last["standAsides"]) == (1, "2026-03-09", 31, 2)
    assert last["onePerson"] is True
    assert "A bench with a back" in page
    assert "One person wrote this down. Nobody else has confirmed it." in page
    happened = ("Put on the table", "Words changed", "Put out for reading", "Opened, to be decided", "Agreed")
    places = [page.index(words, page.index("What happened when")) for words in happened]
    assert places == sorted(places)


async def test_of_two_accounts_the_other_may_still_confirm_what_one_wrote_down(village: Village) -> None:
    async with village.browser(village.member()) as amina, village.browser(village.member("Bo")) as bo:
        path = await put_adopted(amina)
        own = (await amina.get(path)).text
        by_herself = await refused(amina, f"{path}/was-there")
        before = (await bo.get(path)).text
        alone = told(village, path)
        await done(bo, f"{path}/was-there")
        after = (await bo.get(path)).text
        again = await refused(bo, f"{path}/was-there")

    assert (by_herself, again) == ("second-person", "stage")
    assert [f"{path}/was-there" in page for page in (own, before, after)] == [False, True, False]
    assert "Nobody else has confirmed it" not in after
    assert (alone["onePerson"], told(village, path).get("onePerson")) == (True, None)


async def test_from_three_accounts_on_an_outcome_waits_for_another_person_and_nobody_else_hears_of_it(
    village: Village,
) -> None:
    link_up(village)
    amina, bo, _ = village.member(), village.member("Bo"), village.member("Cai")
    async with village.browser(amina) as writes, village.browser(bo) as confirms, village.browser() as stranger:
        path = await put_open(writes)
        shown, quiet = await listed(stranger), sent(village)
        page = (await stranger.get(path)).text
        village.clock.advance(60)

        await done(
            writes, f"{path}/outcome", **outcome(method="majority", review_on="2026-12-01", carried_out_by="Crew")
        )

        assert row_of(village, path)["stage"] == "written"
        assert (await listed(stranger), sent(village)) == (shown, quiet)
        assert (await stranger.get(path)).text == page
        own, others = (await writes.get(path)).text, (await confirms.get(path)).text
        by_herself = await refused(writes, f"{path}/was-there")
        assert (await listed(stranger), sent(village)) == (shown, quiet)
        await done(confirms, f"{path}/was-there")
        after = await listed(stranger)

    assert by_herself == "second-person"
    assert ("It waits for somebody else who was there" in own, f"{path}/was-there" in own) == (True, False)
    assert ("It waits for somebody else who was there" in others, f"{path}/was-there" in others) == (False, True)
    assert [(one["stage"], one["method"], one["present"]) for one in after] == [("adopted", "majority", 31)]
    assert (told(village, path)["stage"], told(village, path).get("onePerson")) == ("adopted", None)
    assert len(sent(village)) == 2, "one activity, and its delivery to Harbour"


async def test_an_outcome_written_down_wrongly_is_written_again_and_then_another_than_its_last_writer_confirms(
    village: Village,
) -> None:
    amina, bo, _ = village.member(), village.member("Bo"), village.member("Cai")
    async with village.browser(amina) as first, village.browser(bo) as second:
        path = await put_open(first)
        await done(first, f"{path}/outcome", **outcome(present="13", what_1="Who cleans it?", met_1="The crew."))
        form = (await second.get(f"{path}/outcome")).text
        await done(second, f"{path}/outcome", **outcome(present="31"))
        by_its_writer = await refused(second, f"{path}/was-there")
        await done(first, f"{path}/was-there")

    assert ('value="13"' in form, "Who cleans it?" in form, "The crew." in form) == (True, True, True)
    assert by_its_writer == "second-person"
    row = row_of(village, path)
    assert (row["stage"], row["present"], row["objections"]) == ("adopted", 31, "[]")
    assert (row["written_by"], row["seconded_by"]) == (bo, amina)


async def test_what_was_agreed_and_put_up_in_one_step_is_not_there_for_others_before_it_is_confirmed(
    village: Village,
) -> None:
    link_up(village)
    amina, bo, _ = village.member(), village.member("Bo"), village.member("Cai")
    async with village.browser(amina) as writes, village.browser(bo) as confirms, village.browser() as stranger:
        path = await put_adopted(writes)
        before = [
            (await stranger.get(f"{path}{part}")).status_code for part in ("", "/sheet", "/check", "/record.json")
        ]
        unseen = (await listed(stranger, "?show=all"), sent(village))
        await done(confirms, f"{path}/was-there")
        after = [(await stranger.get(f"{path}{part}")).status_code for part in ("", "/sheet", "/check", "/record.json")]

    assert (before, unseen) == ([404] * 4, ([], []))
    assert after == [200] * 4
    assert await stages(village) == ["adopted"]


async def test_what_was_never_told_and_is_dropped_is_told_to_nobody_either(village: Village) -> None:
    amina, _, _ = village.member(), village.member("Bo"), village.member("Cai")
    async with village.browser(amina) as browser:
        paths = [await put_idea(browser), await put_adopted(browser)]
        asked = [(await browser.get(f"{path}/drop")).status_code for path in paths]
        for path in paths:
            await done(browser, f"{path}/drop")
        pages = [(await browser.get(path)).text for path in paths]

    assert asked == [200, 200]
    assert sent(village) == []
    assert await stages(village) == []
    assert await stages(village, amina) == ["dropped", "dropped"]
    assert all("Dropped" in page for page in pages)


async def test_what_was_being_decided_and_is_dropped_or_not_agreed_is_told_and_stays_readable(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        dropped, not_agreed = await put_open(browser), await put_open(browser, title="A fence")
        await done(browser, f"{dropped}/drop")
        objection = {"what_1": "It keeps children out."}
        await done(browser, f"{not_agreed}/outcome", **outcome(outcome="not-agreed", review_on="", **objection))
        now, over = await listed(stranger), await listed(stranger, "?show=all")
        page = (await stranger.get("/resolutions?show=all")).text
        own = (await browser.get(not_agreed)).text

    assert [told(village, path)["stage"] for path in (dropped, not_agreed)] == ["dropped", "refused"]
    assert now == []
    assert {(one["title"], one["stage"]) for one in over} == {
        ("A bench at the pump", "dropped"),
        ("A fence", "refused"),
    }
    assert "No longer in force, or never agreed" in page
    assert ("It keeps children out." in own, "not met" in own) == (True, True)
    assert "objections" not in told(village, not_agreed)


async def test_what_is_in_force_is_renewed_and_in_the_end_ended_by_a_gathering(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        path = await put_adopted(browser, review_on="2026-03-10")
        days(village, 9)
        form = (await browser.get(f"{path}/renew")).text
        await done(browser, f"{path}/renew", decided_at="2026-03-10", present="18", review_on="2026-05-01")
        in_force = await listed(stranger, "?show=in-force")
        await done(browser, f"{path}/end", decided_at="2026-03-11", present="20")
        page = (await stranger.get(path)).text
        over = (await listed(stranger, "?show=in-force"), await listed(stranger, "?show=all"))

    assert 'value="2026-09-09"' in form, "half a year from today is thought of"
    assert [(one["review_on"], one["decided_at"], one["present"]) for one in in_force] == [
        ("2026-05-01", "2026-03-01", 31)
    ]
    assert (over[0], [one["stage"] for one in over[1]]) == ([], ["ended"])
    assert told(village, path)["stage"] == "ended"
    assert TEXT in page, "its words stay readable"
    assert all(
        said in page for said in ("Looked at again: it goes on", "18 present", "Ended by a gathering", "20 present")
    )


async def test_a_step_that_does_not_come_next_is_refused_and_changes_nothing(village: Village) -> None:
    members = [village.member(name) for name in ("Amina", "Bo", "Cai")]
    found: dict[str, set[str]] = {}
    async with village.browser(members[0]) as writes, village.browser(members[1]) as reads:
        for stage, comes_next in COMES_NEXT.items():
            path = await bring_to(stage, writes, reads, village)
            before, quiet = row_of(village, path), sent(village)
            for step in STEPS.keys() - comes_next:
                found.setdefault(f"{stage}, {step}", set()).add(await refused(reads, f"{path}/{step}", **STEPS[step]))
                if step not in ("open", "was-there"):
                    form = await reads.get(f"{path}/{step}", headers=PROGRAM)
                    found[f"{stage}, {step}"].add(form.json()["reason"])
            assert (row_of(village, path), sent(village)) == (before, quiet)

    assert len(found) == len(STEPS) * len(COMES_NEXT) - sum(map(len, COMES_NEXT.values()))
    assert {what: words for what, words in found.items() if words != {"stage"}} == {}


async def test_a_page_offers_the_steps_that_come_next_and_each_of_them_is_taken(village: Village) -> None:
    members = [village.member(name) for name in ("Amina", "Bo", "Cai")]
    offered: dict[str, set[str]] = {stage: set() for stage in COMES_NEXT}
    async with village.browser(members[0]) as writes, village.browser(members[1]) as takes:
        for stage, comes_next in COMES_NEXT.items():
            for step in comes_next or {"none"}:
                path = await bring_to(stage, writes, takes, village, addressee="The landlord")
                page = (await takes.get(path)).text
                offered[stage] |= {one for one in STEPS if f'"{path}/{one}"' in page}
                if comes_next:
                    await done(takes, f"{path}/{step}", **STEPS[step])

    assert offered == COMES_NEXT


async def test_a_stranger_is_offered_no_step_and_takes_none(village: Village) -> None:
    async with village.browser(village.member()) as browser, village.browser() as stranger:
        path = await put_adopted(browser, addressee="The landlord")
        page = (await stranger.get(path)).text
        before = row_of(village, path)
        answers: set[Any] = {await refused(stranger, f"{path}/{step}", **typed) for step, typed in STEPS.items()}
        answers |= {await refused(stranger, "/put-up/idea", **words()), await refused(stranger, "/put-up/resolution")}
        answers |= {(await stranger.get(f"{path}/{form}")).status_code for form in ("renew", "end", "call-list")}

    assert not [step for step in STEPS if f"{path}/{step}" in page]
    assert answers == {"not-signed-in", 401}
    assert (row_of(village, path), len(village.rows("SELECT 1 FROM resolution"))) == (before, 1)
    assert BASE not in page or path in page
