"""Reads one part of a request for the first time: what must be replaced in it, and at which bytes.

A part is decoded by the fast parser, which tells no positions. They follow from writing it again with
marks in it: where the client writes JSON as that does (the real one, and most others), the two differ in the
marks alone. Whether they do is checked byte by byte; all else is read by the slow parser.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import NamedTuple

import msgspec

from ccgate.errors import Refusal
from ccgate.privacy import jsontext
from ccgate.privacy import walk
from ccgate.privacy.fold import Blocked
from ccgate.privacy.fold import Fold
from ccgate.privacy.fold import Origin
from ccgate.privacy.fold import Replacement
from ccgate.privacy.layout import unreadable
from ccgate.privacy.placeholders import Category
from ccgate.privacy.splice import ByteEdit
from ccgate.privacy.splice import Edit
from ccgate.privacy.splice import escaped
from ccgate.privacy.splice import in_bytes
from ccgate.privacy.splice import spliced
from ccgate.privacy.splice import within_literal

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


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
"""The fields of a `Finding`, as they are kept; a trail where no key on the way is content."""

_MARK = "\x7f"
"""Stands for a replacement while its place is looked for: the one character that JSON leaves as it is, that
is found at the speed of memory, and that nobody writes."""


class Source(NamedTuple):
    """Where the original of a placeholder stands in a part's bytes."""

    start: int
    end: int
    depth: int
    """1: within a JSON string; 2: within a JSON string whose text is JSON again."""
    category: Category
    placeholder: str


class Examined(NamedTuple):
    """What one part comes to: places and names, no text of its own."""

    edits: tuple[ByteEdit, ...]
    sources: tuple[Source, ...]
    """Of what became known in this part, in order."""
    found: tuple[Found, ...]
    """Of each finding the fields; paths begin at the part."""


@dataclass(slots=True)
class _Change:
    """What happens to a leaf; offsets are in its text."""

    index: int
    edits: list[Edit]
    origins: list[Origin]
    depth: int


def examine(fold: Fold, kind: walk.Kind, path: str, raw: bytes) -> Examined:
    """Read the next part of a request.

    Raises:
        Refusal: 400, it cannot be read; 451, it holds a secret and secrets are to be blocked.
    """
    try:
        return _Reading(fold, kind, path, raw).examined()
    except (jsontext.NotJson, RecursionError):
        raise unreadable() from None


class _Reading:
    def __init__(self, fold: Fold, kind: walk.Kind, path: str, raw: bytes) -> None:
        self._fold = fold
        self._kind = kind
        self._path = path
        self._raw = raw
        self._found: list[Found] = []
        self._hidden: set[str] = set()

    def examined(self) -> Examined:
        try:
            box = [_decode(self._raw)]
        except (msgspec.DecodeError, UnicodeDecodeError):
            box = []
        leaves = walk.leaves(self._kind, box, 0) if box else self._exact_leaves()
        changes = []
        for index, leaf in enumerate(leaves):
            change = self._within(index, leaf) if leaf.is_json else self._change(index, leaf)
            if change is not None:
                changes.append(change)
        located = _by_writing(self._raw, box, leaves, changes) if box else None
        edits, sources = located or self._by_parsing(leaves, changes)
        return Examined(tuple(edits), tuple(sources), tuple(self._found))

    def _exact_leaves(self) -> list[walk.Leaf]:
        return walk.leaves(self._kind, [jsontext.parse(jsontext.text_of(self._raw))], 0)

    def _change(self, index: int, leaf: walk.Leaf) -> _Change | None:
        replacements, origins = self._replacements(leaf)
        if not replacements:
            return None
        return _Change(index, [(one.start, one.end, one.placeholder) for one in replacements], origins, 1)

    def _within(self, index: int, leaf: walk.Leaf) -> _Change | None:
        """What happens to a leaf whose text is JSON: it stays JSON, with the same shape."""
        try:
            inner = [jsontext.parse(leaf.text)]
        except (jsontext.NotJson, jsontext.DuplicateKey):
            # It is what the model wrote, and need not be JSON.
            return self._change(index, leaf)
        edits: list[Edit] = []
        sources: list[Origin] = []
        for one in walk.free_leaves(inner, 0, leaf.trail):
            replacements, origins = self._replacements(one)
            if replacements:
                spans = [(r.start, r.end) for r in replacements]
                places = _places(leaf.text, one, [*spans, *(origin[:2] for origin in origins)])
                edits += [(places[r.start], places[r.end], r.placeholder) for r in replacements]
                sources += [o._replace(start=places[o.start], end=places[o.end]) for o in origins]
        return _Change(index, edits, sources, 2) if edits else None

    def _replacements(self, leaf: walk.Leaf) -> tuple[list[Replacement], list[Origin]]:
        try:
            replacements, origins = self._fold.text(leaf.text)
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
        place = walk.path(leaf.trail, self._hidden) if leaf.is_free else leaf.trail
        if len(replacements) == 1:
            (one,) = replacements
            self._found.append((place, one.category, one.kind, one.rule, 1))
            return
        counts = Counter((one.category, one.kind, one.rule) for one in replacements)
        self._found += [(place, *named, count) for named, count in counts.items()]

    def _by_parsing(
        self, leaves: list[walk.Leaf], changes: list[_Change]
    ) -> tuple[list[ByteEdit], list[Source]]:
        """Positions as the slow parser tells them."""
        text = jsontext.text_of(self._raw)
        exact = self._exact_leaves()
        if [leaf.text for leaf in exact] != [leaf.text for leaf in leaves]:
            raise jsontext.NotJson("two parsers read different texts")
        edits: list[Edit] = []
        sources: list[Source] = []
        for change in changes:
            places = _places(text, exact[change.index], [*change.edits, *change.origins])
            edits += [(places[start], places[end], new) for start, end, new in change.edits]
            sources += [
                Source(places[o.start], places[o.end], change.depth, o.category, o.placeholder)
                for o in change.origins
            ]
        offsets = _ends([*edits, *sources])
        bytewise = dict(zip(offsets, in_bytes(text, offsets), strict=True))
        return (
            [(bytewise[start], bytewise[end], new.encode()) for start, end, new in edits],
            [s._replace(start=bytewise[s.start], end=bytewise[s.end]) for s in sources],
        )


