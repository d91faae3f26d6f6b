"""Real servers that ask each other what they have now: who is answered, with what, and what whoever asked makes of it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from federation import blocks, live, live_asking, replicas
from federation.feeds import muting, questions
from federation.moments import microseconds
from federation.ports import OutgoingRequest, OutgoingResponse, TransportFailure
from federation.signing import headers_for
from node.features.resources import actions
from protocol.verdict import Reason
from schemas.live import LiveQuestion
from schemas.records.resource import ResourceForm
from tests import builders
from tests.two_nodes.browsing import browser
from tests.two_nodes.letters import Letter, hand_over
from tests.two_nodes.region import DEADLINE, Town, link_up, region, until

QUESTION = {"kind": "resource", "category": "tools", "direction": "offer", "cell": ""}
FANS = {"title": "Ten fans", "category": "tools", "quantity": "10", "unit": "fans"}
# Nobody is heard from by greetings alone: a word is as old as a test makes it.
QUIET = {"backoff_first": 0.02, "backoff_cap": 0.1, "contact_every": 3_600, "catch_up_every": 3_600}
PLACES = {"Mill Lane": (41.39, 2.17), "The baths": (41.47, 2.25)}


def put_up(town: Town, **given: Any) -> str:
    """Its address."""
    usual = {"direction": "offer", "words": "", "near": "", "audience": "public", "until": "week"}
    form = ResourceForm.model_validate({**usual, **FANS, **given})
    row = town.write(lambda c: actions.put_up(c, form, town.acting()))
    return str(row.object_id or row.public_id)


def asked(town: Town, by: Any, body: bytes | None = None) -> Letter:
    """The question to `town` by a council, signed now."""
    said = orjson.dumps(QUESTION) if body is None else body
    headers = headers_for(
        by,
        scheme="ed25519",
        method="POST",
        url=town.url + questions.LIVE,
        body=said,
        now=town.node.clock.now(),
        content_type="application/json",
    )
    return Letter(tuple((name.lower(), value) for name, value in headers.items()), (said,), questions.LIVE, "POST")


def telling(**changed: Any) -> bytes:
    return orjson.dumps(QUESTION | changed)


def named(answer: OutgoingResponse) -> list[str]:
    """What an answer names, in its order."""
    assert answer.status == 200, answer.body
    _, *lines = answer.body.split(b"\n")
    return [orjson.loads(line)["object"]["name"] for line in lines]


def lose_every_push(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that this council says arrives anywhere by itself."""

    class Lossy:
        async def send(self, request: OutgoingRequest) -> OutgoingResponse | TransportFailure:
            return TransportFailure("connect", "nobody answers there")

    monkeypatch.setattr(town.node.engine.deliverer, "_transport", Lossy())


def grow_old(town: Town, *, hours: int = 5) -> None:
    """What this council has heard of others is so old."""
    at = microseconds(town.node.clock.now() - timedelta(hours=hours))
    town.write(lambda c: c.execute(text("UPDATE peer SET last_heard_at = :at"), {"at": at}))


def other_signature(at: Town, by: Any) -> Letter:
    return asked(at, by).having(signature=asked(at, by, telling(category="food")).header("signature"))


FAULTS: tuple[tuple[Reason, Callable[[Town, Any], Letter]], ...] = (
    (Reason.NO_SIGNATURE, lambda at, by: asked(at, by).without("signature", "signature-input")),
    (Reason.BAD_SIGNATURE, other_signature),
    (Reason.STALE, lambda at, by: asked(at, by).having(date="Mon, 02 Mar 2026 09:00:00 GMT")),
    (
        Reason.BAD_DIGEST,
        lambda at, by: Letter(asked(at, by).headers, (telling(category="food"),), questions.LIVE, "POST"),
    ),
    (Reason.UNKNOWN_PEER, lambda at, _: asked(at, builders.council("stranger"))),
    (Reason.WRONG_TARGET, lambda at, by: asked(at, by).having(host="elsewhere.example")),
    (Reason.WRONG_SHAPE, lambda at, by: asked(at, by, telling(category="gold"))),
    (Reason.WRONG_SHAPE, lambda at, by: asked(at, by, telling(direction="both"))),
    (Reason.WRONG_SHAPE, lambda at, by: asked(at, by, telling(kind="person"))),
    (Reason.WRONG_SHAPE, lambda at, by: asked(at, by, telling(kind="alert"))),
    (
        Reason.WRONG_SHAPE,
        lambda at, by: asked(at, by, telling(cell="87394460effffff")),
    ),  # finer than may be asked about
    (Reason.WRONG_SHAPE, lambda at, by: asked(at, by, telling(cell="fffffffffffffff"))),
    (Reason.MALFORMED, lambda at, by: asked(at, by, b"{")),
    (Reason.DUPLICATE_KEY, lambda at, by: asked(at, by, b'{"kind":"resource","kind":"resource"}')),
    (Reason.TOO_DEEP, lambda at, by: asked(at, by, telling(cell=[[[[[]]]]]))),
    (Reason.TOO_LARGE, lambda at, by: asked(at, by, b" " * (questions.LONGEST_QUESTION + 1))),
)


