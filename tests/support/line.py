"""What two versions of a request differ in, and whether each difference says of itself that it is one."""

from __future__ import annotations

import re
from typing import Any

from ccgate.privacy.device import PSEUDONYM
from ccgate.privacy.placeholders import PATTERN
from tests.privacy.requests import Pairs
from tests.privacy.requests import read

STAND_IN = re.compile(rf"{PATTERN.pattern}|{PSEUDONYM.pattern}")
"""All that may ever stand in a value's place."""


def changes(before: bytes, after: bytes) -> list[tuple[str, str]]:
    """The strings of a JSON text that became others, keys too; fails where anything but a string differs."""
    found: list[tuple[str, str]] = []
    _compare(read(before), read(after), found)
    return found


def is_visible(before: str, after: str) -> bool:
    """Whether one text is the other with stand-ins for some of its values, and nothing more.

    That is: what is left without the stand-ins is left of the original without those values, in the same
    order, and there is at least one.
    """
    rest = STAND_IN.split(after)
    pattern = "(?s:.+?)".join(map(re.escape, rest))
    return len(rest) > 1 and re.fullmatch(pattern, before) is not None


def _compare(before: Any, after: Any, found: list[tuple[str, str]]) -> None:
    assert type(before) is type(after), (before, after)
    if isinstance(before, Pairs):
        assert len(before) == len(after), "a field was added or removed"
        for (key, value), (new_key, new_value) in zip(before, after, strict=True):
            _compare(key, new_key, found)
            _compare(value, new_value, found)
    elif isinstance(before, list):
        assert len(before) == len(after), "an item was added or removed"
        for item, new_item in zip(before, after, strict=True):
            _compare(item, new_item, found)
    elif type(before) is str:
        if before != after:
            found.append((before, after))
    else:
        assert before == after
