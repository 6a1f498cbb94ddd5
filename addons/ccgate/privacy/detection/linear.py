"""Patterns that take linear time whatever the text: RE2 on bytes of any encoding."""

from __future__ import annotations

from collections.abc import Callable

import re2

_MEMORY = 8 << 20
"""Bytes that a pattern may use for the states it meets, so that no text makes hundreds of patterns grow.

With less, a hostile text makes it forget them again and again, and take ten times as long."""


def compile_bytes(pattern: str, *, captures: bool = True) -> re2._Regexp:
    """A pattern for bytes; what in it is not ASCII matches as UTF-8.

    Raises:
        re2.error: it is not in RE2's syntax.
    """
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = not captures
    options.max_mem = _MEMORY
    return re2._Regexp(pattern.encode(), options)


def matcher(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether a pattern matches somewhere in a text.

    Raises:
        re2.error: the pattern is not in RE2's syntax.
    """
    # Straight to the binding: for texts of some dozen characters `search` costs more than the match.
    match = compile_bytes(pattern, captures=False)._regexp.Match
    unanchored = re2._Anchor.UNANCHORED

    def matches(text: str) -> bool:
        data = text.encode("utf-8", "replace")
        return bool(match(unanchored, data, 0, len(data))[0][0] >= 0)

    return matches
