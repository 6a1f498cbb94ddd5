"""What vectorscan looks for in a rule's place: less than the pattern, so that it compiles and scans faster.

A gate matches wherever the pattern does, in a text alone and in the same text among others with a line break
between them. Where it matches and the pattern does not, RE2 looks for nothing: that costs time alone.
"""

from __future__ import annotations

import re

import hyperscan

FLAGS = hyperscan.HS_FLAG_MULTILINE
"""`^` and `$` match at line breaks too, as the texts' beginnings and ends are among others."""

_END = r"""(?:\\?['"\x60]|[\s;]|\\[nr]|$)"""
"""What three quarters of the catalogue's patterns end with."""

_GAP = r"""(?:[ \t\w.-]{0,20})[\s'"]{0,3}"""
_ASSIGNS = r"""(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}"""
"""What stands between a provider's name and its key in half of them."""

_NEAR = r"""[ \t\w.\s'"-]{0,23}"""
_ASSIGNED = r"""[=>:|?,]{1,4}[\x60'"\s=]{0,5}"""

_LINES = {r"\z": "$", r"\A": "^"}
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_LAST_REPEAT = re.compile(r"(?<!\\)\{([1-9]\d*),\d*\}(\)*)$")


def gate(pattern: str) -> str:
    """The gate of a pattern in RE2's syntax."""
    short = pattern.removesuffix(_END)
    for gap in (_GAP, f"{_GAP})"):
        short = short.replace(gap + _ASSIGNS, gap.replace(_GAP, _NEAR) + _ASSIGNED)
    short = _ESCAPE.sub(lambda found: _LINES.get(found[0], found[0]), short)
    # Of what may repeat at the end, the fewest: otherwise each further character is a match of its own.
    return _LAST_REPEAT.sub(r"{\1}\2", short)
