"""Words about a note for a chat: its number, its page, in its own language, and nothing about anybody."""

import re

import pytest

from node.features.resources.letters.matters import number_of
from node.features.resources.promises.states import State
from node.features.resources.tables import Resource
from tests.features.promising import now, promise, put_up
from tests.features.village import BASE, Village

MARK = "Copy these and paste them into your group"


async def words_of(village: Village, row: Resource, member: int | None) -> str:
    """What stands in the box on the note's page, nothing where there is no box."""
    async with village.browser(member) as browser:
        page = (await browser.get(f"/o/{row.public_id}")).text
    found = re.search(r'<textarea id="chat"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    assert (found is not None) == (MARK in page)
    return found[1] if found else ""


@pytest.mark.parametrize("audience", ["public", "council"])
@pytest.mark.parametrize(
    ("direction", "said"), [("need", "Neighbours need something."), ("offer", "Neighbours offer something.")]
)
async def test_the_owner_copies_number_and_page_and_nothing_else(
    village: Village, direction: str, said: str, audience: str
) -> None:
    owner = village.member("Rosa")
    row = put_up(village, owner, direction=direction, title="Six fans for Rosa", audience=audience)

    assert await words_of(village, row, owner) == f"{said} Note {number_of(row)}: {BASE}/o/{row.public_id}"


async def test_an_answer_is_told_without_saying_whose(village: Village) -> None:
    owner = village.member("Rosa")
    row = put_up(village, owner, direction="need", quantity="6")
    promise(village, village.member("Ben"), resource_id=row.id, amount="2")
    both = await words_of(village, row, owner)
    promise(village, village.member("Ali"), resource_id=row.id, amount="6", state=State.AGREED)
    single = await words_of(village, now(village, row), owner)

    answer = f"There is an answer for note {number_of(row)}: {BASE}/o/{row.public_id}"
    assert both.splitlines()[0] == single == answer
    assert "Neighbours need something." in both


async def test_others_and_strangers_are_not_offered_them_and_whoever_has_it_in_hand_is(village: Village) -> None:
    owner, other, holder = (village.member(name) for name in ("Rosa", "Ben", "Ali"))
    keeper = village.member("Keeper", keeper=True)
    row = put_up(village, owner, direction="need")

    seen = {who: bool(await words_of(village, row, who)) for who in (owner, other, holder, keeper, None)}
    village.do(lambda c: c.exec_driver_sql(f"UPDATE resource SET holder = {holder} WHERE id = {row.id}"))
    held = {who: bool(await words_of(village, row, who)) for who in (owner, other, holder, keeper, None)}

    assert seen == {owner: True, other: False, holder: False, keeper: True, None: False}, "whoever is on call has it"
    assert held == {owner: True, other: False, holder: True, keeper: False, None: False}


async def test_a_spanish_note_has_spanish_words_whatever_the_page_is_in(village: Village) -> None:
    owner = village.member()
    row = put_up(village, owner, direction="need", language="es")

    words = await words_of(village, row, owner)

    assert words == f"En el vecindario se necesita algo. Nota {number_of(row)}: {BASE}/o/{row.public_id}"


async def test_a_note_that_is_closed_or_being_read_has_none(village: Village) -> None:
    owner = village.member()
    for column, value in (("state", "closed"), ("shown", "held")):
        row = put_up(village, owner, direction="need", audience="council")
        village.do(lambda c, column=column, value=value, row=row: c.exec_driver_sql(
            f"UPDATE resource SET {column} = '{value}' WHERE id = {row.id}"
        ))  # fmt: skip
        assert await words_of(village, row, owner) == ""
