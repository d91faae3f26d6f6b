"""What is being read, hidden, or of a kind that stays home is told to nobody; what is about a person is forgotten in time."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from federation.columns import SealedText
from federation.tables import table_of
from node.engine import Engine
from node.feature import ANYBODY
from node.features.resources import actions, kinds, numbers, queries, reckoning
from node.features.resources.moderation.tables import Report
from node.features.resources.promises.tables import Reply
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceForm
from tests.features.promising import now, number_of, promise, put_up, refused
from tests.features.test_tidying import engine_of, kept_in
from tests.features.village import Village, offer

SENSITIVE = [kind.id for kind in kinds.shipped() if kind.sensitive]
CANARIES = (b"rosa@quince.example", b"third bell, Quincy", b"Quincewords")


def ask(village: Village, **columns: Any) -> Resource:
    """Somebody without an account asks; it may go to everybody."""
    form = ResourceForm.model_validate(offer(direction="need", until="week", quantity=None, unit=None))
    return village.do(lambda c: actions.keep_asked(c, form, village.acting(), told_by="nobody", **columns))


def say(village: Village, row: Resource, **columns: Any) -> Resource:
    return village.do(lambda c: reckoning.say_anew(c, now_in(c, row), village.acting(), **columns))


def now_in(connection: Any, row: Resource) -> Resource:
    return reckoning.found(connection, number_of(row))


def told(village: Village) -> tuple[int, int, int]:
    counted = ("SELECT * FROM body", "SELECT * FROM replica", "SELECT * FROM availability")
    first, second, third = (len(village.rows(statement)) for statement in counted)
    return first, second, third


def test_what_is_being_read_is_told_to_nobody_and_then_to_all_it_is_for(village: Village) -> None:
    row = ask(village, shown="held")
    seen = village.see(lambda c: queries.board(c, village.acting(1).viewer, now=village.clock.now()))
    held = told(village)

    after = say(village, row, shown="shown")

    assert (held, seen, row.object_id) == ((0, 0, 0), [], None)
    assert told(village) == (1, 1, 1)
    assert after.object_id == f"{village.council.base_url}/o/{row.public_id}"
    assert [told["type"] for told in village.told(str(after.object_id))] == ["Create"]
    assert (after.by_member, after.holder, after.held_since) == (0, 0, village.clock.now())


async def test_what_is_hidden_is_taken_back_everywhere_and_shown_on_no_page(village: Village) -> None:
    row, member = ask(village), village.member()

    hidden = say(village, row, shown="hidden", shown_why="Names somebody", shown_at=village.clock.now())

    assert [told["type"] for told in village.told(str(row.object_id))] == ["Delete"]
    assert hidden.object_id is None
    async with village.browser(member) as browser:
        pages = [await browser.get(path) for path in ("/board", "/", f"/o/{hidden.public_id}", "/wall.json", "/around")]
    assert [page.status_code for page in pages] == [200, 200, 404, 200, 200]
    assert not any("40 portions" in page.text or "Names somebody" in page.text for page in pages)

    again = say(village, row, shown="shown")

    assert again.object_id not in (None, row.object_id)
    assert village.see(lambda c: queries.board(c, ANYBODY, now=village.clock.now()))[0].id == row.id


@pytest.mark.parametrize("audience", ["neighbours", "public"])
@pytest.mark.parametrize("kind", SENSITIVE)
def test_a_kind_that_stays_home_is_refused_for_everybody_else(village: Village, kind: str, audience: str) -> None:
    form = ResourceForm.model_validate(offer(kind=kind, audience=audience, until="week"))
    member = village.member()

    word = refused(village, lambda c: actions.put_up(c, form, village.acting(member)))

    assert word == ("sensitive", "audience")
    assert told(village) == (0, 0, 0)


@pytest.mark.parametrize("direction", ["need", "offer"])
def test_where_no_audience_is_chosen_it_stays_among_neighbours(village: Village, direction: str) -> None:
    row = put_up(village, village.member(), direction=direction, kind="harm-reduction", audience=None)

    assert (row.audience, row.category, row.object_id) == ("council", "medical", None)
    assert told(village) == (0, 0, 0)


def test_a_kind_that_comes_to_stay_home_is_taken_back(village: Village) -> None:
    row = put_up(village, village.member())

    after = say(village, row, kind="custody")

    assert after.object_id is None
    assert [told["type"] for told in village.told(str(row.object_id))] == ["Delete"]
    assert village.rows("SELECT * FROM availability") == []


def test_a_change_that_says_nothing_of_it_keeps_kind_and_what_can_wait(village: Village) -> None:
    row = put_up(village, village.member(), kind="meal", can_wait=False, may_pass_on=True)
    acting = village.acting(row.by_member)

    def change(**given: Any) -> Resource:
        form = ResourceForm.model_validate(offer(until="week", **given))
        return village.do(lambda c: actions.change(c, row.public_id, form, acting))

    same, other = change(title="41 portions"), change(category="tools")

    assert (same.kind, same.can_wait, same.may_pass_on) == ("meal", False, True)
    assert (other.kind, other.category, other.can_wait) == ("", "tools", False)
    assert "kind" in str(
        refused(village, lambda c: actions.put_up(c, ResourceForm.model_validate(offer(kind="x")), acting))
    )


def test_every_note_of_ours_has_a_number_of_its_own(village: Village) -> None:
    rows = [ask(village) for _ in range(20)]

    codes = [row.code or "" for row in rows]
    assert len(set(codes)) == 20
    assert all(numbers.read(numbers.shown(code)) == code for code in codes)
    assert not any(code in str(village.told(str(row.object_id))) for code, row in zip(codes, rows, strict=True))


@pytest.mark.parametrize("how", ["closed", "ended"])
async def test_contact_and_words_leave_the_files_72_hours_after(village: Village, tmp_path: Path, how: str) -> None:
    row = ask(
        village,
        contact="rosa@quince.example",
        contact_ok_at=village.clock.now(),
        exact_place="third bell, Quincy",
        phrase_hash="a" * 64,
        link_hash="b" * 64,
    )
    promise(village, village.member(), resource_id=row.id, unit=None, words="Quincewords, from me")
    reply = {
        "resource_id": row.id,
        "from_asker": True,
        "by_member": 0,
        "words": "Quincewords",
        "at": village.clock.now(),
    }
    village.do(lambda c: c.execute(table_of(Reply).insert().values(**reply)))
    if how == "closed":
        keeper = village.acting(village.member("Bo"), keeper=True)
        village.do(lambda c: actions.close(c, row.public_id, "met", keeper))
    until = timedelta(hours=72) + (timedelta(0) if how == "closed" else row.ends_at - village.clock.now())
    engine = engine_of(village)

    village.clock.advance(until.total_seconds() - 60)
    early = await forget(engine, tmp_path)
    village.clock.advance(120)
    late = await forget(engine, tmp_path)

    assert all(canary in early for canary in CANARIES)
    assert not any(canary in late for canary in CANARIES)
    after = now(village, row)
    assert (after.contact, after.phrase_hash, after.link_hash, after.exact_place, after.erase_at) == (None,) * 5
    assert after.code == row.code
    assert not any(canary.decode() in str(village.rows("SELECT document FROM body")) for canary in CANARIES)


def test_text_about_people_lies_in_columns_that_are_never_searched() -> None:
    tables = SQLModel.metadata.tables
    assert table_of(Report).name in tables
    sealed = {
        f"{name}.{column.name}"
        for name in ("resource", "promise", "reply", "report", "member")
        for column in tables[name].columns
        if isinstance(column.type, SealedText)
    }

    assert sealed == {
        *(f"resource.{name}" for name in ("title", "words", "near", "exact_place", "shown_why", "contact")),
        *(f"resource.{name}" for name in ("hours", "access", "notes")),
        *(f"member.{name}" for name in ("name", "kinds", "hours", "languages", "care", "mail")),
        "promise.words",
        "reply.words",
        "report.words",
    }
    indexed = {f"{name}.{column.name}" for name in tables for index in tables[name].indexes for column in index.columns}
    assert not sealed & indexed


async def forget(engine: Engine, folder: Path) -> bytes:
    while await engine.chores.tidy_once():
        pass
    await engine.chores.purge_if_due()
    return kept_in(folder)
