"""Which of an engine's patterns a policy asks for, and in which order they are looked at."""

from __future__ import annotations

from ccgate.privacy.detection.engine import Engine
from ccgate.privacy.detection.engine import Fired
from ccgate.privacy.placeholders import Category


class Selection:
    """An engine, and the indices of its patterns that a policy asks for."""

    def __init__(self, engine: Engine, categories: frozenset[Category]) -> None:
        self.engine = engine
        rules = [
            (index, pattern.rule)
            for index, pattern in enumerate(engine.patterns)
            if pattern.rule.category in categories
        ]
        self._specific = frozenset(index for index, rule in rules if not rule.generic and not rule.needs)
        self._generic = frozenset(index for index, rule in rules if rule.generic)
        self._needing = {index: rule.needs for index, rule in rules if rule.needs}

    def specific(self, fired: Fired, data: bytes) -> Fired:
        """Of what fired in some data, the patterns that tell by themselves what they find."""
        if fired.keys() <= self._specific:
            return fired
        found = {index: ends for index, ends in fired.items() if index in self._specific}
        return found | self._together(fired, data) if self._needing else found

    def generic(self, fired: Fired) -> Fired:
        """Of what fired, the patterns that go by what stands around a value."""
        if self._generic.isdisjoint(fired):
            return {}
        return {index: ends for index, ends in fired.items() if index in self._generic}

    def _together(self, fired: Fired, data: bytes) -> Fired:
        """Of what fired, the patterns that count where another part of the credential is, where one is."""
        found = {}
        for index in self._needing.keys() & fired.keys():
            needs = self._needing[index]
            needed = {
                other: places
                for other, places in fired.items()
                if self.engine.patterns[other].rule.id in needs
            }
            if needed and any(True for _ in self.engine.matches(data, needed)):
                found[index] = fired[index]
        return found
