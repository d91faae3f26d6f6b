import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from federation.fetch import FetchedKey, FetchFailed, KeyFetcher
from federation.ports import OutgoingResponse, TransportFailure
from federation.rates import Buckets
from protocol.ids import Policy
from protocol.keys import encode_multikey, encode_pem
from tests.federation.scripted import Answer, Scripted, document, moved

HARBOUR = "https://harbour.example"
ACTOR = f"{HARBOUR}/council"
RSA = generate_private_key(65537, 2048).public_key()
ED25519 = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32).public_key()
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32).public_key()
RSA_ID, ED_ID = f"{ACTOR}#main-key", f"{ACTOR}#ed25519-key"
ALONE_ID = f"{ACTOR}/main-key"


def pem_key(key_id: str = RSA_ID, **changes: Any) -> dict[str, Any]:
    return {"id": key_id, "owner": ACTOR, "publicKeyPem": encode_pem(RSA), **changes}


def multikey(key_id: str = ED_ID, **changes: Any) -> dict[str, Any]:
    listing = {"type": "Multikey", "controller": ACTOR, "publicKeyMultibase": encode_multikey(ED25519)}
    return {"id": key_id, **listing, **changes}


def actor(**changes: Any) -> dict[str, Any]:
    base = {"id": ACTOR, "type": "Organization", "inbox": f"{ACTOR}/inbox", "publicKey": pem_key()}
    return {**base, "assertionMethod": [multikey()], **changes}


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def fetcher(
    transport: Scripted,
    *,
    clock: Clock | None = None,
    per_origin: float = 100,
    in_all: float = 100,
    limit: int = 100,
    policy: Policy | None = None,
) -> KeyFetcher:
    return KeyFetcher(
        transport,
        sign=lambda method, url: {"Signature": f"{method} {url}"},
        policy=policy or Policy(),
        our_origin="https://riverside.example",
        monotonic=clock or Clock(),
        per_origin=Buckets(per_minute=6, burst=per_origin),
        in_all=Buckets(per_minute=60, burst=in_all),
        limit=limit,
    )


async def fetched(table: dict[str, Answer], key_id: str) -> FetchedKey | FetchFailed:
    return await fetcher(Scripted(table)).fetch(key_id)


def word_of(got: object) -> str:
    assert isinstance(got, FetchFailed), got
    return got.word


@pytest.mark.parametrize(("key_id", "public"), [(RSA_ID, RSA), (ED_ID, ED25519)])
async def test_a_key_in_its_actors_document_is_found_in_one_signed_request(key_id: str, public: object) -> None:
    transport = Scripted({ACTOR: document(actor())})

    got = await fetcher(transport).fetch(key_id)

    assert isinstance(got, FetchedKey)
    assert (got.key_id, got.public, got.actor) == (key_id, public, actor())
    assert transport.urls == [ACTOR]
    assert transport.asked[0].headers["Signature"] == f"GET {ACTOR}"


async def test_one_key_of_several_is_found_by_its_exact_id() -> None:
    keys = [pem_key(f"{ACTOR}#old-key", publicKeyPem=encode_pem(OTHER)), pem_key()]

    got = await fetched({ACTOR: document(actor(publicKey=keys))}, RSA_ID)

    assert isinstance(got, FetchedKey)
    assert got.public == RSA


async def test_a_stub_of_the_actor_at_the_keys_address_leads_to_the_actor() -> None:
    stub = {"id": ACTOR, "type": "Person", "publicKey": pem_key(ALONE_ID)}
    transport = Scripted({ALONE_ID: document(stub), ACTOR: document(actor(publicKey=pem_key(ALONE_ID)))})

    got = await fetcher(transport).fetch(ALONE_ID)

    assert isinstance(got, FetchedKey)
    assert (got.public, got.actor["id"]) == (RSA, ACTOR)
    assert transport.urls == [ALONE_ID, ACTOR]


@pytest.mark.parametrize("listing", [pem_key(ALONE_ID), ALONE_ID])
async def test_a_key_document_of_its_own_is_taken_when_its_owner_lists_it(listing: object) -> None:
    table: dict[str, Answer] = {
        ALONE_ID: document({**pem_key(ALONE_ID), "type": "Key"}),
        ACTOR: document(actor(publicKey=listing)),
    }

    got = await fetched(table, ALONE_ID)

    assert isinstance(got, FetchedKey)
    assert got.public == RSA


