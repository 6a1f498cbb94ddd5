"""Headers as mitmproxy has them, pairs of bytes, looked through once.

A request has some thirty headers of which a handful matter; looking up each of those by name would go
through all of them every time.
"""

from __future__ import annotations

from collections.abc import Collection

Fields = tuple[tuple[bytes, bytes], ...]

HOP = (b"proxy-authorization", b"proxy-connection")
"""Headers between a client and its proxy, which never leave."""

DECIDING = frozenset(
    {
        b"content-encoding",
        b"upgrade",
        b"x-claude-code-session-id",
        b"x-claude-code-agent-id",
        b"x-claude-code-parent-agent-id",
    }
)
"""Headers that a decision or a ledger entry is made of."""

_LENGTHS = frozenset(map(len, DECIDING))


def deciding(fields: Fields) -> dict[str, str]:
    """The headers that decide, by lower-case name; repeated values are joined, as RFC 9110, 5.2, has it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        # Most headers are none of them, and their lengths tell.
        if len(raw_name) in _LENGTHS and (name := raw_name.lower()) in DECIDING:
            key, value = name.decode(), raw_value.decode("latin-1")
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def without(fields: Fields, names: Collection[bytes]) -> Fields:
    """The same fields but those of these lower-case names."""
    return tuple(field for field in fields if field[0].lower() not in names)
