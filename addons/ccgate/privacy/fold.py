"""What stands for what in one request: its strings, taken one after the other in document order.

A value counts as known from the string on in which a rule found it, in the whole of that string, and never
before: what was sent in an earlier turn must be rewritten in the same way in every later one. The vault holds
all that is known, in the order in which it was found, so it can be built again from where the values stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple
from typing import Protocol

from ccgate.privacy.known import Hit
from ccgate.privacy.known import Known
from ccgate.privacy.placeholders import Category
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.placeholders import kind_of
from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault
from ccgate.privacy.vault import as_in_file

KNOWN_RULE = "known"
"""Names as a rule what was found by its value alone."""

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
    """Finds in texts what must not leave. Is used from several threads at a time."""

    def find_all(self, texts: Sequence[str]) -> Sequence[Sequence[Span]]:
        """For each text its spans, sorted, that do not overlap, and of which none is in a placeholder.

        What is found in a text does not depend on the texts beside it, and none holds a lone surrogate.
        """


class Replacement(NamedTuple):
    """What stands for a stretch of a text."""

    start: int
    end: int
    category: Category
    placeholder: str
    kind: str
    rule: str


_replacement = partial(tuple.__new__, Replacement)
"""Of a tuple of all its fields, at a third of the time."""


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

    def __init__(self, minter: Minter, *, block_secrets: bool, vault: Vault) -> None:
        self.vault = vault
        self._minter = minter
        self._block_secrets = block_secrets
        self._known = Known(minter)
        self._learnt: set[str] = set()

    def learn(self) -> None:
        """Know what was put into the vault by others since the last time."""
        if len(self._learnt) < len(self.vault):
            for placeholder, original in self.vault.items():
                if placeholder not in self._learnt:
                    self._learn(placeholder, original)

    def text(self, text: str, spans: Sequence[Span]) -> tuple[list[Replacement], list[Origin]]:
        """What to replace in the next string, sorted and apart, and where what is new stands in it.

        `spans` is what the detector found in it.

        Raises:
            Blocked: it holds a secret, and secrets are to be blocked.
        """
        found = [self._named(text, span) for span in spans if self._counts(text, span)] if spans else []
        hits = self._known.hits(text, found)
        if not hits:
            return found, self._remember(text, found) if found else []
        settled = self._settled(text, found + [_from_hit(text, hit) for hit in hits])
        return settled, self._remember(text, settled + found)

    def _counts(self, text: str, span: Span) -> bool:
        """Whether a span is more than known values and signs around them.

        The model wrote a placeholder there, and what was put back for it must become that placeholder again,
        although a rule may take a quote or a semicolon for a part of it.
        """
        start, end = span.start, span.end
        if self._known.placeholder(as_in_file(text[start:end])):
            return True
        before = max(start - 1, 0)
        hits = self._known.hits(text[before : end + 1])
        return not hits or any(map(str.isalnum, _uncovered(text, start, end, before, hits)))

    def _named(self, text: str, span: Span) -> Replacement:
        if self._block_secrets and span.category == "secret":
            raise Blocked(span.rule)
        start, end = span.start, span.end
        value = as_in_file(text[start:end])
        held = self._known.placeholder(value)
        if held is None:
            held = (span.category, self._minter.mint(span.category, value))
            self._known.add(value, *held)
        return _replacement((start, end, *held, span.kind, span.rule))

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
        return [one if one.placeholder else self._minted(text, one) for one in settled]

    def _minted(self, text: str, one: Replacement) -> Replacement:
        value = as_in_file(text[one.start : one.end])
        held = self._known.placeholder(value)
        category, placeholder = held or (one.category, self._minter.mint(one.category, value))
        return one._replace(category=category, placeholder=placeholder)

    def _remember(self, text: str, found: Iterable[Replacement]) -> list[Origin]:
        origins = []
        for one in found:
            if one.placeholder not in self._learnt:
                value = as_in_file(text[one.start : one.end])
                self._learn(one.placeholder, Original(value, one.category))
                self.vault.put(one.placeholder, Original(value, one.category))
                origins.append(Origin(one.start, one.end, one.category, one.placeholder))
        return origins

    def _learn(self, placeholder: str, original: Original) -> None:
        self._learnt.add(placeholder)
        self._known.add(original.value, original.category, placeholder)


def _uncovered(text: str, start: int, end: int, offset: int, hits: Iterable[Hit]) -> str:
    """What of a stretch of a text no hit covers; the hits' places are from an offset on."""
    rest = []
    at = start
    for hit in sorted(hits):
        rest.append(text[at : max(at, offset + hit[0])])
        at = max(at, offset + hit[1])
    return "".join((*rest, text[at:end]))


def _from_hit(text: str, hit: Hit) -> Replacement:
    start, end, category, placeholder = hit
    kind = kind_of(text[start:end]) if category == "secret" else category.upper()
    return Replacement(start, end, category, placeholder, kind, KNOWN_RULE)
