import asyncio
from typing import Any

import pytest

from federation.fetch import Fetched, FetchFailed, fetch_actor, fetch_by_id, fetch_document
from federation.media_types import Media
from federation.ports import OutgoingResponse, TransportFailure
from tests.federation.loopback import network, server
from tests.federation.scripted import ACTIVITY, Answer, Scripted, document, moved

HARBOUR = "https://harbour.example"
ACTOR = f"{HARBOUR}/council"
GOOD: dict[str, Any] = {"id": ACTOR, "type": "Organization", "inbox": f"{ACTOR}/inbox"}


def word_of(got: object) -> str:
    assert isinstance(got, FetchFailed), got
    return got.word


async def fetched(table: dict[str, Answer], url: str = ACTOR, **options: Any) -> tuple[Fetched | FetchFailed, Scripted]:
    transport = Scripted(table)
    return await fetch_document(transport, url, sign=None, **options), transport


async def test_a_document_comes_back_with_its_bytes_address_and_type() -> None:
    got, transport = await fetched({ACTOR: document(GOOD)}, f"{ACTOR}#main-key")

    assert isinstance(got, Fetched)
    assert (got.final_url, got.content_type) == (ACTOR, ACTIVITY)
    assert got.document_bytes.startswith(b'{"id"')
    assert transport.asked[0].headers["Accept"].startswith("application/activity+json, application/ld+json;")
    assert (transport.asked[0].method, transport.asked[0].body) == ("GET", None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_and_each_hop_is_signed_anew(status: int) -> None:
    transport = Scripted({ACTOR: moved("/two", status=status), f"{HARBOUR}/two": document(GOOD)})

    got = await fetch_document(transport, ACTOR, sign=lambda method, url: {"Signature": f"{method} {url}"})

    assert isinstance(got, Fetched)
    assert got.final_url == f"{HARBOUR}/two"
    assert [request.headers["Signature"] for request in transport.asked] == [f"GET {ACTOR}", f"GET {HARBOUR}/two"]


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    chain: dict[str, Answer] = {f"{HARBOUR}/{step}": moved(f"/{step + 1}") for step in range(10)}

    four, transport = await fetched(chain, f"{HARBOUR}/0")
    three, _ = await fetched({**chain, f"{HARBOUR}/3": document(GOOD)}, f"{HARBOUR}/0")

    assert word_of(four) == "redirects"
    assert len(transport.asked) == 4
    assert isinstance(three, Fetched)


@pytest.mark.parametrize(("first", "second"), [(ACTOR, ACTOR), (f"{ACTOR}#x", f"{ACTOR}#y"), (f"{HARBOUR}/two", ACTOR)])
async def test_a_loop_of_redirects_ends_at_its_first_return(first: str, second: str) -> None:
    got, transport = await fetched({ACTOR: moved(first), f"{HARBOUR}/two": moved(second)})

    assert word_of(got) == "redirects"
    assert len(transport.asked) <= 2


@pytest.mark.parametrize(
    "location",
    [
        "https://hillside.example/council",
        "//hillside.example/council",
        "https://harbour.example:8443/council",
        "http://harbour.example/two",
        "ftp://harbour.example/two",
        "data:application/activity+json,{}",
        "file:///etc/passwd",
        "https://harbour.example@hillside.example/",
        "http://[broken",
        "",
    ],
)
async def test_a_redirect_that_leaves_the_origin_or_the_scheme_is_not_followed(location: str) -> None:
    got, transport = await fetched({ACTOR: moved(location)})

    assert word_of(got) == "redirects"
    assert transport.urls == [ACTOR]


async def test_webfinger_may_lead_to_another_host_over_the_same_scheme_only() -> None:
    asked = f"{HARBOUR}/.well-known/webfinger"
    there = "https://hillside.example/finger"
    jrd = document({"subject": "acct:council@harbour.example"}, content_type="application/jrd+json")

    across, _ = await fetched({asked: moved(there), there: jrd}, asked, accept=Media.WEBFINGER, cross_origin=True)
    plain, transport = await fetched(
        {asked: moved("http://hillside.example/")}, asked, accept=Media.WEBFINGER, cross_origin=True
    )

    assert isinstance(across, Fetched)
    assert word_of(plain) == "redirects"
    assert transport.urls == [asked]


async def test_plain_http_is_not_left_for_https_either() -> None:
    got, _ = await fetched({"http://127.0.0.1:8101/council": moved(ACTOR)}, "http://127.0.0.1:8101/council")

    assert word_of(got) == "redirects"


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (204, "status"),
        (304, "status"),
        (401, "unauthorised"),
        (403, "forbidden"),
        (404, "not-found"),
        (406, "wrong-type"),
        (410, "gone"),
        (500, "status"),
    ],
)
async def test_any_other_answer_than_200_fails_by_name_and_keeps_its_status(status: int, word: str) -> None:
    got, transport = await fetched({ACTOR: OutgoingResponse(status, {"content-type": ACTIVITY}, b"{}")})

    assert isinstance(got, FetchFailed)
    assert (got.word, got.status, len(transport.asked)) == (word, status, 1)


