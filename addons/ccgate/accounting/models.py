"""Reads the names that Anthropic's own API has for its models.

Prices go by model, and a wrong guess is a wrong bill. So a name is taken apart by a strict grammar, and
names that only another provider uses (`us.anthropic.claude-…-v1:0`, `claude-…@20250929`) are left
unknown, because the same model may cost more there.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_DATE = r"(?:-latest|-\d{8}|-\d{4}-\d{2}-\d{2})?"
_NAMES = (
    re.compile(rf"claude-(?P<family>[a-z]+)-(?P<major>\d{{1,2}})(?:[-.](?P<minor>\d{{1,2}}))?{_DATE}"),
    re.compile(rf"claude-(?P<major>\d{{1,2}})(?:[-.](?P<minor>\d{{1,2}}))?-(?P<family>[a-z]+){_DATE}"),
)


class Model(NamedTuple):
    """A model by family and version: `claude-opus-4-8-20260101` is ("opus", 4, 8)."""

    family: str
    major: int
    minor: int

    @property
    def name(self) -> str:
        """The name without a date: family first from version 4 on, last before."""
        version = f"{self.major}-{self.minor}" if self.minor else f"{self.major}"
        if self.major < 4:
            return f"claude-{version}-{self.family}"
        return f"claude-{self.family}-{version}"


def parse_model(name: str | None) -> Model | None:
    """The model that a name stands for; None when it is not one of Anthropic's own names."""
    for grammar in _NAMES:
        if match := grammar.fullmatch(name or ""):
            return Model(match["family"], int(match["major"]), int(match["minor"] or 0))
    return None
