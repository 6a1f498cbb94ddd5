"""The readers find the same in the same bytes, however these were cut on their way."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench import payloads
from tests.bench.http1 import AnswerReader
from tests.bench.http1 import BadMessageError
from tests.bench.http1 import RequestReader
from tests.bench.http1 import header

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n"
    b"A;ignored=1\r\n, world!\r\n\r\n"
    b"0\r\n\r\n"
).replace(b";ignored=1", b"")
SIZED = b"HTTP/1.1 529 Overloaded\r\nContent-Length: 4\r\n\r\nbusy"
REQUEST = b'POST /v1/messages HTTP/1.1\r\nContent-Length: 7\r\nX-Bench: short\r\n\r\n{"a":1}'

cuts = st.lists(st.integers(0, 400), max_size=12)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data in pieces that end at these places."""
    ends = sorted({0, len(data), *(place for place in places if place < len(data))})
    return [data[a:b] for a, b in pairwise(ends)]


@given(cuts)
def test_a_chunked_answer_is_read_from_any_pieces(places: list[int]) -> None:
    """Else a proxy that cuts otherwise would look broken."""
    reader = AnswerReader()
    body = b"".join(reader.feed(piece) for piece in cut(CHUNKED, places))
    assert (reader.status, body, reader.ended, reader.length) == (200, b"hello, world!\r\n"[:15], True, 15)


@given(cuts)
def test_a_sized_answer_is_read_from_any_pieces(places: list[int]) -> None:
    """Errors come like this, and have to be told from answers."""
    reader = AnswerReader()
    body = b"".join(reader.feed(piece) for piece in cut(SIZED, places))
    assert (reader.status, body, reader.ended) == (529, b"busy", True)


@given(cuts)
def test_requests_are_read_from_any_pieces(places: list[int]) -> None:
    """Two requests behind each other in one piece are two requests."""
    reader = RequestReader()
    received = [request for piece in cut(REQUEST * 2, places) for request in reader.feed(piece)]
    assert [header(request.head, b"x-bench") for request in received] == [b"short", b"short"]
    assert [request.body for request in received] == [b"", b""]


@given(cuts)
def test_bodies_are_kept_whole_where_they_are_wanted(places: list[int]) -> None:
    """What upstream looks through is what arrived, and not what arrived of the request before."""
    reader = RequestReader(lambda head: header(head, b"x-bench") == b"long")
    stream = REQUEST.replace(b"short", b"long") + REQUEST + REQUEST.replace(b"short", b"long")
    received = [request for piece in cut(stream, places) for request in reader.feed(piece)]
    assert [request.body for request in received] == [b'{"a":1}', b"", b'{"a":1}']


@pytest.mark.parametrize("end", range(len(CHUNKED)))
def test_a_cut_answer_has_not_ended(end: int) -> None:
    """An answer that was broken off must never count as a whole one."""
    reader = AnswerReader()
    reader.feed(CHUNKED[:end])
    assert not reader.ended


@pytest.mark.parametrize(
    "wrong",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 fine\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcdef\r\n",
        SIZED + b"more",
        CHUNKED + b"more",
    ],
)
def test_what_is_no_answer_is_an_error(wrong: bytes) -> None:
    """A proxy that frames wrongly is reported, not measured."""
    with pytest.raises(BadMessageError):
        AnswerReader().feed(wrong)


@pytest.mark.parametrize("wrong", [b"POST / HTTP/1.1\r\n\r\n", REQUEST[:-1] + b"x"])
def test_what_is_no_request_is_an_error(wrong: bytes) -> None:
    """A body that did not arrive whole must not be answered as if it had."""
    with pytest.raises(BadMessageError):
        RequestReader().feed(wrong)


def test_the_canned_answer_is_readable() -> None:
    """What the upstream writes is what the generator reads."""
    reader = AnswerReader()
    body = payloads.delta(b"x")
    read = reader.feed(payloads.ANSWER_HEAD + payloads.chunk(body) + payloads.LAST_CHUNK)
    assert (reader.status, read, reader.ended) == (200, body, True)
