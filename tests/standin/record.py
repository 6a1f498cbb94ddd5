"""Remembers every request as it arrived, and what must never arrive."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from typing import Any

TOKEN_PREFIX = b"ccg_"
"""What a gateway's token starts with; none may ever reach the upstream."""


@dataclass(slots=True)
class Recorded:
    """One request. Times are seconds of the monotonic clock.

    `outcome` is `open` until the answer has ended, then `answered`, `aborted` (by script) or
    `client left`. `usage` is what the answer has told of it so far, `problem` why the request was refused;
    `blocks_read` counts the blocks of its prompt that were in the cache.
    """

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    status: int | None = None
    outcome: str = "open"
    usage: dict[str, Any] | None = None
    blocks_read: int = 0
    problem: str | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def close(self, outcome: str) -> None:
        """Note how it ended; the first note counts."""
        if self.ended is None:
            self.ended = time.monotonic()
            self.outcome = outcome

    def as_json(self) -> dict[str, Any]:
        """All of it in JSON's types; a body that is no UTF-8 is shown with replacement characters."""
        return asdict(self) | {"body": self.body.decode("utf-8", "replace")}


@dataclass
class Record:
    """What arrived since the start, or since the last `clear`."""

    requests: list[Recorded] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def add(self, request: Recorded) -> list[str]:
        """Keep a request; the answer says what in it must never have arrived."""
        found = violations_of(request.path, request.headers, request.body)
        self.requests.append(request)
        self.violations.extend(found)
        return found

    def clear(self) -> None:
        """Forget everything."""
        self.requests.clear()
        self.violations.clear()


def violations_of(path: str, headers: Sequence[tuple[str, str]], body: bytes) -> list[str]:
    """Where a gateway's token, or a header that is meant for a proxy alone, shows in a request."""
    found = []
    if TOKEN_PREFIX in path.encode():
        found.append(f"a gateway token in the path of {path.partition('?')[0]}")
    for name, value in headers:
        if name.lower().startswith("proxy-"):
            found.append(f"the header {name} reached the upstream on {path}")
        if TOKEN_PREFIX in value.encode() or TOKEN_PREFIX in _basic(value):
            found.append(f"a gateway token in the header {name} on {path}")
    if TOKEN_PREFIX in body:
        found.append(f"a gateway token in the body on {path}")
    return found


def _basic(value: str) -> bytes:
    """What a `Basic` header holds, decoded."""
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded)
    except binascii.Error:
        return b""
