"""How long a match of a pattern can be, so that it is looked for near the place where it was noticed.

Reads RE2's syntax as far as it decides on length. What it does not know counts as one byte, as all single
characters, classes and escapes do, or as more.
"""

from __future__ import annotations

import re

TOKEN = re.compile(
    rb"(?P<class>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])"
    rb"|(?P<open>\((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?(?!\?))"
    rb"|(?P<flags>\(\?[a-zA-Z-]+\))"
    rb"|(?P<close>\))"
    rb"|(?P<bar>\|)"
    rb"|(?P<repeat>(?:[*+?]|\{(?P<least>[0-9]+)(?P<comma>,)?(?P<most>[0-9]*)\})\??)"
    rb"|(?P<nothing>[$^]|\\[bBAz])"
    rb"|(?P<one>\\x[0-9A-Fa-f]{2}|\\.|.)",
    re.DOTALL,
)
"""One part of a pattern; the name of the group that matched says what it is."""


def width(pattern: str) -> int | None:
    """The most bytes that a match of a pattern for bytes can have; None where there is no limit.

    Raises:
        IndexError: the pattern has a bracket too many.
    """
    alternatives: list[list[float]] = [[0.0]]
    """For each open group the widths of its alternatives so far."""
    last = 0.0
    for token in TOKEN.finditer(pattern.encode()):
        match token.lastgroup:
            case "open":
                alternatives.append([0.0])
                last = 0.0
            case "bar":
                alternatives[-1].append(0.0)
                last = 0.0
            case "close":
                last = max(alternatives.pop())
                alternatives[-1][-1] += last
            case "repeat":
                if last and (most := _most(token)) > 1:
                    alternatives[-1][-1] += last * (most - 1)
            case "class" | "one":
                last = 1.0
                alternatives[-1][-1] += last
            case _:
                last = 0.0
    (whole,) = alternatives
    return None if max(whole) == float("inf") else int(max(whole))


def _most(token: re.Match[bytes]) -> float:
    """How often at most a repeated part stands, once at least: that which may be missing counts."""
    if token["repeat"][:1] == b"?":
        return 1
    if token["least"] is None or (token["comma"] and not token["most"]):
        return float("inf")
    return max(1, int(token["most"] or token["least"]))
