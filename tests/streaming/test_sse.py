"""Framing: an event that is cut anywhere is the same event, or the meter books the wrong amount."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.streaming.sse import Event
from ccgate.streaming.sse import Framer

STREAM = (
    b"\xef\xbb\xbf: a comment\n\n"
    b'event: message_start\ndata: {"type":"message_start"}\n\n'
    b"event: ping\r\ndata: {}\r\n\r\n"
    b"data: no name\rdata:two lines\r\r"
    b"\n\n\n"
    b"event: empty\n\n"
    b"id: 7\nretry: 10\nevent:  spaced\ndata:\n\n"
    b"event: message_stop\ndata: {}\n\n"
    b"data: never ended\n"
)
EVENTS = [
    Event(b"message_start", b'{"type":"message_start"}'),
    Event(b"ping", b"{}"),
    Event(b"", b"no name\ntwo lines"),
    Event(b" spaced", b""),
    Event(b"message_stop", b"{}"),
]


def frame(pieces: list[bytes]) -> list[Event]:
    framer = Framer()
    return [event for piece in pieces for event in framer.feed(piece)]


def test_a_whole_stream() -> None:
    """The three line ends, comments, nameless and dataless events, as the format has them."""
    assert frame([STREAM]) == EVENTS


@pytest.mark.parametrize("size", range(1, 12))
def test_pieces_of_one_size(size: int) -> None:
    """Every byte, and every small group of bytes, may be the end of a TCP segment."""
    assert frame([STREAM[i : i + size] for i in range(0, len(STREAM), size)]) == EVENTS


def test_every_split_point() -> None:
    """No single cut changes an event."""
    for cut in range(len(STREAM) + 1):
        assert frame([STREAM[:cut], STREAM[cut:]]) == EVENTS, cut


def test_every_pair_of_split_points() -> None:
    """No two cuts do either; a CR LF CR LF takes three pieces to go wrong."""
    text = b"data: a\r\n\r\ndata: b\r\rdata: c\n\n"
    expected = frame([text])
    assert len(expected) == 3
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            assert frame([text[:first], text[first:second], text[second:]]) == expected


@given(
    events=st.lists(
        st.tuples(st.sampled_from([b"", b"ping", b"message_delta"]), st.binary(max_size=40)), max_size=8
    ),
    end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    cuts=st.lists(st.integers(0, 400), max_size=10),
)
def test_what_is_written_is_read(events: list[tuple[bytes, bytes]], end: bytes, cuts: list[int]) -> None:
    """Whatever an upstream sends as data, and wherever the network cuts it, comes out again."""
    stream = b""
    expected = []
    for name, data in events:
        clean = data.replace(b"\r", b"").replace(b"\n", b"")
        stream += (b"event: " + name + end if name else b"") + b"data: " + clean + end + end
        expected.append(Event(name, clean))
    marks = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in itertools.pairwise(marks)]
    assert frame(pieces) == expected


def test_a_stream_without_an_end_is_bounded() -> None:
    """An upstream that never ends an event cannot fill the gateway's memory."""
    framer = Framer(limit=1000)
    with pytest.raises(OverflowError):
        for _ in range(100):
            framer.feed(b"data: " + b"x" * 100 + b"\n")


def test_a_long_event_in_small_pieces_is_linear() -> None:
    """A 4 MB tool input that comes in 100-byte pieces is searched once, not once for each piece."""
    framer = Framer()
    framer.feed(b"data: ")
    for _ in range(40_000):
        assert framer.feed(b"x" * 100) == []
    (event,) = framer.feed(b"\n\n")
    assert len(event.data) == 4_000_000