@pytest.mark.parametrize(
    ("listing", "word"),
    [
        (pem_key(), "unlisted-key"),
        ([], "unlisted-key"),
        (None, "unlisted-key"),
        (f"{ALONE_ID}2", "unlisted-key"),
        (pem_key(ALONE_ID, publicKeyPem=encode_pem(OTHER)), "other-key"),
        (pem_key(ALONE_ID, owner="https://harbour.example/other"), "foreign-key"),
    ],
)
async def test_a_key_document_that_its_owner_does_not_confirm_is_refused(listing: object, word: str) -> None:
    table: dict[str, Answer] = {
        ALONE_ID: document({**pem_key(ALONE_ID), "type": "Key"}),
        ACTOR: document(actor(publicKey=listing, assertionMethod=[])),
    }

    assert word_of(await fetched(table, ALONE_ID)) == word


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": "https://hillside.example/council"},
        {"owner": "http://harbour.example/council"},
        {"controller": f"{HARBOUR}/other"},
        {"owner": None},
        {"owner": [ACTOR]},
    ],
)
async def test_a_key_document_cannot_name_somebody_elses_actor(changes: dict[str, Any]) -> None:
    transport = Scripted(
        {
            ALONE_ID: document({**pem_key(ALONE_ID), "type": "Key", **changes}),
            ACTOR: document(actor(publicKey=pem_key(ALONE_ID))),
            "https://hillside.example/council": document({**actor(), "id": "https://hillside.example/council"}),
        }
    )

    got = await fetcher(transport).fetch(ALONE_ID)

    assert word_of(got) in {"foreign-key", "unlisted-key"}
    assert transport.urls == [ALONE_ID]


@pytest.mark.parametrize("listing", [pem_key(ALONE_ID), ALONE_ID])
async def test_a_key_document_names_its_owner_by_the_actors_own_id_and_no_alias(listing: object) -> None:
    table: dict[str, Answer] = {
        ALONE_ID: document({**pem_key(ALONE_ID), "type": "Key", "owner": f"{HARBOUR}/@council"}),
        f"{HARBOUR}/@council": moved("/council"),
        ACTOR: document(actor(publicKey=listing)),
    }

    assert word_of(await fetched(table, ALONE_ID)) in {"foreign-key", "other-key"}


async def test_a_key_document_with_the_id_of_another_key_is_refused() -> None:
    table: dict[str, Answer] = {
        ALONE_ID: document({**pem_key(f"{ACTOR}/second-key"), "type": "Key"}),
        f"{ACTOR}/second-key": document({**pem_key(f"{ACTOR}/second-key"), "type": "Key"}),
        ACTOR: document(actor(publicKey=pem_key(f"{ACTOR}/second-key"))),
    }

    assert word_of(await fetched(table, ALONE_ID)) == "foreign-key"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"publicKey": pem_key(f"{ACTOR}#other")}, "unlisted-key"),
        ({"publicKey": [pem_key(), pem_key()]}, "unlisted-key"),
        ({"assertionMethod": [multikey(RSA_ID)]}, "unlisted-key"),
        ({"publicKey": RSA_ID}, "unlisted-key"),
        ({"publicKey": 7, "assertionMethod": {}}, "unlisted-key"),
        ({"publicKey": pem_key(owner="https://hillside.example/council")}, "foreign-key"),
        ({"publicKey": pem_key(controller=f"{HARBOUR}/other")}, "foreign-key"),
        ({"publicKey": {"id": RSA_ID, "publicKeyPem": encode_pem(RSA)}}, "foreign-key"),
        ({"publicKey": pem_key(publicKeyPem="no key")}, "bad-key"),
        ({"publicKey": pem_key(publicKeyPem=None)}, "bad-key"),
        ({"publicKey": pem_key(publicKeyMultibase=encode_multikey(OTHER))}, "bad-key"),
        ({"id": "https://hillside.example/council"}, "foreign-id"),
    ],
)
async def test_actor_and_key_have_to_name_each_other(changes: dict[str, Any], word: str) -> None:
    assert word_of(await fetched({ACTOR: document(actor(**changes))}, RSA_ID)) == word


async def test_an_attackers_key_is_not_taken_for_a_victims_actor() -> None:
    evil = "https://evil.example/actor"
    forged = {**actor(), "publicKey": pem_key(f"{evil}#main-key")}

    got = await fetched({evil: document(forged), ACTOR: document(actor())}, f"{evil}#main-key")

    assert word_of(got) == "foreign-id"


@pytest.mark.parametrize(
    "key_id",
    [
        "acct:council@harbour.example",
        "http://harbour.example/council#main-key",
        "https://127.0.0.1/council#main-key",
        "https://user@harbour.example/council#main-key",
        "https://harbour.example:8443/council#main-key",
        "https://riverside.example/council#main-key",
        "https://" + "a" * 3_000,
        "main-key",
        "",
    ],
)
async def test_a_key_id_that_no_peer_can_have_costs_no_request_and_no_memory(key_id: str) -> None:
    transport = Scripted({})
    keys = fetcher(transport, per_origin=1, in_all=1)

    for _ in range(3):
        assert word_of(await keys.fetch(key_id)) == "not-permitted"

    assert transport.asked == []


