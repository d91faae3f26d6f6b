"""What is packed on its way out: what is the same for everybody, and never a page beside words that somebody else chose."""

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.web.outgoing import LEAST, Outgoing, packing_for
from tests.web.town import Town

GZIP = {"accept-encoding": "gzip, br"}


@pytest.mark.parametrize("path", ["/", "/help", "/wall.csv", "/wall.atom", "/wall.json", "/offline", "/openapi.json"])
async def test_what_is_the_same_for_everybody_is_packed(town: Town, path: str) -> None:
    for number in range(6):
        town.hold(f"A rather long slip to make the list worth packing, number {number}")

    async with town.browser(**GZIP) as passer_by:
        packed = await passer_by.get(path)
        plain = await passer_by.get(path, headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in packed.headers["vary"]


async def test_a_page_that_holds_a_secret_is_never_packed(town: Town) -> None:
    async with town.signed_in() as neighbour:
        neighbour.headers.update(GZIP)
        answers = [await neighbour.get(path) for path in ("/", "/help", "/wall.csv", "/wall.json")]

    assert [answer.headers.get("content-encoding") for answer in answers] == [None] * 4


async def test_a_page_is_not_packed_beside_a_query(town: Town) -> None:
    async with town.browser(**GZIP) as passer_by:
        page = await passer_by.get("/help?said=back")
        listing = await passer_by.get("/openapi.json?said=back")

    assert "content-encoding" not in page.headers
    assert listing.headers["content-encoding"] == "gzip"


async def test_the_choice_of_a_language_makes_nobody_a_person(town: Town) -> None:
    async with town.browser(**GZIP, cookie="comarca-language=es") as passer_by:
        chosen = await passer_by.get("/help")
        strange = await passer_by.get("/help", headers={"cookie": "comarca-language=es; other=1"})

    assert chosen.headers["cache-control"] == "no-cache" and chosen.headers["content-encoding"] == "gzip"
    assert strange.headers["cache-control"] == "private, no-store" and "content-encoding" not in strange.headers


async def test_a_head_request_tells_the_packed_length(town: Town) -> None:
    async with town.browser(**GZIP) as passer_by:
        head, get = await passer_by.head("/help"), await passer_by.get("/help")

    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.headers["content-encoding"] == "gzip" and head.content == b""


def scope(accepted: str, query: bytes = b"", method: str = "GET") -> dict[str, Any]:
    return {"method": method, "headers": [(b"accept-encoding", accepted.encode())], "query_string": query}


@pytest.mark.parametrize(
    ("accepted", "packing"),
    [
        ("gzip", "everything"),
        ("br;q=1, GZIP;q=0.5", "everything"),
        ("*", "everything"),
        ("gzip;q=0", None),
        ("", None),
        ("br", None),
    ],
)
def test_only_who_takes_it_is_given_it(accepted: str, packing: str | None) -> None:
    assert packing_for(scope(accepted)) == packing


def test_a_form_is_never_packed() -> None:
    assert packing_for(scope("gzip", method="POST")) is None


@given(
    st.binary(max_size=4000),
    st.sampled_from(["text/html", "text/csv", "image/png", "text/event-stream"]),
    st.booleans(),
)
async def test_whatever_goes_in_comes_out_again(body: bytes, media_type: str, in_pieces: bool) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    out = Outgoing(send, (), personal=False, bodiless=False, packing="everything")
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    await out({"type": "http.response.start", "status": 200, "headers": headers})
    pieces = [body[:10], body[10:]] if in_pieces else [body]
    for number, piece in enumerate(pieces):
        more = number < len(pieces) - 1
        await out({"type": "http.response.body", "body": piece, "more_body": more})

    given_headers = dict(sent[0]["headers"])
    received = b"".join(message["body"] for message in sent[1:])
    packed = given_headers.get(b"content-encoding") == b"gzip"
    assert (gzip.decompress(received) if packed else received) == body
    assert int(given_headers[b"content-length"]) == len(received)
    assert packed == (media_type in ("text/html", "text/csv") and len(body) >= LEAST and not in_pieces)
