"""The stream callable that rewrites: what changes, what must not, and what happens when something breaks."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from itertools import combinations
from itertools import pairwise
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.restoration.restore import Restorer
from ccgate.streaming.encoding import UnreadableError
from ccgate.streaming.rewrite import Rewrite
from ccgate.streaming.sse import Framer
from tests.privacy.restoration.answers import ALICE
from tests.privacy.restoration.answers import NAMES
from tests.privacy.restoration.answers import SECRET
from tests.privacy.restoration.answers import TRUSTED
from tests.privacy.restoration.answers import Block
from tests.privacy.restoration.answers import delta
from tests.privacy.restoration.answers import encoded
from tests.privacy.restoration.answers import event
from tests.privacy.restoration.answers import originals
from tests.privacy.restoration.answers import restored
from tests.privacy.restoration.answers import said
from tests.privacy.restoration.answers import same
from tests.privacy.restoration.answers import streams
from tests.privacy.restoration.answers import vault

SSE = "text/event-stream; charset=utf-8"
START = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
STOP = event("content_block_stop", index=0)
SIGNED = (
    b'event:  content_block_delta\r\ndata:{ "type":"content_block_delta", "index":1,\r\n'
    b'data: "delta":{"type":"signature_delta","signature":"%s"}}\r\n\r\n' % SECRET.encode()
)


class Notes:
    """A reader that writes down what it is given."""

    def __init__(self) -> None:
        self.events: list[tuple[bytes, bytes]] = []
        self.bodies: list[bytes] = []

    def event(self, name: bytes, data: bytes) -> None:
        self.events.append((name, data))

    def message(self, body: bytes) -> None:
        self.bodies.append(body)


class Failing:
    """A rewriter with a mistake in it, from its n-th event on."""

    def __init__(self, after: int, *, close: bool = False) -> None:
        self._restorer = Restorer(vault(), TRUSTED)
        self._left = after
        self._close = close

    def event(self, data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes] | None:
        self._left -= 1
        if self._left < 0:
            raise ValueError("secret in the message")
        return self._restorer.event(data)

    def close(self) -> list[tuple[bytes, bytes]]:
        if self._close:
            raise ValueError("secret in the message")
        return self._restorer.close()

    def document(self, body: bytes) -> bytes:
        raise ValueError("secret in the message")


def rewrite(content_type: str = SSE, encoding: str = "", reader: Notes | None = None) -> Rewrite:
    """A callable for an answer of the Messages API."""
    return Rewrite(reader, Restorer(vault(), TRUSTED), content_type, encoding)


def through(callable_: Callable[[bytes], list[bytes]], pieces: list[bytes]) -> bytes:
    """What the client gets, by mitmproxy's rules: an empty chunk would end its body."""
    out = b""
    for piece in [*filter(None, pieces), b""]:
        for chunk in callable_(piece):
            assert chunk, "an empty chunk ends an HTTP/1.1 body"
            out += chunk
    return out


def events_in(stream: bytes) -> list[dict[str, Any]]:
    """The events of a stream."""
    return [json.loads(one.data) for one in Framer().feed(stream)]


@given(
    answer=streams(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(0, 5000), max_size=30),
)
def test_every_split_of_an_answer(
    answer: tuple[list[Block], list[dict[str, Any]]], end: str, cuts: list[int]
) -> None:
    """The network cuts the bytes anywhere; the client gets the same bytes as from an answer of one piece."""
    stream = b"".join(encoded(one, end) for one in answer[1])
    marks = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    whole = through(rewrite(), [stream])
    assert through(rewrite(), [stream[a:b] for a, b in pairwise(marks)]) == whole
    got = said(events_in(whole))
    for index, block in enumerate(answer[0]):
        if block.kind == "text":
            expected = restored(block.whole, originals(secrets=False))
            assert same(got.get((index, "text"), "")) == same(expected)
    assert [
        one for one in Framer().feed(whole) if b'"thinking' in one.data or b'"signature_' in one.data
    ] == [one for one in Framer().feed(stream) if b'"thinking' in one.data or b'"signature_' in one.data]


