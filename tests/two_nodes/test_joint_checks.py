"""Joint texts for whoever does not take a server's word: the check, its file, what an amendment changes, and what strangers see."""

import re
from pathlib import Path
from urllib.parse import quote

import orjson

from protocol.agreement.record import check_file
from tests.two_nodes.browsing import (
    answer,
    ask,
    asking,
    beside,
    browser,
    councils,
    done,
    path_of,
    stamps,
)
from tests.two_nodes.deciding import TEXT, open_text

TITLE = "The hall stays open at night"


CHANGED = {
    "resolution.object.comarca:resolution.text": ("at night", "by day"),
    "resolution.object.comarca:resolution.rule.councils.1.name": ("Harbour", "Hillside"),
    "resolution.object.name": ("open", "shut"),
    "answers.0.content": ("stove", "door"),
}
"""Where in a file one word is changed, which word, and into what."""


def with_another(raw: bytes, where: str, words: tuple[str, str]) -> bytes:
    """The file with one word of it changed."""
    record = orjson.loads(raw)
    record["answers"].sort(key=lambda answer: answer["actor"])
    *way, last = (int(part) if part.isdigit() else part for part in where.split("."))
    within = record
    for part in way:
        within = within[part]
    assert words[0] in within[last]
    within[last] = within[last].replace(*words)
    return orjson.dumps(record)


async def test_the_check_page_says_what_it_checked_and_when_and_its_file_bears_no_changed_word(tmp_path: Path) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        address = await ask(riverside, harbour)
        await answer(harbour, address, "TentativeAccept", "As long as the stove is looked after.")
        await riverside.stamped(path_of(address), Riverside="agrees", Harbour="agrees, with reservations")
        await done(riverside.reads, f"{path_of(address)}/count")
        await harbour.shows(beside("", address), "agreed together")

        for at, path in ((riverside, path_of(address)), (harbour, beside("", address))):
            head, _, query = path.partition("?")
            check, file = f"{head}/check?{query}", f"{head}/record.json?{query}"
            page = await at.page(check)
            raw = (await browser(at.town).get(file)).content
            when = re.search(r"This server has checked it now, today (\d\d:\d\d)", page)
            report = check_file(raw)
            faults = {
                where: {found.word for found in check_file(with_another(raw, where, words)).failed}
                for where, words in CHANGED.items()
            }

            assert when is not None
            assert ("Nothing is wrong with it." in page, "Does not hold" in page) == (True, False)
            assert "What the proposing assembly says came of it is what the answers say." in page
            assert "By these answers it is: agreed together." in page
            assert file.removesuffix("?") in page.replace("&amp;", "&")
            assert (report.good, report.outcome and report.outcome.value) == (True, "adopted")
            assert orjson.loads(raw)["resolution"]["object"]["id"] == address
            assert faults == {
                "resolution.object.comarca:resolution.text": {"other-text", "bad-proof", "early-end"},
                "resolution.object.comarca:resolution.rule.councils.1.name": {"other-text", "bad-proof", "early-end"},
                "resolution.object.name": {"bad-proof"},
                "answers.0.content": {"bad-proof"},
            }


async def test_a_page_whose_text_was_changed_on_the_way_or_here_warns_and_says_why(tmp_path: Path) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        address = await ask(riverside, harbour)
        held = harbour.town.read(
            lambda c: c.exec_driver_sql("SELECT document FROM replica WHERE object_id = ?", (address,)).scalar()
        )
        changed = orjson.loads(held)
        changed["object"]["comarca:resolution"]["standAsides"] = 3
        harbour.town.write(
            lambda c: c.exec_driver_sql(
                "UPDATE replica SET document = ? WHERE object_id = ?", (orjson.dumps(changed), address)
            )
        )
        page = await harbour.page(beside("/check", address))
        ours = await riverside.page(f"{path_of(address)}/check")

    assert "Do not rely on this page: something does not hold" in page
    assert "The signature does not fit the resolution: something was changed, or another wrote it." in page
    assert "Nothing is wrong with it." in ours


