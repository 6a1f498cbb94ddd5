"""Server-sent events, framed from pieces that were cut anywhere.

Format: WHATWG HTML, section 9.2, "Server-sent events". Lines end in LF, CR LF or CR; a blank line ends an
event; `event:` names it and `data:` lines carry it; comment lines begin with a colon.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event. `name` is empty when the stream gave none; `data` is its lines joined by LF."""

    name: bytes
    data: bytes


class Framer:
    """Cuts a stream of bytes into events, whatever the pieces that it comes in.

    The work is linear in the length of the stream, also for one long event in many small pieces. A
    stream that never ends an event makes the framer hold `limit` bytes at the most; then it raises
    `OverflowError`. Events of the names in `unread` may be left out, which saves most of the work.
    """

    def __init__(self, limit: int = 16 * 1024 * 1024, unread: Iterable[bytes] = ()) -> None:
        self._limit = limit
        self._unread = tuple(b"event: " + name + b"\n" for name in unread)
        self._buffer = bytearray()
        self._searched = 0
        self._after_cr = False
        self._started = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete, in order."""
        if self._after_cr or b"\r" in data:
            data = self._normalised(data)
        self._buffer += data
        if not self._started:
            head = bytes(self._buffer[: len(_BOM)])
            if len(head) < len(_BOM) and _BOM.startswith(head):
                return []
            if head == _BOM:
                del self._buffer[: len(_BOM)]
            self._started = True
        events = []
        begin = 0
        while (end := self._buffer.find(b"\n\n", max(begin, self._searched))) >= 0:
            if not self._buffer.startswith(self._unread, begin):
                event = _parse(bytes(self._buffer[begin:end]))
                if event is not None:
                    events.append(event)
            begin = end + 2
            self._searched = 0
        if begin:
            del self._buffer[:begin]
        self._searched = max(0, len(self._buffer) - 1)
        if len(self._buffer) > self._limit:
            raise OverflowError(f"an event of more than {self._limit} bytes")
        return events

    def _normalised(self, data: bytes) -> bytes:
        """The bytes with LF alone as line end. A CR ends its line at once, and takes an LF after it along."""
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        self._after_cr = self._after_cr or data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _parse(block: bytes) -> Event | None:
    """The event in the lines of a block, or None where it has no data."""
    if block.startswith(b"event: ") and block.count(b"\n") == 1:
        # How the provider writes them all.
        first, _, second = block.partition(b"\n")
        if second.startswith(b"data: "):
            return Event(first[7:], second[6:])
    name = b""
    data = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return Event(name, b"\n".join(data)) if data else None
