"""Promises between councils on our pages: below a nearby council's note, below ours, and on the list of what needs somebody."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection

from federation import outbox
from federation.council import Council
from federation.destinations import open_destination
from node.features.resources import actions, lasting
from node.features.resources.agreements import evidence, proposing
from node.features.resources.agreements.answers_in import ACT
from node.features.resources.promises import acts
from node.features.resources.tables import Resource
from schemas.records import agreement_acts as wire
from schemas.records.resource import ResourceForm
from tests import builders
from tests.features.calls_at_home import leads_to, main_words, press
from tests.features.promising import now, refused
from tests.features.village import HARBOUR, START, Village

SOON = START + timedelta(days=3)


@pytest.fixture
def harbour(village: Village) -> Council:
    met = village.meet()
    inbox = f"{HARBOUR}/council/inbox"
    village.do(lambda c: open_destination(c, inbox=inbox, serves="peer", scheme="ed25519", now=START))
    return met


def their_need(village: Village, harbour: Council, **given: Any) -> str:
    note = builders.note(harbour, direction="need", title="Fans for the hall", audience="neighbours", **given)
    return village.hears(harbour, note, audience="neighbours")


def our_need(village: Village, member: int, **given: Any) -> Resource:
    usual = {"direction": "need", "title": "Fans", "quantity": "10", "unit": "fans", "audience": "neighbours"}
    form = ResourceForm.model_validate({**usual, "until": "week", "may_pass_on": True, **given})
    return village.do(lambda c: actions.put_up(c, form, village.acting(member)))


def comes(village: Village, by: Council, said: dict[str, Any]) -> None:
    """What an act of theirs does here once it has been judged."""
    signed, document = outbox.sign(by, said, now=village.clock.now())
    model = ACT.read(signed)
    village.do(lambda c: ACT.apply(c, village.council, model, document, village.clock.now()))


def offer_of(village: Village, by: Council, note_id: str, *, amount: str | None, unit: str | None) -> dict[str, Any]:
    return wire.offer(
        by.base_url,
        by.new_activity_id(),
        note_id=note_id,
        amount=amount,
        unit=unit,
        their_actor=village.council.actor_id,
        ends_at=SOON,
        published=START,
    )


def asks(village: Village, by: Council, note_id: str, *, counted: bool = True) -> str:
    amount, unit = ("4", "chairs") if counted else (None, None)
    said = offer_of(village, by, note_id, amount=amount, unit=unit)
    comes(village, by, said)
    return str(said["id"])


def promised(village: Village) -> list[tuple[str, str | None]]:
    return [tuple(row) for row in village.rows("SELECT state, amount FROM promise ORDER BY id")]  # type: ignore[misc]


async def test_below_a_nearby_councils_need_we_promise_some_of_it_in_our_councils_name(
    village: Village, harbour: Council
) -> None:
    amina, bo = village.member("Amina"), village.member("Bo")
    chairs = our_need(village, amina, direction="offer", title="Chairs", quantity="20", unit=None)
    page = f"/slip?id={their_need(village, harbour)}"
    async with village.browser(amina) as browser, village.browser(bo) as other, village.browser() as stranger:
        before = await main_words(browser, page)
        too_many = await press(browser, page, "/agreements", amount="11", counterpart=chairs.public_id)
        done = await press(browser, page, "/agreements", amount="4", counterpart=chairs.public_id)
        mine, theirs = await main_words(browser, page), await main_words(other, page)
        outside = await stranger.get(page)
        needs_me = await main_words(browser, "/mine")

    assert "Can we do this?" in before and "never in yours" in before
    assert (too_many.status_code, "10 are left." in too_many.text) == (422, True)
    assert 'value="11"' in too_many.text
    assert (done.status_code, promised(village)) == (303, [("proposed", "4")])
    assert "You · 4" in mine and "I have to give it back" in mine
    assert "One of us has said that we can." in theirs and "Amina" not in theirs and "give it back" not in theirs
    assert outside.status_code == 404
    assert "Fans for the hall" in needs_me
    (sent,) = village.rows("SELECT document FROM body WHERE object_id IS NULL")
    assert b"Amina" not in sent.document and b'"Offer"' in sent.document


async def test_what_they_ask_us_stands_below_their_need_and_is_answered_by_any_of_us(
    village: Village, harbour: Council
) -> None:
    amina, kim = village.member("Amina"), village.member("Kim", keeper=True)
    need, other = their_need(village, harbour), their_need(village, harbour)
    for one in (need, other):
        asks(village, harbour, one)
    async with village.browser(amina) as browser, village.browser(kim) as on_call:
        listed = await main_words(on_call, "/mine")
        mine = await main_words(browser, f"/slip?id={need}")
        action = next(one for one in await leads_to(browser, f"/slip?id={need}") if one.endswith("/answer"))
        refused = await browser.post(action, data={"answer": "no"})
        odd = await browser.post(action, data={"answer": "perhaps"})
        yes = await press(browser, f"/slip?id={need}", action, answer="yes")
        agreed = await main_words(browser, f"/slip?id={need}")
        action = next(one for one in await leads_to(on_call, f"/slip?id={other}") if one.endswith("/answer"))
        no = await press(on_call, f"/slip?id={other}", action, answer="no")
        after = await main_words(on_call, "/mine")

    assert "Harbour asks us whether we can take this on." in listed
    assert "We can do this" in mine and "Not this time" not in mine
    assert (refused.status_code, odd.status_code) == (403, 422)
    assert (yes.status_code, no.status_code, promised(village)) == (303, 303, [("agreed", "4")])
    assert "You · 4" in agreed and "It is done" in agreed
    assert "asks us" not in after


async def test_nothing_is_promised_at_a_place_of_either(village: Village, harbour: Council) -> None:
    amina = village.member("Amina")
    ours = our_need(village, amina, direction="offer", title="Fridge", standing=True, quantity=None, unit=None)
    shed = builders.note(harbour, title="Shed") | {"comarca:standing": True}
    theirs = village.hears(harbour, shed)
    asks(village, harbour, str(ours.object_id), counted=False)
    async with village.browser(amina) as browser:
        forms = await leads_to(browser, f"/slip?id={theirs}")
        refused = await browser.post("/agreements", data={"id": theirs, "amount": "1"})

    assert "/agreements" not in forms and refused.status_code == 422
    assert promised(village) == []
    assert [
        b'"Reject"' in row.document for row in village.rows("SELECT document FROM body WHERE object_id IS NULL")
    ] == [True]


def test_what_they_ask_us_takes_from_our_own_only_what_is_there(village: Village, harbour: Council) -> None:
    amina = village.member("Amina")
    chairs = our_need(village, amina, direction="offer", title="Chairs", quantity="3", unit="chairs")
    asks(village, harbour, their_need(village, harbour))
    (made,) = village.rows("SELECT public_id FROM promise")
    wish = proposing.Wish(counterpart=chairs.public_id, counterpart_amount="4")

    def answer(connection: Connection) -> object:
        acting = village.acting(amina)
        return proposing.answer_theirs(connection, made.public_id, acting, yes=True, wish=wish)

    too_many = refused(village, answer)
    more = our_need(village, amina, direction="offer", title="Chairs", quantity="5", unit="chairs")
    wish = proposing.Wish(counterpart=more.public_id, counterpart_amount="4")
    village.do(answer)

    assert too_many == ("not-enough", "amount")
    assert [(now(village, row).available, now(village, row).state) for row in (chairs, more)] == [
        ("3", "open"),
        ("1", "partly-promised"),
    ]


async def test_the_same_said_twice_to_a_nearby_council_is_said_once(village: Village, harbour: Council) -> None:
    amina, bo = village.member("Amina"), village.member("Bo")
    need = their_need(village, harbour)
    async with village.browser(amina) as browser, village.browser(bo) as other:
        for amount in ("4", "4", "3"):
            await browser.post("/agreements", data={"id": need, "amount": amount})
        await other.post("/agreements", data={"id": need, "amount": "4"})

    assert promised(village) == [("proposed", "4"), ("proposed", "3"), ("proposed", "4")]
    assert len(village.rows("SELECT 1 FROM body WHERE object_id IS NULL")) == 3


def test_what_could_be_answered_for_ever_lapses_here_all_the_same(village: Village, harbour: Council) -> None:
    note = str(our_need(village, village.member("Amina"), until="month").object_id)
    theirs = their_need(village, harbour)
    for_ever = {"endTime": "9999-12-31T23:59:59Z"}
    comes(village, harbour, offer_of(village, harbour, note, amount="4", unit="fans") | for_ever)
    comes(village, harbour, offer_of(village, harbour, theirs, amount="4", unit="chairs") | for_ever)
    village.clock.advance(91 * 86_400)
    village.do(lambda c: lasting.due(c, village.acting()))

    assert promised(village) == [("lapsed", "4"), ("lapsed", "4")]


def test_a_council_that_says_yes_and_then_no_has_said_no_and_our_need_comes_back(
    village: Village, harbour: Council
) -> None:
    amina = village.member("Amina")
    need = our_need(village, amina)
    made = village.do(lambda c: proposing.ask(c, need.public_id, harbour.actor_id, village.acting(amina), amount="4"))
    given = village.see(lambda c: evidence.said_by(c, str(made.offer_id), actor=village.council.actor_id, verb="Offer"))
    assert given is not None
    ids = (harbour.new_activity_id() for _ in range(9))
    yes = wire.accept(harbour.base_url, next(ids), given=given, agreement_id=next(ids), published=START)
    no = wire.reject(
        harbour.base_url,
        next(ids),
        offer_id=str(made.offer_id),
        note_id=str(need.object_id),
        their_actor=village.council.actor_id,
        available=None,
        unit=None,
        published=START,
    )
    comes(village, harbour, yes)
    held = now(village, need).holder_actor
    comes(village, harbour, no)

    row = now(village, need)
    assert held == harbour.actor_id
    assert (row.holder_actor, row.available, row.state) == (None, "10", "open")
    assert not [state for state, _ in promised(village) if state in ("proposed", "agreed", "declined")]


def test_an_offer_written_otherwise_is_answered_in_our_own_words(village: Village, harbour: Council) -> None:
    amina = village.member("Amina")
    said = offer_of(village, harbour, str(our_need(village, amina).object_id), amount="4", unit="fans")
    terms = said["object"].pop("stipulates")
    said["object"]["stiplulates"] = terms | {
        "comarca:pays": "a thousand",
        "resourceQuantity": terms["resourceQuantity"] | {"x": 1},
    }
    comes(village, harbour, said | {"to": village.council.actor_id})

    (made,) = village.rows("SELECT public_id FROM promise")
    village.do(lambda c: acts.agree(c, village.acting(amina), made.public_id))

    (answer,) = [
        orjson.loads(row.document) for row in village.rows("SELECT document FROM body WHERE object_id IS NULL")
    ]
    agreed = answer["result"]["stipulates"]
    assert (answer["type"], answer["object"], answer["to"]) == ("Accept", said["id"], [harbour.actor_id])
    assert agreed == {
        "id": f"{answer['result']['id']}#primary",
        "type": "Commitment",
        "satisfies": terms["satisfies"],
        "resourceQuantity": {"hasUnit": "fans", "hasNumericalValue": "4"},
    }


async def test_a_need_that_may_be_passed_on_is_asked_of_a_council_from_its_page(
    village: Village, harbour: Council
) -> None:
    amina, bo = village.member("Amina"), village.member("Bo")
    need = our_need(village, amina)
    page, ask = f"/o/{need.public_id}", f"/o/{need.public_id}/ask-nearby"
    home = our_need(village, amina, may_pass_on=False, title="Chairs")
    async with village.browser(amina) as browser, village.browser(bo) as other:
        stays = await leads_to(browser, f"/o/{home.public_id}")
        nobodys = await leads_to(other, page)
        too_many = await press(browser, page, ask, ask_amount="11")
        asked = await press(browser, page, ask, ask_amount="4")
        again = await browser.post(ask, data={"council": harbour.actor_id})
        stands = await main_words(browser, page)
        back = next(one for one in await leads_to(browser, page) if one.endswith("/give-back"))
        await press(browser, page, back)

    assert not any(one.endswith("/ask-nearby") for one in (*stays, *nobodys))
    assert (too_many.status_code, asked.status_code, again.status_code) == (422, 303, 422)
    assert "Harbour · 4 fans · waits for an answer" in stands and "Ask a nearby council" not in stands
    assert promised(village) == [("given-back", "4")]