def difference(page: str) -> tuple[str, str]:
    """The earlier text and the later one, put together from what a page shows as gone, as new and as the same."""
    shown = re.search(r'<p class="said difference"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert shown is not None
    bare = re.sub(r'<span class="unseen".*?</span>', "", shown[1])
    before, after = (
        re.sub(r"<ins>.*?</ins>", "", bare, flags=re.DOTALL),
        re.sub(r"<del>.*?</del>", "", bare, flags=re.DOTALL),
    )
    return re.sub(r"</?del>", "", before), re.sub(r"</?ins>", "", after)


async def test_an_amendment_shows_word_by_word_what_it_changes_at_both_ends(tmp_path: Path) -> None:
    later = TEXT.replace("in turns", "by lot")
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        earlier = open_text(riverside.town)
        address = open_text(riverside.town, title="By lot", text=later, amends=earlier)
        lost = open_text(riverside.town, title="Lost", text=later, amends=f"{riverside.town.url}/o/{'z' * 26}")
        linked = await harbour.shows(beside("", address), "What it changes, word by word")
        pages = [
            await riverside.page(f"{path_of(address)}/difference"),
            await harbour.page(beside("/difference", address)),
        ]
        nothing = await harbour.shows(beside("/difference", lost), "The earlier text is not held here")
        unchanged = await riverside.reads.get(f"{path_of(earlier)}/difference")

    assert f"/slip/difference?id={quote(address)}" in linked
    assert [difference(page) for page in pages] == [(TEXT, later)] * 2
    assert all("<del>" in page and "in turns" in page and "by lot" in page for page in pages)
    assert "<del>" not in nothing
    assert unchanged.status_code == 404


async def test_a_stranger_sees_of_a_joint_text_what_is_public_and_of_any_other_nothing(tmp_path: Path) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        seen: dict[str, list[int]] = {}
        for audience in ("public", "neighbours"):
            address = open_text(riverside.town, audience=audience, amends=f"{riverside.town.url}/o/{'z' * 26}")
            path = path_of(address)
            await done(riverside.reads, f"{path}/ask", **asking(riverside, harbour))
            await harbour.stamped(beside("", address), Riverside="agrees", Harbour="has not answered yet")
            await answer(harbour, address, "Accept", "Gladly.")
            await riverside.stamped(path, Riverside="agrees", Harbour="agrees")
            ours = [
                f"{path}{part}" for part in ("", "/check", "/record.json", "/difference", "/sheet", "/poster", "/ask")
            ]
            theirs = [
                beside(part, address)
                for part in ("", "/check", "/record.json", "/difference", "/answer", "/take-back", "/sheet")
            ]
            answers = [await browser(riverside.town).get(page) for page in ours]
            answers += [await browser(harbour.town).get(page) for page in theirs]
            answers += [
                await browser(riverside.town).post(f"{path}/{step}")
                for step in ("ask", "confirm", "take-off", "count", "withdraw")
            ]
            answers += [
                await browser(harbour.town).post(f"/slip/{step}", data={"id": address})
                for step in ("answer", "take-back")
            ]
            seen[audience] = [found.status_code for found in answers]
            if audience == "public":
                assert (
                    stamps(answers[0].text) == stamps(answers[7].text) == {"Riverside": "agrees", "Harbour": "agrees"}
                )
                assert not re.search(r'action="(/o/|/slip)', answers[0].text + answers[7].text)
            else:
                assert not [found.url for found in answers if TITLE in found.text or "Gladly" in found.text]
                lists = [
                    await browser(at.town).get(page)
                    for at in (riverside, harbour)
                    for page in ("/", "/resolutions.json?show=all")
                ]
                assert ["neighbours" in found.text for found in lists if found.url.path.endswith(".json")] == [
                    False,
                    False,
                ]

    assert seen["public"] == [200] * 6 + [401] + [200] * 4 + [401] * 3 + [401] * 7
    assert seen["neighbours"] == [404] * 6 + [401] + [404] * 4 + [401] * 3 + [401] * 7


async def test_the_sheet_for_the_gathering_has_the_words_the_answers_to_tick_and_where_to_type_it_in(
    tmp_path: Path,
) -> None:
    async with councils(tmp_path, "riverside", "harbour") as (riverside, harbour):
        address = await ask(riverside, harbour)
        page = await harbour.page(beside("/sheet", address))
        (row,) = harbour.town.read(lambda c: c.exec_driver_sql("SELECT digest FROM resolution_index").all())

    assert (TEXT in page, row.digest in page, page.count('class="box"')) == (True, True, 5)
    assert f"{harbour.town.url}{beside('/answer', address)}" in page
