"""What a part of a request comes to that is read for the first time: its edits, and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ccgate.errors import Refusal
from ccgate.privacy import jsontext
from ccgate.privacy import walk
from ccgate.privacy.fold import Blocked
from ccgate.privacy.fold import Fold
from ccgate.privacy.fold import Origin
from ccgate.privacy.fold import Replacement
from ccgate.privacy.fold import Span
from ccgate.privacy.layout import unreadable
from ccgate.privacy.locate import Change
from ccgate.privacy.locate import Forms
from ccgate.privacy.locate import Source
from ccgate.privacy.locate import located
from ccgate.privacy.locate import places_in
from ccgate.privacy.placeholders import Category
from ccgate.privacy.reading import Reading
from ccgate.privacy.splice import ByteEdit
from ccgate.privacy.splice import Edit
from ccgate.privacy.splice import spliced


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found in one string of a request; never the value."""

    path: str
    """`messages[3].content[0].text`."""
    category: Category
    kind: str
    rule: str
    count: int


Found = tuple[str | walk.Trail | None, Category, str, str, int]
"""The fields of a `Finding`, as they are kept; a trail where each key on the way may be shown."""


class Examined(NamedTuple):
    """What one part comes to: places and names, no text of its own."""

    edits: tuple[ByteEdit, ...]
    sources: tuple[Source, ...]
    """Of what became known in this part, in order."""
    found: tuple[Found, ...]
    """Of each finding the fields; paths begin at the part."""


_NOTHING = Examined((), (), ())


def examine(
    fold: Fold, reading: Reading, spans: Sequence[Sequence[Span]], path: str, forms: Forms
) -> Examined:
    """What the next part of a request comes to; `spans` is what was found in each of its texts.

    The value that was read is used up. `forms` is kept between the parts of a request.

    Raises:
        Refusal: 400, it cannot be read; 451, it holds a secret and secrets are to be blocked.
    """
    try:
        return _Examination(fold, reading, path, spans, forms).examined()
    except (jsontext.NotJson, RecursionError):
        raise unreadable() from None


class _Examination:
    def __init__(
        self, fold: Fold, reading: Reading, path: str, spans: Sequence[Sequence[Span]], forms: Forms
    ) -> None:
        self._fold = fold
        self._reading = reading
        self._path = path
        self._spans = iter(spans)
        self._forms = forms
        self._found: list[Found] = []
        self._hidden: set[str] = set()

    def examined(self) -> Examined:
        reading = self._reading
        inner = reading.inner
        changes: list[Change] = []
        for index, leaf in enumerate(reading.leaves):
            if index in inner:
                change = self._within(index, leaf, inner[index])
                if change is not None:
                    changes.append(change)
                continue
            replacements, origins = self._replacements(leaf)
            if replacements:
                edits = [(one.start, one.end, one.placeholder) for one in replacements]
                changes.append(Change(index, edits, origins, 1))
        bytewise, sources = located(reading, changes, self._forms)
        return Examined(tuple(bytewise), tuple(sources), tuple(self._found)) if changes else _NOTHING

    def _within(self, index: int, leaf: walk.Leaf, inner: list[walk.Leaf]) -> Change | None:
        """What happens to a leaf whose text is JSON: it stays JSON, with the same shape."""
        edits: list[Edit] = []
        sources: list[Origin] = []
        for one in inner:
            replacements, origins = self._replacements(one)
            if replacements:
                spans = [(r.start, r.end) for r in replacements]
                places = places_in(leaf.text, one, [*spans, *(origin[:2] for origin in origins)])
                edits += [(places[r.start], places[r.end], r.placeholder) for r in replacements]
                sources += [o._replace(start=places[o.start], end=places[o.end]) for o in origins]
        return Change(index, edits, sources, 2) if edits else None

    def _replacements(self, leaf: walk.Leaf) -> tuple[list[Replacement], list[Origin]]:
        try:
            replacements, origins = self._fold.text(leaf.text, next(self._spans))
        except Blocked as e:
            if leaf.is_key:
                self._hidden.add(leaf.place)
            place = self._path + walk.path(leaf.trail, self._hidden)
            raise Refusal(
                451, f"the request was not sent: it holds a secret (rule {e.rule}) at {place}; take it out"
            ) from None
        if replacements:
            self._note(leaf, replacements)
        return replacements, origins

    def _note(self, leaf: walk.Leaf, replacements: list[Replacement]) -> None:
        if leaf.is_key:
            self._hidden.add(leaf.place)
            if spliced(leaf.text, [(r.start, r.end, r.placeholder) for r in replacements]) in leaf.holder:
                raise jsontext.DuplicateKey
        place: str | walk.Trail | None = leaf.trail
        if leaf.is_free and not walk.is_plain(leaf.trail, self._hidden):
            place = walk.path(leaf.trail, self._hidden)
        if len(replacements) == 1:
            (one,) = replacements
            self._found.append((place, one.category, one.kind, one.rule, 1))
            return
        counts: dict[tuple[Category, str, str], int] = {}
        for one in replacements:
            named = one.category, one.kind, one.rule
            counts[named] = counts.get(named, 0) + 1
        self._found += [(place, *named, count) for named, count in counts.items()]
