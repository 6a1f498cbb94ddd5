"""Framing: an event that is cut anywhere is the same event, or the meter books the wrong amount."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.streaming.sse import Event
from ccgate.streaming.sse import Framer
from ccgate.streaming.sse import event_in
from ccgate.streaming.sse import line_end_of
from ccgate.streaming.sse import new_frame
from ccgate.streaming.sse import with_data

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


@given(
    parts=st.lists(
        st.sampled_from(
            [
                b"data: x",
                b"event: y",
                b": c",
                b"data",
                b"\n",
                b"\r",
                b"\r\n",
                b"\n\n",
                b"\r\r",
                b"\xef\xbb\xbf",
            ]
        ),
        max_size=30,
    ),
    cuts=st.lists(st.integers(0, 150), max_size=10),
)
def test_frames_and_the_rest_are_the_stream(parts: list[bytes], cuts: list[int]) -> None:
    """What is sent on frame by frame is what came, byte by byte, whatever line ends it has."""
    stream = b"".join(parts)
    framer = Framer()
    marks = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    frames = [frame for a, b in itertools.pairwise(marks) for frame in framer.frames(stream[a:b])]
    assert b"".join(frames) + framer.rest == stream
    assert [event for event in map(event_in, frames) if event] == Framer().feed(stream)


def test_a_comment_does_not_wait() -> None:
    """A comment keeps a connection alive, so it is not kept until the event after it has come."""
    framer = Framer()
    assert framer.frames(b": still here\n") == [b": still here\n"]
    assert framer.frames(b":\r\n: and here\r\ndata: x") == [b":\r\n", b": and here\r\n"]
    assert framer.frames(b"\n\n") == [b"data: x\n\n"]


def test_what_does_not_fit_is_still_there() -> None:
    """Whoever gives up on framing can send on all that came."""
    framer = Framer(limit=10)
    assert framer.frames(b"data: 0123456789") == []
    with pytest.raises(OverflowError):
        framer.frames(b"more")
    assert framer.rest == b"data: 0123456789"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_other_data_leaves_the_other_lines(end: bytes) -> None:
    """An id, a comment or a retry time of an event that is rewritten reaches the client."""
    lines = [b"id: 7", b"event:e", b"data: old", b": note", b"data:lines", b"", b""]
    new = [b"id: 7", b"event:e", b"data: a", b"data: b", b": note", b"", b""]
    frame = end.join(lines)
    event = event_in(frame)
    assert event == Event(b"e", b"old\nlines")
    assert with_data(frame, event, b"a\nb") == end.join(new)
    short = end.join([b"data: old", b"", b""])
    assert with_data(short, Event(b"", b"old"), b"new") == end.join([b"data: new", b"", b""])


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_new_event_is_read_back(end: bytes) -> None:
    """An event that the gateway adds is one for every client, with the line ends of the stream."""
    raw = new_frame(b"e", b"d", end)
    assert frame([raw]) == [Event(b"e", b"d")]
    assert frame([new_frame(b"", b"d", end)]) == [Event(b"", b"d")]
    assert line_end_of(raw) == line_end_of(b"\n" + raw) == end


@given(
    names=st.lists(st.sampled_from([b"a", b"ping", b"b"]), max_size=8),
    end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    size=st.integers(1, 40),
)
def test_what_is_not_read_does_not_disturb_the_rest(names: list[bytes], end: bytes, size: int) -> None:
    """Events that are left out take no other with them, and none is left out that was not named."""
    stream = b"".join(b"event: " + name + end + b"data: x" + end + end for name in names)
    framer = Framer(unread=[b"ping"])
    events = [event for i in range(0, len(stream), size) for event in framer.feed(stream[i : i + size])]
    read = [event for event in events if event.name != b"ping"]
    assert read == [Event(name, b"x") for name in names if name != b"ping"]
    assert end != b"\n" or read == events


def test_a_byte_order_mark_is_no_part_of_an_event() -> None:
    """Else the first event of such a stream would have another name, and its usage would not be read."""
    for cut in range(5):
        stream = b"\xef\xbb\xbfdata: x\n\n"
        framer = Framer()
        frames = framer.frames(stream[:cut]) + framer.frames(stream[cut:])
        assert frames == [b"\xef\xbb\xbf", b"data: x\n\n"]
        assert frame([stream[:cut], stream[cut:]]) == [Event(b"", b"x")]
