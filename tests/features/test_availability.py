"""GET /region/availability: source, distance, quantity, how old it is and how it was proved; and what it refuses."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from federation import replicas
from federation.outbox import sign
from schemas import activity
from tests import builders
from tests.features.village import START, Village, offer


async def put_up(village: Village, member: int | None = None, **given: Any) -> dict[str, Any]:
    async with village.program(village.member() if member is None else member) as program:
        answer = await program.post("/api/resources", json=offer(**given))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_availability_tells_source_distance_quantity_freshness_and_proof(village: Village) -> None:
    harbour = village.meet(heard=START - timedelta(minutes=2))
    await put_up(village)
    address = village.hears(harbour, builders.note(harbour))

    async with village.program() as program:
        near = (
            await program.get("/region/availability", params={"near": "mill lane", "within_km": 5, "text": "DAL"})
        ).json()
        everything = (await program.get("/region/availability")).json()

    (ours,) = near["items"]
    assert ours["distance_km"] < 1.5
    assert (ours["quantity"], ours["unit"], ours["near"]) == ("40", "portions", "Mill Lane")
    assert (ours["source"]["name"], ours["proof"]["state"], ours["freshness"]["state"]) == (
        "Riverside",
        "ours",
        "current",
    )
    (theirs,) = [item for item in everything["items"] if item["id"] == address]
    assert theirs["proof"] == {"state": "verified", "method": harbour.ed25519_key_id}
    assert (theirs["freshness"]["state"], theirs["freshness"]["age_seconds"]) == ("current", 120)
    assert theirs["distance_km"] is None
    assert [council["name"] for council in everything["councils"]] == ["Riverside", "Harbour"]


@pytest.mark.parametrize(
    ("minutes", "state", "said"), [(3, "current", "told us 3 min ago"), (4, "silent", "silent since 09:56")]
)
async def test_an_answer_says_how_old_it_is(village: Village, minutes: int, state: str, said: str) -> None:
    harbour = village.meet(heard=START - timedelta(minutes=minutes))
    village.hears(harbour, builders.note(harbour))

    async with village.browser() as browser:
        data = (await browser.get("/region/availability")).json()
        page = (await browser.get("/around?near=")).text

    assert data["items"][0]["freshness"]["state"] == state
    assert said in page


async def _refused(program: httpx.AsyncClient, **params: Any) -> tuple[int, str]:
    answer = await program.get("/region/availability", params=params)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["reason"]


async def test_a_question_that_makes_no_sense_is_refused_by_name(village: Village) -> None:
    async with village.program() as program:
        assert await _refused(program, near="Atlantis") == (422, "place")
        assert await _refused(program, latitude=41.0) == (422, "place")
        assert await _refused(program, within_km=3) == (422, "place")
        assert await _refused(program, category="gold") == (422, "wrong-shape")
        assert await _refused(program, latitude=91, longitude=0) == (422, "wrong-shape")


@pytest.mark.parametrize("source", ["ours", "theirs"])
async def test_a_proof_is_told_by_the_key_that_made_it(village: Village, source: str) -> None:
    harbour = village.meet()
    if source == "ours":
        council, address = village.council, str((await put_up(village))["id"])
    else:
        note = builders.note(harbour)
        council, address = harbour, str(note["id"])
        say = activity.create(
            harbour.actor_id, harbour.new_activity_id(), note=note, audience="public", published=START
        )
        said, document = sign(harbour, say, now=START)
        village.do(
            lambda c: replicas.put(
                c, village.council, activity=said, document=document, audience="public", received_at=START
            )
        )

    async with village.program() as program:
        (found,) = (await program.get("/region/availability")).json()["items"]
        copy = (await program.get("/api/objects", params={"id": address})).json()

    state = "verified" if source == "theirs" else "ours"
    assert found["proof"] == copy["proof"] == {"state": state, "method": f"{council.actor_id}#ed25519-key"}
    assert copy["document"]["proof"]["verificationMethod"] == found["proof"]["method"]
