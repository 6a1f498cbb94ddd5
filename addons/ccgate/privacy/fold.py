"""What stands for what in one request: its strings, taken one after the other in document order.

A value counts as known from the string on in which a rule found it, in the whole of that string, and never
before: what was sent in an earlier turn must be rewritten in the same way in every later one. The vault holds
all that is known, in the order in which it was found, so it can be built again from where the values stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from typing import Protocol

from ccgate.privacy.known import Hit
from ccgate.privacy.known import Known
from ccgate.privacy.placeholders import Category
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.placeholders import kind_of
from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault

KNOWN_RULE = "known"
"""Names as a rule what was found by its value alone."""

_SHORT = 64
_MOST_SHORT = 4096
"""So many texts of up to so many characters are remembered within a request: most names come often."""

_SURROGATE = re.compile("[\ud800-\udfff]")

_STRICTEST: tuple[Category, ...] = ("secret", "term", "network", "email", "home")


class Span(Protocol):
    """What a detector found in a text: offsets, what it is, and the rule that found it."""

    @property
    def start(self) -> int:
        """Offset of its first character."""

    @property
    def end(self) -> int:
        """Offset after its last character."""

    @property
    def category(self) -> Category:
        """What it is."""

    @property
    def kind(self) -> str:
        """What it is, more exactly."""

    @property
    def rule(self) -> str:
        """Name of the rule that found it."""


class Detector(Protocol):
    """Finds in a text what must not leave."""

    def find(self, text: str) -> Sequence[Span]:
        """Spans, sorted, that do not overlap, and of which none is (part of) a placeholder."""


@dataclass(slots=True)
class Replacement:
    """What stands for a stretch of a text."""

    start: int
    end: int
    category: Category
    placeholder: str
    kind: str
    rule: str


class Origin(NamedTuple):
    """Where a value stands that became known."""

    start: int
    end: int
    category: Category
    placeholder: str


class Blocked(Exception):
    """A rule found a secret, and secrets are to be blocked."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class Fold:
    """The state between the strings of one request."""

    def __init__(self, detector: Detector, minter: Minter, *, block_secrets: bool, vault: Vault) -> None:
        self.vault = vault
        self._detector = detector
        self._minter = minter
        self._block_secrets = block_secrets
        self._spans: dict[str, Sequence[Span]] = {}
        self._known = Known(minter)
        self._learnt: set[str] = set()

    def learn(self) -> None:
        """Know what was put into the vault by others since the last time."""
        if len(self._learnt) < len(self.vault):
            for placeholder, original in self.vault.items():
                if placeholder not in self._learnt:
                    self._learn(placeholder, original)

    def text(self, text: str) -> tuple[list[Replacement], list[Origin]]:
        """What to replace in the next string, sorted and apart, and where what is new stands in it.

        Raises:
            Blocked: it holds a secret, and secrets are to be blocked.
        """
        spans = [self._named(text, span) for span in self._find(text)]
        hits = self._known.hits(text, {(span.start, span.end) for span in spans} if spans else ())
        if not hits:
            return spans, self._remember(text, spans)
        found = self._settled(text, spans + [_from_hit(text, hit) for hit in hits])
        return found, self._remember(text, found + spans)

    def _find(self, text: str) -> Sequence[Span]:
        if len(text) > _SHORT:
            return self._searched(text)
        spans = self._spans.get(text)
        if spans is None:
            spans = self._searched(text)
            if len(self._spans) < _MOST_SHORT:
                self._spans[text] = spans
        return spans

    def _searched(self, text: str) -> Sequence[Span]:
        # No matcher takes a lone surrogate. What stands for it here has the same length.
        if not text.isascii() and _SURROGATE.search(text):
            text = _SURROGATE.sub("\ufffd", text)
        return self._detector.find(text)

    def _named(self, text: str, span: Span) -> Replacement:
        if self._block_secrets and span.category == "secret":
            raise Blocked(span.rule)
        value = text[span.start : span.end]
        category, placeholder = self._known.placeholder(value) or (span.category, None)
        if placeholder is None:
            placeholder = self._minter.mint(category, value)
            self._known.add(value, category, placeholder)
        return Replacement(span.start, span.end, category, placeholder, span.kind, span.rule)

    def _settled(self, text: str, found: list[Replacement]) -> list[Replacement]:
        """Of what overlaps, the one that holds the others, or else their union: nothing stays in sight."""
        found.sort(key=lambda one: (one.start, -one.end, one.rule == KNOWN_RULE))
        settled: list[Replacement] = []
        for one in found:
            if not settled or one.start >= settled[-1].end:
                settled.append(one)
            elif one.end > settled[-1].end:
                last = settled[-1]
                category = min(last.category, one.category, key=_STRICTEST.index)
                settled[-1] = Replacement(last.start, one.end, category, "", last.kind, last.rule)
        for one in settled:
            if not one.placeholder:
                value = text[one.start : one.end]
                held = self._known.placeholder(value)
                one.category, one.placeholder = held or (one.category, self._minter.mint(one.category, value))
        return settled

    def _remember(self, text: str, found: Iterable[Replacement]) -> list[Origin]:
        origins = []
        for one in found:
            if one.placeholder not in self._learnt:
                value = text[one.start : one.end]
                self._learn(one.placeholder, Original(value, one.category))
                self.vault.put(one.placeholder, Original(value, one.category))
                origins.append(Origin(one.start, one.end, one.category, one.placeholder))
        return origins

    def _learn(self, placeholder: str, original: Original) -> None:
        self._learnt.add(placeholder)
        self._known.add(original.value, original.category, placeholder)


def _from_hit(text: str, hit: Hit) -> Replacement:
    start, end, category, placeholder = hit
    kind = kind_of(text[start:end]) if category == "secret" else category.upper()
    return Replacement(start, end, category, placeholder, kind, KNOWN_RULE)
