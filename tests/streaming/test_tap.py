"""The stream callable: what upstream says is what the client gets, whatever happens beside it."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.streaming.tap import Tap


class Notes:
    """A reader that writes down what it is given."""

    def __init__(self) -> None:
        self.events: list[tuple[bytes, bytes]] = []
        self.bodies: list[bytes] = []

    def event(self, name: bytes, data: bytes) -> None:
        self.events.append((name, data))

    def message(self, body: bytes) -> None:
        self.bodies.append(body)


class Broken:
    """A reader with a mistake in it."""

    def event(self, name: bytes, data: bytes) -> None:
        raise ValueError("secret in the message")

    def message(self, body: bytes) -> None:
        raise ValueError("secret in the message")


def through(tap: Tap, pieces: list[bytes]) -> bytes:
    """What the client gets, by mitmproxy's rules: an empty chunk would end its body."""
    out = b""
    for piece in [*pieces, b""]:
        for chunk in tap(piece):
            assert chunk, "an empty chunk ends an HTTP/1.1 body"
            out += chunk
    tap.catch_up(ended=True)
    return out


@given(
    body=st.binary(max_size=300),
    size=st.integers(1, 30),
    content_type=st.sampled_from(
        ["text/event-stream", "text/event-stream; charset=utf-8", "application/json", ""]
    ),
    encoding=st.sampled_from(["", "gzip", "br", "zstd", "snappy"]),
    reader=st.sampled_from([Notes, Broken]),
)
def test_bytes_pass_unchanged(
    body: bytes, size: int, content_type: str, encoding: str, reader: type[Notes | Broken]
) -> None:
    """Not a byte of any answer is lost or changed, readable or not."""
    tap = Tap(reader(), content_type, encoding)
    assert through(tap, [body[i : i + size] for i in range(0, len(body), size)]) == body
    assert tap.size == len(body)


def test_the_reader_can_catch_up_at_any_moment() -> None:
    """An entry knows of the input tokens while the answer still runs, not only when it has ended."""
    notes = Notes()
    tap = Tap(notes, "text/event-stream", "")
    assert tap(b"event: message_start\ndata: {}\n\nevent: pi") == [
        b"event: message_start\ndata: {}\n\nevent: pi"
    ]
    assert notes.events == []
    assert tap.catch_up() is None
    assert notes.events == [(b"message_start", b"{}")]
    assert tap.started is not None


def test_a_compressed_document_is_read_whole() -> None:
    """A non-streamed answer is metered although upstream compressed it."""
    notes = Notes()
    wire = gzip.compress(b'{"usage": 1}')
    through(Tap(notes, "application/json", "gzip"), [wire[:5], wire[5:]])
    assert notes.bodies == [b'{"usage": 1}']


@pytest.mark.parametrize(
    ("tap", "reason"),
    [
        (Tap(Notes(), "application/json", "snappy"), "UnreadableError"),
        (Tap(Broken(), "application/json", ""), "ValueError"),
    ],
)
def test_what_could_not_be_read_is_said(tap: Tap, reason: str) -> None:
    """The operator learns that an answer was not metered, without a word of the answer."""
    through(tap, [b"{}"])
    assert tap.broken == f"unreadable answer ({reason})"


def test_the_reader_is_never_far_behind() -> None:
    """What waits to be read of a long answer does not fill the memory."""
    notes = Notes()
    tap = Tap(notes, "text/event-stream", "")
    for _ in range(20):
        tap(b"event: message_delta\ndata: " + b"x" * 10_000 + b"\n\n")
    assert len(notes.events) >= 12


def test_the_copy_is_bounded() -> None:
    """A 100 MB answer does not stay in memory for somebody who may look at the flow."""
    tap = Tap(None, "application/octet-stream", "")
    for _ in range(300):
        tap(b"x" * 10_000)
    assert tap.copy == b"x" * 1024 * 1024
    assert tap.size == 3_000_000


def test_a_document_too_long_to_read_still_passes() -> None:
    """The reader gives up, the client does not notice, and the held bytes are let go."""
    tap = Tap(Notes(), "application/json", "")
    passed = sum(len(chunk) for _ in range(40) for chunk in tap(b"x" * 1024 * 1024))
    assert passed == 40 * 1024 * 1024
    assert tap.broken == "unreadable answer (OverflowError)"
