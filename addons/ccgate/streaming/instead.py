"""The stream callable that gives something else in an answer's place."""

from __future__ import annotations

from time import monotonic


class Instead:
    """Gives one body, whatever comes from upstream, which is counted and forgotten."""

    def __init__(self, body: bytes) -> None:
        self.started: float | None = None
        self.size = 0
        self.copy = body
        self._left: list[bytes] = [body]

    def __call__(self, data: bytes) -> list[bytes]:
        """One piece of the answer; `b""` at its end."""
        if data and self.started is None:
            self.started = monotonic()
        self.size += len(data)
        given, self._left = self._left, []
        return given

    def catch_up(self, *, ended: bool) -> str | None:
        """Why a reader of the answer learns nothing of it."""
        return "unreadable answer"
