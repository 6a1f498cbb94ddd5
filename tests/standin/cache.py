"""Simulates prompt caching: a prefix that was written at a breakpoint is read by the next request.

The rules are the real ones: tools, system, messages, in this order; only a `cache_control` block
writes; a read looks back 20 blocks from a breakpoint; nothing below the minimum size is cached; five
minutes or an hour, renewed by each read; each credential and each model has its own entries.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.standin.canonical import pieces
from tests.standin.canonical import text_of
from tests.standin.problems import Invalid

LIFETIMES = {"5m": 300.0, "1h": 3600.0}
LOOKBACK = 20
MAX_BREAKPOINTS = 4
MINIMUM_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Counted:
    """Input tokens by class: neither read nor written, read, written for 5 minutes, written for an hour.

    `blocks_read` says the same of what was read in blocks, of which texts of other lengths have as many.
    """

    fresh: int
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0
    blocks_read: int = 0

    @property
    def total(self) -> int:
        """All that the model read."""
        return self.fresh + self.read + self.written_5m + self.written_1h


@dataclass(frozen=True, slots=True)
class _Prefix:
    """The prompt up to and with one block."""

    key: bytes
    tokens: int
    ttl: str | None


class PromptCache:
    """Entries of all credentials; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._expiry: dict[bytes, tuple[float, str]] = {}

    def count(self, body: Mapping[str, Any], credential: str) -> Counted:
        """Count a request's input, and read and write the cache as the real service would.

        Raises:
            Invalid: too many breakpoints, or an hour's after a five minutes' one.
        """
        prefixes = _prefixes(body, credential)
        total = prefixes[-1].tokens if prefixes else 0
        marks = [index for index, prefix in enumerate(prefixes) if prefix.ttl]
        _check_marks([prefixes[index].ttl or "" for index in marks])
        marks = [index for index in marks if prefixes[index].tokens >= MINIMUM_TOKENS]
        if not marks:
            return Counted(fresh=total)
        blocks_read = self._longest_known(prefixes, marks)
        read = prefixes[blocks_read - 1].tokens if blocks_read else 0
        written = {"5m": 0, "1h": 0}
        reached = read
        for index in marks:
            prefix = prefixes[index]
            if prefix.tokens > reached:
                written[prefix.ttl or "5m"] += prefix.tokens - reached
                reached = prefix.tokens
            self._remember(prefix)
        return Counted(total - reached, read, written["5m"], written["1h"], blocks_read)

    def _longest_known(self, prefixes: list[_Prefix], marks: list[int]) -> int:
        """Of how many blocks the longest prefix is that can be read."""
        for mark in reversed(marks):
            for index in range(mark, max(mark - LOOKBACK, -1), -1):
                expiry, ttl = self._expiry.get(prefixes[index].key, (0.0, "5m"))
                if expiry > self._clock():
                    self._expiry[prefixes[index].key] = (self._clock() + LIFETIMES[ttl], ttl)
                    return index + 1
        return 0

    def _remember(self, prefix: _Prefix) -> None:
        ttl = prefix.ttl or "5m"
        self._expiry[prefix.key] = (self._clock() + LIFETIMES[ttl], ttl)


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """All tokens of a request's input; the cache plays no part."""
    return sum(-(-len(text_of(block)) // 4) for _, block in pieces(body))


def _prefixes(body: Mapping[str, Any], credential: str) -> list[_Prefix]:
    digest = hashlib.sha256(f"{credential}\0{body['model']}".encode())
    count = 0
    found = []
    for place, block in pieces(body):
        text = text_of(block)
        count += -(-len(text) // 4)
        digest.update(f"\0{place}\0{text}".encode("utf-8", "surrogatepass"))
        control = block.get("cache_control")
        ttl = control.get("ttl", "5m") if control else None
        if ttl is not None and ttl not in LIFETIMES:
            raise Invalid(f"cache_control.ephemeral.ttl: Input should be '5m' or '1h', not {ttl!r}")
        found.append(_Prefix(digest.copy().digest(), count, ttl))
    return found


def _check_marks(ttls: list[str]) -> None:
    if len(ttls) > MAX_BREAKPOINTS:
        raise Invalid(
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {len(ttls)}."
        )
    if "1h" in ttls and "5m" in ttls and ttls.index("5m") < len(ttls) - 1 - ttls[::-1].index("1h"):
        raise Invalid("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.")
