"""The callable that mitmproxy hands every piece of a streamed answer to.

The pieces pass as they come, at once and unchanged; a reader looks at the decoded bytes a little later. The
callable keeps two of mitmproxy's rules: it never raises (the client would hang), and it returns `[]` and
never `b""` when it has nothing to give (an empty chunk would end the body).
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Protocol

from ccgate.streaming.encoding import decoder
from ccgate.streaming.sse import Framer

_COPY_LIMIT = 1024 * 1024
"""Bytes of a streamed answer that are kept to be looked at in mitmweb."""

_BEHIND_LIMIT = 64 * 1024
"""Bytes that the reader may be behind."""

_WHOLE_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer that is no event stream which are kept to be read as one document."""


UNREAD = (b"content_block_delta", b"content_block_stop", b"ping")
"""Events that carry the answer itself or nothing, and say nothing about it."""


class Reader(Protocol):
    """Reads an answer for what it says of itself; an accounting room's meter is one."""

    def event(self, name: bytes, data: bytes) -> None:
        """One server-sent event; those in `UNREAD` do not come."""

    def message(self, body: bytes) -> None:
        """A whole JSON document."""


class Tap:
    """The stream callable for one answer.

    `started` is when the first byte of the body came (seconds, monotonic), `size` the number of bytes
    that passed, `broken` a short reason when the reader could not follow.
    """

    def __init__(
        self, reader: Reader | None, content_type: str, content_encoding: str, *, keep: bool = True
    ) -> None:
        self.started: float | None = None
        self.size = 0
        self.broken: str | None = None
        self._reader = reader
        self._copy_limit = _COPY_LIMIT if keep else 0
        self._events = content_type.partition(";")[0].strip().lower() == "text/event-stream"
        self._content_encoding = content_encoding
        self._decode: Callable[[bytes], bytes] | None = None
        self._framer = Framer(unread=UNREAD)
        self._pieces: list[bytes] = []
        self._behind = 0
        self._whole = bytearray()
        self._copy = bytearray()

    @property
    def copy(self) -> bytes:
        """The beginning of the answer as it passed, at most 1 MiB, if it was to be kept."""
        return bytes(self._copy)

    def __call__(self, data: bytes) -> list[bytes]:
        """One piece of the body; `b""` at its end."""
        if not data:
            return []
        if self.started is None:
            self.started = monotonic()
        self.size += len(data)
        if len(self._copy) < self._copy_limit:
            self._copy += data[: self._copy_limit - len(self._copy)]
        if self._reader is not None and self.broken is None:
            self._pieces.append(data)
            self._behind += len(data)
            if self._behind >= _BEHIND_LIMIT:
                self.catch_up()
        return [data]

    def catch_up(self, *, ended: bool = False) -> str | None:
        """Have the reader read what has come since the last time; returns why it could not, if so.

        Reading is put off, so that it does not stand between the pieces and the client. With `ended`,
        nothing more will come.
        """
        if self._reader is not None and self.broken is None:
            try:
                self._read(self._reader, b"".join(self._pieces), ended)
            except Exception as e:
                # Whatever it is, the client's answer goes on; the entry says that it was not read.
                self.broken = f"unreadable answer ({type(e).__name__})"
                self._whole.clear()
        self._pieces.clear()
        self._behind = 0
        return self.broken

    def _read(self, reader: Reader, data: bytes, ended: bool) -> None:
        if self._decode is None:
            self._decode = decoder(self._content_encoding)
        decoded = self._decode(data) if data else b""
        if self._events:
            for event in self._framer.feed(decoded):
                reader.event(event.name, event.data)
            return
        self._whole += decoded
        if len(self._whole) > _WHOLE_LIMIT:
            raise OverflowError
        if ended and self.size:
            reader.message(bytes(self._whole))
            self._whole.clear()