async def test_a_question_with_one_fault_is_refused_by_its_name_and_its_twin_is_answered(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", federation=QUIET) as (riverside, harbour):
        await link_up(riverside, harbour)
        put_up(riverside)
        riverside.node.engine.answers.live_rates = live_asking.Buckets.steady(1_000)
        by = harbour.node.council

        for reason, spoil in FAULTS:
            refused = await hand_over(riverside.node, spoil(riverside, by))
            answered = await hand_over(riverside.node, asked(riverside, by))

            assert (refused.status, orjson.loads(refused.body)["reason"]) == (reason.status, reason.value)
            assert named(answered) == ["Ten fans"]
            assert answered.headers["content-type"] == questions.MEDIA


async def test_a_blocked_a_hasty_and_a_silent_councils_questions_are_refused_by_name(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", federation=QUIET) as (riverside, harbour):
        await link_up(riverside, harbour)
        council, by, now = riverside.node.council, harbour.node.council, riverside.node.clock.now()
        riverside.node.engine.answers.live_rates = live_asking.Buckets(per_minute=1, burst=2)

        told = [await hand_over(riverside.node, asked(riverside, by)) for _ in range(3)]
        riverside.node.engine.answers.live_rates = live_asking.Buckets.steady(100)
        riverside.write(lambda c: muting.mute(c, store_id="an old copy", now=now))
        mute = await hand_over(riverside.node, asked(riverside, by))
        riverside.write(lambda c: blocks.block(c, council, host="harbour.example", now=now))
        await riverside.node.engine.refresh()
        blocked = await hand_over(riverside.node, asked(riverside, by))

        assert [one.status for one in told] == [200, 200, Reason.TOO_FAST.status]
        assert orjson.loads(told[2].body)["reason"] == Reason.TOO_FAST
        assert (mute.status, orjson.loads(mute.body)["reason"]) == (503, Reason.BUSY)
        assert (blocked.status, orjson.loads(blocked.body)["reason"]) == (403, Reason.BLOCKED)


async def test_a_council_tells_of_its_own_live_notes_for_neighbours_and_nearest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with region(tmp_path, "riverside", "harbour", federation=QUIET, places=PLACES) as (riverside, harbour):
        await link_up(riverside, harbour)
        put_up(harbour, title="A saw of Harbour's")
        await until(lambda: riverside.count("availability") == 1)
        for given in (
            {"title": "Far", "near": "The baths"},
            {"title": "Near", "near": "Mill Lane", "audience": "neighbours"},
            {"title": "Nowhere", "quantity": None, "unit": None},
            {"title": "Ours alone", "audience": "council"},
            {"title": "A need", "direction": "need"},
            {"title": "Soup", "category": "food"},
        ):
            put_up(riverside, **given)

        async def ask(**changed: Any) -> OutgoingResponse:
            return await hand_over(riverside.node, asked(riverside, harbour.node.council, telling(**changed)))

        near = await ask(cell="86394460fffffff")
        assert sorted(named(await ask())) == ["Far", "Near", "Nowhere"]
        assert named(near) == ["Near", "Far", "Nowhere"]
        assert sorted(named(await ask(category="", direction=""))) == ["A need", "Far", "Near", "Nowhere", "Soup"]
        monkeypatch.setattr(live, "MOST", 2)
        cut = await ask(cell="86394460fffffff")
        about = orjson.loads(cut.body.split(b"\n")[0])
        assert (named(cut), about["more"], about["count"]) == (["Near", "Far"], True, 2)


async def test_three_councils_one_offline_one_that_never_answers_and_one_that_does_are_each_shown_as_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_asking, "DEADLINE", 1.5)  # whoever answers has the time to, on a busy machine too
    async with region(tmp_path, "riverside", "harbour", "hill", "mill", federation=QUIET) as (
        riverside,
        harbour,
        hill,
        mill,
    ):
        for other in (harbour, hill, mill):
            await link_up(riverside, other)
        lose_every_push(harbour, monkeypatch)
        put_up(harbour)
        grow_old(riverside)
        riverside.network.down.add(mill.url)

        async def never(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.Event().wait()

        riverside.network.applications[hill.url] = never
        look = {"category": "tools", "direction": "offer"}

        async with browser(riverside) as somebody:
            before = (await somebody.get("/around", params={**look, "near": ""})).text
            begun = asyncio.get_running_loop().time()
            pressed = await somebody.post("/around/ask", data=look)
            took = asyncio.get_running_loop().time() - begun
            after = (await somebody.get(pressed.headers["location"])).text
            data = (await somebody.get("/region/availability", params=look)).json()

        assert "Ten fans" not in before and "3 nearby councils have not told us anything" in before
        assert pressed.status_code == 303 and pressed.headers["location"].endswith("#asked")
        assert took < 1.5 + DEADLINE, "one that never answers is not waited for"
        assert "Ten fans" in after and "Ask them now" not in after
        assert "<bdi>Harbour</bdi>: answered just now" in after
        assert "<bdi>Hill</bdi>: silent; this is as of" in after and "<bdi>Mill</bdi>: silent; this is as of" in after
        assert {one["name"]: one["asked"] for one in data["councils"]} == {
            "Riverside": None,
            "Harbour": "answered",
            "Hill": "silent",
            "Mill": "silent",
        }
        # What differed is read in the feed as well.
        await until(
            lambda: riverside.read(
                lambda c: c.execute(text("SELECT count(*) FROM feed_entry WHERE kind = 'put'")).scalar()
            )
        )


async def test_what_a_whole_answer_does_not_name_is_shown_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with region(tmp_path, "riverside", "harbour", federation=QUIET) as (riverside, harbour):
        await link_up(riverside, harbour)
        gone, other = put_up(harbour), put_up(harbour, title="Soup", category="food")
        await until(lambda: riverside.count("availability") == 2)
        lose_every_push(harbour, monkeypatch)
        monkeypatch.setattr(riverside.node.engine.live, "differs", lambda actor: None)
        # Told in another second than it was put up in: times on the wire have no fractions.
        riverside.write(lambda c: c.execute(text("UPDATE replica SET updated = updated - 5000000")))
        harbour.write(lambda c: actions.take_down(c, gone.rsplit("/", 1)[1], harbour.acting()))
        grow_old(riverside)

        said = await riverside.node.engine.live.ask(LiveQuestion.model_validate(QUESTION), [harbour.actor])

        assert said[harbour.actor].word == "answered"
        left = riverside.read(lambda c: c.execute(text("SELECT object_id FROM availability")).scalars().all())
        assert left == [other]
        row = riverside.read(lambda c: replicas.find(c, gone))
        assert row is not None and row["gone_at"] is None, "its feed says what became of it"


async def test_nobody_is_asked_twice_within_a_minute_and_strangers_cannot_press_without_end(tmp_path: Path) -> None:
    async with region(tmp_path, "riverside", "harbour", federation=QUIET) as (riverside, harbour):
        await link_up(riverside, harbour)
        riverside.network.down.add(harbour.url)
        grow_old(riverside)

        def questions_sent() -> int:
            return sum(one.url.endswith(questions.LIVE) for one in riverside.network.log)

        async with browser(riverside) as stranger:
            for _ in range(3):
                assert (await stranger.post("/around/ask", data={"category": "tools"})).status_code == 303
            once = questions_sent()
            kinds = ("food", "water", "care", "goods")
            answers = [await stranger.post("/around/ask", data={"category": kind}) for kind in kinds]
            program = [
                await stranger.post("/region/availability", params={"category": kind}) for kind in ("tools", "time")
            ]

        assert once == 1
        assert [one.status_code for one in answers] == [303, 303, 303, 429]
        assert "were asked a lot just now" in answers[3].text
        assert [one.status_code for one in program] == [200, 429]
        assert questions_sent() == 4
