from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.response_reader import HEAD_LIMIT, Answer, ResponseReader, Unreadable

SIZED = b"HTTP/1.1 202 Accepted\r\nX-Empty:\r\nX-Two: a\r\nX-Two: b\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;name=value\r\nhel\r\n2\r\nlo\r\n0\r\nX-Trailer: dropped\r\n\r\n"
)
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + SIZED


def read(data: bytes, *, cuts: tuple[int, ...] = (), max_body: int = 1_000) -> ResponseReader:
    reader = ResponseReader(max_body)
    edges = [0, *sorted(cuts), len(data)]
    for start, end in pairwise(edges):
        if start < end:
            reader.feed(data[start:end])
    return reader


@pytest.mark.parametrize("data", [SIZED, CHUNKED, INTERIM])
@given(cuts=st.lists(st.integers(0, 150), max_size=8))
def test_the_same_bytes_give_the_same_answer_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    whole = read(data)

    pieces = read(data, cuts=tuple(min(cut, len(data)) for cut in cuts))

    assert pieces.whole
    assert pieces.reusable
    assert pieces.answer() == whole.answer()
    assert pieces.answer().body == b"hello"


def test_fields_are_kept_apart_and_in_order() -> None:
    assert read(SIZED).answer() == Answer(
        202, [(b"X-Empty", b""), (b"X-Two", b"a"), (b"X-Two", b"b"), (b"Content-Length", b"5")], b"hello"
    )


def test_trailers_do_not_become_fields() -> None:
    assert read(CHUNKED).answer().headers == [(b"Transfer-Encoding", b"chunked")]


def test_fields_of_an_interim_answer_do_not_become_those_of_the_final_one() -> None:
    assert b"Link" not in dict(read(INTERIM).answer().headers)


@pytest.mark.parametrize(
    "extra", [b"x", b"HTTP/1.1 200 OK\r\n\r\n", b"\x00", b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"]
)
def test_bytes_beyond_the_answer_end_the_life_of_the_connection(extra: bytes) -> None:
    reader = read(SIZED + extra)

    assert reader.whole
    assert not reader.reusable
    assert reader.answer().body == b"hello"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 202 A\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 202 A\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_peer_that_closes_is_not_kept(head: bytes) -> None:
    reader = read(head)

    assert reader.whole
    assert not reader.reusable


def test_an_answer_without_framing_ends_with_the_connection() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\n\r\nhello")

    assert not reader.whole
    assert reader.end()
    assert reader.answer().body == b"hello"


@pytest.mark.parametrize("data", [SIZED[:-1], CHUNKED[:-2], SIZED[:30], b"", INTERIM[:-60]])
def test_an_answer_cut_short_is_not_whole(data: bytes) -> None:
    assert not read(data).end()


def test_an_announced_size_over_the_limit_is_refused_before_the_body() -> None:
    with pytest.raises(Unreadable) as refusal:
        read(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")

    assert refusal.value.word == "too-large"


@pytest.mark.parametrize("framing", [b"", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_is_counted_while_it_comes(framing: bytes) -> None:
    reader = read(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n")
    piece = b"64\r\n" + b"x" * 100 + b"\r\n" if framing else b"x" * 100
    for _ in range(10):
        assert not reader.feed(piece)

    with pytest.raises(Unreadable) as refusal:
        reader.feed(piece)

    assert refusal.value.word == "too-large"


def test_a_body_of_exactly_the_limit_is_taken() -> None:
    assert len(read(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000).answer().body) == 1000


@pytest.mark.parametrize(
    "endless",
    [
        b"X-Long: " + b"x" * 4_000,
        b"x" * 4_000,
        b"X-Many: 1\r\n" * 400,
        b"\r\n" * 2_000,
    ],
)
def test_a_head_that_does_not_end_is_refused_at_the_limit(endless: bytes) -> None:
    reader = ResponseReader(1_000)
    begin = b"" if endless.startswith(b"\r\n") else b"HTTP/1.1 200 OK\r\n"
    fed = 0

    with pytest.raises(Unreadable):
        reader.feed(begin)
        while fed <= HEAD_LIMIT * 2:
            reader.feed(endless)
            fed += len(endless)

    assert reader.received <= HEAD_LIMIT + 2 * len(endless) + len(begin)


def test_a_large_head_in_one_piece_is_refused_too() -> None:
    with pytest.raises(Unreadable) as refusal:
        read(b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 7_000 + b"Content-Length: 0\r\n\r\n")

    assert refusal.value.word == "too-large"


def test_endless_interim_answers_are_refused() -> None:
    reader = ResponseReader(1_000)

    with pytest.raises(Unreadable) as refusal:
        for _ in range(10_000):
            reader.feed(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")

    assert refusal.value.word == "too-large"


def test_framing_may_not_outweigh_the_body() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")

    with pytest.raises(Unreadable) as refusal:
        for _ in range(1_000):
            reader.feed(b"1;" + b"e" * 1_000 + b"\r\nx\r\n")

    assert refusal.value.word == "too-large"


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
    ],
)
def test_what_is_not_plain_http_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(data)

    assert refusal.value.word == "protocol"


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_in_another_way(noise: bytes) -> None:
    reader = ResponseReader(100)
    try:
        reader.feed(b"HTTP/1.1 200 OK\r\n" + noise)
    except Unreadable as refusal:
        assert refusal.word in {"protocol", "too-large"}
    if reader.whole:
        assert len(reader.answer().body) <= 100
