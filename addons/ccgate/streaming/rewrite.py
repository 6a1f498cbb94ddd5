"""The stream callable for an answer in which something has to be put back.

A sibling of the tap, which only looks. Events that need no change leave with the bytes that they came
with, comments and all; a changed event keeps its other lines. The reader and the copy are given what
upstream wrote, never what was put back.

It keeps mitmproxy's rules: it never raises, and it returns `[]` when it has nothing to give. When the
rewriter fails, the rest of the answer passes as upstream wrote it: whoever reads it sees placeholders,
which is harmless, and `unrestored` says why.
"""

from __future__ import annotations

from time import monotonic
from typing import Protocol

from ccgate.streaming.encoding import decoder
from ccgate.streaming.reading import BEHIND_LIMIT
from ccgate.streaming.reading import UNREAD
from ccgate.streaming.reading import WHOLE_LIMIT
from ccgate.streaming.reading import Reader
from ccgate.streaming.reading import Reading
from ccgate.streaming.reading import is_event_stream
from ccgate.streaming.reading import is_json
from ccgate.streaming.sse import Event
from ccgate.streaming.sse import Framer
from ccgate.streaming.sse import event_in
from ccgate.streaming.sse import line_end_of
from ccgate.streaming.sse import new_frame
from ccgate.streaming.sse import with_data


class Rewriter(Protocol):
    """Rewrites one answer; the privacy room's restorer is one.

    A new event is its name (empty for an event without) and its data, one line.
    """

    def event(self, data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes] | None:
        """What is sent in place of an event: new events, then the event with this data. None: as it is."""

    def close(self) -> list[tuple[bytes, bytes]]:
        """The new events that end the answer, with all that is still held back."""

    def document(self, body: bytes) -> bytes:
        """A whole JSON document, rewritten."""


class Rewrite(Reading):
    """The stream callable for one answer that is rewritten.

    What it gives is not compressed and of another length: the caller takes `content-encoding` and
    `content-length` off the answer. `unrestored` is a short reason when not all of the answer went
    through the rewriter.

    Raises:
        UnreadableError: the encoding is unknown. The caller must not let the answer pass.
    """

    def __init__(
        self,
        reader: Reader | None,
        rewriter: Rewriter,
        content_type: str,
        content_encoding: str,
        *,
        keep: bool = True,
    ) -> None:
        super().__init__(reader, keep=keep)
        self.unrestored: str | None = None
        self._rewriter: Rewriter | None = rewriter
        self._decode = decoder(content_encoding)
        self._undecodable = False
        self._events = is_event_stream(content_type)
        self._framer: Framer | None = Framer() if self._events else None
        self._whole: bytearray | None = bytearray() if is_json(content_type) else None
        self._like = b"\n"
        self._unread_events: list[Event] = []
        self._unread_body: bytes | None = None
        self._behind = 0

    def __call__(self, data: bytes) -> list[bytes]:
        """One piece of the body, `b""` at its end; returns what the client is given for it."""
        if data:
            if self.started is None:
                self.started = monotonic()
            self.size += len(data)
        if self._undecodable:
            return []
        try:
            decoded = self._decode(data) if data else b""
        except Exception as e:
            # Nobody can read what follows, and the header that would say so has gone.
            self._undecodable = True
            out = self._ended()
            self._lost(e)
            self._fail(e)
            return [out] if out else []
        if len(self._copy) < self._copy_limit:
            self._copy += decoded[: self._copy_limit - len(self._copy)]
        if self._framer is not None:
            out = self._framed(self._framer, decoded)
        elif self._whole is not None:
            out = self._gathered(self._whole, decoded)
        else:
            out = decoded
        if not data:
            out += self._ended()
        return [out] if out else []

    def _framed(self, framer: Framer, data: bytes) -> bytes:
        try:
            frames = framer.frames(data)
        except OverflowError as e:
            self._framer = None
            self._lost(e)
            return self._given_up(e) + framer.rest + data
        return b"".join([self._rewritten(frame) for frame in frames])

    def _rewritten(self, frame: bytes) -> bytes:
        event = event_in(frame)
        if event is None:
            return frame
        if event.name not in UNREAD:
            self._note(event)
        if self._rewriter is None:
            return frame
        try:
            change = self._rewriter.event(event.data)
        except Exception as e:
            return self._given_up(e) + frame
        if change is None:
            return frame
        self._like = frame
        before, data = change
        frame = frame if data == event.data else with_data(frame, event, data)
        return self._new(before) + frame if before else frame

    def _note(self, event: Event) -> None:
        if self._reader is not None and self.broken is None:
            self._unread_events.append(event)
            self._behind += len(event.data)
            if self._behind >= BEHIND_LIMIT:
                self.catch_up()

    def _read(self, reader: Reader, ended: bool) -> None:
        events, self._unread_events, self._behind = self._unread_events, [], 0
        for event in events:
            reader.event(event.name, event.data)
        body = self._whole if ended and self._whole else self._unread_body
        if body:
            self._unread_body = self._whole = None
            reader.message(bytes(body))

    def _lost(self, error: Exception) -> None:
        """The reader is given what came before, and gives up."""
        self.catch_up()
        self._unreadable(error)

    def _gathered(self, whole: bytearray, data: bytes) -> bytes:
        whole += data
        if len(whole) <= WHOLE_LIMIT:
            return b""
        error = OverflowError()
        self._lost(error)
        self._fail(error)
        self._whole = None
        return bytes(whole)

    def _ended(self) -> bytes:
        """What is left to be given when nothing more comes."""
        out = b""
        if self._whole:
            body = bytes(self._whole)
            self._whole = None
            self._unread_body = body
            out = self._document(body)
        if self._events:
            out += self._new(self._held())
        if self._framer is not None:
            # An event that has not ended: no client takes it for one, but it came.
            out += self._framer.rest
            self._framer = None
        return out

    def _document(self, body: bytes) -> bytes:
        if self._rewriter is None:
            return body
        try:
            return self._rewriter.document(body)
        except Exception as e:
            self._fail(e)
            return body

    def _given_up(self, error: Exception) -> bytes:
        """What the rewriter still holds back, once it is not asked any more."""
        held = self._new(self._held())
        self._fail(error)
        return held

    def _held(self) -> list[tuple[bytes, bytes]]:
        if self._rewriter is None:
            return []
        try:
            return self._rewriter.close()
        except Exception as e:
            # Lost: a part of a placeholder, which says nothing.
            self._fail(e)
            return []

    def _new(self, events: list[tuple[bytes, bytes]]) -> bytes:
        line_end = line_end_of(self._like)
        return b"".join([new_frame(name, data, line_end) for name, data in events])

    def _fail(self, error: Exception) -> None:
        self._rewriter = None
        self.unrestored = f"not restored ({type(error).__name__})"
