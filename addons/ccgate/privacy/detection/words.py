"""The words of `words.yaml`: what is nobody's name and no secret."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

WORDS = Path(__file__).with_name("words.yaml")

_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


@cache
def words(section: str) -> frozenset[str]:
    """The words of a section.

    Raises:
        KeyError: there is no such section.
    """
    return _sections()[section]


@cache
def _sections() -> dict[str, frozenset[str]]:
    document: dict[str, str] = yaml.safe_load(WORDS.read_bytes())
    return {name: frozenset(text.split()) for name, text in document.items()}


def all_placeholders(text: str) -> bool:
    """Whether a text is made of words that stand for a secret in documentation, and of counting numbers.

    `your-api-key-1` and `Password123` are; `hunter2` is not.
    """
    known = words("placeholders")
    if text.lower() in known or text in words("published"):
        return True
    # The first part that is neither ends it, which in a random text is the first or the second.
    return all(part[0].lower() in known or _counting(part[0]) for part in _PARTS.finditer(text))


def _counting(digits: str) -> bool:
    return digits.isdigit() and (len(digits) < 3 or digits in "01234567890123456789" or len(set(digits)) == 1)