def _ends(stretches: Iterable[Sequence[Any]]) -> list[int]:
    """All starts and ends, ascending; a stretch begins with the two."""
    return sorted({at for stretch in stretches for at in stretch[:2]})


def _places(text: str, leaf: walk.Leaf, stretches: Iterable[Sequence[Any]]) -> dict[int, int]:
    """Offsets into the text of a leaf that was read from a JSON text → offsets into that one."""
    if not isinstance(leaf.text, jsontext.At):
        raise TypeError("the leaf was not read by the parser that tells positions")
    offsets = _ends(stretches)
    first = leaf.text.start + 1
    within = within_literal(text[first : leaf.text.end - 1], leaf.text, offsets)
    return {offset: first + place for offset, place in zip(offsets, within, strict=True)}


def _by_writing(
    raw: bytes, box: list[Any], leaves: list[walk.Leaf], changes: list[_Change]
) -> tuple[list[ByteEdit], list[Source]] | None:
    """Positions as they follow from writing the changed value; None when it was written in another way."""
    _apply(leaves, changes)
    written = _encode(box[0])
    edits: list[ByteEdit] = []
    sources: list[Source] = []
    forms: dict[str, tuple[bytes, bytes]] = {}
    mark = _MARK.encode()
    last = at = 0  # The end of the edit before, in either.
    for change in changes:
        text = leaves[change.index].text
        for start, end, new in change.edits:
            value = text[start:end]
            form = forms.get(value)
            if form is None:
                form = forms[value] = (escaped(value).encode(), new.encode())
            found = written.find(mark, at)
            # A mark that the client wrote is not the one that is looked for.
            while found >= 0 and not raw.startswith(form[0], last + found - at):
                found = written.find(mark, found + 1)
            first = last + found - at
            if found < 0 or not written.startswith(raw[last:first], at):
                return None
            last, at = first + len(form[0]), found + 1
            edits.append((first, last, form[1]))
        if change.origins:
            firsts = [first for first, _, _ in edits[-len(change.edits) :]]
            sources += (_source(text, origin, change, firsts) for origin in change.origins)
    if written[at:] != raw[last:]:
        return None
    return edits, sources


def _source(text: str, origin: Origin, change: _Change, firsts: Sequence[int]) -> Source:
    start, first = next(
        (start, first)
        for (start, end, _), first in zip(change.edits, firsts, strict=True)
        if start <= origin.start and origin.end <= end
    )
    first += len(escaped(text[start : origin.start]).encode())
    length = len(escaped(text[origin.start : origin.end]).encode())
    return Source(first, first + length, change.depth, origin.category, origin.placeholder)


def _apply(leaves: list[walk.Leaf], changes: list[_Change]) -> None:
    """Put marks into the decoded value; into keys last, because the others are held by them."""
    renamed: dict[int, tuple[dict[str, Any], dict[str, str]]] = {}
    for change in changes:
        leaf = leaves[change.index]
        new = spliced(leaf.text, [(start, end, _MARK) for start, end, _ in change.edits])
        if leaf.is_key:
            renamed.setdefault(id(leaf.holder), (leaf.holder, {}))[1][leaf.text] = new
        else:
            leaf.holder[leaf.place] = new
    for holder, names in renamed.values():
        members = [(names.get(key, key), value) for key, value in holder.items()]
        holder.clear()
        holder.update(members)
