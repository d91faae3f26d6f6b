"""Asking without an account, and promising between councils: opened by its slip alone, and nothing is promised twice."""

import time
from urllib.parse import quote

from node.demo.asking import Visitor
from node.demo.checking import check, wait_for
from node.demo.councils import DemoCouncil
from node.demo.slips import ask_without_an_account, press, waiting_for, would_like
from node.demo.stage import Stage, address_of_new, anybody, said_on, signed_in
from node.demo.steps.availability import found_at

ASKED = {"words": "A pram for twins\nOurs was under water.", "audience": "neighbours", "until": "week"}
BENCHES = "Twenty benches of the school"
ARRIVES_WITHIN = 10.0


def a_need_is_asked_for_without_an_account_and_opened_by_its_number_and_phrase_alone(stage: Stage) -> str:
    slip = ask_without_an_account(stage.riverside, ASKED)
    wrong = anybody(stage.riverside).fill_in("/note", {"number": slip.number, "secret": "four other plain words"})
    check(wrong.status == 422 and "pram" not in wrong.text, f"a wrong phrase answered {wrong.status}")
    asker = anybody(stage.riverside)
    opened = asker.fill_in("/note", {"number": slip.number, "secret": slip.phrase})
    check(opened.status == 303, f"number and phrase answered {opened.status}: {said_on(opened)}")
    page = asker.get(opened.headers["location"])
    check(page.status == 200 and "A pram for twins" in page.text, f"its page answers {page.status}")
    stranger = anybody(stage.riverside).get(opened.headers["location"])
    check("pram" not in stranger.text, "the page of the note opens without either")
    return "a wrong phrase opens nothing; no name, no telephone, no address was asked for"


def what_two_councils_would_like_is_promised_once_and_the_other_hears_what_is_left(stage: Stage) -> str:
    fields = {"title": BENCHES, "words": "", "kind": "goods", "quantity": "20", "unit": "benches", "audience": "public"}
    address = address_of_new(stage.neighbour.fill_in("/put-up/offer", fields), stage.riverside)
    for one in stage.others:
        member = signed_in(one)
        wait_for(lambda member=member: _left(member, address), f"{one.name} has it", within=ARRIVES_WITHIN)  # type: ignore[misc]
        would_like(member, address, "12")
    ours = stage.neighbour
    agree = wait_for(lambda: _both(ours, address), "Riverside is told of both", within=ARRIVES_WITHIN)
    first = press(ours, address, agree[0])
    check(first.status == 303, f"agreeing answered {first.status}: {said_on(first)}")
    second = press(ours, address, agree[1]) if len(waiting_for(ours, address, "agree")) else None
    if second is not None:
        check(second.status != 303 and "8" in second.text, f"agreeing to more than there is answered {second.status}")
        no = press(ours, address, waiting_for(ours, address, "not-this-time")[-1])
        check(no.status == 303, f"not this time answered {no.status}")
    began = time.monotonic()
    for one in (stage.riverside, *stage.others):
        wait_for(lambda one=one: _left(anybody(one), address) == "8", f"{one.name} counts 8", within=ARRIVES_WITHIN)  # type: ignore[misc]
    _nobody_waits(stage.others, address)
    return f"12 of 20 are promised, 8 are left at all three after {time.monotonic() - began:.2f} s; nothing was promised twice"


def _left(visitor: Visitor, address: str) -> str:
    return str(found_at(visitor, address, text=BENCHES)["available"])


def _both(visitor: Visitor, address: str) -> list[str] | None:
    found = waiting_for(visitor, address, "agree")
    return found if len(found) == 2 else None


def _nobody_waits(others: tuple[DemoCouncil, DemoCouncil], address: str) -> None:
    """Each of them has its answer: on neither page stands a question."""
    page = f"/slip?id={quote(address, safe='')}"
    for one in others:
        member = signed_in(one)
        wait_for(
            lambda member=member: "waits for an answer" not in member.get(page).text,  # type: ignore[misc]
            f"{one.name} is answered",
            within=ARRIVES_WITHIN,
        )


STEPS = (
    a_need_is_asked_for_without_an_account_and_opened_by_its_number_and_phrase_alone,
    what_two_councils_would_like_is_promised_once_and_the_other_hears_what_is_left,
)
