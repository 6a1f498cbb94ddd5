"""Where in the bytes of a part of a request its strings are changed.

The fast parser tells no positions. They follow from writing what it read again: where the client writes JSON
as that does (the real one, and most others), the bytes are the same, and hold nothing that was not read. A
value of which each place is replaced is then looked for in them; for others marks are put in its places, and
it is written once more. All else is read by the slow parser.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import NamedTuple

import msgspec

from ccgate.privacy import jsontext
from ccgate.privacy import walk
from ccgate.privacy.fold import Origin
from ccgate.privacy.placeholders import Category
from ccgate.privacy.reading import Reading
from ccgate.privacy.reading import exactly
from ccgate.privacy.splice import ByteEdit
from ccgate.privacy.splice import Edit
from ccgate.privacy.splice import escaped
from ccgate.privacy.splice import in_bytes
from ccgate.privacy.splice import spliced
from ccgate.privacy.splice import within_literal

_encode = msgspec.json.Encoder().encode

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


Forms = dict[tuple[str, str], tuple[bytes, bytes]]
"""A value and its placeholder → both as they stand in the bytes."""


@dataclass(slots=True)
class Change:
    """What happens to a leaf; offsets are in its text."""

    index: int
    edits: list[Edit]
    origins: list[Origin]
    depth: int


def located(reading: Reading, changes: list[Change], forms: Forms) -> tuple[list[ByteEdit], list[Source]]:
    """Where a part's bytes change, and where in them the originals stand of what became known in it.

    The value that was read is used up. `forms` is kept between the parts of a request.

    Raises:
        NotJson, DuplicateKey, RecursionError: the part cannot be read.
    """
    found = None if reading.is_exact else _by_writing(reading, changes, forms)
    return found or _by_parsing(reading, changes)


def _by_parsing(reading: Reading, changes: list[Change]) -> tuple[list[ByteEdit], list[Source]]:
    """Positions as the slow parser tells them."""
    text = jsontext.text_of(reading.raw)
    exact = reading.leaves
    if not reading.is_exact:
        exact = walk.leaves(reading.kind, exactly(reading.raw), 0)
        if [leaf.text for leaf in exact] != [leaf.text for leaf in reading.leaves]:
            raise jsontext.NotJson("two parsers read different texts")
    edits: list[Edit] = []
    sources: list[Source] = []
    for change in changes:
        places = places_in(text, exact[change.index], [*change.edits, *change.origins])
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


def places_in(text: str, leaf: walk.Leaf, stretches: Iterable[Sequence[Any]]) -> dict[int, int]:
    """Offsets into the text of a leaf that was read from a JSON text → offsets into that one."""
    if not isinstance(leaf.text, jsontext.At):
        raise TypeError("the leaf was not read by the parser that tells positions")
    offsets = _ends(stretches)
    first = leaf.text.start + 1
    within = within_literal(text[first : leaf.text.end - 1], leaf.text, offsets)
    return {offset: first + place for offset, place in zip(offsets, within, strict=True)}


def _by_writing(
    reading: Reading, changes: list[Change], forms: Forms
) -> tuple[list[ByteEdit], list[Source]] | None:
    """Positions as they follow from writing the value; None when it was written in another way."""
    raw, leaves = reading.raw, reading.leaves
    if _encode(reading.box[0]) != raw:
        return None
    if not changes:
        return [], []
    edits = _by_counting(raw, leaves, changes, forms) or _by_marks(raw, reading.box, leaves, changes)
    return None if edits is None else (edits, _sources(leaves, changes, edits))


def _by_counting(
    raw: bytes, leaves: list[walk.Leaf], changes: list[Change], forms: Forms
) -> list[ByteEdit] | None:
    """Where the values stand, if all places of each in the bytes are to be replaced."""
    edits: list[ByteEdit] = []
    nexts: dict[bytes, int] = {}
    for change in changes:
        text = leaves[change.index].text
        for start, end, new in change.edits:
            value = text[start:end]
            form = forms.get((value, new))
            if form is None:
                form = forms[value, new] = (escaped(value).encode(), new.encode())
            old, placeholder = form
            first = raw.find(old, nexts.get(old, 0))
            if first < 0:
                return None
            nexts[old] = first + 1
            edits.append((first, first + len(old), placeholder))
    return None if any(raw.find(old, at) >= 0 for old, at in nexts.items()) else edits


def _by_marks(
    raw: bytes, box: list[Any], leaves: list[walk.Leaf], changes: list[Change]
) -> list[ByteEdit] | None:
    """Where marks come to stand that are put in the place of the values; None where that is not plain."""
    _apply(leaves, changes)
    written = _encode(box[0])
    edits: list[ByteEdit] = []
    mark = _MARK.encode()
    last = at = 0  # The end of the edit before, in either.
    for change in changes:
        text = leaves[change.index].text
        for start, end, new in change.edits:
            old = escaped(text[start:end]).encode()
            found = written.find(mark, at)
            # A mark that the client wrote is not the one that is looked for.
            while found >= 0 and not raw.startswith(old, last + found - at):
                found = written.find(mark, found + 1)
            first = last + found - at
            if found < 0 or not written.startswith(raw[last:first], at):
                return None
            last, at = first + len(old), found + 1
            edits.append((first, last, new.encode()))
    return edits if written[at:] == raw[last:] else None


def _sources(leaves: list[walk.Leaf], changes: list[Change], edits: list[ByteEdit]) -> list[Source]:
    sources: list[Source] = []
    at = 0
    for change in changes:
        if change.origins:
            firsts = [first for first, _, _ in edits[at : at + len(change.edits)]]
            text = leaves[change.index].text
            sources += (_source(text, origin, change, firsts) for origin in change.origins)
        at += len(change.edits)
    return sources


def _source(text: str, origin: Origin, change: Change, firsts: Sequence[int]) -> Source:
    start, first = next(
        (start, first)
        for (start, end, _), first in zip(change.edits, firsts, strict=True)
        if start <= origin.start and origin.end <= end
    )
    first += len(escaped(text[start : origin.start]).encode())
    length = len(escaped(text[origin.start : origin.end]).encode())
    return Source(first, first + length, change.depth, origin.category, origin.placeholder)


def _apply(leaves: list[walk.Leaf], changes: list[Change]) -> None:
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
