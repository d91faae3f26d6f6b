"""We heard, we come, we cannot: an answer goes signed to the council that called, and to nobody else."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson

from node.web.words import slip_address
from protocol import keys, proof
from protocol.verdict import ACCEPTED
from tests.features.calls_at_home import end, main_words
from tests.two_nodes.calling import answer, answers, call, door, held, link_all, page_of, take_back
from tests.two_nodes.letters import ACTIVITY_JSON
from tests.two_nodes.region import Town, region, until

SENTENCES = (
    "Sign in first",
    "That is our own call",
    "That call has ended.",
    "No call for help under that address",
    "Choose what we answer",
    "A few sentences are enough.",
)
WORDS = "Twelve of us with two boats, from six on."


def told_of_answers(town: Town) -> list[str]:
    """To which councils messages went that carry an answer, each once."""
    found = {sent.url.split("/")[2] for sent in town.network.log if b"comarca:answer" in (sent.body or b"")}
    return sorted(found)


def answer_in(town: Town) -> dict[str, Any]:
    """The newest answer that a council keeps, as it was signed."""
    found = town.read(lambda c: c.exec_driver_sql("SELECT document FROM alert_answer ORDER BY id DESC").scalar())
    document: dict[str, Any] = orjson.loads(found)
    return document


async def test_an_answer_arrives_signed_and_stands_on_the_page_of_the_call_with_how_long_it_took(
    tmp_path: Path,
) -> None:
    async with region(tmp_path, "riverside", "harbour", "hillside") as (riverside, harbour, hillside):
        await link_all(riverside, harbour, hillside)
        async with door(riverside) as amina, door(harbour) as ines:
            help_ = await call(amina, riverside)
            await until(lambda: held(harbour, help_) and held(hillside, help_))
            silent = await main_words(amina, page_of(riverside, help_))

            pressed = await answer(ines, help_, "come", WORDS)
            await until(lambda: riverside.count("alert_answer"))
            page, ours = await main_words(amina, page_of(riverside, help_)), await main_words(ines, f"/slip?id={help_}")

        assert pressed.headers["location"] == slip_address(help_, base_url=harbour.url)
        assert "Harbourhas not answered Hillsidehas not answered" in silent
        assert f"HarbourWe come{WORDS}within a minute Hillsidehas not answered" in page
        assert (f"We come {WORDS}" in ours, "Take the answer back" in ours) == (True, True)
        document = answer_in(riverside)
        key, now = keys.decode_multikey(harbour.node.council.multibase), riverside.node.clock.now()
        assert proof.judge_proof(document, key, now=now) == ACCEPTED
        assert (document["actor"], document["to"], document["cc"]) == (harbour.actor, [riverside.actor], [])


async def test_nobody_else_is_told_of_an_answer(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", "hillside") as (riverside, harbour, hillside):
        await link_all(riverside, harbour, hillside)
        async with AsyncExitStack() as doors:
            amina, ines = [await doors.enter_async_context(door(town)) for town in (riverside, harbour)]
            strangers = [await doors.enter_async_context(door(town, signed_in=False)) for town in (riverside, harbour)]
            help_ = await call(amina, riverside, audience="public")
            await until(lambda: held(harbour, help_) and held(hillside, help_))

            await answer(ines, help_, "come", WORDS)
            await until(lambda: riverside.count("alert_answer"))
            await until(lambda: harbour.count("delivery") == 0)
            seen = [
                await main_words(stranger, page_of(town, help_))
                for stranger, town in zip(strangers, (riverside, harbour), strict=True)
            ]
            public = [await harbour.get(path) for path in ("/council/outbox/p/newest", "/alerts.json", "/wall.json")]
            said = answer_in(harbour)["id"]
            signed = hillside.node.engine.greeting.signed("GET", said)
            asked = [
                await harbour.get(said.removeprefix(harbour.url), **{**given, "accept": ACTIVITY_JSON})
                for given in ({}, signed)
            ]

        assert told_of_answers(riverside) == ["riverside.example"]
        assert (hillside.count("alert_answer"), answers(riverside)) == (0, [(harbour.actor, "come")])
        assert not any("We come" in words or WORDS in words or "Harbour" in words for words in seen[:1])
        assert not any("We come" in words or WORDS in words for words in seen)
        assert not any(WORDS.encode() in answer.body for answer in public)
        assert [answer.status for answer in asked] == [404, 404]


async def test_a_newer_answer_takes_the_place_of_the_earlier_and_one_that_is_taken_back_is_none(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_all(riverside, harbour)
        async with door(riverside) as amina, door(harbour) as ines:
            help_ = await call(amina, riverside)
            await until(lambda: held(harbour, help_))
            pages = []
            for step, said in enumerate(["heard", "cannot", "come"], start=1):
                await answer(ines, help_, said, f"Words {step}.")
                await until(lambda step=step: riverside.count("alert_answer") == step)
                pages.append(await main_words(amina, page_of(riverside, help_)))
            await answer(ines, help_, "come", "Words 3.")
            await take_back(ines, help_)
            await until(lambda: riverside.count("alert_answer") == 4)
            pages.append(await main_words(amina, page_of(riverside, help_)))
            theirs = await main_words(ines, page_of(harbour, help_))

        rows = [
            page.partition("First heard Harbour")[2].partition("within")[0].partition(" A poster")[0] for page in pages
        ]
        assert rows == ["We heardWords 1.", "We cannotWords 2.", "We comeWords 3.", "has not answered"]
        assert [said for _, said in answers(riverside)] == ["heard", "cannot", "come", "taken back"]
        assert answers(harbour) == answers(riverside)
        assert ("Take the answer back" in theirs, "What we bring, and when" in theirs) == (False, True)


async def test_how_long_the_first_word_took_is_told_however_often_the_answer_changes(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_all(riverside, harbour)
        async with door(riverside) as amina, door(harbour) as ines:
            help_ = await call(amina, riverside)
            await until(lambda: held(harbour, help_))
            await answer(ines, help_, "heard")
            await until(lambda: riverside.count("alert_answer") == 1)
            riverside.write(lambda c: c.exec_driver_sql("UPDATE alert SET out_at = out_at - 300000000"))
            riverside.write(
                lambda c: c.exec_driver_sql("UPDATE alert_answer SET received_at = received_at - 240000000")
            )

            for number in range(9):
                await answer(ines, help_, "cannot" if number % 2 else "come")
            await until(lambda: harbour.count("delivery") == 0)
            page = await main_words(amina, page_of(riverside, help_))

        assert "HarbourWe comeafter 1 minute" in page


async def test_who_is_not_asked_answers_nothing(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour") as (riverside, harbour):
        await link_all(riverside, harbour)
        async with AsyncExitStack() as doors:
            amina, ines = [await doors.enter_async_context(door(town)) for town in (riverside, harbour)]
            stranger = await doors.enter_async_context(door(harbour, signed_in=False))
            help_ = await call(amina, riverside, audience="public")
            ended = await call(amina, riverside)
            await until(lambda: held(harbour, help_) and held(harbour, ended))
            await end(amina, page_of(riverside, ended))
            await until(lambda: held(harbour, ended)["ended"])
            said = {"answer": "come"}

            refused = [
                await stranger.post("/alerts/answer", data={**said, "id": help_}),
                await amina.post("/alerts/answer", data={**said, "id": help_}),
                await ines.post("/alerts/answer", data={**said, "id": ended}),
                await ines.post("/alerts/answer", data={**said, "id": f"{riverside.url}/o/{'x' * 26}"}),
                await ines.post("/alerts/answer", data={"answer": "perhaps", "id": help_}),
                await ines.post("/alerts/answer", data={**said, "id": help_, "words": "x" * 1_501}),
            ]
            offered = ["What we answer" in await main_words(ines, page_of(harbour, one)) for one in (help_, ended)]

        assert [answer.status_code for answer in refused] == [401, 422, 422, 404, 422, 422]
        assert [sentence in answer.text for sentence, answer in zip(SENTENCES, refused, strict=True)] == [True] * 6
        assert (harbour.count("alert_answer"), offered) == (0, [True, False])
