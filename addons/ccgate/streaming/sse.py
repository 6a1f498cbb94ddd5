"""Server-sent events, framed from pieces that were cut anywhere.

Format: WHATWG HTML, section 9.2, "Server-sent events". Lines end in LF, CR LF or CR; a blank line ends an
event; `event:` names it and `data:` lines carry it; comment lines begin with a colon.

One framer serves those who only look at events and those who send them on: a frame is the bytes that an
event was written with, and the frames and `rest`, one after the other, are the stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"

_LINE_END = re.compile(rb"\r\n|\n|\r")

# Two line ends. Spelt out, because `re` looks fast only for what begins with a character.
_EVENT_END = re.compile(rb"\n(?:\n|\r\n?)|\r\n(?:\n|\r\n?)|\r\r\n?")

_COLON = 0x3A


class Event(NamedTuple):
    """One event. `name` is empty when the stream gave none; `data` is its lines joined by LF."""

    name: bytes
    data: bytes


class Framer:
    """Cuts a stream of bytes into events, whatever the pieces that it comes in.

    The work is linear in the length of the stream, also for one long event in many small pieces. A
    stream that never ends an event makes the framer hold `limit` bytes and one piece more at the most;
    the next piece raises `OverflowError` and is not taken. `feed` may leave out events of the names in
    `unread`, which saves most of the work.
    """

    def __init__(self, limit: int = 16 * 1024 * 1024, unread: Iterable[bytes] = ()) -> None:
        self._limit = limit
        self._unread = tuple(b"event: " + name + b"\n" for name in unread)
        self._buffer = bytearray()
        self._searched = 0
        self._started = False

    @property
    def rest(self) -> bytes:
        """What has come of an event that has not ended."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete, in order."""
        buffer = self._buffer
        events = []
        begin = 0
        for end in self._ends(data):
            if not buffer.startswith(self._unread, begin):
                event = event_in(bytes(buffer[begin:end]))
                if event is not None:
                    events.append(event)
            begin = end
        del buffer[:begin]
        return events

    def frames(self, data: bytes) -> list[bytes]:
        """The frames that these bytes complete, in order. A comment before an event is one of its own."""
        buffer = self._buffer
        frames = []
        begin = 0
        for end in self._ends(data):
            frames.append(bytes(buffer[begin:end]))
            begin = end
        del buffer[:begin]
        return frames

    def _ends(self, data: bytes) -> list[int]:
        """Take more bytes; where in the buffer its frames end. The caller removes them."""
        buffer = self._buffer
        if len(buffer) > self._limit:
            raise OverflowError(f"an event of more than {self._limit} bytes")
        buffer += data
        ends: list[int] = []
        begin = 0
        if not self._started:
            head = bytes(buffer[: len(_BOM)])
            if len(head) < len(_BOM) and _BOM.startswith(head):
                return ends
            self._started = True
            if head == _BOM:
                begin = len(_BOM)
                ends.append(begin)
        if b"\r" in data:
            begin = self._with_cr(begin, ends)
        else:
            searched = self._searched
            while (end := buffer.find(b"\n\n", max(begin, searched))) >= 0:
                begin = end + 2
                ends.append(begin)
        size = len(buffer)
        # A comment keeps a connection alive, so it does not wait for the event after it.
        while begin < size and buffer[begin] == _COLON:
            line_end = _LINE_END.search(buffer, max(begin, self._searched))
            if line_end is None:
                break
            begin = line_end.end()
            ends.append(begin)
        # Of two line ends the first may have come.
        self._searched = max(0, size - begin - 1)
        return ends

    def _with_cr(self, begin: int, ends: list[int]) -> int:
        while (found := _EVENT_END.search(self._buffer, max(begin, self._searched))) is not None:
            begin = found.end()
            ends.append(begin)
        return begin


def event_in(frame: bytes) -> Event | None:
    """The event in a frame; None where it has no data, as a comment and a blank line."""
    if frame.startswith(b"event: "):
        # How the provider writes them all: two lines and a blank one, ended by LF.
        end = frame.find(b"\n")
        if frame.startswith(b"data: ", end + 1) and b"\r" not in frame:
            last = len(frame) - 2
            if frame.find(b"\n", end + 7) == last:
                return Event(frame[7:end], frame[end + 7 : last])
    name = b""
    data = []
    for line in frame.splitlines():
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return Event(name, b"\n".join(data)) if data else None


def with_data(frame: bytes, event: Event, data: bytes) -> bytes:
    """The frame of an event with other data in it; its other lines, and its line ends, stay as they are."""
    if frame.endswith(b"data: " + event.data + b"\n\n") and b"\n" not in data:
        return frame[: -len(event.data) - 2] + data + b"\n\n"
    lines = []
    written = False
    for line in frame.splitlines(keepends=True):
        content = line.rstrip(b"\r\n")
        if content.partition(b":")[0] != b"data":
            lines.append(line)
        elif not written:
            written = True
            end = line[len(content) :]
            lines += [b"data: " + part + end for part in data.split(b"\n")]
    return b"".join(lines)


def new_frame(name: bytes, data: bytes, line_end: bytes) -> bytes:
    """The frame of an event; `data` is of one line, and without a name there is no `event:` line."""
    head = b"event: " + name + line_end if name else b""
    return head + b"data: " + data + line_end + line_end


def line_end_of(frame: bytes) -> bytes:
    """The line end that a frame is written with."""
    # A frame may begin with the LF of the CR LF before it, where the two came in different pieces.
    found = _LINE_END.search(frame.lstrip(b"\r\n"))
    return found[0] if found else b"\n"
