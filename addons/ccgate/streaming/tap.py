"""The callable that mitmproxy hands every piece of a streamed answer to, when nothing has to be put back.

The pieces pass as they come, at once and unchanged; a reader looks at the decoded bytes a little later. The
callable keeps two of mitmproxy's rules: it never raises (the client would hang), and it returns `[]` and
never `b""` when it has nothing to give (an empty chunk would end the body).
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from ccgate.streaming.encoding import decoder
from ccgate.streaming.reading import BEHIND_LIMIT
from ccgate.streaming.reading import UNREAD
from ccgate.streaming.reading import WHOLE_LIMIT
from ccgate.streaming.reading import Reader
from ccgate.streaming.reading import Reading
from ccgate.streaming.reading import is_event_stream
from ccgate.streaming.sse import Framer


class Tap(Reading):
    """The stream callable for one answer that passes unchanged."""

    def __init__(
        self, reader: Reader | None, content_type: str, content_encoding: str, *, keep: bool = True
    ) -> None:
        super().__init__(reader, keep=keep)
        self._events = is_event_stream(content_type)
        self._content_encoding = content_encoding
        self._decode: Callable[[bytes], bytes] | None = None
        self._framer = Framer(unread=UNREAD)
        self._pieces: list[bytes] = []
        self._behind = 0
        self._whole = bytearray()

    def __call__(self, data: bytes) -> list[bytes]:
        """One piece of the body, `b""` at its end; it passes as it is."""
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
            if self._behind >= BEHIND_LIMIT:
                self.catch_up()
        return [data]

    def _read(self, reader: Reader, ended: bool) -> None:
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._behind = 0
        if self._decode is None:
            self._decode = decoder(self._content_encoding)
        decoded = self._decode(data) if data else b""
        if self._events:
            for event in self._framer.feed(decoded):
                reader.event(event.name, event.data)
            return
        self._whole += decoded
        if len(self._whole) > WHOLE_LIMIT:
            raise OverflowError
        if ended and self.size:
            reader.message(bytes(self._whole))
            self._whole.clear()

    def _unreadable(self, error: Exception) -> None:
        super()._unreadable(error)
        self._whole.clear()
