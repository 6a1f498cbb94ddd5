"""What stands around a value that a pattern found, for the check that has the last word."""

from __future__ import annotations

from ccgate.privacy.detection.checks import Context
from ccgate.privacy.detection.nearby import Spans
from ccgate.privacy.detection.patterns import Pattern

NOTHING = Context()
"""What a check gets that needs the value alone."""

_LONGEST_NAME = 40
_LONGEST_LINE = 120
_CUT = b"\0"
"""Stands for the beginning of a longer line, which is no beginning of an assignment."""
_NAME = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"


def context(pattern: Pattern, spans: Spans, data: bytes) -> Context:
    """The context of a match in data."""
    names = pattern.names
    if "n" in names:
        start, end = spans[names["n"]]
        before = data[max(0, start - _LONGEST_NAME) : start]
        name = before[len(before.rstrip(_NAME)) :] + data[start:end]
        line = _line_before(data, start)
        return Context(
            name.decode("latin-1"),
            _group(names, "q", spans, data),
            data[end : pattern.value(spans)[0]].decode("latin-1"),
            line.decode("utf-8", "replace"),
        )
    if pattern.rule.check == "storage_key":
        start = pattern.value(spans)[0]
        return Context(before=data[max(0, start - 24) : start].decode("latin-1"))
    return NOTHING


def _line_before(data: bytes, start: int) -> bytes:
    earliest = max(0, start - _LONGEST_LINE)
    begin = data.rfind(b"\n", earliest, start) + 1
    if begin or not earliest:
        return data[begin:start]
    return _CUT + data[earliest:start]


def _group(names: dict[str, int], name: str, spans: Spans, data: bytes) -> str:
    if name not in names:
        return ""
    start, end = spans[names[name]]
    return data[start:end].decode("latin-1") if start >= 0 else ""
