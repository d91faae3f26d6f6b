"""Joint texts on the pages of whole councils: asking, answering, the row of stamps, two people, counting, dropping."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from node.features.resolutions import answering
from schemas.records.joint_forms import AnswerForm
from tests.two_nodes.browsing import (
    PROGRAM,
    answer,
    ask,
    asking,
    beside,
    browser,
    councils,
    done,
    gathered,
    member,
    mended,
    path_of,
    stamps,
)
from tests.two_nodes.deciding import TEXT, open_text, today_of


async def test_a_text_is_put_to_others_answered_anew_taken_back_and_counted_and_both_ends_show_the_same(
    tmp_path: Path,
) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        address = open_text(riverside.town)
        ours, theirs = path_of(address), beside("", address)
        assert f'href="{ours}/ask"' in await riverside.page(ours)
        assert TEXT in await riverside.page(f"{ours}/ask")
        assert await done(riverside.reads, f"{ours}/ask", **asking(riverside, harbour)) == ours
        for at, path in ((riverside, ours), (harbour, theirs)):
            await at.stamped(path, Riverside="agrees", Harbour="has not answered yet")

        assert f'name="id" value="{address}"' in await harbour.page(beside("/answer", address))
        assert await answer(harbour, address, "TentativeAccept", "As long as the stove is looked after.") == theirs
        for at, path in ((riverside, ours), (harbour, theirs)):
            await at.stamped(path, Riverside="agrees", Harbour="agrees, with reservations")
            assert "As long as the stove is looked after." in await at.page(path)

        assert "A new answer takes the place of that one." in await harbour.page(beside("/answer", address))
        await answer(harbour, address, "Reject", "Not at night.")
        for at, path in ((riverside, ours), (harbour, theirs)):
            await at.stamped(path, Riverside="agrees", Harbour="objects")
            page = await at.page(path)
            assert ("Not at night." in page, "the stove" in page, "do not count" in page) == (True, False, False)

        await done(harbour.reads, "/slip/take-back", id=address, **gathered(harbour))
        for at, path in ((riverside, ours), (harbour, theirs)):
            await at.stamped(path, Riverside="agrees", Harbour="has taken its answer back")
        too_soon = await riverside.reads.post(f"{ours}/count", headers=PROGRAM)

        await answer(harbour, address, "Ignore")
        for at, path in ((riverside, ours), (harbour, theirs)):
            await at.stamped(path, Riverside="agrees", Harbour="says neither yes nor no")
        stages = harbour.town.read(lambda c: c.exec_driver_sql("SELECT stage FROM resolution").scalars().all())

    assert too_soon.json()["reason"] == "not-yet"
    assert stages == ["ended", "ended", "ended", "adopted"], "each new answer takes the place of the one before"


async def test_once_everybody_has_answered_it_is_counted_and_closed_and_takes_no_answer_any_more(
    tmp_path: Path,
) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        address = await ask(riverside, harbour)
        ours, theirs = path_of(address), beside("", address)
        silent = f'action="{ours}/count"' in await riverside.page(ours)
        await answer(harbour, address, "Accept")
        await riverside.stamped(ours, Riverside="agrees", Harbour="agrees")
        answered = f'action="{ours}/count"' in await riverside.page(ours)
        await done(riverside.reads, f"{ours}/count")
        for at, path in ((riverside, ours), (harbour, theirs)):
            page = await at.shows(path, "By the answers that we hold it is: agreed together.")
            assert "What they say and what we count differ" not in page
            assert ('href="/slip/answer' in page, "/withdraw" in page, "/count" in page) == (False, False, False)
        late = await harbour.reads.post("/slip/answer", data={"id": address, "answer": "Reject", **gathered(harbour)})
        back = await harbour.page(beside("/take-back", address))

    assert (silent, answered) == (False, True)
    assert (late.status_code, "No more answers are taken" in late.text) == (422, True)
    assert "so what was said stands" in back


async def test_an_answer_dated_ahead_by_a_fast_clock_is_not_left_out_by_closing_before_it(tmp_path: Path) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        address = await ask(riverside, harbour)
        await answer(harbour, address, "Accept")
        fast = replace(harbour.town.acting(), now=harbour.town.node.clock.now() + timedelta(seconds=45))
        form = AnswerForm.model_validate({"answer": "Reject", **gathered(harbour)})
        harbour.town.write(lambda c: answering.answer(c, address, form, fast))
        await riverside.stamped(path_of(address), Riverside="agrees", Harbour="objects")

        counted = await riverside.reads.post(f"{path_of(address)}/count", headers=PROGRAM)

    assert (counted.status_code, counted.json()["reason"]) == (422, "not-yet")


async def test_a_form_of_asking_that_cannot_be_is_refused_beside_its_field_and_what_was_typed_stays(
    tmp_path: Path,
) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        today = today_of(riverside.town)
        path = path_of(open_text(riverside.town))
        wrong: list[tuple[dict[str, str], str]] = [
            ({"at_least": "3"}, "at_least"),
            ({"at_least": "0"}, "at_least"),
            ({"at_least": "most"}, "at_least"),
            ({"at_least": ""}, "at_least"),
            ({"most_objections": "-1"}, "most_objections"),
            ({"until": (today - timedelta(days=1)).isoformat()}, "until"),
            ({"until": (today + timedelta(days=400)).isoformat()}, "until"),
            ({"until": "2026-02-30"}, "until"),
            ({"until": ""}, "until"),
            ({"decided_at": (today + timedelta(days=1)).isoformat()}, "decided_at"),
            ({"decided_at": ""}, "decided_at"),
            ({"present": "0"}, "present"),
            ({"stand_asides": "13"}, "stand_asides"),
            ({"what-2": "It is loud."}, "objections"),
            ({"met-3": "By a curtain."}, "objections"),
            ({"ask-77": "yes"}, "councils"),
        ]
        found, lost = [], []
        for given, _ in wrong:
            typed = asking(riverside, harbour, **given)
            shown = await riverside.reads.post(f"{path}/ask", data=typed)
            found.append((given, shown.status_code, mended(shown.text)))
            values = [value for name, value in typed.items() if value and not name.startswith("ask-")]
            lost += [(given, v) for v in values if f'value="{v}"' not in shown.text and f">\n{v}<" not in shown.text]
            assert shown.text.count(" checked") == 1
        nobody = await riverside.reads.post(f"{path}/ask", data=asking(riverside))
        silent = [town.count("resolution_stance") for town in (riverside.town, harbour.town)]

    assert found == [(given, 422, {field}) for given, field in wrong]
    assert lost == []
    assert (nobody.status_code, mended(nobody.text)) == (422, {"councils"})
    assert silent == [0, 0]


async def test_only_what_is_being_decided_and_others_can_see_is_put_to_them_and_only_once(tmp_path: Path) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        narrow = open_text(riverside.town, audience="council")
        idea = await done(riverside.reads, "/put-up/idea", title="A fence", text="We, the assemblies, build a fence.")
        asked = await ask(riverside, harbour)
        words: list[tuple[int, str]] = []
        for path in (path_of(narrow), idea, path_of(asked), "/o/" + "z" * 26):
            form = await riverside.reads.get(f"{path}/ask", headers=PROGRAM)
            sent = await riverside.reads.post(f"{path}/ask", data=asking(riverside, harbour), headers=PROGRAM)
            assert form.json()["reason"] == sent.json()["reason"]
            words.append((sent.status_code, sent.json()["reason"]))
        steps = {"words": {"title": "Anew", "text": TEXT}, "outcome": gathered(riverside), "drop": {}, "open": {}}
        alone = {
            (await riverside.reads.post(f"{path_of(asked)}/{step}", data=typed, headers=PROGRAM)).json()["reason"]
            for step, typed in steps.items()
        }
        offered = [f'"{path_of(address)}/ask"' in await riverside.page(path_of(address)) for address in (narrow, asked)]

    assert words == [(422, "audience"), (422, "not-open"), (422, "asked-already"), (404, "not-found")]
    assert alone == {"joint"}
    assert offered == [False, False]


async def test_an_answer_that_cannot_be_is_refused_beside_its_field_and_nothing_is_said(tmp_path: Path) -> None:
    async with councils(tmp_path, "riverside", "harbour", "hillside") as (riverside, harbour, hillside):
        address = await ask(riverside, harbour)
        tomorrow = (today_of(harbour.town) + timedelta(days=1)).isoformat()
        wrong: list[tuple[dict[str, str], str]] = [
            ({"answer": ""}, "answer"),
            ({"answer": "Perhaps"}, "answer"),
            ({"decided_at": tomorrow}, "decided_at"),
            ({"present": ""}, "present"),
            ({"stand_asides": "13"}, "stand_asides"),
            ({"what-1": "It is loud."}, "objections"),
            ({"words": "x" * 1001}, "words"),
        ]
        good = {"id": address, "answer": "Reject", "words": "Not at night.", **gathered(harbour)}
        found, kept = [], []
        for given, _ in wrong:
            shown = await harbour.reads.post("/slip/answer", data={**good, **given})
            found.append((given, shown.status_code, mended(shown.text)))
            kept += [f">\n{given.get('words', 'Not at night.')}</textarea>" in shown.text]
        nothing = await harbour.reads.post(
            "/slip/take-back", data={"id": address, **gathered(harbour)}, headers=PROGRAM
        )
        blank = await harbour.page(beside("/take-back", address))

        await hillside.shows(beside("", address), "What the assemblies say")
        not_asked = [
            await hillside.reads.get(beside(f"/{part}", address), headers=PROGRAM) for part in ("answer", "sheet")
        ]
        not_asked += [await hillside.reads.post("/slip/answer", data=good, headers=PROGRAM)]
        unknown = await harbour.reads.get(beside("/answer", f"{riverside.town.url}/o/x"), headers=PROGRAM)
        offered = ['href="/slip/answer' in await at.page(beside("", address)) for at in (harbour, hillside)]
        said = [at.town.count("resolution") for at in (harbour, hillside)]

    assert found == [(given, 422, {field}) for given, field in wrong]
    assert all(kept)
    assert (nothing.status_code, "there is none to take back" in blank) == (422, True)
    assert {(found.status_code, found.json()["reason"]) for found in not_asked} == {(422, "not-asked")}
    assert unknown.status_code == 404
    assert (offered, said) == ([True, False], [0, 0])


async def test_of_three_accounts_another_person_confirms_what_is_put_to_others_or_takes_it_off(tmp_path: Path) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        bo, _ = member(riverside.town, "Bo"), member(riverside.town, "Cai")
        other, stranger = browser(riverside.town, bo), browser(riverside.town)
        address = open_text(riverside.town)
        path = path_of(address)
        await harbour.shows(beside("", address), TEXT)

        async def outside() -> list[Any]:
            programs = [(await stranger.get(page)).json() for page in ("/resolutions.json", f"{path}/record.json")]
            pages = [(await stranger.get(page)).text for page in (path, f"{path}/sheet", f"/api/objects?id={address}")]
            return [*(found | {"as_of": ""} for found in programs), *pages]

        before = await outside()
        await done(riverside.reads, f"{path}/ask", **asking(riverside, harbour))
        waiting = await outside()
        own, others = await riverside.page(path), (await other.get(path)).text
        by_herself = await riverside.reads.post(f"{path}/confirm", headers=PROGRAM)
        await done(other, f"{path}/take-off")
        off = (await other.get(path)).text
        too_late = await other.post(f"{path}/confirm", headers=PROGRAM)

        await done(riverside.reads, f"{path}/ask", **asking(riverside, harbour, present="14"))
        unheard = riverside.town.count("resolution_stance")
        await done(other, f"{path}/confirm")
        await harbour.stamped(beside("", address), Riverside="agrees", Harbour="has not answered yet")
        rows = riverside.town.read(lambda c: c.exec_driver_sql("SELECT * FROM resolution").all())

    assert waiting == before
    assert (f"{path}/confirm" in own, f"{path}/take-off" in own) == (False, True)
    assert (f"{path}/confirm" in others, f"{path}/take-off" in others) == (True, True)
    assert (by_herself.json()["reason"], too_late.json()["reason"]) == ("second-person", "not-waiting")
    assert f'"{path}/ask"' in off
    assert unheard == 0
    assert [(row.stage, row.recipe, row.present, row.seconded_by) for row in rows] == [("open", "joint", 14, bo)]


async def test_of_three_accounts_another_person_confirms_our_answer_or_takes_it_off(tmp_path: Path) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        bo, _ = member(harbour.town, "Bo"), member(harbour.town, "Cai")
        other, stranger = browser(harbour.town, bo), browser(harbour.town)
        address = await ask(riverside, harbour)

        wrong = await answer(harbour, address, "Accept")
        waits = await harbour.reads.post(
            "/slip/answer", data={"id": address, "answer": "Reject", **gathered(harbour)}, headers=PROGRAM
        )
        form = await harbour.page(beside("/answer", address))
        unseen = [
            (await stranger.get(wrong)).status_code,
            len((await stranger.get("/resolutions.json?show=all")).json()["items"]),
        ]
        own, others = await harbour.page(wrong), (await other.get(wrong)).text
        by_himself = await harbour.reads.post(f"{wrong}/confirm", headers=PROGRAM)
        of_harbour = "SELECT * FROM resolution_stance WHERE actor LIKE '%harbour%'"
        silent = len(harbour.town.read(lambda c: c.exec_driver_sql(of_harbour).all()))
        await done(other, f"{wrong}/take-off")
        left = harbour.town.count("resolution")

        right = await answer(harbour, address, "TentativeReject", "The key is with nobody.")
        assert await done(other, f"{right}/confirm") == beside("", address)
        for at, path in ((riverside, path_of(address)), (harbour, beside("", address))):
            await at.stamped(path, Riverside="agrees", Harbour="has doubts")
        seen = (await stranger.get(right)).status_code
        (ours,) = harbour.town.read(lambda c: c.exec_driver_sql("SELECT * FROM resolution").all())

        back = await done(harbour.reads, "/slip/take-back", id=address, **gathered(harbour))
        standing = stamps(await harbour.page(beside("", address)))
        await done(other, f"{back}/confirm")
        await riverside.stamped(path_of(address), Riverside="agrees", Harbour="has taken its answer back")

    assert waits.status_code == 422
    assert f'href="{wrong}"' in form
    assert (unseen, seen) == ([404, 1], 200)
    assert (f"{wrong}/confirm" in own, f"{wrong}/confirm" in others) == (False, True)
    assert by_himself.json()["reason"] == "second-person"
    assert (silent, left, ours.recipe) == (0, 0, "answer")
    assert standing["Harbour"] == "has doubts"


async def test_what_is_dropped_is_dropped_for_all_who_were_asked_and_takes_no_answer_any_more(tmp_path: Path) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        address = await ask(riverside, harbour)
        await done(riverside.reads, f"{path_of(address)}/withdraw")
        page = await harbour.shows(beside("", address), "It has been dropped.")
        late = await harbour.page(beside("/answer", address))
        again = await riverside.reads.post(f"{path_of(address)}/withdraw", headers=PROGRAM)

    assert 'href="/slip/answer' not in page
    assert "No more answers are taken" in late
    assert again.json()["reason"] == "not-open"
