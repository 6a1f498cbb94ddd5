"""Whether a value meets what the catalogue says of it beyond a pattern."""

from __future__ import annotations

import re2

from ccgate.privacy.detection.entropy import is_wordy
from ccgate.privacy.detection.entropy import shannon
from ccgate.privacy.detection.rules import Condition


class Conditions:
    """Checks conditions; the patterns in them are compiled once, many rules having the same."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, ...], re2._Regexp] = {}

    def hold(self, condition: Condition, value: str) -> bool:
        """Whether a value is what a condition wants."""
        if condition.entropy and shannon(value) < condition.entropy:
            return False
        if not condition.natural and is_wordy(value):
            return False
        if any(text in value for text in condition.without):
            return False
        if condition.deny and self._any(condition.deny).search(value):
            return False
        return all(self._any((pattern,)).search(value) for pattern in condition.require)

    def _any(self, patterns: tuple[str, ...]) -> re2._Regexp:
        compiled = self._compiled.get(patterns)
        if compiled is None:
            compiled = re2.compile("|".join(f"(?:{pattern})" for pattern in patterns))
            self._compiled[patterns] = compiled
        return compiled