@pytest.mark.parametrize("content_type", ["text/html", "application/json", "", "application/ld+json"])
async def test_a_document_of_another_type_is_refused(content_type: str) -> None:
    got, _ = await fetched({ACTOR: document(GOOD, content_type=content_type)})

    assert word_of(got) == "wrong-type"


async def test_a_compressed_document_is_refused() -> None:
    answer = OutgoingResponse(200, {"content-type": ACTIVITY, "content-encoding": "gzip"}, b"\x1f\x8b")

    got, _ = await fetched({ACTOR: answer})

    assert word_of(got) == "wrong-type"


async def test_a_transport_failure_passes_through_under_its_word() -> None:
    got, transport = await fetched({ACTOR: TransportFailure("refused-address", "10.0.0.1 is private")})

    assert got == FetchFailed("refused-address", "10.0.0.1 is private")
    assert len(transport.asked) == 1


async def test_the_deadline_holds_for_the_whole_chain() -> None:
    transport = Scripted({}, gate=asyncio.Event())

    got = await fetch_document(transport, ACTOR, sign=None, seconds=0.05)

    assert word_of(got) == "timeout"


async def test_over_the_wire_a_large_document_is_cut_off_while_it_comes() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n\r\n" + b" " * 5_000
    async with server(answer) as seen, network(seen.listed) as transport:
        got = await fetch_document(transport, seen.url("/council"), sign=None, limit=1_000)

    assert word_of(got) == "too-large"


async def test_an_actor_is_believed_under_the_id_it_was_fetched_from() -> None:
    assert await fetch_actor(Scripted({ACTOR: document(GOOD)}), ACTOR, sign=None) == GOOD


async def test_an_alias_is_fetched_once_more_from_the_id_it_names() -> None:
    alias = f"{HARBOUR}/@council"
    transport = Scripted({alias: document({**GOOD, "name": "stale"}), ACTOR: document(GOOD)})

    got = await fetch_actor(transport, alias, sign=None)

    assert got == GOOD
    assert transport.urls == [alias, ACTOR]


async def test_a_redirect_to_the_id_itself_needs_no_second_fetch() -> None:
    alias = f"{HARBOUR}/@council"
    transport = Scripted({alias: moved("/council"), ACTOR: document(GOOD)})

    assert await fetch_actor(transport, alias, sign=None) == GOOD
    assert transport.urls == [alias, ACTOR]


@pytest.mark.parametrize(
    "claimed",
    [
        "https://hillside.example/council",
        "http://harbour.example/council",
        "https://harbour.example:8443/council",
        f"{ACTOR}#fragment",
        "council",
        "",
        None,
        7,
        [ACTOR],
    ],
)
async def test_a_document_cannot_speak_for_another_origin(claimed: object) -> None:
    transport = Scripted(
        {ACTOR: document({**GOOD, "id": claimed}), "https://hillside.example/council": document({**GOOD})}
    )

    assert word_of(await fetch_actor(transport, ACTOR, sign=None)) == "foreign-id"
    assert transport.urls == [ACTOR]


async def test_an_id_that_names_yet_another_id_is_not_chased() -> None:
    one, two, three = (f"{HARBOUR}/{step}" for step in "123")
    transport = Scripted(
        {one: document({**GOOD, "id": two}), two: document({**GOOD, "id": three}), three: document({**GOOD, "id": one})}
    )

    assert word_of(await fetch_actor(transport, one, sign=None)) == "foreign-id"
    assert transport.urls == [one, two]


async def test_an_id_that_redirects_elsewhere_is_not_where_it_says() -> None:
    alias = f"{HARBOUR}/@council"
    transport = Scripted({alias: document(GOOD), ACTOR: moved("/three"), f"{HARBOUR}/three": document(GOOD)})

    assert word_of(await fetch_actor(transport, alias, sign=None)) == "foreign-id"


@pytest.mark.parametrize("inbox", [None, "https://hillside.example/inbox", 7, "/inbox"])
async def test_an_actor_has_its_inbox_at_its_own_origin(inbox: object) -> None:
    transport = Scripted({ACTOR: document({**GOOD, "inbox": inbox})})

    assert word_of(await fetch_actor(transport, ACTOR, sign=None)) == "wrong-shape"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"text"',
        b'{"id": 1, "id": 2}',
        b'{"n": NaN}',
        b'{"n": 12345678901234567890}',
        b"\xff\xfe{}",
        b"\x1f\x8b\x08",
        b"[" * 50_000,
    ],
)
async def test_a_document_is_read_as_strictly_as_the_inbox_reads(body: bytes) -> None:
    transport = Scripted({ACTOR: OutgoingResponse(200, {"content-type": ACTIVITY}, body)})

    assert word_of(await fetch_by_id(transport, ACTOR, sign=None)) == "malformed"