def test_every_two_cuts() -> None:
    """No cut, and no two, change a byte of what the client gets."""
    short = '{"type":"content_block_delta","delta":{"type":"text_delta","text":"%s"}}'
    stream = f": c\r\n\r\ndata: {short % ALICE[:4]}\r\n\r\ndata: {short % ALICE[4:]}\n\nx".encode()
    whole = through(rewrite(), [stream])
    assert b'"text":"alice"' in whole
    for a, b in combinations(range(len(stream) + 1), 2):
        assert through(rewrite(), [stream[:a], stream[a:b], stream[b:]]) == whole, (a, b)


@pytest.mark.property
@given(answer=streams(), cut=st.integers(0, 5000))
def test_a_truncated_stream_loses_nothing(answer: tuple[list[Block], list[dict[str, Any]]], cut: int) -> None:
    """All that arrived reaches the client: text that waited, in its block, and the piece of an event."""
    stream = b"".join(encoded(one) for one in answer[1])[:cut]
    framer = Framer()
    arrived = [json.loads(one.data) for one in framer.feed(stream)]
    out = through(rewrite(), [stream])
    assert out.endswith(framer.rest)
    got = said(events_in(out))
    for key, text in said(arrived).items():
        if key[1] == "text":
            assert same(got[key]) == same(restored(text, originals(secrets=False)))


def test_what_needs_no_change_keeps_its_bytes() -> None:
    """Comments, ids, odd blanks, events of several lines, and what ends none: as the upstream wrote them."""
    stream = (
        b'\xef\xbb\xbf: hello\n\nid: 7\nretry: 1\nevent: ping\ndata: {"type": "ping"}\n\n\n'
        + SIGNED
        + encoded(event("message_delta", delta={"stop_reason": ALICE}))
        + b"data: [DONE]\r\rdata: {"
    )
    assert through(rewrite(), [stream]) == stream


