"""What is noted of an answer while it passes: when it began, how much came, how it looked, what it says.

Both stream callables are readings: the tap passes the bytes as they come, the rewrite changes them. What an
answer says is read a little later than it passes, so that reading does not stand between it and the client.
"""

from __future__ import annotations

from typing import Protocol

COPY_LIMIT = 1024 * 1024
"""Bytes of a streamed answer that are kept to be looked at in mitmweb."""

BEHIND_LIMIT = 64 * 1024
"""Bytes that the reader may be behind."""

WHOLE_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer that is no event stream which are kept to be read as one document."""

UNREAD = (b"content_block_delta", b"content_block_stop", b"ping")
"""Events that carry the answer itself or nothing, and say nothing about it."""


class Reader(Protocol):
    """Reads an answer for what it says of itself; an accounting room's meter is one."""

    def event(self, name: bytes, data: bytes) -> None:
        """One server-sent event; those in `UNREAD` do not come."""

    def message(self, body: bytes) -> None:
        """A whole JSON document."""


class Reading:
    """The notes on one answer.

    `started` is when the first byte of the body came (seconds, monotonic), `size` the number of bytes
    that came from upstream, `broken` a short reason when the reader could not follow. `keep` says whether
    there is somebody to look at a copy.
    """

    def __init__(self, reader: Reader | None, *, keep: bool) -> None:
        self.started: float | None = None
        self.size = 0
        self.broken: str | None = None
        self._reader = reader
        self._copy_limit = COPY_LIMIT if keep else 0
        self._copy = bytearray()

    @property
    def copy(self) -> bytes:
        """The beginning of the answer as upstream wrote it, at most 1 MiB, if it was to be kept."""
        return bytes(self._copy)

    def __call__(self, data: bytes) -> list[bytes]:
        """One piece of the body, `b""` at its end; returns what the client is given for it."""
        raise NotImplementedError

    def catch_up(self, *, ended: bool = False) -> str | None:
        """Have the reader read what has come since the last time; returns why it could not, if so.

        With `ended`, nothing more will come.
        """
        if self._reader is not None and self.broken is None:
            try:
                self._read(self._reader, ended)
            except Exception as e:
                self._unreadable(e)
        return self.broken

    def _read(self, reader: Reader, ended: bool) -> None:
        raise NotImplementedError

    def _unreadable(self, error: Exception) -> None:
        """The reader gives up. The client's answer goes on; the entry says that it was not read."""
        self.broken = f"unreadable answer ({type(error).__name__})"


def is_event_stream(content_type: str) -> bool:
    """Whether a content-type is that of server-sent events."""
    return _media_type(content_type) == "text/event-stream"


def is_json(content_type: str) -> bool:
    """Whether a content-type is that of a JSON document."""
    media_type = _media_type(content_type)
    return media_type == "application/json" or media_type.endswith("+json")


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