async def test_callers_for_one_key_share_one_request() -> None:
    gate = asyncio.Event()
    transport = Scripted({ACTOR: document(actor())}, gate=gate)
    keys = fetcher(transport, per_origin=1)
    callers = [asyncio.create_task(keys.fetch(RSA_ID)) for _ in range(20)]
    await asyncio.sleep(0)
    gate.set()

    answers = await asyncio.gather(*callers)

    assert all(isinstance(answer, FetchedKey) for answer in answers)
    assert len(transport.asked) == 1


async def test_a_caller_that_leaves_does_not_take_the_key_from_the_others() -> None:
    gate = asyncio.Event()
    keys = fetcher(Scripted({ACTOR: document(actor())}, gate=gate))
    first, second = (asyncio.create_task(keys.fetch(RSA_ID)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    gate.set()

    assert isinstance(await second, FetchedKey)


async def test_a_failure_is_remembered_and_then_forgotten() -> None:
    clock = Clock()
    transport = Scripted({})
    keys = fetcher(transport, clock=clock)
    first = await keys.fetch(RSA_ID)
    transport.table[ACTOR] = document(actor())
    clock.now += 299

    remembered = await keys.fetch(RSA_ID)
    asked_meanwhile = len(transport.asked)
    clock.now += 2
    later = await keys.fetch(RSA_ID)

    assert (word_of(first), remembered, asked_meanwhile) == ("not-found", first, 1)
    assert isinstance(later, FetchedKey)


async def test_a_success_is_not_remembered_here() -> None:
    transport = Scripted({ACTOR: document(actor())})
    keys = fetcher(transport)

    await keys.fetch(RSA_ID)
    await keys.fetch(RSA_ID)

    assert len(transport.asked) == 2


async def test_only_so_many_failures_are_remembered() -> None:
    transport = Scripted({})
    keys = fetcher(transport, limit=2)
    for name in ("a", "b", "c"):
        await keys.fetch(f"https://{name}.example/council#main-key")

    await keys.fetch("https://c.example/council#main-key")
    await keys.fetch("https://a.example/council#main-key")

    assert [url[8] for url in transport.urls] == ["a", "b", "c", "a"]


async def test_the_budget_of_an_origin_is_its_own() -> None:
    transport = Scripted({ACTOR: document(actor())})
    keys = fetcher(transport, per_origin=2)

    answers = [await keys.fetch(f"{HARBOUR}/{number}#main-key") for number in range(4)]
    elsewhere = await keys.fetch("https://hillside.example/council#main-key")

    assert [word_of(answer) for answer in answers] == ["not-found", "not-found", "too-fast", "too-fast"]
    assert isinstance(answers[2], FetchFailed)
    assert answers[2].wait == pytest.approx(10.0)
    assert word_of(elsewhere) == "not-found"
    assert len(transport.asked) == 3


async def test_many_origins_share_the_budget_in_all() -> None:
    transport = Scripted({})
    keys = fetcher(transport, in_all=3)

    words = [word_of(await keys.fetch(f"https://n{number}.example/council#main-key")) for number in range(10)]

    assert words == ["not-found"] * 3 + ["too-fast"] * 7
    assert len(transport.asked) == 3


async def test_a_spent_budget_is_not_remembered_as_the_keys_fault() -> None:
    clock = Clock()
    transport = Scripted({ACTOR: document(actor())})
    keys = fetcher(transport, clock=clock, per_origin=1)
    await keys.fetch(ED_ID)
    refused = await keys.fetch(RSA_ID)
    assert isinstance(refused, FetchFailed)
    assert refused.wait is not None
    clock.now += refused.wait

    assert isinstance(await keys.fetch(RSA_ID), FetchedKey)


@pytest.mark.parametrize("answer", [TransportFailure("timeout", "late"), OutgoingResponse(503, {}, b"")])
async def test_a_failing_fetch_is_not_tried_again_inside(answer: Answer) -> None:
    transport = Scripted({ACTOR: answer})

    await fetcher(transport).fetch(RSA_ID)

    assert len(transport.asked) == 1


async def test_the_work_for_one_key_is_bounded() -> None:
    chain: dict[str, Answer] = {f"{HARBOUR}/{step}": moved(f"/{step + 1}") for step in range(50)}
    transport = Scripted(chain)

    got = await fetcher(transport).fetch(f"{HARBOUR}/0#main-key")

    assert word_of(got) == "redirects"
    assert len(transport.asked) == 4


async def test_closing_leaves_nothing_under_way() -> None:
    keys = fetcher(Scripted({}, gate=asyncio.Event()))
    caller = asyncio.create_task(keys.fetch(RSA_ID))
    await asyncio.sleep(0)

    await keys.aclose()

    with pytest.raises(asyncio.CancelledError):
        await caller