def test_a_changed_event_keeps_its_other_lines() -> None:
    """The id with which a client would resume is there, and the line ends are the stream's."""
    data = json.dumps(delta(0, "text_delta", text=ALICE + "!")).encode()
    head, tail = data[:30], data[30:]
    out = through(rewrite(), [b"id: 7\r\ndata: " + head.rstrip() + b"\r\n: c\r\ndata: " + tail + b"\r\n\r\n"])
    assert out.startswith(b"id: 7\r\ndata: ")
    assert out.endswith(b"\r\n: c\r\n\r\n")
    assert events_in(out) == [delta(0, "text_delta", text="alice!")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_was_held_is_an_event_of_the_stream(end: str) -> None:
    """A client that reads events by name and by line end understands the one that was added."""
    out = through(
        rewrite(), [encoded(START, end), encoded(delta(0, "text_delta", text="r"), end), encoded(STOP, end)]
    )
    assert out == b"".join(
        encoded(one, end)
        for one in (START, delta(0, "text_delta", text=""), delta(0, "text_delta", text="r"), STOP)
    )


def test_nothing_waits_for_what_is_held() -> None:
    """Every event leaves with the piece that ends it, also while text is held back."""
    callable_ = rewrite()
    callable_(encoded(START))
    assert events_in(b"".join(callable_(encoded(delta(0, "text_delta", text="to redact"))))) == [
        delta(0, "text_delta", text="to ")
    ]
    for passing in (
        b": keep-alive\n",
        encoded(event("ping")),
        encoded(delta(1, "thinking_delta", thinking="r")),
    ):
        assert callable_(passing) == [passing]
    assert callable_(b"event: content_block_delta\n") == []


@pytest.mark.parametrize("name", sorted(NAMES.values()))
def test_held_back_is_less_than_a_placeholder(name: str) -> None:
    """Letter by letter, the client is never further behind than a placeholder but one letter."""
    callable_ = rewrite()
    out = b"".join(callable_(encoded(START)))
    text = ""
    for letter in f"{name[:-1]}!{name[:-1]}!{name}":
        text += letter
        out += b"".join(callable_(encoded(delta(0, "text_delta", text=letter))))
        expected = restored(text, originals(secrets=False))
        assert len(expected) - len(said(events_in(out)).get((0, "text"), "")) < len(name)


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
def test_a_compressed_answer(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """An upstream that compresses against our wish is restored all the same, and leaves uncompressed."""
    stream = encoded(START) + encoded(delta(0, "text_delta", text=ALICE + "!"))
    wire = compress(stream)
    notes = Notes()
    callable_ = rewrite(encoding=encoding, reader=notes)
    out = through(callable_, [wire[i : i + 7] for i in range(0, len(wire), 7)])
    assert out == encoded(START) + encoded(delta(0, "text_delta", text="alice!"))
    assert callable_.copy == stream
    assert callable_.size == len(wire)
    assert notes.events == []
    assert callable_.catch_up(ended=True) is None
    assert [name for name, _ in notes.events] == [b"content_block_start"]


def test_an_unknown_encoding_is_refused_before_a_byte_has_passed() -> None:
    """The caller answers with an error; a client must not get what nobody could look into."""
    with pytest.raises(UnreadableError):
        rewrite(encoding="snappy")


@pytest.mark.parametrize("content_type", [SSE, "application/json"])
def test_broken_compression_ends_the_answer(content_type: str) -> None:
    """What came before it is given; of what follows nobody knows what it is."""
    compressor = zlib.compressobj(wbits=31)
    text = encoded(delta(0, "text_delta", text="to redact"))
    wire = compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)
    callable_ = rewrite(content_type, "gzip", Notes())
    out = through(callable_, [wire, b"\xff" * 20, b"more"])
    pieces = ("to ", "redact") if content_type == SSE else ("to redact",)
    assert out == b"".join(encoded(delta(0, "text_delta", text=piece)) for piece in pieces)
    assert callable_.broken == "unreadable answer (UnreadableError)"
    assert callable_.unrestored == "not restored (UnreadableError)"


def test_the_reader_and_the_copy_see_no_original() -> None:
    """What is metered, shown and saved is what the upstream wrote."""
    notes = Notes()
    callable_ = rewrite(reader=notes)
    said = event("message_start", message={"content": [{"type": "text", "text": ALICE}]})
    stream = (
        encoded(said) + encoded(event("ping")) + encoded(delta(0, "text_delta", text=f"{ALICE} {SECRET}"))
    )
    assert through(callable_, [stream]).count(b"alice") == 2
    assert callable_.copy == stream
    assert callable_.catch_up(ended=True) is None
    assert notes.events == [(b"message_start", json.dumps(said, separators=(",", ":")).encode())]
    assert callable_.started is not None
    assert (callable_.broken, callable_.unrestored) == (None, None)


def test_a_broken_reader_does_not_stop_the_rewriting() -> None:
    """The client's tools get real values although the meter has a mistake."""

    class Broken(Notes):
        def event(self, name: bytes, data: bytes) -> None:
            raise ValueError("secret in the message")

    callable_ = rewrite(reader=Broken())
    callable_(encoded(START))
    assert callable_.catch_up() == callable_.broken == "unreadable answer (ValueError)"
    assert b"alice" in through(callable_, [encoded(delta(0, "text_delta", text=f"{ALICE} "))] * 2)
    assert callable_.catch_up(ended=True) == "unreadable answer (ValueError)"
    assert callable_.unrestored is None


@given(after=st.integers(0, 6), close=st.booleans(), size=st.integers(1, 400))
def test_a_broken_rewriter_lets_the_rest_pass(after: int, close: bool, size: int) -> None:
    """A mistake of ours costs restoration, not the answer: no event is lost, none is invented, none wrong."""
    pieces = ["see ", ALICE[:5], ALICE[5:], "!"]
    events = [START, *(delta(0, "text_delta", text=piece) for piece in pieces), STOP]
    stream = b"".join(map(encoded, events))
    notes = Notes()
    callable_ = Rewrite(notes, Failing(after, close=close), SSE, "")
    out = events_in(through(callable_, [stream[i : i + size] for i in range(0, len(stream), size)]))
    text = said(out)[0, "text"]
    lost = {3: ALICE[:5], 4: ALICE}.get(after, "") if close else ""
    expected = f"see {ALICE}!".replace(lost, "", 1) if after < 4 or lost else "see alice!"
    assert text == expected
    assert [one["type"] for one in out if one["type"] != "content_block_delta"] == [
        START["type"],
        STOP["type"],
    ]
    assert callable_.unrestored == ("not restored (ValueError)" if after < 6 or close else None)
    callable_.catch_up(ended=True)
    assert [name for name, _ in notes.events] == [b"content_block_start"]


def test_an_endless_event_passes() -> None:
    """An event that is too long to be read is given as it came, and what follows it."""
    callable_ = rewrite(reader=Notes())
    text = encoded(delta(0, "text_delta", text="redact"))
    long = b"data: " + b"x" * (17 * 1024 * 1024)
    after = encoded(delta(0, "text_delta", text=ALICE))
    out = through(callable_, [text + long, b"more", after])
    held = b"".join(encoded(delta(0, "text_delta", text=piece)) for piece in ("", "redact"))
    assert out == held + long + b"more" + after
    assert callable_.unrestored == "not restored (OverflowError)"
    assert callable_.broken == "unreadable answer (OverflowError)"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_document(size: int) -> None:
    """An answer of one piece is restored when it is whole; the meter is shown what the upstream wrote."""
    body = json.dumps({"content": [{"type": "text", "text": f"{ALICE} {SECRET}"}]}).encode()
    notes = Notes()
    callable_ = rewrite("application/json", reader=notes)
    out = through(callable_, [body[i : i + size] for i in range(0, len(body), size)])
    assert out == body.replace(ALICE.encode(), b"alice")
    assert notes.bodies == []
    assert callable_.catch_up(ended=True) is None
    assert callable_.catch_up(ended=True) is None
    assert notes.bodies == [body]
    assert callable_.copy == body


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"content": ['])
def test_a_document_that_is_none(body: bytes) -> None:
    """It passes as it came, and the flow says that it was not restored."""
    callable_ = rewrite("application/json")
    assert through(callable_, [body] if body else []) == body
    assert (callable_.unrestored is None) is (body == b"")


def test_a_document_too_long_to_hold_passes() -> None:
    """Memory is bounded; what was gathered is given, and so is the rest."""
    callable_ = rewrite("application/json", reader=Notes())
    passed = sum(len(chunk) for _ in range(40) for chunk in callable_(b"x" * 1024 * 1024))
    assert passed + sum(map(len, callable_(b""))) == 40 * 1024 * 1024
    assert callable_.unrestored == "not restored (OverflowError)"


def test_what_is_neither_passes_at_once() -> None:
    """A page of a proxy between us and the provider is shown as it is."""
    callable_ = rewrite("text/html")
    assert callable_(b"<p>" + ALICE.encode()) == [b"<p>" + ALICE.encode()]
    assert callable_(b"") == []


def test_the_reader_is_never_far_behind() -> None:
    """What waits to be read of a long answer does not fill the memory."""
    notes = Notes()
    callable_ = rewrite(reader=notes)
    for _ in range(20):
        callable_(b"event: message_delta\ndata: " + b"x" * 10_000 + b"\n\n")
    assert len(notes.events) >= 12


def test_a_document_that_breaks_off_is_said_to_be_unread() -> None:
    """The entry of a request whose answer broke off does not look like one that was free."""

    class Strict(Notes):
        def message(self, body: bytes) -> None:
            json.loads(body)

    callable_ = rewrite("application/json", reader=Strict())
    assert callable_(b'{"usage": ') == []
    assert callable_.catch_up(ended=True) == "unreadable answer (JSONDecodeError)"


def test_the_copy_is_kept_only_for_those_who_look() -> None:
    """Nothing of an answer stays in memory when nobody looks at flows; else 1 MiB at most."""
    for keep, kept in ((True, 1024 * 1024), (False, 0)):
        callable_ = Rewrite(None, Restorer(vault(), ()), "text/plain", "", keep=keep)
        for _ in range(300):
            callable_(b"x" * 10_000)
        assert len(callable_.copy) == kept
        assert callable_.size == 3_000_000
