"""What vectorscan looks for in a rule's place: less than the pattern, so that it compiles and scans faster.

A gate matches wherever the pattern does, in a text alone and in the same text among others with a line break
between them. Where it matches and the pattern does not, RE2 looks for nothing: that costs time alone.
"""

from __future__ import annotations

import re

import hyperscan

from ccgate.privacy.detection.widths import TOKEN
from ccgate.privacy.detection.widths import width

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
_BOUNDARY = re.compile(r"(?:\\b|\(\?:\[(?:\\.|[^\]\\])*\]\|\$\))$")


def gate(pattern: str) -> str:
    """The gate of a pattern in RE2's syntax."""
    short = pattern.removesuffix(_END)
    for gap in (_GAP, f"{_GAP})"):
        short = short.replace(gap + _ASSIGNS, gap.replace(_GAP, _NEAR) + _ASSIGNED)
    short = _ESCAPE.sub(lambda found: _LINES.get(found[0], found[0]), short)
    if width(short) is None:
        short = _BOUNDARY.sub("", short)
    return _fewest(short.encode()).decode()


def _fewest(pattern: bytes) -> bytes:
    """Of what may repeat at the end, the fewest: otherwise each further character is a match of its own."""
    tokens = list(TOKEN.finditer(pattern))
    texts = [token[0] for token in tokens]
    groups: list[bool] = []
    """For each group that is open, looking from the end, whether nothing follows it."""
    last = True
    """Whether nothing follows."""
    for place in range(len(tokens) - 1, -1, -1):
        token = tokens[place]
        match token.lastgroup if texts[place] else "flags":
            case "close":
                groups.append(last)
            case "bar":
                last = groups[-1] if groups else True
            case "open":
                groups.pop()
                last = False
            case "repeat" if last:
                begin = _operand(tokens, place)
                least = _least(token)
                if not least:
                    texts[begin : place + 1] = [b""] * (place + 1 - begin)
                else:
                    texts[place] = b"" if least == 1 else b"{%d}" % least
                    last = least == 1
            case "flags":
                pass
            case _:
                last = False
    return b"".join(texts)


def _least(repeat: re.Match[bytes]) -> int:
    if repeat["least"] is not None:
        return int(repeat["least"])
    return int(repeat[0][:1] == b"+")


def _operand(tokens: list[re.Match[bytes]], repeat: int) -> int:
    """Where that begins which a repetition repeats: a character, a class or a group."""
    depth = 0
    for place in range(repeat - 1, -1, -1):
        depth += (tokens[place].lastgroup == "close") - (tokens[place].lastgroup == "open")
        if not depth:
            return place
    raise ValueError("nothing to repeat")
