"""Headers as mitmproxy has them, pairs of bytes, looked through once.

A request has some thirty headers of which a handful matter; looking up each of those by name would go
through all of them every time.
"""

from __future__ import annotations

from collections.abc import Collection

Fields = tuple[tuple[bytes, bytes], ...]

HOP = (b"proxy-authorization", b"proxy-connection")
"""Headers between a client and its proxy, which never leave."""


class Wanted:
    """Some headers by their lower-case names."""

    def __init__(self, *names: bytes) -> None:
        self.names = frozenset(names)
        # Most headers are none of them, and their lengths tell.
        self._lengths = frozenset(map(len, names))

    def among(self, fields: Fields) -> dict[str, str]:
        """Their values by lower-case name; repeated ones are joined, as RFC 9110, 5.2, has it."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in fields:
            if len(raw_name) in self._lengths and (name := raw_name.lower()) in self.names:
                key, value = name.decode(), raw_value.decode("latin-1")
                headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return headers


DECIDING = Wanted(
    b"content-encoding",
    b"upgrade",
    b"x-claude-code-session-id",
    b"x-claude-code-agent-id",
    b"x-claude-code-parent-agent-id",
)
"""Headers of a request that a decision or a ledger entry is made of."""

ANSWERING = Wanted(b"content-type", b"content-encoding", b"alt-svc", b"request-id")
"""Headers of an answer that are looked at."""


def without(fields: Fields, names: Collection[bytes]) -> Fields:
    """The same fields but those of these lower-case names."""
    lengths = set(map(len, names))
    return tuple([f for f in fields if len(f[0]) not in lengths or f[0].lower() not in names])
