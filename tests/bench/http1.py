"""Reads HTTP/1.1 as it arrives: just what the bench's own client and server need, and fast.

A general library would cost more per request than the difference that is to be measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class BadMessageError(Exception):
    """What arrived is not the HTTP that was expected; the message says in which way."""


class Received(NamedTuple):
    """A request: its head in lower case, and its body, if that was wanted."""

    head: bytes
    body: bytes


class RequestReader:
    """Splits what a client sends into requests, one after the other.

    `wanted` says by a head whether the body is wanted; keeping one takes time.
    """

    def __init__(self, wanted: Callable[[bytes], bool] = lambda head: False) -> None:
        self._wanted = wanted
        self._head = b""
        self._body_left: int | None = None
        self._last_byte = b""
        self._kept: list[bytes] | None = None

    def feed(self, data: bytes) -> list[Received]:
        """The requests that are complete by now.

        Raises:
            BadMessageError: a request has no Content-Length, or its body is not a JSON object.
        """
        complete = []
        while data:
            if self._body_left is None:
                data = self._feed_head(data)
                if self._body_left is None:
                    break
            else:
                taken = data[: self._body_left]
                data = data[self._body_left :]
                self._body_left -= len(taken)
                self._last_byte = taken[-1:]
                if self._kept is not None:
                    self._kept.append(taken)
            if self._body_left == 0:
                if self._last_byte != b"}":
                    raise BadMessageError("a body is not a JSON object")
                complete.append(Received(self._head, b"".join(self._kept or ())))
                self._head, self._body_left = b"", None
        return complete

    def _feed_head(self, data: bytes) -> bytes:
        """Read a head; returns what comes behind it."""
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return b""
        rest = self._head[end + 4 :]
        self._head = self._head[:end].lower()
        length = header(self._head, b"content-length")
        if not length.isdigit():
            raise BadMessageError("a request has no Content-Length")
        self._body_left = int(length)
        self._last_byte = b""
        self._kept = [] if self._wanted(self._head) else None
        return rest


def header(head: bytes, name: bytes) -> bytes:
    """A header's value from a head in lower case; empty when it is not there."""
    _, _, after = head.partition(b"\r\n" + name + b":")
    return after.partition(b"\r\n")[0].strip()


class AnswerReader:
    """Takes the body out of one answer, whichever way it is framed."""

    def __init__(self) -> None:
        self.status = 0
        """0 until the head is there."""
        self.ended = False
        self.length = 0
        """Bytes of the body so far."""
        self._buffer = b""
        self._chunked = False
        self._left = 0
        self._in_chunk = False

    def feed(self, data: bytes) -> bytes:
        """What is new of the body.

        Raises:
            BadMessageError: the framing is wrong, or something comes behind the end.
        """
        self._buffer += data
        if not self.status and not self._read_head():
            return b""
        pieces: list[bytes] = []
        while not self.ended and (self._take(pieces) if self._left else self._next_chunk()):
            pass
        if self.ended and self._buffer:
            raise BadMessageError(f"{len(self._buffer)} bytes come behind the end of an answer")
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self.length += len(body)
        return body

    def _read_head(self) -> bool:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        self._buffer = rest
        try:
            self.status = int(head.split(b" ", 2)[1])
        except (IndexError, ValueError):
            raise BadMessageError(f"no status line: {head[:80]!r}") from None
        head = head.lower()
        self._chunked = header(head, b"transfer-encoding") == b"chunked"
        length = header(head, b"content-length")
        if not self._chunked:
            if not length.isdigit():
                raise BadMessageError(f"an answer with status {self.status} does not say how long it is")
            self._left = int(length)
            self.ended = self._left == 0
        return True

    def _take(self, pieces: list[bytes]) -> bool:
        """Move what there is of the current chunk; says whether to go on."""
        piece = self._buffer[: self._left]
        if not piece:
            return False
        pieces.append(piece)
        self._buffer = self._buffer[len(piece) :]
        self._left -= len(piece)
        if not self._left and not self._chunked:
            self.ended = True
        return True

    def _next_chunk(self) -> bool:
        """Read on to the next chunk's data; says whether to go on."""
        if self._in_chunk:
            if len(self._buffer) < 2:
                return False
            if self._buffer[:2] != b"\r\n":
                raise BadMessageError("a chunk is longer than it says")
            self._buffer = self._buffer[2:]
            self._in_chunk = False
        line, found, rest = self._buffer.partition(b"\r\n")
        if not found:
            return False
        try:
            size = int(line, 16)
        except ValueError:
            raise BadMessageError(f"no chunk size: {line[:20]!r}") from None
        if size:
            self._buffer, self._left, self._in_chunk = rest, size, True
            return True
        if len(rest) < 2:
            return False
        self._buffer, self.ended = rest[2:], True
        return False
